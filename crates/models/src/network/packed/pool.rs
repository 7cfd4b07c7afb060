//! Maximum over windows.

use std::sync::Arc;

use burn_flex::FlexTensor;
use kernels::{Level, Windows};

use super::kernel::{Gradient, Kernel, contiguous, numbers, tensor};
use crate::network::graph::Pool;

/// The largest number of each window.
#[derive(Debug)]
pub(super) struct MaxPool {
    pub(super) level: Level,
    pub(super) pool: Pool,
}

impl MaxPool {
    /// The windows of maps of this size, if all of them meet the map.
    pub(super) fn windows(&self, size: [usize; 2]) -> Option<Windows> {
        let Pool { kernel, stride, padding, .. } = self.pool;
        let count = [self.pool.windows(0, size[0])?, self.pool.windows(1, size[1])?];
        (0..2).all(|axis| padding[axis] < kernel[axis]).then_some(())?;
        Some(Windows { kernel, stride, padding, size, count })
    }
}

impl Kernel for MaxPool {
    fn forward(self: Arc<Self>, inputs: Vec<FlexTensor>, tracked: bool) -> (FlexTensor, Option<Gradient>) {
        let x = contiguous(inputs.into_iter().next().expect("one input"));
        let [n, c, h, w] = x.layout().shape().dims();
        let windows = self.windows([h, w]).expect("windows that meet the map");
        let y = windows.max(self.level, numbers(&x));
        let y = tensor(y, &[n, c, windows.count[0], windows.count[1]]);
        let kept = y.clone();
        let back = move |gradient, _: &[bool]| {
            let gradient = contiguous(gradient);
            let x_gradient = windows.max_gradient(numbers(&x), numbers(&kept), numbers(&gradient));
            vec![Some(tensor(x_gradient, &[n, c, h, w]))]
        };
        (y, tracked.then(|| Gradient::new(back)))
    }
}
