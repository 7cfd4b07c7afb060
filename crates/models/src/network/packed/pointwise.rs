//! Functions of single numbers.

use std::sync::Arc;

use burn_flex::FlexTensor;
use kernels::{Function, Level};

use super::kernel::{Gradient, Kernel, change, contiguous, numbers};
use crate::network::graph::{Activation, Op};

/// A function of each number.
#[derive(Debug)]
pub(super) struct Pointwise {
    pub(super) level: Level,
    pub(super) function: Function,
}

/// The function of an operation, if there is a kernel for it.
pub(super) fn function(op: &Op) -> Option<Function> {
    Some(match op {
        Op::Relu => Function::Clip([0.0, f32::INFINITY]),
        Op::Affine { scale, shift } => Function::Affine([*scale as f32, *shift as f32]),
        Op::Activation(activation) => match activation {
            Activation::Clip(low, high) => Function::Clip([*low as f32, *high as f32]),
            Activation::LeakyRelu(slope) => Function::LeakyRelu(*slope as f32),
            Activation::Gelu => Function::Gelu,
            Activation::Sigmoid => Function::Sigmoid,
            Activation::HardSigmoid(slope, offset) => Function::HardSigmoid([*slope as f32, *offset as f32]),
            Activation::Silu => Function::Silu,
            Activation::HardSwish => Function::HardSwish,
            _ => return None,
        },
        _ => return None,
    })
}

impl Kernel for Pointwise {
    fn forward(self: Arc<Self>, inputs: Vec<FlexTensor>, tracked: bool) -> (FlexTensor, Option<Gradient>) {
        let x = contiguous(inputs.into_iter().next().expect("one input"));
        // What was clipped lies on a bound, so the result says as much as the input, which may be changed in place.
        let clips = matches!(self.function, Function::Clip(_));
        let kept = (tracked && !clips).then(|| x.clone());
        let y = change(x, |x| self.function.apply(self.level, x));
        let kept = kept.or_else(|| (tracked && clips).then(|| y.clone()));
        let back = kept.map(|x| {
            Gradient::new(move |gradient, _| {
                let slopes =
                    |gradient: kernels::Target<'_>| self.function.gradient(self.level, numbers(&x), gradient);
                vec![Some(change(gradient, slopes))]
            })
        });
        (y, back)
    }
}
