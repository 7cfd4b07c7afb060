//! A perturbed image, by what it is.

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
    /// x m + fill (1 - m) with the map m moved to 0..1.
    Faded(Replacement),
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

    /// What replaces its pixels, if any are.
    pub fn fill(&self) -> Option<&Replacement> {
        match self {
            Self::Clean => None,
            Self::Filled(fill) | Self::Faded(fill) | Self::Mixed { fill, .. } => Some(fill),
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
        let ranking = |region| Ranking { order: Order::MostRelevantFirst, region };
        let mixed = |region, count, reveal| Input::mixed(ranking(region), count, 100, &zero, reveal);
        assert_eq!((mixed(1, 0, false), mixed(1, 100, true)), (Input::Clean, Input::Clean));
        let filled = Input::Filled(zero.clone());
        assert_eq!((mixed(1, 100, false), mixed(9, 0, true)), (filled.clone(), filled));
        assert_ne!(mixed(1, 5, false), mixed(9, 5, false));
        assert_ne!(mixed(1, 5, false), mixed(1, 5, true));
    }
}
