//! Softmax and LayerNorm over the last axis.

use std::sync::Arc;

use burn_flex::FlexTensor;
use kernels::{LayerNorm, Level, softmax, softmax_gradient};

use super::kernel::{Gradient, Kernel, change, contiguous, numbers};

/// Exponentials of the last axis over their sum.
#[derive(Debug)]
pub(super) struct Softmax {
    pub(super) level: Level,
}

impl Kernel for Softmax {
    fn forward(self: Arc<Self>, inputs: Vec<FlexTensor>, tracked: bool) -> (FlexTensor, Option<Gradient>) {
        let x = inputs.into_iter().next().expect("one input");
        let n = x.layout().shape().to_vec().pop().expect("an axis");
        let y = change(x, |x| softmax(self.level, n, x));
        let kept = y.clone();
        let back = move |gradient, _: &[bool]| {
            let level = self.level;
            vec![Some(change(gradient, |gradient| softmax_gradient(level, n, numbers(&kept), gradient)))]
        };
        (y, tracked.then(|| Gradient::new(back)))
    }
}

/// LayerNorm over the last axis.
#[derive(Debug)]
pub(super) struct Norm {
    pub(super) level: Level,
    pub(super) scale: FlexTensor,
    pub(super) shift: FlexTensor,
    pub(super) epsilon: f32,
}

impl Norm {
    fn rows(&self) -> LayerNorm<'_> {
        LayerNorm { scale: numbers(&self.scale), shift: numbers(&self.shift), epsilon: self.epsilon }
    }
}

impl Kernel for Norm {
    fn forward(self: Arc<Self>, inputs: Vec<FlexTensor>, tracked: bool) -> (FlexTensor, Option<Gradient>) {
        let x = contiguous(inputs.into_iter().next().expect("one input"));
        let kept = tracked.then(|| x.clone());
        let y = change(x, |x| self.rows().apply(self.level, x));
        let back = kept.map(|x| {
            Gradient::new(move |gradient, _| {
                let rows =
                    |gradient: kernels::Target<'_>| self.rows().gradient(self.level, numbers(&x), gradient);
                vec![Some(change(gradient, rows))]
            })
        });
        (y, back)
    }
}
