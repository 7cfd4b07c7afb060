//! The background: a gradient, soft noise, and clutter too fine to be taken for an object.

use std::f32::consts::TAU;

use rand::RngExt;

use crate::canvas::{Canvas, centre};
use crate::colour::{self, Colour};
use crate::figure::{Figure, Pose};
use crate::outline::Outline;
use crate::paint::{Paint, Pattern};
use crate::{AREA, Point, Rng, SIZE};

/// A background without distractors.
pub fn background(rng: &mut Rng) -> Canvas {
    let mut canvas = gradient(rng);
    for cells in [4, 9] {
        add_clouds(&mut canvas, cells, rng);
    }
    for _ in 0..rng.random_range(1..6) {
        draw_clutter(&mut canvas, hair, rng);
    }
    for _ in 0..rng.random_range(6..24) {
        draw_clutter(&mut canvas, speck, rng);
    }
    canvas
}

fn gradient(rng: &mut Rng) -> Canvas {
    let from: Colour = std::array::from_fn(|_| rng.random_range(0.12..0.88));
    let to = colour::near(from, 0.25, rng);
    let (sin, cos) = rng.random_range(0.0..TAU).sin_cos();
    let colour_at = |i| {
        let [x, y] = centre(i).map(|value| value / SIZE as f32 - 0.5);
        let share = 0.5 + (x * cos + y * sin) / (sin.abs() + cos.abs());
        std::array::from_fn(|c| from[c] + share * (to[c] - from[c]))
    };
    Canvas { pixels: (0..AREA).map(colour_at).collect() }
}

/// Adds smooth noise with `cells` x `cells` bumps, mostly of brightness.
fn add_clouds(canvas: &mut Canvas, cells: usize, rng: &mut Rng) {
    let height = rng.random_range(0.02..0.10);
    let nodes: Vec<Colour> = (0..(cells + 1) * (cells + 1))
        .map(|_| {
            let bright = rng.random_range(-height..height);
            std::array::from_fn(|_| bright + 0.4 * rng.random_range(-height..height))
        })
        .collect();
    for (i, pixel) in canvas.pixels.iter_mut().enumerate() {
        let cloud = interpolate(&nodes, cells, centre(i).map(|value| value * cells as f32 / SIZE as f32));
        *pixel = std::array::from_fn(|c| pixel[c] + cloud[c]);
    }
}

/// The value at `p` of a lattice of nodes one apart.
fn interpolate(nodes: &[Colour], cells: usize, p: Point) -> Colour {
    let (column, row) = (p[0] as usize, p[1] as usize);
    let ease = |t: f32| t * t * (3.0 - 2.0 * t);
    let (right, down) = (ease(p[0].fract()), ease(p[1].fract()));
    let node = |x: usize, y: usize, c: usize| nodes[(row + y) * (cells + 1) + column + x][c];
    let along = |y, c| node(0, y, c) + right * (node(1, y, c) - node(0, y, c));
    std::array::from_fn(|c| along(0, c) + down * (along(1, c) - along(0, c)))
}

/// Draws one thin thing somewhere, in a colour not far from what is there.
fn draw_clutter(canvas: &mut Canvas, outline: fn(&mut Rng) -> Outline, rng: &mut Rng) {
    let place: Point = std::array::from_fn(|_| rng.random_range(0.0..SIZE as f32));
    let pixel = place[1] as usize * SIZE + place[0] as usize;
    let tint = colour::near(canvas.pixels[pixel], 0.4, rng);
    canvas.draw(&Figure {
        outline: outline(rng),
        pose: Pose::turned(place, 1.0, rng),
        paint: Paint { pattern: Pattern::Plain, colours: [tint; 2] },
        opacity: rng.random_range(0.4..0.9),
    });
}

fn hair(rng: &mut Rng) -> Outline {
    let half = rng.random_range(6.0..30.0);
    Outline::Stroke { points: vec![[-half, 0.0], [half, 0.0]], width: rng.random_range(0.6..1.2) }
}

fn speck(rng: &mut Rng) -> Outline {
    Outline::Disc { radius: rng.random_range(0.5..1.2) }
}
