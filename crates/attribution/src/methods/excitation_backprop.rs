//! Excitation backprop (Zhang et al., "Top-Down Neural Attention by Excitation Backprop", 2016, equation 5): a probability walks
//! from the class down, in each layer in proportion to activation times positive weight, to a layer (its marginal winning
//! probabilities are summed over channels) and from there by resizing to the image.

use models::features::Layout;
use models::network::walk::{PropagationRule, Step};
use models::resize::Resample;
use models::{Classifier, Op, Tensor, Value};
use spec::Reader;

use crate::batch;
use crate::lrp::in_proportion;
use crate::lrp::rule::{ModifiedWeights, Rule};
use crate::method::{Error, Layer, Method, Request};
use crate::registry::Entry;
use crate::walk::one_hot;

pub(crate) const ENTRY: Entry = Entry {
    name: "excitation-backprop",
    summary: "a probability walking down along positive weights",
    paper: "Zhang et al. 2016",
    cost: "1 F + 1 B",
    build: |reader: &mut Reader| Ok(Box::new(ExcitationBackprop { layer: Layer::take(reader)? })),
};

struct ExcitationBackprop {
    layer: Layer,
}

impl Method for ExcitationBackprop {
    fn explain(&self, request: &Request<'_>) -> Tensor<4> {
        let [n, _, h, w] = request.dims();
        let classifier = request.classifier;
        let layer = self.layer.find("excitation-backprop", classifier).unwrap_or(classifier.layer);
        let mut rule = Excitation { modified: ModifiedWeights::new(&classifier.network, &[]) };
        let maps = batch::batches(n, 1, request.batch_size).map(|jobs| {
            let trace = classifier.network.trace(batch::images(&request.images, &jobs));
            let seed = one_hot(classifier, &batch::targets(request.targets, &jobs));
            let arrived = classifier.network.walk_back(&trace, seed, &[layer], &mut rule).remove(0);
            let arrived = arrived.unwrap_or_else(|| trace.value(layer).clone().map(|x| x.zeros_like()));
            let layout = Layout::of(&arrived.shape()).expect("check() found maps or tokens");
            Resample::BILINEAR.resize(layout.maps(arrived).sum_dim(1), h, w)
        });
        Tensor::cat(maps.collect(), 0)
    }

    fn check(&self, classifier: &Classifier) -> Result<(), Error> {
        self.layer.find("excitation-backprop", classifier).map(|_| ())
    }

    fn unfolded(&self) -> Option<&str> {
        self.layer.named()
    }
}

struct Excitation<'a> {
    modified: ModifiedWeights<'a>,
}

impl PropagationRule for Excitation<'_> {
    fn step(&mut self, step: &Step<'_>, arrived: Value) -> Vec<Value> {
        match step.op() {
            Op::Conv2d { .. } | Op::Linear { .. } => {
                vec![Rule::Excitation.without_bounds(step, &self.modified, &arrived)]
            }
            Op::Relu | Op::Activation(_) | Op::BatchNorm2d { .. } | Op::LayerNorm { .. } => vec![arrived],
            Op::Add | Op::AvgPool2d { .. } | Op::AdaptiveAvgPool2d { .. } | Op::Mean { .. } => {
                in_proportion(step, &arrived, 1e-6)
            }
            _ => step.gradient(&arrived),
        }
    }
}
