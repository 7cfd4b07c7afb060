//! The command line.

use std::path::PathBuf;

use pipe::OutputArgs;
use scores::CompareArgs;
use stats::resample::Bootstrap;

use crate::coefficient::Coefficient;
use crate::metrics::IntervalKind;

const EXAMPLES: &str = "\
Examples:
  set -o pipefail
  correlate scores.csv
  explain -m gradcam -m rise:masks=400 testbed | perturb | score | correlate
  correlate --coefficient kendall --interval bootstrap shard-*.csv
  correlate --by-model resnet50.csv vit.csv -O agreement.csv";

/// Correlate every pair of metrics over the images
///
/// Reads score's rows (columns image, target, model, method, metric, direction, value; several files count as one) and
/// writes the columns model, method, metric_a, metric_b, coefficient, correlation, ci_low, ci_high, p_value, n. Values
/// whose direction is `lower` are negated first, so that positive means agreement. Images are matched by image and
/// target; one without a number from both metrics is left out of the pair. If one metric has at most two values in the
/// whole input, the coefficient is point-biserial; if both have, phi. At the end come rows with method `mean`: the mean
/// of the correlations over n methods, those that are NaN left out, with a bootstrap interval over the methods.
///
/// Where the rows know their list of images, each method must have all of it by each metric. Rows that have vanished on
/// the way are an error, unless --incomplete says what to do. The order of the input rows does not matter. An undefined
/// correlation is NaN, with the reason on standard error. To compare maps with maps, see `score --against`.
#[derive(clap::Parser)]
#[command(version, before_help = EXAMPLES)]
pub struct Args {
    /// Tables of scores; - or nothing is standard input
    pub files: Vec<PathBuf>,
    /// Coefficient for metrics with more than two values
    #[arg(long, value_enum, default_value = "spearman")]
    pub coefficient: Coefficient,
    /// Interval of a correlation: by Fisher's transformation, or by resampling the images
    #[arg(long, value_enum, default_value = "fisher")]
    pub interval: IntervalKind,
    /// Confidence level of the intervals
    #[arg(long, value_name = "SHARE", default_value = "0.95", value_parser = level)]
    pub level: f64,
    /// How often to resample for a bootstrap interval
    #[arg(long, value_name = "N", default_value = "1000")]
    pub resamples: usize,
    /// Seed of the resampling; an interval depends on it, the row's names and the values only
    #[arg(long, default_value = "0")]
    pub seed: u64,
    #[command(flatten)]
    pub output: OutputArgs,
    #[command(flatten)]
    pub compare: CompareArgs,
}

impl Args {
    /// How intervals are found by resampling.
    pub fn bootstrap(&self) -> Bootstrap {
        Bootstrap { resamples: self.resamples, level: self.level }
    }
}

fn level(text: &str) -> Result<f64, &'static str> {
    let level = text.parse().ok().filter(|level| (0.0..1.0).contains(level) && *level > 0.0);
    level.ok_or("a share between 0 and 1 is needed")
}
