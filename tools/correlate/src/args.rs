//! The command line.

use std::path::PathBuf;

use pipe::ErrorArgs;

use crate::coefficient::Coefficient;
use crate::metrics::IntervalKind;

const EXAMPLES: &str = "\
Examples:
  correlate scores.csv
  explain -m ig -m rise photos/*.jpg | perturb | score | correlate
  correlate --coefficient kendall --interval bootstrap shard-*.csv
  correlate --maps trained.csv randomised.csv";

/// Correlate every pair of metrics over the images, or two sets of maps pixel by pixel
///
/// Metrics: reads score's rows (columns image, target, model, method, metric, direction, value; several files count
/// as one) and writes the columns model, method, metric_a, metric_b, coefficient, correlation, ci_low, ci_high,
/// p_value, n. Values whose direction is `lower` are negated first, so that positive means agreement. Images are
/// matched by image and target; one without a number from both metrics is left out of the pair. If one metric has at
/// most two values in the whole input, the coefficient is point-biserial; if both have, phi. At the end come rows with
/// method `mean`: the mean of the correlations over n methods, those that are NaN left out, with a bootstrap interval
/// over the methods.
///
/// Maps: reads two of explain's tables, A the reference and B the one that is checked, pairs the maps by image, target
/// and method, and writes the columns image, target, model, method, coefficient, correlation, n, with Spearman's and
/// Pearson's coefficient of the signed values and of the absolute ones (`-abs`). If each table explains one target of
/// an image, and not the same, these two are paired. Target and model are B's. A map without a partner is an error.
///
/// The order of the input rows does not matter. An undefined correlation is NaN, with the reason on standard error.
#[derive(clap::Parser)]
#[command(version, before_help = EXAMPLES)]
pub struct Args {
    /// Tables of scores; - or nothing is standard input
    pub files: Vec<PathBuf>,
    /// Correlate the maps of two tables instead
    #[arg(long, num_args = 2, value_names = ["A", "B"], conflicts_with_all = ["files", "coefficient", "interval"])]
    pub maps: Vec<PathBuf>,
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
    pub errors: ErrorArgs,
}

fn level(text: &str) -> Result<f64, &'static str> {
    let level = text.parse().ok().filter(|level| (0.0..1.0).contains(level) && *level > 0.0);
    level.ok_or("a share between 0 and 1 is needed")
}
