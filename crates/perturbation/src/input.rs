//! A perturbed image, by what it is.

use std::sync::Arc;

use maps::Ranking;

use crate::painter::Replacement;

/// A perturbed image, described and not computed: equal values are equal images, whichever test asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// The image itself.
    Clean,
    /// Nothing but the fill.
    Filled(Replacement),
    /// Some pixels from the image and some from the fill.
    Mixed {
        /// The order of the pixels.
        ranking: Ranking,
        /// How many of the first pixels are meant.
        count: usize,
        /// Where the others are from, or these.
        fill: Replacement,
        /// These are the image's and the others the fill's, not the other way round.
        reveal: bool,
    },
    /// x m + fill (1 - m), where m is the map on a scale.
    Faded {
        /// Where the map is 0.
        fill: Replacement,
        /// What m is.
        scale: Scale,
        /// m and 1 - m change places.
        invert: bool,
    },
    /// Some pixels from the fill, whatever their order, and the others from the image.
    Chosen {
        /// The pixels that are replaced.
        pixels: PixelSet,
        /// What replaces them.
        fill: Replacement,
    },
    /// An image that the test has painted itself.
    Painted(Painted),
}

/// What a map is multiplied as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scale {
    /// Moved to 0..1 by its own least and greatest value.
    MinMax,
    /// As it is.
    Raw,
}

/// Some of an image's pixels, shared and known by their content.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PixelSet {
    words: Arc<[u64]>,
    count: usize,
}

impl PixelSet {
    /// The pixels of an image of so many, by their flat indices; one that comes twice counts once.
    pub fn new(pixels: usize, chosen: impl IntoIterator<Item = usize>) -> Self {
        let mut words = vec![0_u64; pixels.div_ceil(64)];
        chosen.into_iter().for_each(|pixel| words[pixel / 64] |= 1 << (pixel % 64));
        let count = words.iter().map(|word| word.count_ones() as usize).sum();
        Self { words: words.into(), count }
    }

    /// How many they are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Whether a pixel is one of them.
    pub fn has(&self, pixel: usize) -> bool {
        self.words[pixel / 64] >> (pixel % 64) & 1 == 1
    }

    /// 1 for each of the first `pixels` pixels that is one of them, 0 for the others.
    pub fn plane(&self, pixels: usize) -> impl Iterator<Item = f32> {
        (0..pixels).map(|pixel| f32::from(u8::from(self.has(pixel))))
    }
}

/// Pixels of a test's own, in the bytes of the image before it is normalised, shared and known by their content.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Painted(Arc<[u8]>);

impl Painted {
    /// Planes of bytes, (C, H, W).
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }

    /// The bytes, (C, H, W).
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Input {
    /// The first `count` of `pixels` pixels are revealed, or replaced. No pixel and all pixels need no order, so that they
    /// are the same input for every map.
    pub fn mixed(ranking: Ranking, count: usize, pixels: usize, fill: &Replacement, reveal: bool) -> Self {
        let replaced = if reveal { pixels - count } else { count };
        match replaced {
            0 => Self::Clean,
            all if all == pixels => Self::Filled(fill.clone()),
            _ => Self::Mixed { ranking, count, fill: fill.clone(), reveal },
        }
    }

    /// Some pixels of an image of `pixels` are replaced. None and all of them are inputs that other tests have too.
    pub fn chosen(chosen: PixelSet, pixels: usize, fill: &Replacement) -> Self {
        match chosen.count() {
            0 => Self::Clean,
            all if all == pixels => Self::Filled(fill.clone()),
            _ => Self::Chosen { pixels: chosen, fill: fill.clone() },
        }
    }

    /// Whether it needs a map; if not, all maps of an image share it.
    pub fn depends_on_the_map(&self) -> bool {
        matches!(self, Self::Mixed { .. } | Self::Faded { .. })
    }

    /// What replaces its pixels, if any are.
    pub fn fill(&self) -> Option<&Replacement> {
        match self {
            Self::Clean | Self::Painted(_) => None,
            Self::Filled(fill)
            | Self::Faded { fill, .. }
            | Self::Mixed { fill, .. }
            | Self::Chosen { fill, .. } => Some(fill),
        }
    }
}

#[cfg(test)]
mod tests {
    use images::Fill;
    use maps::Order;

    use super::*;

    #[test]
    fn nothing_and_everything_need_no_order() {
        let zero = Replacement::from(Fill::Zero);
        let ranking = |side| match side {
            1 => Ranking::pixels(Order::MostRelevantFirst),
            side => Ranking { order: Order::MostRelevantFirst, units: maps::Units::Regions(side) },
        };
        let mixed = |region, count, reveal| Input::mixed(ranking(region), count, 100, &zero, reveal);
        assert_eq!((mixed(1, 0, false), mixed(1, 100, true)), (Input::Clean, Input::Clean));
        let filled = Input::Filled(zero.clone());
        assert_eq!((mixed(1, 100, false), mixed(9, 0, true)), (filled.clone(), filled));
        assert_ne!(mixed(1, 5, false), mixed(9, 5, false));
        assert_ne!(mixed(1, 5, false), mixed(1, 5, true));
    }
}
