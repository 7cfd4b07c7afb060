//! Maximum and mean over windows.

use std::sync::Arc;

use burn_flex::FlexTensor;
use kernels::{Buffer, Level, Maps, Windows};

use super::kernel::{Gradient, Kernel, contiguous, held, memory, numbers};
use crate::network::graph::Pool;

/// Windows of maps of one size.
#[derive(Debug)]
pub(super) struct Pooling {
    pub(super) level: Level,
    pub(super) windows: Windows,
    /// The mean, with or without the places around the map; nothing for the largest number.
    pub(super) mean: Option<bool>,
}

/// The windows of maps of a size, if all of them meet the map.
pub(super) fn windows(pool: &Pool, size: [usize; 2]) -> Option<Windows> {
    let Pool { kernel, stride, padding, .. } = *pool;
    let count = [pool.windows(0, size[0])?, pool.windows(1, size[1])?];
    (0..2).all(|axis| padding[axis] < kernel[axis]).then_some(())?;
    Some(Windows { kernel, stride, padding, size, count })
}

impl Pooling {
    fn value(&self, x: &[f32]) -> Buffer {
        match self.mean {
            Some(padding) => self.windows.blocked_mean(self.level, padding, x),
            None => self.windows.blocked_max(self.level, x),
        }
    }
}

impl Kernel for Pooling {
    fn forward(self: Arc<Self>, inputs: Vec<FlexTensor>, tracked: bool) -> (FlexTensor, Option<Gradient>) {
        let x = contiguous(inputs.into_iter().next().expect("one input"));
        let shape: [usize; 5] = x.layout().shape().dims();
        let [n, blocks, .., lanes] = shape;
        let y =
            held(self.value(numbers(&x)), &[n, blocks, self.windows.count[0], self.windows.count[1], lanes]);
        // The largest numbers have to be found again, means do not.
        let kept = (tracked && self.mean.is_none()).then(|| (x, y.clone()));
        let back = move |gradient, _: &[bool]| {
            let gradient = contiguous(gradient);
            let (level, gradient) = (self.level, numbers(&gradient));
            let x_gradient = match (&kept, self.mean) {
                (Some((x, y)), _) => {
                    self.windows.blocked_max_gradient(level, numbers(x), numbers(y), gradient)
                }
                (None, padding) => self.windows.blocked_mean_gradient(level, padding == Some(true), gradient),
            };
            vec![Some(held(x_gradient, &shape))]
        };
        (y, tracked.then(|| Gradient::new(back)))
    }
}

/// The mean of each channel of maps, of so many channels.
#[derive(Debug)]
pub(super) struct GlobalMean {
    pub(super) level: Level,
    pub(super) channels: usize,
    /// Whether rows and columns stay with length 1.
    pub(super) keep: bool,
}

impl Kernel for GlobalMean {
    fn forward(self: Arc<Self>, inputs: Vec<FlexTensor>, tracked: bool) -> (FlexTensor, Option<Gradient>) {
        let x = contiguous(inputs.into_iter().next().expect("one input"));
        let [n, _, h, w, _]: [usize; 5] = x.layout().shape().dims();
        let maps = Maps { channels: self.channels, size: [h, w] };
        let shape = if self.keep { vec![n, self.channels, 1, 1] } else { vec![n, self.channels] };
        let y = held(maps.mean(self.level, numbers(&x)), &shape);
        let back = move |gradient, _: &[bool]| {
            let gradient = maps.mean_gradient(self.level, numbers(&contiguous(gradient)));
            vec![Some(held(gradient, &memory(n, maps)))]
        };
        (y, tracked.then(|| Gradient::new(back)))
    }
}
