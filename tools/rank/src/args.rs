//! The command line.

use std::path::PathBuf;

use pipe::OutputArgs;
use scores::CompareArgs;
use stats::resample::Bootstrap;

const EXAMPLES: &str = "\
Examples:
  set -o pipefail
  rank scores.csv
  explain -m gradcam -m rise:masks=400 testbed |
    perturb | score | rank > ranks.csv
  rank --incomplete drop shard-*.csv -O ranks.csv
  rank --by-model resnet50.csv vit.csv
  rank --separation scores.csv
  rank --pairs scores.csv
  rank --overall scores.csv
  score -m box-accuracy:threshold=0.2 maps.csv | rank --best threshold";

/// Rank explanation methods by the mean of each metric over the images
///
/// Reads score's rows (columns image, target, model, method, metric, direction, value; several files count as one) and
/// writes one row per model, metric and method, the best method first, with the columns model, metric, direction,
/// method, n, mean, ci_low, ci_high, rank, median, rank_low, rank_high, p_best, win_rate. Equal means share the mean of
/// their ranks. The order of the input rows does not matter, not even to the last digit.
///
/// Intervals are percentiles over resamples of the images (bootstrap): a resample draws from all images of the model, and
/// what it draws is the same for all methods and metrics, which are compared as they are paired. ci_low and ci_high hold
/// the mean, rank_low and rank_high the rank, and p_best is the share of resamples in which the method is the best one.
/// win_rate is the share of images for which it is. Where several are best, each has its part, so that both add up to 1.
///
/// Every method must be scored on the same images and targets, each once, for one model; where the rows know their list
/// of images, by all of it. Rows that have vanished on the way are an error, unless --incomplete says what to do. An
/// image where one method's value is NaN or infinite is left out for all methods, and what that costs is said on
/// standard error.
#[derive(clap::Parser)]
#[command(version, before_help = EXAMPLES)]
pub struct Args {
    /// Tables of scores; - or nothing is standard input
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub output: OutputArgs,
    #[command(flatten)]
    pub compare: CompareArgs,
    /// Write how far each metric tells methods from random maps instead, from 0 to 1
    ///
    /// Columns: model, metric, rand_dist, rand_dist_inside, n, then the intervals of both: rand_dist_low, rand_dist_high,
    /// rand_dist_inside_low, rand_dist_inside_high. The means of the n other methods and of the random maps are scaled to
    /// 0..1; rand_dist is the absolute value of the mean distance from random, rand_dist_inside the mean of the absolute
    /// distances.
    #[arg(long, group = "report")]
    pub separation: bool,
    /// Write every two methods by each metric instead, on the images for which both have a number
    ///
    /// Columns: model, metric, direction, method_a, method_b, n, difference (the mean of a less that of b), ci_low, ci_high,
    /// p_better (the share of resamples in which a is better), win_rate (the share of the n images for which it is), win_low,
    /// win_high (Wilson's interval of that share). Where both are equal, each has half. An image that a third method has no
    /// number for counts, and so does, with --incomplete drop, one that it has no row for.
    #[arg(long, group = "report", conflicts_with = "median_curve")]
    pub pairs: bool,
    /// Write the mean rank of each method over the metrics instead, the best first
    ///
    /// Columns: model, method, metrics (how many), mean_rank, ci_low, ci_high, rank, p_best. The metrics count alike, and so
    /// do several settings of one; those that lack a method are left out, which is said on standard error. The interval is
    /// over the images, all metrics in the same resamples; the metrics themselves are not drawn.
    #[arg(long, group = "report")]
    pub overall: bool,
    /// Method that makes random maps, for --separation, whatever steps its maps went through
    #[arg(long, value_name = "METHOD", default_value = "random")]
    pub random: String,
    /// Rank each method by the value of this parameter of the metric that suits it best
    ///
    /// Metrics that differ in the parameter only are one, and the row of each method names the one with its best mean, of
    /// equal ones the first by name: box-accuracy by its threshold is MaxBoxAcc. The choice is made on the images that are
    /// ranked on, as published, which flatters every method; the interval is that of the one chosen.
    #[arg(long, value_name = "PARAMETER", conflicts_with = "median_curve")]
    pub best: Option<String>,
    /// Rank by the median curve over the images, whose heights are the metrics that differ in this parameter only
    ///
    /// `mean` is the mean height of that curve over the parameter, its area over its width, and the interval resamples the
    /// images: aic and sic by `at` are what PAIR's programs report. Other metrics are left out.
    #[arg(long, value_name = "PARAMETER", conflicts_with = "separation")]
    pub median_curve: Option<String>,
    /// Confidence level of the intervals
    #[arg(long, value_name = "SHARE", default_value = "0.95", value_parser = level)]
    pub level: f64,
    /// How often to resample the images for an interval
    #[arg(long, value_name = "N", default_value = "1000")]
    pub resamples: usize,
    /// Seed of the resampling; which images are drawn depends on it and on how many there are
    #[arg(long, default_value = "0")]
    pub seed: u64,
}

fn level(text: &str) -> Result<f64, &'static str> {
    let level = text.parse().ok().filter(|level| (0.0..1.0).contains(level) && *level > 0.0);
    level.ok_or("a share between 0 and 1 is needed")
}

impl Args {
    /// How intervals are found.
    pub fn bootstrap(&self) -> Bootstrap {
        Bootstrap { resamples: self.resamples, level: self.level }
    }
}
