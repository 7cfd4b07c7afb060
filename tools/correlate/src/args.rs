//! The command line.

use std::path::PathBuf;

use pipe::OutputArgs;
use scores::{CompareArgs, ResamplingArgs};

use crate::coefficient::Coefficient;
use crate::intervals::IntervalKind;

const EXAMPLES: &str = "\
Examples:
  set -o pipefail
  correlate scores.csv
  explain -m gradcam -m rise:masks=400 testbed | perturb | score | correlate
  correlate --coefficient kendall --interval bootstrap shard-*.csv
  correlate --by-model resnet50.csv vit.csv -O agreement.csv
  score -m confidence -m deletion -m insertion responses.csv |
    correlate --given confidence
  correlate --report reliability scores.csv -O rows.csv > tables.md
  correlate --report agreement scores.csv > tables.md";

/// Correlate every pair of metrics over the images
///
/// Reads score's rows (columns image, target, model, method, metric, direction, value; several files count as one) and
/// writes the columns model, method, metric_a, metric_b, coefficient, correlation, ci_low, ci_high, p_value, n, p_holm,
/// p_bh. Values whose direction is `lower` are negated first, so that positive means agreement. Images are matched by image
/// and target; one without a number from both metrics is left out of the pair. If one metric has at most two values in the
/// whole input, the coefficient is point-biserial; if both have, phi. p_holm and p_bh are the p-values after Holm and after
/// Benjamini and Hochberg, over all correlations of one model. At the end come rows with method `mean`: the mean of the
/// correlations over n methods, those that are NaN left out, with a bootstrap interval over the methods.
///
/// Where the rows know their list of images, each method must have all of it by each metric. Rows that have vanished on
/// the way are an error, unless --incomplete says what to do. The order of the input rows does not matter. An undefined
/// correlation is NaN, with the reason on standard error. To compare maps with maps, see `score --against`.
#[derive(clap::Parser)]
#[command(version, before_help = EXAMPLES)]
pub struct Args {
    /// Tables of scores; - or nothing is standard input
    pub files: Vec<PathBuf>,
    /// Print tables in Markdown instead; their rows go into the file of -O, if there is one
    #[arg(long, value_enum, value_name = "WHICH")]
    pub report: Option<Report>,
    /// Only these metrics: a spec, or a bare name for all its configurations (in the report reliability, for the first)
    #[arg(short, long = "metric", value_name = "SPEC")]
    pub metrics: Vec<String>,
    /// Partial correlations: what is left when the linear effect of this metric, or of its ranks, is taken out of both
    ///
    /// A spec, or a bare name for its first configuration. The metric itself is in no pair. The coefficient is
    /// partial-spearman, or with --coefficient pearson, or if a metric has two values, partial-pearson.
    #[arg(long, value_name = "METRIC", conflicts_with = "report")]
    pub given: Option<String>,
    /// Coefficient for metrics with more than two values
    #[arg(long, value_enum, default_value = "spearman")]
    pub coefficient: Coefficient,
    /// Interval of a correlation: by Fisher's transformation, or by resampling the images
    #[arg(long, value_enum, default_value = "fisher")]
    pub interval: IntervalKind,
    /// How sure the intervals are.
    #[command(flatten)]
    pub resampling: ResamplingArgs,
    #[command(flatten)]
    pub output: OutputArgs,
    #[command(flatten)]
    pub compare: CompareArgs,
}

/// Tables for a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Report {
    /// Do the configurations of one metric (fills, regions, percentiles) agree?
    Consistency,
    /// Do different metrics agree? One configuration of each
    Reliability,
    /// Do the images agree which method is better, and do the metrics agree which is best?
    Agreement,
}
