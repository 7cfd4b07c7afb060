//! From a number between 0 and 1 to a colour.

use clap::ValueEnum;
use pictures::palettes::{COOLWARM, INFERNO, TURBO, VIRIDIS};

/// A colour map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Colors {
    /// Violet, green, yellow; evenly brighter
    Viridis,
    /// Black, red, yellow; evenly brighter
    Inferno,
    /// A rainbow with smooth brightness
    Turbo,
    /// The old rainbow
    Jet,
    /// Blue, light grey, red; diverging
    Coolwarm,
    /// Black to white
    Gray,
}

impl Colors {
    /// The colour at `t` from 0 to 1; outside, that of the nearer end.
    pub fn at(self, t: f64) -> [u8; 3] {
        let t = t.clamp(0.0, 1.0);
        match self {
            Self::Viridis => between(&VIRIDIS, t),
            Self::Inferno => between(&INFERNO, t),
            Self::Turbo => between(&TURBO, t),
            Self::Coolwarm => between(&COOLWARM, t),
            Self::Jet => jet(t),
            Self::Gray => [byte(t); 3],
        }
    }

    /// Whether the middle of the colour map stands for zero.
    pub fn is_diverging(self) -> bool {
        self == Self::Coolwarm
    }
}

/// Between the two stops next to `t`.
fn between(stops: &[u32], t: f64) -> [u8; 3] {
    let place = t * (stops.len() - 1) as f64;
    let (below, share) = (channels(stops[place.floor() as usize]), place.fract());
    let above = channels(stops[place.ceil() as usize]);
    std::array::from_fn(|c| byte(below[c] + share * (above[c] - below[c])))
}

/// The channels of `0xrrggbb`, from 0 to 1.
fn channels(color: u32) -> [f64; 3] {
    [16, 8, 0].map(|shift| f64::from(color >> shift & 0xff) / 255.0)
}

/// The colour map that was MATLAB's default, with matplotlib's corners.
fn jet(t: f64) -> [u8; 3] {
    let red = trapezoid(t, [(0.35, 0.0), (0.66, 1.0), (0.89, 1.0), (1.0, 0.5)]);
    let green = trapezoid(t, [(0.125, 0.0), (0.375, 1.0), (0.64, 1.0), (0.91, 0.0)]);
    let blue = trapezoid(t, [(0.0, 0.5), (0.11, 1.0), (0.34, 1.0), (0.65, 0.0)]);
    [red, green, blue].map(byte)
}

/// Straight lines between corners, and level beyond them.
fn trapezoid(t: f64, corners: [(f64, f64); 4]) -> f64 {
    let line = corners.windows(2).find(|pair| (pair[0].0..=pair[1].0).contains(&t));
    match line {
        Some(pair) => pair[0].1 + (t - pair[0].0) / (pair[1].0 - pair[0].0) * (pair[1].1 - pair[0].1),
        None if t < corners[0].0 => corners[0].1,
        None => corners[3].1,
    }
}

/// A share of the brightest value.
fn byte(share: f64) -> u8 {
    (share * 255.0).round() as u8
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Largest difference of a channel: between stops the maps are taken as straight.
    const TOLERANCE: u8 = 2;

    #[test]
    fn colours_are_those_of_matplotlib() {
        let tables: BTreeMap<String, Vec<[u8; 3]>> = testing::golden::json("render/matplotlib.json");
        assert_eq!(tables.len(), Colors::value_variants().len());
        for (name, table) in tables {
            let colors = Colors::from_str(&name, false).unwrap();
            assert_eq!(table.len(), 256);
            for (index, expected) in table.iter().enumerate() {
                let color = colors.at(index as f64 / 255.0);
                let close = (0..3).all(|c| color[c].abs_diff(expected[c]) <= TOLERANCE);
                assert!(close, "{name} {index}: {color:?}, expected {expected:?}");
            }
        }
    }

    #[test]
    fn beyond_the_ends_nothing_changes() {
        for &colors in Colors::value_variants() {
            assert_eq!(colors.at(-3.0), colors.at(0.0));
            assert_eq!(colors.at(1e9), colors.at(1.0));
        }
    }
}
