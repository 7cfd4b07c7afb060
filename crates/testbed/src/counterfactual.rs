//! What a classifier that looks at the object must care about, and what it must not: the object gone, the background changed.

use image::RgbImage;

use crate::canvas::Canvas;
use crate::drawing::Drawing;
use crate::{AREA, Split};

/// Scene `index` without its objects: the background and all distractors are drawn through, under the same noise.
///
/// A pixel that no object covers is that of [`scene`](crate::scene).
pub fn removed(seed: u64, split: Split, index: u64) -> RgbImage {
    without_objects(&Drawing::new(seed, split, index)).to_image()
}

/// The objects of scene `index` before what [`removed`] leaves of scene `other`.
///
/// A pixel that an object covers wholly is that of [`scene`](crate::scene), one that none covers that of the other
/// scene, and a pixel of the rim has as much of both as it had of its own background. What occluded an object has gone.
pub fn swapped(seed: u64, split: Split, index: u64, other: u64) -> RgbImage {
    let other = without_objects(&Drawing::new(seed, split, other));
    before(&Drawing::new(seed, split, index), &other).to_image()
}

/// The objects of scene `index` in scene `other`, which keeps its own: one image with evidence for two classes. Nothing if
/// objects of the one would cover those of the other.
pub fn paired(seed: u64, split: Split, index: u64, other: u64) -> Option<RgbImage> {
    let [drawing, other] = [index, other].map(|index| Drawing::new(seed, split, index));
    if (0..AREA).any(|i| covered(&drawing, i) > 0.0 && covered(&other, i) > 0.0) {
        return None;
    }
    Some(before(&drawing, &other.with_noise(other.whole.clone())).to_image())
}

/// The objects of a scene before other pixels.
fn before(drawing: &Drawing, other: &Canvas) -> Canvas {
    let own = without_objects(drawing);
    let mut canvas = drawing.with_noise(drawing.whole.clone());
    for i in 0..AREA {
        let background = 1.0 - covered(drawing, i);
        for c in 0..3 {
            canvas.pixels[i][c] += background * (other.pixels[i][c] - own.pixels[i][c]);
        }
    }
    canvas
}

fn without_objects(drawing: &Drawing) -> Canvas {
    let mut canvas = drawing.behind.clone();
    if let Some(figure) = &drawing.occluder {
        canvas.draw(figure);
    }
    drawing.with_noise(canvas)
}

/// How much of pixel `i` shows an object; objects do not overlap.
fn covered(drawing: &Drawing, i: usize) -> f32 {
    drawing.seen.iter().map(|seen| seen[i]).sum::<f32>().min(1.0)
}

#[cfg(test)]
mod tests {
    use super::{covered, paired, removed, swapped};
    use crate::drawing::Drawing;
    use crate::{AREA, Split, scene};

    const SEED: u64 = 3;
    const COUNT: u64 = 100;

    /// The largest difference of two pixels, in grey levels.
    fn apart(a: &image::RgbImage, b: &image::RgbImage, i: usize) -> u8 {
        let values = 3 * i..3 * i + 3;
        values.map(|k| a.as_raw()[k].abs_diff(b.as_raw()[k])).max().unwrap_or(0)
    }

    fn drawings() -> impl Iterator<Item = (u64, Drawing)> {
        (0..COUNT).map(|index| (index, Drawing::new(SEED, Split::Heldout, index)))
    }

    #[test]
    fn removing_leaves_no_pixel_of_an_object_and_every_other() {
        let (mut inside, mut alike) = (0, 0);
        for (index, drawing) in drawings() {
            let scene = scene(SEED, Split::Heldout, index);
            let removed = removed(SEED, Split::Heldout, index);
            for i in 0..AREA {
                match covered(&drawing, i) {
                    0.0 => assert!(apart(&scene.image, &removed, i) <= 1, "scene {index}, pixel {i}"),
                    1.0 => {
                        inside += 1;
                        alike += u32::from(apart(&scene.image, &removed, i) <= 12);
                    }
                    _ => (),
                }
            }
        }
        // An object differs from nine in ten of the colours around it, as far as a few draws allow.
        assert!(f64::from(alike) < 0.01 * f64::from(inside), "{alike} of {inside}");
    }

    #[test]
    fn swapping_keeps_the_object_and_nothing_else() {
        for (index, drawing) in drawings() {
            let other = index + 1;
            let scene = scene(SEED, Split::Heldout, index);
            let swapped = swapped(SEED, Split::Heldout, index, other);
            let background = removed(SEED, Split::Heldout, other);
            for i in 0..AREA {
                match covered(&drawing, i) {
                    0.0 => assert!(apart(&swapped, &background, i) <= 1, "scene {index}, pixel {i}"),
                    1.0 => assert_eq!(apart(&swapped, &scene.image, i), 0, "scene {index}, pixel {i}"),
                    _ => (),
                }
            }
        }
    }

    #[test]
    fn a_pair_shows_the_objects_of_both_scenes() {
        let mut found = 0;
        for (index, drawing) in drawings() {
            let Some(both) = paired(SEED, Split::Heldout, index, index + 1) else { continue };
            let [first, second] = [index, index + 1].map(|index| scene(SEED, Split::Heldout, index).image);
            let other = Drawing::new(SEED, Split::Heldout, index + 1);
            found += 1;
            for i in 0..AREA {
                match (covered(&drawing, i), covered(&other, i)) {
                    (1.0, _) => assert_eq!(apart(&both, &first, i), 0, "scene {index}, pixel {i}"),
                    (0.0, 1.0) => assert!(apart(&both, &second, i) <= 1, "scene {index}, pixel {i}"),
                    _ => (),
                }
            }
        }
        assert!(found > COUNT / 10, "{found} pairs");
    }

    #[test]
    fn equal_arguments_give_equal_images() {
        let drawn = |seed| {
            (removed(seed, Split::Heldout, 7).into_raw(), swapped(seed, Split::Heldout, 7, 8).into_raw())
        };
        assert_eq!(drawn(SEED), drawn(SEED));
        assert!(drawn(SEED) != drawn(SEED + 1));
    }

    #[test]
    fn a_background_of_its_own_changes_nothing() {
        for index in 0..COUNT {
            assert_eq!(
                swapped(SEED, Split::Heldout, index, index),
                scene(SEED, Split::Heldout, index).image,
                "scene {index}"
            );
        }
    }
}
