//! The image while it is drawn: three floats per pixel.

use image::RgbImage;
use rand::RngExt;
use rand_distr::StandardNormal;

use crate::colour::Colour;
use crate::figure::Figure;
use crate::{AREA, Point, Rng, SIZE};

/// How much of each pixel a figure covers, from 0 to 1, row by row.
pub type Coverage = Vec<f32>;

/// An image in floating point, row by row.
#[derive(Debug, Clone)]
pub struct Canvas {
    pub pixels: Vec<Colour>,
}

impl Canvas {
    /// Draws a figure over what is there.
    pub fn draw(&mut self, figure: &Figure) -> Coverage {
        let mut coverage = vec![0.0; AREA];
        for i in figure.pixels() {
            let local = figure.pose.local(centre(i));
            let covered = figure.coverage(local);
            coverage[i] = covered;
            if covered > 0.0 {
                blend(&mut self.pixels[i], figure.paint.at(local), covered * figure.opacity);
            }
        }
        coverage
    }

    /// Colours from a lattice of every second pixel within `radius` of `place`.
    pub fn around(&self, place: Point, radius: f32) -> Vec<Colour> {
        let near = |&i: &usize| {
            let [x, y] = centre(i);
            (x - place[0]).powi(2) + (y - place[1]).powi(2) <= radius * radius
        };
        let lattice = (0..SIZE).step_by(2).flat_map(|y| (0..SIZE).step_by(2).map(move |x| y * SIZE + x));
        lattice.filter(near).map(|i| self.pixels[i]).collect()
    }

    /// Normal noise around 0, equal in deviation and independent for all pixels and channels.
    pub fn noise(deviation: f32, rng: &mut Rng) -> Self {
        let mut value = || deviation * rng.sample::<f32, _>(StandardNormal);
        Self { pixels: (0..AREA).map(|_| std::array::from_fn(|_| value())).collect() }
    }

    /// Adds another canvas, pixel by pixel.
    pub fn add(&mut self, other: &Self) {
        for (value, more) in self.pixels.iter_mut().flatten().zip(other.pixels.iter().flatten()) {
            *value += more;
        }
    }

    /// The image in eight bits.
    pub fn to_image(&self) -> RgbImage {
        RgbImage::from_fn(SIZE as u32, SIZE as u32, |x, y| {
            let colour = self.pixels[y as usize * SIZE + x as usize];
            image::Rgb(colour.map(|value| (value.clamp(0.0, 1.0) * 255.0).round() as u8))
        })
    }
}

/// The middle of pixel `i`.
pub fn centre(i: usize) -> Point {
    [(i % SIZE) as f32 + 0.5, (i / SIZE) as f32 + 0.5]
}

fn blend(pixel: &mut Colour, colour: Colour, share: f32) {
    for (value, over) in pixel.iter_mut().zip(colour) {
        *value += share * (over - *value);
    }
}
