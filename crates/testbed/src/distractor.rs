//! Distractors: figures that belong to no class.

use std::f32::consts::TAU;

use rand::RngExt;

use crate::canvas::Canvas;
use crate::colour::{self, Apart};
use crate::figure::{Figure, Pose};
use crate::outline::Outline;
use crate::paint::{Paint, Pattern};
use crate::{Point, Rng};

/// How far a distractor's colour is from what surrounds it.
const CONTRAST: f32 = 0.3;

/// A random distractor at `place`, to be drawn on `canvas`.
pub fn distractor(canvas: &Canvas, place: Point, rng: &mut Rng) -> Figure {
    let (outline, scale) = match rng.random_range(0..6_u8) {
        0 => (segment(rng), 1.0),
        1 => (arc(rng), 1.0),
        2 => (zigzag(rng), 1.0),
        3 => (hook(rng), 1.0),
        _ => (Outline::blob(rng), rng.random_range(5.0..13.0)),
    };
    let around = canvas.around(place, outline.reach() * scale);
    let colour = colour::apart(&[Apart { from: &around, contrast: CONTRAST }], rng);
    let paint = Paint { pattern: Pattern::Plain, colours: [colour; 2] };
    Figure { outline, pose: Pose::turned(place, scale, rng), paint, opacity: 1.0 }
}

fn stroke(points: Vec<Point>, rng: &mut Rng) -> Outline {
    Outline::Stroke { points, width: rng.random_range(1.5..3.0) }
}

fn segment(rng: &mut Rng) -> Outline {
    let half = rng.random_range(5.0..16.0);
    stroke(vec![[-half, 0.0], [half, 0.0]], rng)
}

/// A part of a circle, short enough not to be a ring and thin enough not to be a crescent.
fn arc(rng: &mut Rng) -> Outline {
    let (radius, angle) = (rng.random_range(7.0..14.0), rng.random_range(0.2..0.45) * TAU);
    let point = |i: u8| {
        let (sin, cos) = (angle * (f32::from(i) / 12.0 - 0.5)).sin_cos();
        [radius * (cos - 0.8), radius * sin]
    };
    let points = (0..=12).map(point).collect();
    stroke(points, rng)
}

fn zigzag(rng: &mut Rng) -> Outline {
    let turns = rng.random_range(3..6_u8);
    let (step, height) = (rng.random_range(3.5..5.5), rng.random_range(2.5..4.5));
    let point = |i: u8| {
        let side = if i.is_multiple_of(2) { height } else { -height };
        [(f32::from(i) - f32::from(turns) / 2.0) * step, side]
    };
    stroke((0..=turns).map(point).collect(), rng)
}

/// Two lines that meet in an open angle.
fn hook(rng: &mut Rng) -> Outline {
    let (long, short) = (rng.random_range(8.0..15.0), rng.random_range(5.0..8.0));
    let bend = rng.random_range(-3.0..3.0);
    stroke(vec![[-long / 2.0, 0.0], [long / 2.0, 0.0], [long / 2.0 + bend, short]], rng)
}
