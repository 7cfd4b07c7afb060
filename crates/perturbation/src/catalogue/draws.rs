//! What tests have in common whose points stand each for itself: after the clean image, which is what each is compared with.

use maps::Map;

use crate::host_image::HostImage;
use crate::input::{Input, PixelSet};
use crate::painter::{Replacement, Reuse};
use crate::plan::PlanBuilder;
use crate::point::{Measures, Point};
use crate::undefined::Undefined;

/// The clean image. A test in several runs begins each of them with it.
pub(super) fn clean() -> Point {
    let measures = Measures { mass: Some(0.0), area: Some(1.0), ..Measures::default() };
    Point { measures, ..Point::new(0.0, vec![Input::Clean]) }
}

/// Chosen pixels replaced, `fraction` of all that could be; with the sum of the map over them.
pub(super) fn replaced(map: &Map, chosen: &PixelSet, fraction: f64, fills: &[Replacement]) -> Point {
    let values = map.values();
    let mass = (0..values.len()).filter(|&pixel| chosen.has(pixel)).map(|pixel| values[pixel]).sum();
    let shown = 1.0 - chosen.count() as f64 / values.len() as f64;
    let inputs = fills.iter().map(|fill| Input::chosen(chosen.clone(), values.len(), fill)).collect();
    let measures = Measures { mass: Some(mass), area: Some(shown), ..Measures::default() };
    Point { measures, ..Point::new(fraction, inputs) }
}

/// The pixels of each cell of an image, by their flat indices.
pub(super) fn members(cells: &[u32]) -> Vec<Vec<usize>> {
    let count = cells.iter().max().map_or(0, |&last| last as usize + 1);
    let mut members = vec![Vec::new(); count];
    for (pixel, &cell) in cells.iter().enumerate() {
        members[cell as usize].push(pixel);
    }
    members
}

/// What a map predicts of a change of its image, and how large the change is: the sum of I times the map, and the norm of I,
/// where I = x - x' in the network's normalised space. The map counts once for each channel.
pub(super) fn change(map: &Map, image: &HostImage, perturbed: &[f32]) -> Measures {
    let (mut product, mut squares) = (0.0, 0.0);
    for (clean, perturbed) in image.pixels().chunks(map.pixels()).zip(perturbed.chunks(map.pixels())) {
        for ((clean, perturbed), value) in clean.iter().zip(perturbed).zip(map.values()) {
            let change = f64::from(*clean) - f64::from(*perturbed);
            product += change * value;
            squares += change * change;
        }
    }
    Measures { mass: Some(product), distance: Some(squares.sqrt()), ..Measures::default() }
}

/// The clean image, then whole images, each with what the map predicts of the change. Nothing of them is shown as it was.
pub(super) fn changed(builder: &PlanBuilder<'_>, changes: &[Replacement]) -> Result<Vec<Point>, Undefined> {
    builder.check()?;
    let (map, image) = (builder.map(), builder.image());
    let point = |change_to: &Replacement| {
        // One that cannot be painted fails the map anyway.
        let perturbed = change_to.paint(image, &[]).ok();
        let found = perturbed.map(|perturbed| change(map, image, &perturbed)).unwrap_or_default();
        let measures = Measures { area: Some(0.0), ..found };
        Point { measures, ..Point::new(1.0, vec![Input::Filled(change_to.clone())]) }
    };
    Ok(std::iter::once(clean()).chain(changes.iter().map(point)).collect())
}

/// The image with chosen pixels replaced, on the host; nothing if the fill cannot be painted, which fails the map anyway.
pub(super) fn compose(image: &HostImage, chosen: &PixelSet, fill: &Fill<'_>) -> Option<Vec<f32>> {
    let clean = image.pixels();
    let area = image.size().iter().product::<usize>();
    let painted;
    let fill = match fill {
        Fill::Painted(pixels) => &pixels[..],
        Fill::ForEach(fill) => {
            let plane: Vec<f32> = chosen.plane(area).collect();
            painted = fill.paint(image, &plane).ok()?;
            &painted
        }
    };
    let pixel = |at: usize| if chosen.has(at % area) { fill[at] } else { clean[at] };
    Some((0..clean.len()).map(pixel).collect())
}

/// A fill on the host.
pub(super) enum Fill<'a> {
    /// Painted once for all sets of pixels.
    Painted(Vec<f32>),
    /// Painted anew for each.
    ForEach(&'a Replacement),
}

impl<'a> Fill<'a> {
    /// Paints what does not depend on the pixels; nothing if that fails, which fails the map anyway.
    pub(super) fn new(image: &HostImage, fill: &'a Replacement) -> Option<Self> {
        if fill.reuse() == Reuse::Mask {
            return Some(Self::ForEach(fill));
        }
        if let Some(kept) = image.fill(fill) {
            return Some(Self::Painted(kept.to_vec()));
        }
        let everywhere = vec![1.0; image.size().iter().product()];
        fill.paint(image, &everywhere).ok().map(Self::Painted)
    }
}
