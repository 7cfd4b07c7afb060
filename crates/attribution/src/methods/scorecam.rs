//! Score-CAM (Wang et al., "Score-CAM: Score-Weighted Visual Explanations for Convolutional Neural Networks", 2020):
//! every channel, resized and scaled to 0..1, masks the image; the softmax over the channels' scores weights them in
//! `ReLU(sum_c w_c A_c)`. (The score of the empty image, which the paper subtracts, is the same for all channels and
//! drops out of the softmax.) A channel without contrast masks nothing away and everything alike: its mask is zero.

use models::classifier::Output;
use models::resize::Resample;
use models::{Classifier, NodeId, Tensor, TensorData, relu, softmax};
use spec::Reader;

use crate::batch;
use crate::context::Context;
use crate::layer::Layer;
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};
use crate::request::Request;

pub(crate) const ENTRY: Entry = Entry {
    name: "scorecam",
    summary: "feature maps weighted by the score of the image behind them",
    paper: "Wang et al. 2020",
    cost: "1 + channels F",
    build: |reader: &mut Reader| {
        let layer = Layer::take(reader)?;
        let output =
            reader.choose("output", &[("logit", Output::Logit), ("probability", Output::Probability)])?;
        Ok(Box::new(ScoreCam { layer, output }))
    },
};

struct ScoreCam {
    layer: Layer,
    output: Output,
}

impl Method for ScoreCam {
    fn needs(&self) -> Needs {
        Needs::network().layer(&self.layer)
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let classifier = context.classifier;
        let layer = self.layer.find("scorecam", context)?;
        Ok(explainer(move |request| {
            let maps = (0..request.dims()[0]).map(|image| self.one(classifier, layer, request, image));
            Tensor::cat(maps.collect(), 0)
        }))
    }

    fn passes(&self, context: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        let channels = context.channels(self.layer.find("scorecam", context)?);
        Ok(Passes::exact(1 + channels, 0))
    }
}

impl ScoreCam {
    fn one(&self, classifier: &Classifier, layer: NodeId, request: &Request<'_>, image: usize) -> Tensor<4> {
        let [_, _, h, w] = request.dims();
        let x = request.images.clone().narrow(0, image, 1);
        let activations = classifier.layer_maps(x.clone(), layer);
        let [_, channels, ..] = activations.dims();
        let mut scores = Vec::with_capacity(channels);
        for jobs in batch::batches(1, channels, request.batch_size) {
            let part = activations.clone().narrow(1, jobs[0].sample, jobs.len()).swap_dims(0, 1);
            let inputs = x.clone() * unit_range(Resample::BILINEAR.resize(part, h, w));
            let targets = vec![request.targets[image]; jobs.len()];
            let score = classifier.output(classifier.logits(inputs), &targets, self.output);
            scores.extend(score.into_data().try_into_vec::<f32>().expect("scores are f32"));
        }
        let scores = Tensor::<4>::from_data(TensorData::new(scores, [1, channels, 1, 1]), &classifier.device);
        Resample::BILINEAR.resize(relu((activations * softmax(scores, 1)).sum_dim(1)), h, w)
    }
}

/// Each map `(n, 1, h, w)` scaled to 0..1; a constant one becomes zero.
pub(crate) fn unit_range(maps: Tensor<4>) -> Tensor<4> {
    let low = maps.clone().min_dim(3).min_dim(2);
    let range = maps.clone().max_dim(3).max_dim(2) - low.clone();
    let flat = range.clone().equal_elem(0.0);
    (maps - low) / range.mask_fill(flat, 1.0)
}
