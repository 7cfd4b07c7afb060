//! The command line.

use std::path::PathBuf;

use pipe::OutputArgs;
use scores::{CompareArgs, ResamplingArgs, share};

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
  rank --significance scores.csv
  rank --power=0.9 scores.csv
  rank --study answers.csv
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
#[allow(clippy::struct_excessive_bools)] // Flags.
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
    /// Write whether methods differ instead, with a row for each pair of them
    ///
    /// Columns: model, metric, direction, method_a, method_b, n, mean_rank_a, mean_rank_b, chi_square, p_friedman,
    /// f_statistic, p_iman_davenport, critical_difference, cliques, p_nemenyi, p_conover, p_wilcoxon, p_sign, rank_biserial,
    /// cohen_d, win_rate, significant. Methods are ranked on each image, 1 being the best, whatever the direction. chi_square
    /// to critical_difference are of all methods of the metric: Friedman's test, that of Iman and Davenport, and the difference
    /// of mean ranks that Nemenyi's test wants at --level. Methods of a clique do not differ by it; a pair names the cliques
    /// that have both. p_nemenyi is adjusted for the pairs by itself; p_conover, p_wilcoxon (signed ranks) and p_sign are by
    /// Holm's rule, over the pairs of one metric. Effects are positive where method_a is better: the matched-pairs rank-biserial
    /// correlation, Cohen's d of the differences, and win_rate, the share of the images on which method_a is better, equal ones
    /// as halves. significant says whether p_wilcoxon is at most 1 - level: unlike mean ranks it does not depend on the other
    /// methods of the table.
    #[arg(long, group = "report", conflicts_with = "median_curve")]
    pub significance: bool,
    /// Write how many images it takes to tell two methods apart instead: a power, 0.8 if none is given
    ///
    /// Columns: model, metric, direction, method_a, method_b, images, n, power, needed. power is how often the signed-rank test
    /// of the two (normal approximation, at 1 - level, not adjusted for other pairs) is significant on n images drawn with
    /// replacement from those of the table, for n of 10, 20, 50, 100 and so on until it is what is asked for, up to ten times as
    /// many as there are. needed is where it gets there, on a straight line between two n; 10 if the first n has it, NaN if
    /// none has. The images of the table are taken for all there could be: that is for planning the next run, and it is no
    /// evidence that methods are equal.
    #[arg(
        long, value_name = "POWER", num_args = 0..=1, require_equals = true, default_missing_value = "0.8",
        value_parser = share, group = "report", conflicts_with = "median_curve"
    )]
    pub power: Option<f64>,
    /// Read the answers of a user study instead, and write which of two methods people prefer
    ///
    /// One row for each answer, with the columns participant, group, image, method_a, method_b, chosen: the name of the method
    /// that the participant chose, or nothing without an answer. group is what answers count for, such as the model and the
    /// metric that favours method_b; an image is in one group and has the same two methods for everybody. Writes a row for each
    /// group and one for `all`, with the columns group, n, participants, images, preference, ci_low, ci_high, p_value,
    /// images_low, images_high, kappa, kappa_low, kappa_high, kappa_mean, kappa_sd. preference is the share of the n answers
    /// that are for method_a, with Wilson's interval and the exact binomial test against a half; both take answers for
    /// independent, while images_low and images_high resample the images with all their answers. kappa is Fleiss' agreement of
    /// the participants, its interval resamples the images, and kappa_mean and kappa_sd are its mean and standard deviation
    /// over the groups.
    #[arg(long, group = "report", conflicts_with_all = ["best", "median_curve", "incomplete", "pool", "by_model"])]
    pub study: bool,
    /// How sure the intervals are.
    #[command(flatten)]
    pub resampling: ResamplingArgs,
}
