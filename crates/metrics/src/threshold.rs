//! Which pixels of a map count as its object.

use std::fmt;
use std::str::FromStr;

use maps::{Map, Order};
use spec::Reader;
use stats::otsu::otsu;

/// Why no threshold makes two parts.
pub(crate) const CONSTANT: &str = "the map is constant: no threshold parts it";

/// Where a map is cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Threshold {
    /// At its mean.
    Mean,
    /// Between the two classes that Otsu's method finds.
    Otsu,
    /// At a share of its highest value.
    OfHighest(f64),
    /// Above a share of the pixels: the highest ones, of equal values the first by index.
    Share(f64),
}

impl Threshold {
    pub(crate) fn take(reader: &mut Reader) -> Result<Self, spec::Error> {
        reader.take_if(
            "threshold",
            Self::Mean,
            "mean, otsu, a share of the highest value, or share:Q of the pixels",
            |_| true,
        )
    }

    /// The pixels that count.
    ///
    /// # Errors
    /// If the map has no two values, or the threshold is a share of something that is not positive.
    pub(crate) fn part(self, map: &Map) -> Result<Vec<bool>, String> {
        if map.is_constant() {
            return Err(CONSTANT.to_owned());
        }
        let values = map.values();
        let from = |least: f64| Ok(values.iter().map(|&value| value >= least).collect());
        match self {
            Self::Mean => from(stats::summary::mean(values)),
            Self::Otsu => {
                // Another scale has the same classes, and this one fits into single precision.
                let values = map.normalised();
                let least = otsu(&values);
                Ok(values.iter().map(|&value| value > least).collect())
            }
            Self::OfHighest(share) => match map.range().1 {
                highest if highest > 0.0 => from(share * highest),
                _ => Err("no value of the map is positive".to_owned()),
            },
            Self::Share(share) => {
                let count = (share * values.len() as f64).round() as usize;
                let mut chosen = vec![false; values.len()];
                for &at in &Order::MostRelevantFirst.sort(values)[..count] {
                    chosen[at] = true;
                }
                Ok(chosen)
            }
        }
    }
}

impl FromStr for Threshold {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let share = |text: &str| text.parse().ok().filter(|share| (0.0..=1.0).contains(share)).ok_or(());
        match text {
            "mean" => Ok(Self::Mean),
            "otsu" => Ok(Self::Otsu),
            _ => match text.strip_prefix("share:") {
                Some(text) => share(text).map(Self::Share),
                None => share(text).map(Self::OfHighest),
            },
        }
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mean => out.write_str("mean"),
            Self::Otsu => out.write_str("otsu"),
            Self::OfHighest(share) => write!(out, "{share}"),
            Self::Share(share) => write!(out, "share:{share}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips_and_nonsense_is_refused() {
        for text in ["mean", "otsu", "0.5", "1", "share:0.25"] {
            assert_eq!(text.parse::<Threshold>().unwrap().to_string(), text);
        }
        for text in ["", "median", "-0.1", "1.5", "NaN", "share:", "share:2", "inf"] {
            assert!(text.parse::<Threshold>().is_err(), "{text}");
        }
    }

    #[test]
    fn otsu_parts_two_heaps() {
        let heaps = Map::from_plane([1, 6], vec![0.1, 0.2, 0.15, 5.0, 5.1, 0.1]).unwrap();
        assert_eq!(Threshold::Otsu.part(&heaps).unwrap(), [false, false, false, true, true, false]);
    }
}
