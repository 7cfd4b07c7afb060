//! Resampling of tensors as matrix products with the weights of [`images::Resample`]: differentiable, and the same on every
//! device.

use burn::tensor::{Device, Tensor, TensorData};

/// A resampling rule of [`images`] that takes tensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resample(pub images::Resample);

impl Resample {
    /// `interpolate(mode="bilinear", align_corners=False)`.
    pub const BILINEAR: Self = Self(images::Resample::BILINEAR);
    /// `interpolate(mode="bicubic", align_corners=False)`.
    pub const BICUBIC: Self = Self(images::Resample::BICUBIC);

    /// With the kernel widened when shrinking.
    #[must_use]
    pub const fn antialiased(self) -> Self {
        Self(self.0.antialiased())
    }

    /// With the first sample on the first and the last on the last (`align_corners=True`).
    #[must_use]
    pub const fn align_corners(self) -> Self {
        Self(images::Resample { align_corners: true, ..self.0 })
    }

    /// Resizes `(n, c, h, w)` maps to `(n, c, height, width)`.
    pub fn resize(self, x: Tensor<4>, height: usize, width: usize) -> Tensor<4> {
        let [_, _, h, w] = x.dims();
        if (h, w) == (height, width) {
            return x;
        }
        let device = x.device().inner();
        let rows: Tensor<4> = self.tensor(h, height, &device).unsqueeze();
        let columns: Tensor<4> = self.tensor(w, width, &device).transpose().unsqueeze();
        rows.matmul(x).matmul(columns)
    }

    /// The weights as a `(to, from)` tensor.
    pub fn tensor(self, from: usize, to: usize, device: &Device) -> Tensor<2> {
        Tensor::from_data(TensorData::new(self.0.matrix(from, to), [to, from]), device)
    }
}
