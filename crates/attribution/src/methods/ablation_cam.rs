//! Ablation-CAM (Desai and Ramaswamy, "Ablation-CAM: Visual Explanations for Deep Convolutional Network via
//! Gradient-free Localization", 2020, equation 4): `ReLU(sum_c w_c A_c)` with `w_c = (y - y_c) / y`, where `y_c` is the
//! score without channel `c`. Only the network behind the layer runs again.

use models::classifier::Output;
use models::features::Layout;
use models::resize::Resample;
use models::{Classifier, Graph, NodeId, Plain, Tensor, TensorData, Value, relu};
use spec::Reader;

use crate::batch;
use crate::context::Context;
use crate::layer::Layer;
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};
use crate::request::Request;

pub(crate) const ENTRY: Entry = Entry {
    name: "ablation-cam",
    summary: "feature maps weighted by the relative drop of the score without them",
    paper: "Desai and Ramaswamy 2020",
    cost: "1 F + channels F from the layer on",
    build: |reader: &mut Reader| Ok(Box::new(AblationCam { layer: Layer::take(reader)? })),
};

struct AblationCam {
    layer: Layer,
}

impl Method for AblationCam {
    fn needs(&self) -> Needs {
        Needs::network().layer(&self.layer)
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let classifier = context.classifier;
        let layer = self.layer.find("ablation-cam", context)?;
        Ok(explainer(move |request| {
            let maps = (0..request.dims()[0]).map(|image| one(classifier, layer, request, image));
            Tensor::cat(maps.collect(), 0)
        }))
    }

    fn passes(&self, context: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        let channels = context.channels(self.layer.find("ablation-cam", context)?);
        Ok(Passes::exact(2 + channels, 0))
    }
}

/// The map of one image.
fn one(classifier: &Classifier, layer: NodeId, request: &Request<'_>, image: usize) -> Tensor<4> {
    let [_, _, h, w] = request.dims();
    let cut = classifier.network.graph().cut(layer);
    let x = request.images.clone().narrow(0, image, 1);
    let values = classifier.network.run(vec![(Graph::INPUT, Value::new(x))], &cut, &mut Plain);
    let feeds: Vec<(NodeId, Value)> = cut.into_iter().zip(values).collect();
    let activations = feeds.last().expect("a cut holds its own node").1.clone();
    let layout = classifier.layout(layer, [h, w]);
    let channels = layout.channels(&activations);
    // Sample 0 is the score with all channels.
    let mut scores = Vec::with_capacity(1 + channels);
    for jobs in batch::batches(1, 1 + channels, request.batch_size) {
        let without: Vec<Option<usize>> = jobs.iter().map(|job| job.sample.checked_sub(1)).collect();
        scores.extend(resume(classifier, &feeds, layout, &without, request.targets[image]));
    }
    let weights: Vec<f32> = scores[1..].iter().map(|score| (scores[0] - score) / scores[0]).collect();
    let weights = Tensor::<4>::from_data(TensorData::new(weights, [1, channels, 1, 1]), &classifier.device);
    let maps = layout.maps(activations);
    Resample::BILINEAR.resize(relu((maps * weights).sum_dim(1)), h, w)
}

/// The scores behind a cut, each without one channel of its last value.
fn resume(
    classifier: &Classifier,
    feeds: &[(NodeId, Value)],
    layout: Layout,
    without: &[Option<usize>],
    target: usize,
) -> Vec<f32> {
    let repeated = |value: &Value| value.clone().repeat(without.len());
    let mut feeds: Vec<(NodeId, Value)> =
        feeds.iter().map(|(node, value)| (*node, repeated(value))).collect();
    let last = feeds.pop().expect("a cut holds its own node");
    feeds.push((last.0, layout.without(last.1, without)));
    let network = &classifier.network;
    let logits = network.run(feeds, &[network.graph().output()], &mut Plain).remove(0).tensor();
    let scores = classifier.output(logits, &vec![target; without.len()], Output::Logit);
    scores.into_data().try_into_vec().expect("scores are f32")
}
