//! What tests have in common that show the classifier images of their own, made of the most relevant pixels.

use maps::{Order, Ranking};

use crate::plan::PlanBuilder;
use crate::undefined::Undefined;

/// An image and the order of its pixels.
pub(super) struct Ordered<'a> {
    /// The image's planes of bytes, (C, H, W).
    pub(super) planes: Vec<u8>,
    /// For each pixel the number of those that the map puts before it.
    pub(super) ranks: &'a [f32],
}

/// The most relevant pixels first; nothing if the map is not of the image's size, which nobody can perturb.
///
/// # Errors
/// If the map puts no pixel first.
pub(super) fn ordered<'a>(builder: &'a mut PlanBuilder<'_>) -> Result<Option<Ordered<'a>>, Undefined> {
    let (map, image) = (builder.map(), builder.image());
    let ranks = &builder.ranked(Ranking::pixels(Order::MostRelevantFirst))?.ranks;
    Ok((map.size() == image.size()).then(|| Ordered { planes: image.image_bytes(), ranks }))
}
