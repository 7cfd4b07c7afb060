//! AttnLRP (Achtibat et al., "AttnLRP: Attention-Aware Layer-Wise Relevance Propagation for Transformers", 2024): LRP-epsilon for
//! linear layers and sums, `x (R - s sum R)` for a softmax (proposition 3.1), halves of the proportional shares for
//! products (proposition 3.3), and nothing changed by normalisations and activations (proposition 3.4). `gamma` gives
//! convolutions and linear layers LRP-gamma instead.

use models::network::walk::{PropagationRule, Step};
use models::{Op, Value};
use spec::Reader;

use crate::attention;
use crate::context::Context;
use crate::lrp::in_proportion;
use crate::lrp::modified::{PreparedRule, weighted};
use crate::lrp::rule::Rule;
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};
use crate::walk::walk;

pub(crate) const ENTRY: Entry = Entry {
    name: "attn-lrp",
    summary: "relevance handed back through attention to the pixels",
    paper: "Achtibat et al. 2024",
    cost: "1 F + 1 to 2 B",
    build: |reader: &mut Reader| {
        let positive = |&x: &f64| x > 0.0 && x.is_finite();
        let epsilon = reader.take_if("epsilon", 1e-6, "a number > 0", positive)?;
        let gamma = reader.take_if("gamma", 0.0, "a number >= 0", |&x: &f64| x >= 0.0 && x.is_finite())?;
        Ok(Box::new(AttnLrp { epsilon, gamma }))
    },
};

struct AttnLrp {
    epsilon: f64,
    gamma: f64,
}

impl Method for AttnLrp {
    fn needs(&self) -> Needs {
        Needs::network().per_channel()
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        attention::needed("attn-lrp", context)?;
        let rule = if self.gamma > 0.0 { Rule::Gamma(self.gamma) } else { Rule::Epsilon(self.epsilon) };
        let rule = PreparedRule::new("attn-lrp", context, rule, &weighted(&context.classifier.network))?;
        let mut propagation = Propagation { rule, epsilon: self.epsilon };
        Ok(explainer(move |request| walk(context.classifier, request, &mut propagation)))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(1, 1))
    }
}

struct Propagation {
    rule: PreparedRule,
    epsilon: f64,
}

impl PropagationRule for Propagation {
    fn step(&mut self, step: &Step<'_>, arrived: Value) -> Vec<Value> {
        match step.op() {
            Op::Linear { .. } | Op::Conv2d { .. } => {
                vec![self.rule.without_bounds(step, &arrived)]
            }
            Op::Softmax { axis } => vec![softmax(step, *axis, arrived)],
            Op::MatMul | Op::Multiply if step.varies.iter().all(|&varies| varies) => {
                let shares = in_proportion(step, &arrived, self.epsilon);
                shares.into_iter().map(|share| share.map(|r| r / 2.0)).collect()
            }
            Op::Add | Op::Subtract | Op::Mean { .. } => in_proportion(step, &arrived, self.epsilon),
            Op::Multiply | Op::Relu | Op::Activation(_) | Op::LayerNorm { .. } | Op::Affine { .. } => {
                let same = |x: &Value| if x.shape() == arrived.shape() { arrived.clone() } else { x.clone() };
                step.inputs.iter().map(same).collect()
            }
            _ => step.gradient(&arrived),
        }
    }
}

/// `x (R - s sum R)`: the first term of the softmax's Taylor series at `x`.
fn softmax(step: &Step<'_>, axis: usize, arrived: Value) -> Value {
    let shares = step.output.clone().multiply(arrived.clone().sum_over(axis));
    let left = arrived.zip(shares, |r, share| r - share);
    step.inputs[0].clone().zip(left, |x, r| x * r)
}
