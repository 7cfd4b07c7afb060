//! `score`: numbers out of perturbation curves, and out of maps, alone, with the truth or with other maps.

mod again;
mod against;
mod curves;
mod density;
mod maps;
mod of_map;
mod places;
mod row;
mod wanted;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use metrics::Input;
use pipe::{Explained, Response, Rows, Tables, Usage};
use protocols::Tool;

use crate::maps::MapScores;

/// Scores saliency maps: one row for each metric of each map.
///
/// Reads the responses that `perturb` writes (a table with a column `test`) and scores each curve; or the maps that
/// `explain` writes, and scores each one by its bounding boxes or mask, by itself (-m gini), or with --against by a map of
/// another table. Writes image, target, model, method, metric, direction, value and reason, then every column of the input that it does not
/// know.
///
/// The rows of one curve must follow one another, as `perturb` writes them; one curve is in memory at a time.
#[derive(clap::Parser)]
#[command(version, before_help = EXAMPLES, before_long_help = EXAMPLES, after_long_help = RULES)]
struct Args {
    /// Tables to read, one after another; `-` or nothing is standard input
    files: Vec<PathBuf>,
    /// Write only this metric: a name (pos) or a whole spec (pos:fill=blur); may be repeated
    #[arg(
        short, long, value_name = "METRIC",
        value_parser = pipe::Suggested(wanted::names), hide_possible_values = true
    )]
    metric: Vec<String>,
    /// Compare each map with that of the same image, target and method in this table, which may be of another model
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// The table of `explain --target second`, for the weights of `stratified`
    #[arg(long, value_name = "FILE", conflicts_with_all = ["against", "density"])]
    second: Option<PathBuf>,
    /// Write how the relevance of each method is spread, and no scores: model,method,relevance,density,maps at 100 places
    #[arg(long, conflicts_with_all = ["metric", "against", "tolerance", "protocol"])]
    density: bool,
    /// How far from the object, in pixels, the highest point may lie for `pointing-game`; 15 is usual for photographs
    #[arg(long, value_name = "PIXELS", default_value = "0", value_parser = tolerance)]
    tolerance: f64,
    /// List the metrics and what they are measured on
    #[arg(long)]
    list_metrics: bool,
    #[command(flatten)]
    protocol: protocols::ProtocolArgs,
    /// Print the flags that --protocol stands for
    #[arg(long, requires = "protocol")]
    dry_run: bool,
    #[command(flatten)]
    output: pipe::OutputArgs,
    #[command(flatten)]
    errors: pipe::ErrorArgs,
}

const EXAMPLES: &str = "\
Examples:
  set -o pipefail
  explain -m gradcam -m rise:masks=400 testbed |
    perturb -t pos -t insertion | score
  score responses/*.csv -O scores.csv.gz
      several shards as one table
  explain -m gradcam testbed | score
      pointing game and energy: these images come with boxes
  score -m roc-auc -m box-iou:threshold=0.3 -m gini maps.csv
      on request: does the map rank the object first, how sparse is it?
  score --against trained.csv randomised.csv
      do the maps change with the weights?
  score -m pos -m insertion responses.csv
      only these metrics
";

const RULES: &str = "\
Areas follow the trapezoidal rule over `fraction`; they are not divided by its range, so `pos`, whose fractions end at \
0.9, is at most 90. A metric keeps the parameters of its test: `pos:fill=blur` gives `pos:fill=blur` and \
`del:fill=blur`. A test in the order of the least relevant first (`deletion:order=lerf`) turns the direction round, and so \
does a mask turned round (`mask:invert=true`), unless --list-metrics names that test.

Of draws (`subset`, `single`, `noise`, `square`) each row is compared with the clean image's before it, whose fraction is 0, \
and `mass` is what the map says of it; `score=` chooses the number that is compared: probability, logit or hit.

Maps with channels are summed over them first. A pixel lies inside a box if it overlaps it: a box `10 20 30 40` holds \
columns 10 to 29 and rows 20 to 39. Of equal highest values the first one, row by row, is the map's point. The \
published code of the Coherency study accepts one column and one row more, to the right of the box and below it. A \
pixel of a mask (a column `mask` with the path of a .npy file of the map's size) is inside if it is at least half as high as \
the highest one. Where a row has both, the mask says what is inside, and the boxes are what boxes are compared with; without \
any, that is the tight box around the mask.

Maps that are moved to 0..1 are so by themselves, never with others. --density moves each map to 0..1 and writes, for each \
model and method, a Gaussian kernel density of all values at 100 places from 0 to 1, with a bandwidth of 0.05.

With --against the maps are paired by image, target and method; if both tables explain one target of an image, and \
not the same, these two are paired. Several models may be compared with one reference. Key and carried columns are \
those of the table that is scored. Maps must have one size. What differs between the tables is said once.

A metric that is not defined is a row with the value NaN and its reason, and a line on standard error: a clean \
probability of 0, a constant map, a curve that is cut, has a hole or a point twice, fractions that do not rise, a \
fraction or probability outside 0 to 1. What failed in an earlier stage is such a row too, with the reason given \
there. A map that cannot be read, that has no partner or that its boxes or its mask do not fit, and a curve with a cell that cannot be \
read or of an unknown test, count as a failure besides: it is listed in --errors, and the exit status is 1 unless \
--max-errors allows it. What is counted is maps, or curves.
";

fn main() -> ExitCode {
    protocols::main(run)
}

fn run(args: &Args) -> Result<()> {
    if let Some(text) = args.protocol.text(Tool::Score, args.dry_run)? {
        let mut out = pipe::stdout();
        out.write_all(text.as_bytes())?;
        return Ok(out.flush()?);
    }
    if args.list_metrics {
        return wanted::list(&mut pipe::stdout());
    }
    let selection = wanted::select(&args.metric, args.tolerance).map_err(|error| Usage(error.to_string()))?;
    let standard_input = |path: &Path| path == Path::new("-");
    if args.against.as_deref().is_some_and(standard_input)
        && (args.files.is_empty() || args.files.iter().any(|path| standard_input(path)))
    {
        return Err(Usage("--against: only one of the tables can be standard input".to_owned()).into());
    }
    let tables = Tables::open(&args.files)?;
    if args.density {
        return density::write(tables.rows()?, args);
    }
    if let Some(reference) = &args.against {
        let rows: Rows<Explained> = tables.rows()?;
        let metrics = selection.of(|input| input == Input::Maps);
        return against::score(reference, rows, |extra| MapScores::open(args, metrics, extra));
    }
    if tables.have("test") {
        let rows: Rows<Response> = tables.rows()?;
        return curves::score(rows, &selection, args.second.as_deref(), (&args.output, &args.errors));
    }
    let rows: Rows<Explained> = tables.rows()?;
    // What is named is written, as NaN if need be; the others only where the truth is known.
    let asked = selection.is_named() || places::have_truth(rows.extra_names());
    let metrics = selection.of(|input| input == Input::Map || (input == Input::Place && asked));
    places::score(rows, |extra| MapScores::open(args, metrics, extra))
}

fn tolerance(text: &str) -> Result<f64, &'static str> {
    let pixels = text.parse().unwrap_or(f64::NAN);
    if (0.0..f64::INFINITY).contains(&pixels) {
        Ok(pixels)
    } else {
        Err("a number of pixels, 0 or more, is needed")
    }
}
