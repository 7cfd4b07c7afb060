//! A figure: an outline, where it lies, and its paint.

use std::f32::consts::TAU;

use rand::RngExt;

use crate::outline::Outline;
use crate::paint::Paint;
use crate::{Point, Rng, SIZE};

/// Anything that is drawn over the background.
#[derive(Debug, Clone)]
pub struct Figure {
    pub outline: Outline,
    pub pose: Pose,
    pub paint: Paint,
    pub opacity: f32,
}

/// Where an outline lies: its unit becomes `scale` pixels.
#[derive(Debug, Clone, Copy)]
pub struct Pose {
    pub place: Point,
    pub scale: f32,
    cos: f32,
    sin: f32,
}

impl Pose {
    /// A pose turned by a random angle.
    pub fn turned(place: Point, scale: f32, rng: &mut Rng) -> Self {
        let (sin, cos) = rng.random_range(0.0..TAU).sin_cos();
        Self { place, scale, cos, sin }
    }

    /// A place in the image as seen from the figure: from its centre, turned with it, still in pixels.
    pub fn local(&self, p: Point) -> Point {
        let (x, y) = (p[0] - self.place[0], p[1] - self.place[1]);
        [self.cos * x + self.sin * y, self.cos * y - self.sin * x]
    }
}

impl Figure {
    /// The distance from the centre that no part of the figure passes, in pixels.
    pub fn reach(&self) -> f32 {
        self.outline.reach() * self.pose.scale
    }

    /// How much of the pixel around `local` lies inside: a straight edge through the middle of a pixel halves it.
    pub fn coverage(&self, local: Point) -> f32 {
        let scale = self.pose.scale;
        let distance = self.outline.distance(local.map(|value| value / scale)) * scale;
        (0.5 - distance).clamp(0.0, 1.0)
    }

    /// The pixels that the figure may touch.
    pub fn pixels(&self) -> impl Iterator<Item = usize> + use<> {
        let reach = self.reach() + 1.0;
        let span = |middle: f32| {
            let limit = SIZE as f32;
            (middle - reach).clamp(0.0, limit) as usize..(middle + reach).ceil().clamp(0.0, limit) as usize
        };
        let (columns, rows) = (span(self.pose.place[0]), span(self.pose.place[1]));
        rows.flat_map(move |y| columns.clone().map(move |x| y * SIZE + x))
    }
}
