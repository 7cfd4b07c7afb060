//! What stands where pixels are replaced.

use std::fmt::Debug;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use images::{Fill, FillError};
use rayon::prelude::*;

use crate::host_image::HostImage;

/// When a painter is asked, and how long its pixels are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    /// Once for an image, on the host beside the device's work; kept for all tests of a map.
    Image,
    /// When its first input is reached, and dropped after its last one: a painter of which there may be a thousand, such
    /// as the runs of a random fill.
    Run,
    /// For each input anew, since it depends on which pixels are replaced: imputation, inpainting.
    Mask,
}

/// Paints pixels of the network's input, normalised, on the host: the same numbers for every device.
pub trait Painter: Debug + Send + Sync {
    /// What it paints, as a spec string does: painters with equal keys paint the same image the same.
    fn key(&self) -> String;

    /// When it is asked.
    fn reuse(&self) -> Reuse {
        Reuse::Image
    }

    /// Whether its pixels are the whole input, and not only where pixels are replaced: a generator that brings an image of
    /// its own.
    fn is_whole(&self) -> bool {
        false
    }

    /// Whether it paints from the pixels that stay, so that some must.
    fn needs_pixels(&self) -> bool {
        false
    }

    /// Paints (3, H, W) in C order for an image. `replaced` is for each pixel the share of it that is replaced, from 0 to
    /// 1; all of it unless the painter asks for the mask ([`Reuse::Mask`]).
    ///
    /// # Errors
    /// If the image cannot be painted, or whoever paints it has failed.
    fn paint(&self, image: &HostImage, replaced: &[f32]) -> Result<Vec<f32>, FillError>;

    /// Paints an image under several masks, as many as a batch holds: what [`Painter::paint`] gives for each of them, one by
    /// one over all threads unless the painter has a better way.
    fn paint_each(&self, image: &HostImage, masks: &[Vec<f32>]) -> Vec<Result<Vec<f32>, FillError>> {
        masks.par_iter().map(|replaced| self.paint(image, replaced)).collect()
    }
}

/// A shared painter, which is what its key says: equal keys are equal replacements, so that equal inputs are computed once.
#[derive(Clone, Debug)]
pub struct Replacement {
    key: Arc<str>,
    painter: Arc<dyn Painter>,
}

impl Replacement {
    /// Shares a painter.
    pub fn new(painter: impl Painter + 'static) -> Self {
        Self { key: painter.key().into(), painter: Arc::new(painter) }
    }
}

impl Deref for Replacement {
    type Target = dyn Painter;

    fn deref(&self) -> &Self::Target {
        &*self.painter
    }
}

impl PartialEq for Replacement {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Replacement {}

impl Hash for Replacement {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl From<Fill> for Replacement {
    fn from(fill: Fill) -> Self {
        Self::new(fill)
    }
}

impl Painter for Fill {
    fn key(&self) -> String {
        match self {
            Self::Black => "black".into(),
            Self::Mean => "mean".into(),
            Self::Zero => "zero".into(),
            Self::Constant(value) => format!("constant:value={value}"),
            Self::Least => "min".into(),
            Self::Greatest => "max".into(),
            Self::Level => "level".into(),
            Self::Folded(blur) => format!("rise-blur:kernel={},sigma={}", blur.kernel, blur.sigma),
            Self::Box { side } => format!("box-blur:side={side}"),
            Self::Boxes { radius } => format!("pil-blur:radius={radius}"),
            Self::UniformPixels { draw } => format!("uniform-pixels:draw={draw}"),
            Self::Normal { draw } => format!("normal:draw={draw}"),
            Self::Blur(blur) => format!("blur:kernel={},sigma={}", blur.kernel, blur.sigma),
            Self::Uniform { draw } => format!("uniform:draw={draw}"),
        }
    }

    fn reuse(&self) -> Reuse {
        match self {
            Self::Uniform { .. } | Self::UniformPixels { .. } | Self::Normal { .. } => Reuse::Run,
            _ => Reuse::Image,
        }
    }

    fn paint(&self, image: &HostImage, _: &[f32]) -> Result<Vec<f32>, FillError> {
        Self::paint(*self, image.pixels(), image.size(), image.preprocess(), image.seed(), image.hash())
    }
}

#[cfg(test)]
mod tests {
    use images::Blur;

    use super::*;

    #[test]
    fn replacements_are_what_their_key_says() {
        let blur = |sigma| Replacement::from(Fill::Blur(Blur { kernel: 11, sigma }));
        assert_eq!(blur(5.0), blur(5.0));
        assert_ne!(blur(5.0), blur(5.5));
        let draw = |draw| Replacement::from(Fill::Uniform { draw });
        assert!(draw(0) != draw(1) && draw(0).reuse() == Reuse::Run);
    }
}
