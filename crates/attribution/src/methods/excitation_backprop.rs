//! Excitation backprop (Zhang et al., "Top-Down Neural Attention by Excitation Backprop", 2016, equation 5): a probability walks
//! from the class down, in each layer in proportion to activation times positive weight, to a layer (its marginal winning
//! probabilities are summed over channels) and from there by resizing to the image.

use models::network::walk::{PropagationRule, Step};
use models::resize::Resample;
use models::{Op, Value};
use spec::Reader;

use crate::batch;
use crate::context::Context;
use crate::layer::Layer;
use crate::lrp::in_proportion;
use crate::lrp::modified::{PreparedRule, weighted};
use crate::lrp::rule::Rule;
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};
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
    fn needs(&self) -> Needs {
        Needs::network().layer(&self.layer)
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let classifier = context.classifier;
        let layer = self.layer.find("excitation-backprop", context)?;
        let layers = weighted(&classifier.network);
        let rule = PreparedRule::new("excitation-backprop", context, Rule::Excitation, &layers)?;
        let mut rule = Excitation { rule };
        Ok(explainer(move |request| {
            let [_, _, h, w] = request.dims();
            batch::each(request, |x, targets| {
                let trace = classifier.network.trace(x);
                let seed = one_hot(classifier, &trace, targets);
                let arrived = classifier.network.walk_back(&trace, seed, &[layer], &mut rule).remove(0);
                let arrived = arrived.unwrap_or_else(|| trace.value(layer).clone().map(|x| x.zeros_like()));
                Resample::BILINEAR.resize(classifier.layout(layer, [h, w]).maps(arrived).sum_dim(1), h, w)
            })
        }))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(1, 1))
    }
}

struct Excitation {
    rule: PreparedRule,
}

impl PropagationRule for Excitation {
    fn step(&mut self, step: &Step<'_>, arrived: Value) -> Vec<Value> {
        match step.op() {
            Op::Conv2d { .. } | Op::Linear { .. } => {
                vec![self.rule.without_bounds(step, &arrived)]
            }
            Op::Relu | Op::Activation(_) | Op::BatchNorm2d { .. } | Op::LayerNorm { .. } => vec![arrived],
            Op::Add | Op::AvgPool2d { .. } | Op::AdaptiveAvgPool2d { .. } | Op::Mean { .. } => {
                in_proportion(step, &arrived, 1e-6)
            }
            _ => step.gradient(&arrived),
        }
    }
}
