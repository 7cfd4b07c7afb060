//! From a table to a figure.

use anyhow::{Result, bail};
use figures::{Curves, Figure, Of, Resampling};
use pipe::{Response, Row, Rows};

use crate::args::{Args, Kind};

/// Reads the tables and draws what they show.
///
/// # Errors
///
/// If a table cannot be read, is not of the kind that is asked for, or has nothing to draw.
pub fn figure(args: &Args) -> Result<Figure> {
    let resampling = Resampling { bootstrap: args.resampling.bootstrap(), seed: args.resampling.seed };
    Ok(match args.kind {
        Kind::Ranking => figures::ranking(&rows(args)?),
        Kind::CriticalDifferences => figures::critical_differences(&rows(args)?),
        Kind::Wins => figures::wins(&rows(args)?),
        Kind::Agreement => figures::agreement(&rows(args)?),
        Kind::Boxes => figures::boxes(&rows(args)?, if args.by_model { Of::Models } else { Of::Methods }),
        Kind::Densities => figures::densities(&rows(args)?),
        Kind::Convergence => figures::convergence(&rows(args)?, resampling),
        Kind::Curves => figures::curves(&curves(args)?, resampling),
    })
}

fn rows<R: Row>(args: &Args) -> Result<Vec<R>> {
    Rows::open(&args.files)?.collect()
}

/// Answers are many: they are summed up row by row.
fn curves(args: &Args) -> Result<Curves> {
    let mut curves = Curves::default();
    for row in Rows::<Response>::open(&args.files)? {
        curves.add(&row?);
    }
    if curves.without() > 0 {
        pipe::note(format_args!("{}: {} rows without a number are left out", named(args), curves.without()));
    }
    if curves.is_empty() {
        bail!("{}: no rows to draw", named(args));
    }
    Ok(curves)
}

fn named(args: &Args) -> String {
    args.files.first().map_or_else(|| "standard input".to_owned(), |file| pipe::input_name(file))
}
