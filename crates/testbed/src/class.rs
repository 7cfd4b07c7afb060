//! The classes: what an object of each looks like, colour aside.

use std::iter;

use rand::RngExt;

use crate::Rng;
use crate::outline::Outline;
use crate::paint::Pattern;

/// The classes by label: seven shapes, then three textures on a blob of any form.
pub const CLASSES: [&str; 10] =
    ["disc", "square", "triangle", "star", "cross", "ring", "crescent", "striped", "checkered", "dotted"];

/// A random outline of the class; the sizes even out the areas, which would otherwise tell the class.
pub fn outline(label: usize, rng: &mut Rng) -> Outline {
    match CLASSES[label] {
        "disc" => Outline::Disc { radius: 0.84 },
        "square" => Outline::spokes(&[1.03; 4]),
        "triangle" => Outline::spokes(&[1.1; 3]),
        "star" => star(1.1, rng.random_range(0.40..0.48)),
        "cross" => Outline::cross(1.0, rng.random_range(0.26..0.36)),
        "ring" => Outline::Ring { outer: 0.95, inner: rng.random_range(0.48..0.62) },
        "crescent" => crescent(rng),
        _ => Outline::blob(rng),
    }
}

/// A random pattern of the class; shapes are shaded slightly, over `length` pixels.
pub fn pattern(label: usize, length: f32, rng: &mut Rng) -> Pattern {
    match CLASSES[label] {
        "striped" => Pattern::stripes(rng),
        "checkered" => Pattern::checks(rng),
        "dotted" => Pattern::dots(rng),
        _ => Pattern::Shade { length },
    }
}

/// Whether objects of the class are known by their texture alone.
pub fn is_texture(label: usize) -> bool {
    matches!(CLASSES[label], "striped" | "checkered" | "dotted")
}

fn star(outer: f32, inner: f32) -> Outline {
    let radii: Vec<f32> = iter::repeat_n([outer, outer * inner], 5).flatten().collect();
    Outline::spokes(&radii)
}

fn crescent(rng: &mut Rng) -> Outline {
    Outline::Crescent { radius: 1.0, bite: rng.random_range(0.72..0.86), shift: rng.random_range(0.48..0.60) }
}
