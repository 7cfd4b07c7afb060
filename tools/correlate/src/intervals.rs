//! The interval of one correlation.

use stats::correlation::Correlation;
use stats::interval::{self, Interval};

use crate::block::{Block, Pair};
use crate::coefficient::Kind;

/// How to find the interval of one correlation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum IntervalKind {
    /// Fisher's transformation, with a standard error for each coefficient
    Fisher,
    /// Percentiles of the correlations of resampled images
    Bootstrap,
}

/// The interval by Fisher's transformation.
pub fn fisher(block: &Block<'_>, pair: &Pair, found: &Correlation, level: f64) -> Interval {
    match pair.kind {
        Kind::Spearman => interval::spearman(found, level),
        Kind::Kendall => interval::kendall(found, level),
        Kind::Pearson | Kind::PointBiserial | Kind::Phi => interval::pearson(found, level),
        Kind::PartialSpearman => interval::partial_spearman(found, level),
        Kind::PartialPearson => interval::partial(found, level),
        Kind::RankBiserial => {
            let binary = block.values(block.binary_first(pair).0);
            let largest = binary.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let ones = binary.iter().filter(|&&value| value == largest).count();
            interval::rank_biserial(found, ones, level)
        }
    }
}
