//! What a figure is filled with.

use rand::RngExt;

use crate::colour::Colour;
use crate::{Point, Rng};

/// Two colours and the pattern that chooses between them.
#[derive(Debug, Clone, Copy)]
pub struct Paint {
    pub pattern: Pattern,
    pub colours: [Colour; 2],
}

/// How much of the second colour there is at a place; lengths are in pixels.
#[derive(Debug, Clone, Copy)]
pub enum Pattern {
    /// The first colour only.
    Plain,
    /// From the first colour to the second, along x over the length.
    Shade { length: f32 },
    /// Bars along y, half a period wide.
    Stripes { period: f32, phase: f32 },
    /// Squares of half a period.
    Checks { period: f32, phase: f32 },
    /// Spots of the second colour on a hexagonal lattice.
    Dots { spacing: f32, phase: f32 },
}

impl Pattern {
    pub fn stripes(rng: &mut Rng) -> Self {
        Self::Stripes { period: rng.random_range(4.5..6.5), phase: rng.random() }
    }

    pub fn checks(rng: &mut Rng) -> Self {
        Self::Checks { period: rng.random_range(6.0..8.5), phase: rng.random() }
    }

    pub fn dots(rng: &mut Rng) -> Self {
        Self::Dots { spacing: rng.random_range(6.0..7.5), phase: rng.random() }
    }

    /// The share of the second colour at `p`, from 0 to 1, smoothed over a pixel at every edge.
    fn share(self, p: Point) -> f32 {
        match self {
            Self::Plain => 0.0,
            Self::Shade { length } => (p[0] / length + 0.5).clamp(0.0, 1.0),
            Self::Stripes { period, phase } => bar(p[0], period, phase),
            Self::Checks { period, phase } => {
                let (across, down) = (bar(p[0], period, phase), bar(p[1], period, phase));
                across + down - 2.0 * across * down
            }
            Self::Dots { spacing, phase } => {
                (0.27 * spacing - to_lattice(p, spacing, phase) + 0.5).clamp(0.0, 1.0)
            }
        }
    }
}

impl Paint {
    /// The colour at `p`, a place relative to the figure's centre and turned with the figure.
    pub fn at(&self, p: Point) -> Colour {
        let share = self.pattern.share(p);
        let [first, second] = self.colours;
        std::array::from_fn(|c| first[c] + share * (second[c] - first[c]))
    }
}

/// A square wave with edges one pixel wide.
fn bar(x: f32, period: f32, phase: f32) -> f32 {
    let turn = (x / period + phase).rem_euclid(1.0);
    (((turn - 0.5).abs() - 0.25) * period + 0.5).clamp(0.0, 1.0)
}

/// The distance to the nearest node of a hexagonal lattice.
fn to_lattice(p: Point, spacing: f32, phase: f32) -> f32 {
    let height = spacing * 0.75_f32.sqrt();
    let row = (p[1] / height + phase).floor();
    let to_row = |row: f32| {
        let shift = 0.5 * row.rem_euclid(2.0);
        let across = ((p[0] / spacing + phase + shift).rem_euclid(1.0) - 0.5) * spacing;
        across.hypot(p[1] - (row - phase) * height)
    };
    to_row(row).min(to_row(row + 1.0))
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    fn mean(pattern: Pattern) -> f32 {
        let places = (0..10_000_u16).map(|i| [f32::from(i % 100) / 2.0, f32::from(i / 100) / 2.0]);
        places.map(|p| pattern.share(p)).sum::<f32>() / 10_000.0
    }

    #[test]
    fn both_colours_of_a_texture_are_seen() {
        assert!((mean(Pattern::Stripes { period: 5.0, phase: 0.3 }) - 0.5).abs() < 0.02);
        assert!((mean(Pattern::Checks { period: 5.0, phase: 0.3 }) - 0.5).abs() < 0.02);
        assert!((mean(Pattern::Dots { spacing: 5.0, phase: 0.3 }) - 0.27).abs() < 0.05);
    }
}
