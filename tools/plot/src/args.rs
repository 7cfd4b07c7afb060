//! The command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use scores::ResamplingArgs;

const EXAMPLES: &str = "\
Examples:
  set -o pipefail
  rank scores.csv | plot ranking -o ranking.svg
  rank --significance scores.csv |
    plot critical-differences -o critical.png
  correlate scores.csv | plot agreement -o agreement.svg -o agreement.png
  perturb -t deletion -t insertion maps.csv | plot curves > curves.svg
  plot boxes scores.csv -o boxes.svg
  score --density maps.csv | plot densities -o densities.svg
";

const RULES: &str = "\
Models and metrics that cannot share an axis get panels of their own, and a method has one colour in all of them. What is \
drawn is what the table says: to leave something out, filter the table. An SVG names its font (DejaVu Sans) without holding \
it; a PNG is drawn with the embedded one, is the same on every machine, and lacks what that font lacks, which is said on \
standard error. FILE.csv beside each file has the numbers that are drawn.
";

/// Draws one figure from a table
///
/// Reads what the other tools write, and writes the figure as SVG to standard output, or as SVG or PNG into files.
#[derive(Parser, Debug)]
#[command(version, before_help = EXAMPLES, before_long_help = EXAMPLES, after_long_help = RULES)]
pub struct Args {
    /// What to draw
    #[arg(value_enum)]
    pub kind: Kind,
    /// Tables to read, one after another; `-` or nothing is standard input
    pub files: Vec<PathBuf>,
    /// Write this file, SVG or PNG by its name, and FILE.csv with the numbers; may be repeated
    #[arg(short, long, value_name = "FILE")]
    pub out: Vec<PathBuf>,
    /// Pixels of a PNG for each unit of the SVG
    #[arg(long, value_name = "FACTOR", default_value = "2", value_parser = scale)]
    pub scale: f64,
    /// `boxes`: a box for each model instead of each method
    #[arg(long)]
    pub by_model: bool,
    #[command(flatten)]
    pub resampling: ResamplingArgs,
}

/// A figure, named after what it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Means of the methods with intervals, the best first: the table of `rank`
    Ranking,
    /// Mean ranks, and which of them do not differ: the table of `rank --significance`
    CriticalDifferences,
    /// Which method beats which, on how many images: the table of `rank --pairs`
    Wins,
    /// How far metrics agree: the table of `correlate`
    Agreement,
    /// Mean curves with bands: the table of `perturb`
    Curves,
    /// How scores are spread over the images: the table of `score`
    Boxes,
    /// Where the values of maps lie: the table of `score --density`
    Densities,
    /// The best map so far: the table of `explain --trace`
    Convergence,
}

fn scale(text: &str) -> Result<f64, &'static str> {
    let scale = text.parse().ok().filter(|scale| (0.1..=20.0).contains(scale));
    scale.ok_or("a factor from 0.1 to 20 is needed")
}
