//! Colours that differ enough from what they lie on, and depend on nothing else.

use rand::RngExt;

use crate::Rng;

/// Red, green and blue, each from 0 to 1.
pub type Colour = [f32; 3];

/// Draws that are made before the best of them is taken although it does not differ enough.
const TRIES: usize = 64;

pub fn any(rng: &mut Rng) -> Colour {
    std::array::from_fn(|_| rng.random())
}

/// A colour that differs from `colour` by at most `step` in each channel.
pub fn near(colour: Colour, step: f32, rng: &mut Rng) -> Colour {
    colour.map(|value| (value + rng.random_range(-step..step)).clamp(0.0, 1.0))
}

/// The Euclidean distance, from 0 to the root of 3.
pub fn distance(a: Colour, b: Colour) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f32>().sqrt()
}

/// A colour that keeps every one of the rules as well as a few draws allow.
pub fn apart(rules: &[Apart<'_>], rng: &mut Rng) -> Colour {
    let mut best = (f32::MIN, [0.5; 3]);
    for _ in 0..TRIES {
        let colour = any(rng);
        let kept = rules.iter().map(|rule| rule.kept(colour)).fold(f32::MAX, f32::min);
        if kept > best.0 {
            best = (kept, colour);
        }
        if kept >= 1.0 {
            break;
        }
    }
    best.1
}

/// The wish for a colour at least `contrast` away from nine in ten of the colours in `from`.
#[derive(Debug, Clone, Copy)]
pub struct Apart<'a> {
    pub from: &'a [Colour],
    pub contrast: f32,
}

impl Apart<'_> {
    /// The distance reached, as a share of the one wished for.
    fn kept(&self, colour: Colour) -> f32 {
        tenth(self.from, colour) / self.contrast
    }
}

/// The distance that nine in ten of the colours in `around` pass.
fn tenth(around: &[Colour], colour: Colour) -> f32 {
    let mut distances: Vec<f32> = around.iter().map(|&other| distance(colour, other)).collect();
    let rank = distances.len() / 10;
    match distances.len() {
        0 => f32::MAX,
        _ => *distances.select_nth_unstable_by(rank, f32::total_cmp).1,
    }
}
