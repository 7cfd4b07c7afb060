//! A map as an image, alone or over its image.

use image::{Rgb, RgbImage};
use maps::Map;
use pictures::Scale;

use crate::args::{Look, Mode};
use crate::colors::Colors;

/// How the values of one map become colours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paint {
    /// The colour map.
    pub colors: Colors,
    /// Whether its middle is zero.
    pub centred: bool,
    scale: Scale,
}

impl Paint {
    /// What the map's values call for, within what the command line asks for.
    pub fn new(look: &Look, map: &Map) -> Self {
        let signed = map.is_signed();
        let usual = if signed { Colors::Coolwarm } else { Colors::Inferno };
        let colors = look.colors.unwrap_or(usual);
        let centred = signed || colors.is_diverging();
        let scale = if centred { Scale::centred(map, look.clip) } else { Scale::spread(map, look.clip) };
        Self { colors, centred, scale }
    }

    /// Whether a legend would be the same.
    pub fn looks_like(&self, other: &Self) -> bool {
        (self.colors, self.centred) == (other.colors, other.centred)
    }

    /// All colours from left to right.
    pub fn bar(&self, width: u32, height: u32) -> RgbImage {
        let last = f64::from(width.max(2) - 1);
        RgbImage::from_fn(width, height, |x, _| Rgb(self.colors.at(f64::from(x) / last)))
    }

    /// How relevant a value is, from 0 to 1: of a scale whose middle is zero, its magnitude.
    fn relevance(&self, value: f64) -> f64 {
        let place = self.scale.at(value);
        if self.centred { 2.0 * (place - 0.5).abs() } else { place }
    }

    /// Quarters of the scale below a value, at most three, so that the highest values lie within a line.
    fn level(&self, value: f64) -> u8 {
        (4.0 * self.relevance(value)).floor().min(3.0) as u8
    }

    /// The colour of the line at the lower end of a quarter.
    fn of_level(&self, level: u8) -> [u8; 3] {
        let share = f64::from(level) / 3.0;
        self.colors.at(if self.centred { 0.5 + 0.5 * share } else { share })
    }

    fn color(&self, value: f64) -> [u8; 3] {
        self.colors.at(self.scale.at(value))
    }
}

/// Draws a map over an image of its size, or alone where no image is wanted or given.
pub fn draw(look: &Look, map: &Map, paint: &Paint, image: Option<&RgbImage>) -> RgbImage {
    let image = image.filter(|_| look.mode != Mode::Heatmap);
    let [height, width] = map.size();
    let value = |x: u32, y: u32| map.values()[y as usize * width + x as usize];
    RgbImage::from_fn(width as u32, height as u32, |x, y| {
        let color = paint.color(value(x, y));
        let Some(image) = image else { return Rgb(color) };
        let under = image.get_pixel(x, y).0;
        Rgb(match look.mode {
            Mode::Transparency => blend([255; 3], under, paint.relevance(value(x, y))),
            Mode::Contour => {
                // A line runs where a pixel lies on another level than the one after it.
                let next = [(x + 1, y), (x, y + 1)]
                    .into_iter()
                    .filter(|(x, y)| *x < width as u32 && *y < height as u32);
                let level = |value| paint.level(value);
                let crossed = next.map(|(x, y)| level(value(x, y))).find(|next| *next != level(value(x, y)));
                crossed.map_or(under, |next| paint.of_level(next.max(level(value(x, y)))))
            }
            Mode::Overlay | Mode::Heatmap => blend(under, color, look.alpha),
        })
    })
}

/// A share `alpha` of the second colour.
fn blend(under: [u8; 3], over: [u8; 3], alpha: f64) -> [u8; 3] {
    let mix = |under, over| (1.0 - alpha) * f64::from(under) + alpha * f64::from(over);
    std::array::from_fn(|c| mix(under[c], over[c]).round() as u8)
}
