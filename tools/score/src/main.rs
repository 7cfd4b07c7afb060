//! `score`: numbers out of perturbation curves, and out of maps with bounding boxes.

mod curve;
mod map;
mod metric;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use pipe::{Explained, Response, Rows, Tables, Usage};

/// Scores saliency maps: one row for each metric of each map.
///
/// Reads the responses that `perturb` writes (a table with a column `test`) and scores each curve, or the maps that
/// `explain` writes and scores each one that has bounding boxes. Writes image, target, model, method, metric, direction
/// and value, then every column of the input that it does not know.
///
/// The rows of one curve must follow one another, as `perturb` writes them; one curve is in memory at a time.
#[derive(clap::Parser)]
#[command(version, before_help = EXAMPLES, before_long_help = EXAMPLES, after_long_help = RULES)]
struct Args {
    /// Tables to read, one after another; `-` or nothing is standard input
    files: Vec<PathBuf>,
    /// Write only this metric: a name (pos) or a whole spec (pos:fill=blur); may be repeated
    #[arg(short, long, value_name = "METRIC")]
    metric: Vec<String>,
    /// How far from a box, in pixels, the highest point may lie for `pointing-game`; 15 is usual for photographs
    #[arg(long, value_name = "PIXELS", default_value = "0", value_parser = map::tolerance)]
    tolerance: f64,
    /// List the metrics and the tests that they come from
    #[arg(long)]
    list_metrics: bool,
    #[command(flatten)]
    output: pipe::OutputArgs,
    #[command(flatten)]
    errors: pipe::ErrorArgs,
}

const EXAMPLES: &str = "\
Examples:
  explain cat.jpg -m gradcam -m rise | perturb -t pos -t insertion | score
  score responses/*.csv > scores.csv          several shards as one table
  explain val.csv -m ig | score               pointing game and energy; val.csv has a column `boxes`
  score -m pos -m insertion responses.csv     only these metrics
";

const RULES: &str = "\
Areas follow the trapezoidal rule over `fraction`; they are not divided by its range, so `pos`, whose fractions end at \
0.9, is at most 90. A metric keeps the parameters of its test: `pos:fill=blur` gives `pos:fill=blur` and \
`del:fill=blur`. A test in the order of the least relevant first (`deletion:order=lerf`) turns the direction round.

Maps with channels are summed over them first. A pixel lies inside a box if it overlaps it: a box `10 20 30 40` holds \
columns 10 to 29 and rows 20 to 39. Of equal highest values the first one, row by row, is the map's point. The \
published code of the Coherency study accepts one column and one row more, to the right of the box and below it.

A metric that is not defined (a clean probability of 0, a map with NaN) is a row with the value NaN and a line on \
standard error. A map that cannot be read is a line on standard error and in --errors, and exit status 1 at the end, \
unless --max-errors allows it.
";

fn main() -> ExitCode {
    pipe::main(run)
}

fn run(args: &Args) -> Result<()> {
    if args.list_metrics {
        return metric::list(&mut pipe::stdout());
    }
    let wanted = metric::Wanted::new(&args.metric).map_err(Usage)?;
    let tables = Tables::open(&args.files)?;
    if tables.have("test") {
        let rows: Rows<Response> = tables.rows()?;
        table::score_curves(rows, &wanted, &args.output)
    } else {
        let rows: Rows<Explained> = tables.rows()?;
        table::score_maps(rows, &wanted, args.tolerance, args.errors.failures()?, &args.output)
    }
}
