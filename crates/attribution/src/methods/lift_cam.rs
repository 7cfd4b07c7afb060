//! LIFT-CAM (Jung and Oh, "Towards Better Explanations of Class Activation Mapping", 2021): `ReLU(sum_c s_c A_c)`, where
//! `s_c` is the sum over channel `c` of DeepLIFT's shares (rescale rule) of the layer in the target's logit, against a
//! layer of zeros. Behind a layer that is only averaged and multiplied, `s_c = w_yc mean(A_c)` exactly.

use models::resize::Resample;
use models::{Classifier, Graph, NodeId, Plain, Tensor, Value, relu};
use spec::Reader;

use crate::batch;
use crate::context::Context;
use crate::layer::Layer;
use crate::lrp::rescale::Rescale;
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};
use crate::walk::one_hot;

pub(crate) const ENTRY: Entry = Entry {
    name: "lift-cam",
    summary: "feature maps weighted by their DeepLIFT share of the score",
    paper: "Jung and Oh 2021",
    cost: "1 F + 1 F and 1 B from the layer on",
    build: |reader: &mut Reader| Ok(Box::new(LiftCam { layer: Layer::take(reader)? })),
};

struct LiftCam {
    layer: Layer,
}

impl Method for LiftCam {
    fn needs(&self) -> Needs {
        Needs::network().layer(&self.layer)
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let classifier = context.classifier;
        let layer = self.layer.find("lift-cam", context)?;
        Ok(explainer(move |request| {
            let [_, _, h, w] = request.dims();
            batch::each(request, |x, targets| {
                let (activations, shares) = shares(classifier, x, layer, targets);
                let weights = shares.sum_dim(3).sum_dim(2);
                Resample::BILINEAR.resize(relu((activations * weights).sum_dim(1)), h, w)
            })
        }))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(3, 1))
    }
}

/// A layer and DeepLIFT's shares of each of its values, as maps `(n, c, h, w)`.
fn shares(classifier: &Classifier, x: Tensor<4>, layer: NodeId, targets: &[usize]) -> (Tensor<4>, Tensor<4>) {
    let network = &classifier.network;
    let (cut, [_, _, h, w]) = (network.graph().cut(layer), x.dims());
    let values = network.run(vec![(Graph::INPUT, Value::new(x))], &cut, &mut Plain);
    let feeds: Vec<(NodeId, Value)> = cut.into_iter().zip(values).collect();
    let zeros = feeds.iter().map(|(node, value)| {
        (*node, if *node == layer { value.clone().map(|x| x.zeros_like()) } else { value.clone() })
    });
    let mut rescale = Rescale { baseline: network.trace_from(zeros.collect()) };
    let trace = network.trace_from(feeds);
    let activations = trace.value(layer).clone();
    let multipliers =
        network.walk_back(&trace, one_hot(classifier, &trace, targets), &[layer], &mut rescale).remove(0);
    let multipliers = multipliers.unwrap_or_else(|| activations.clone().map(|x| x.zeros_like()));
    let shares = activations.clone().zip(multipliers, |a, m| a * m);
    let layout = classifier.layout(layer, [h, w]);
    (layout.maps(activations), layout.maps(shares))
}
