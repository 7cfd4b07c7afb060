//! DeepLIFT's rescale rule (Shrikumar et al., "Learning Important Features Through Propagating Activation Differences",
//! 2017, section 3.5.2): the multiplier of a nonlinearity is the difference of its outputs from those at a baseline, over
//! that of its inputs. A maximum hands its difference to the winners at the image and at the baseline.

use models::network::walk::{PropagationRule, Step, Trace};
use models::{Op, Tensor, Value};

/// Differences of inputs below this have the gradient as their multiplier.
const SMALL: f64 = 1e-10;

/// Multipliers from a run at the baseline.
pub(crate) struct Rescale {
    pub(crate) baseline: Trace,
}

impl PropagationRule for Rescale {
    fn step(&mut self, step: &Step<'_>, arrived: Value) -> Vec<Value> {
        match step.op() {
            Op::Relu | Op::Activation(_) => vec![self.nonlinear(step, &arrived)],
            Op::MaxPool2d(_) => vec![self.maximum(step, &arrived)],
            _ => step.gradient(&arrived),
        }
    }
}

impl Rescale {
    /// The first input and the output at the baseline.
    fn reference(&self, step: &Step<'_>) -> (Value, Value) {
        let input = step.network.graph().nodes[step.node].inputs[0];
        (self.baseline.value(input).clone(), self.baseline.value(step.node).clone())
    }

    fn nonlinear(&self, step: &Step<'_>, arrived: &Value) -> Value {
        let (input, output) = self.reference(step);
        let risen = step.output.clone().zip(output, |y, b| y - b);
        let change = arrived.clone().zip(risen, |m, d| m * d);
        over_difference(step, arrived, input, change)
    }

    fn maximum(&self, step: &Step<'_>, arrived: &Value) -> Value {
        let (input, output) = self.reference(step);
        let larger = step.output.clone().zip(output.clone(), Tensor::max_pair);
        let part = |a: &Value, b: &Value| {
            let difference = a.clone().zip(b.clone(), |a, b| a - b);
            arrived.clone().zip(difference, |m, d| m * d)
        };
        let here = step.gradient(&part(&larger, &output)).remove(0);
        let there =
            step.run(step.network, vec![input.clone()]).gradient(&part(step.output, &larger)).remove(0);
        over_difference(step, arrived, input, here.zip(there, |a, b| a + b))
    }
}

/// `change / (x - b)`, or the gradient where the two inputs are the same.
fn over_difference(step: &Step<'_>, arrived: &Value, input: Value, change: Value) -> Value {
    let difference = step.inputs[0].clone().zip(input, |x, b| x - b);
    let gradient = step.gradient(arrived).remove(0);
    // One where the inputs are the same, zero elsewhere.
    let same = difference.clone().map(|d| d.abs().lower_elem(SMALL).float());
    let ratio = change.zip(difference, |change, d| {
        let zero = d.clone().abs().lower_elem(SMALL);
        change / d.mask_fill(zero, 1.0)
    });
    let ratio = ratio.zip(same.clone(), |r, same| r * (same.neg() + 1.0));
    ratio.zip(gradient.zip(same, |g, same| g * same), |r, g| r + g)
}
