//! Maps times numbers of their channels: squeeze-and-excitation, and BatchNorm that is not folded.

use std::sync::Arc;

use burn_flex::FlexTensor;
use kernels::{Level, Maps};

use super::kernel::{Gradient, Kernel, change, contiguous, held, numbers};

/// Maps of so many channels times one number for each channel of every image, the second input `(n, channels, 1, 1)`.
#[derive(Debug)]
pub(super) struct Scale {
    pub(super) level: Level,
    pub(super) channels: usize,
}

impl Kernel for Scale {
    fn forward(self: Arc<Self>, inputs: Vec<FlexTensor>, tracked: bool) -> (FlexTensor, Option<Gradient>) {
        let mut inputs = inputs.into_iter().map(contiguous);
        let (x, factors) = inputs.next().zip(inputs.next()).expect("two inputs");
        let size: [usize; 5] = x.layout().shape().dims();
        let (level, maps) = (self.level, Maps { channels: self.channels, size: [size[2], size[3]] });
        let kept = tracked.then(|| (x.clone(), factors.clone()));
        let y = change(x, |x| maps.scale(level, x, numbers(&factors)));
        let back = kept.map(|(x, factors)| {
            Gradient::new(move |gradient, wanted| {
                let gradient = contiguous(gradient);
                let of_factors = || {
                    let sums = maps.scale_gradient(level, numbers(&x), numbers(&gradient));
                    held(sums, &[size[0], maps.channels, 1, 1])
                };
                let of_factors = wanted[1].then(of_factors);
                let of_maps =
                    || change(gradient.clone(), |gradient| maps.scale(level, gradient, numbers(&factors)));
                vec![wanted[0].then(of_maps), of_factors]
            })
        });
        (y, back)
    }
}

/// Maps times one number for each channel plus another one.
#[derive(Debug)]
pub(super) struct Affine {
    pub(super) level: Level,
    pub(super) scales: Vec<f32>,
    pub(super) shifts: Vec<f32>,
}

impl Kernel for Affine {
    fn forward(self: Arc<Self>, inputs: Vec<FlexTensor>, tracked: bool) -> (FlexTensor, Option<Gradient>) {
        let x = contiguous(inputs.into_iter().next().expect("one input"));
        let size: [usize; 5] = x.layout().shape().dims();
        let maps = Maps { channels: self.scales.len(), size: [size[2], size[3]] };
        let y = change(x, |x| maps.affine(self.level, x, &self.scales, Some(&self.shifts)));
        let back = move |gradient, _: &[bool]| {
            vec![Some(change(gradient, |gradient| maps.affine(self.level, gradient, &self.scales, None)))]
        };
        (y, tracked.then(|| Gradient::new(back)))
    }
}
