//! The command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use crate::colors::Colors;

const EXAMPLES: &str = "\
Examples:
  set -o pipefail
  explain -m gradcam -m rise testbed > maps.csv
  render maps.csv -o images
      one PNG for each map
  render maps.csv --sheet sheet.png
      images x methods on one PNG
  render maps.csv --sheet sheet.png --scores scores.csv
      with the scores of the maps under them
  render maps.csv --sheet sheet.png --mode heatmap --tile 96 --limit 5
  grep -e ^image -e gradcam maps.csv |
    render -o images --boxes --colors turbo --alpha 0.6
";

const RULES: &str = "\
Each map has a scale of its own. A map with negative values is centred at zero and gets a diverging colour map; one \
without is spread from its least value and gets a sequential one. Magnitudes above --clip are drawn as if they were \
equal to it, so that a few extreme pixels do not hide the rest: for display only, no number in any table changes. If \
the percentile itself leaves no range, as in a map that is zero nearly everywhere, the greatest magnitude takes its \
place. A constant map is a flat tile. Maps with channels are summed over them.

The image is drawn as the network saw it. How it was prepared stands beside the map, in the sidecar that \
explain leaves with each pack; --preprocess overrules it. Without either the image is taken as it \
is, and an image that differs from its map in size is an error.

On a sheet an image has the name of the class that is explained, from the column `class` (see --labels of explain), or its \
number, and its score, if a column `score` or `probability` has one.

Files are called DIR/<method>/<image stem>-<row>.png, where the first row is 1. The rows on standard output have \
that name in a column `png`. A map that cannot be drawn (NaN in it, no image, a wrong size, a cell that cannot be read) \
is a row without that name and with a reason, a line on standard error and in --errors, and exit status 1 at the end, \
unless --max-errors allows it. A row without a map, which an earlier stage failed at, is passed on with a line.
";

/// Draws saliency maps over their images.
///
/// Reads the rows that `explain` writes: image, target, model, method, map, map_index, and boxes if there are any.
#[derive(Parser, Debug)]
#[command(version, before_help = EXAMPLES, before_long_help = EXAMPLES, after_long_help = RULES)]
pub struct Args {
    /// Tables to read, one after another; `-` or nothing is standard input
    pub files: Vec<PathBuf>,
    /// Write one PNG for each row into this folder, and the rows with a column `png` on standard output
    #[arg(short, long, value_name = "DIR", required_unless_present = "sheet")]
    pub out: Option<PathBuf>,
    /// Write a contact sheet, SVG or PNG by its name: a line of tiles for each image, a column for each method
    #[arg(long, value_name = "FILE")]
    pub sheet: Option<PathBuf>,
    /// Longer side of a tile of the sheet, in pixels
    #[arg(long, value_name = "PIXELS", default_value_t = 128, value_parser = clap::value_parser!(u32).range(32..=1024))]
    pub tile: u32,
    /// Images on the sheet: the first N of the table
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: u32,
    /// Write the scores in this table, as score writes it, under the maps of the sheet
    #[arg(long, value_name = "FILE", requires = "sheet")]
    pub scores: Option<PathBuf>,
    /// How explain prepared the images, as its --preprocess [default: what the sidecar of the map says]
    #[arg(long, value_name = "PRESET|FILE", value_parser = setup::preprocess_name)]
    pub preprocess: Option<String>,
    /// Where the table of --out goes.
    #[command(flatten)]
    pub output: pipe::OutputArgs,
    /// What to do with failures.
    #[command(flatten)]
    pub errors: pipe::ErrorArgs,
    /// No progress on standard error; warnings and notes stay
    #[arg(short, long)]
    pub quiet: bool,
    /// How a map looks.
    #[command(flatten)]
    pub look: Look,
}

/// How a map looks.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Look")]
pub struct Look {
    /// How the map is shown
    #[arg(long, value_enum, default_value = "overlay")]
    pub mode: Mode,
    /// Colour map [default: coolwarm for maps with negative values, otherwise inferno]
    #[arg(long, value_enum)]
    pub colors: Option<Colors>,
    /// Share of the map in an overlay; the rest is the image
    #[arg(long, value_name = "0..1", default_value = "0.5", value_parser = alpha)]
    pub alpha: f64,
    /// Clip magnitudes above this percentile of each map, for display only; 100 clips nothing
    #[arg(long, value_name = "PERCENTILE", default_value = "99", value_parser = percentile)]
    pub clip: f64,
    /// Draw the boxes of the column `boxes`
    #[arg(long)]
    pub boxes: bool,
}

/// What is drawn of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// The map blended with the image
    Overlay,
    /// The map alone
    Heatmap,
    /// The image, the whiter the less relevant
    Transparency,
    /// Lines at a quarter, a half and three quarters of the map's scale over the image
    Contour,
}

fn alpha(text: &str) -> Result<f64, &'static str> {
    let share = text.parse().unwrap_or(f64::NAN);
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err("a number from 0 to 1 is needed") }
}

fn percentile(text: &str) -> Result<f64, &'static str> {
    let percentile = text.parse().unwrap_or(f64::NAN);
    let inside = percentile > 0.0 && percentile <= 100.0;
    if inside { Ok(percentile) } else { Err("a number above 0, at most 100, is needed") }
}
