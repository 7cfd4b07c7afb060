//! The figures of each section, and what would be needed for those that are not there.

use figures::{Of, Resampling};
use serde::Serialize;

use crate::args::Args;
use crate::drawn::{Drawing, drawing};
use crate::kind::{Inputs, Kind};
use crate::tables::Run;
use crate::words::thousands;

/// A part of the page with figures.
#[derive(Debug, Serialize)]
pub struct Section {
    pub id: &'static str,
    pub title: &'static str,
    /// What it shows and how to read it.
    pub lead: &'static str,
    pub figures: Vec<Drawing>,
    /// What is not there, and the command line that makes it.
    pub missing: Vec<(&'static str, &'static str)>,
    /// What is there and not drawn, and why.
    pub left_out: Vec<String>,
}

/// Scores that boxes are drawn of; of more, every value beyond the whiskers would be a dot of a drawing of megabytes.
const BOXES: usize = 100_000;

const LEADS: [(&str, &str, &str, &[Kind]); 5] = [
    (
        "ranking",
        "Ranking",
        "Each method's mean over the images with its interval from resampled images, the best first.",
        &[Kind::Ranking],
    ),
    (
        "significance",
        "Significance",
        "Mean ranks over the images. Methods under one bar are not told apart by Nemenyi's test; the line above each axis is the \
         difference that it wants.",
        &[Kind::Significance, Kind::Pairs],
    ),
    (
        "agreement",
        "Agreement of metrics",
        "Whether two metrics rank the images alike: 1 if they do, 0 if they have nothing to do with each other, below 0 if what \
         is good by one is bad by the other. Metrics that are better when lower are turned round first.",
        &[Kind::Agreement],
    ),
    (
        "curves",
        "Curves",
        "The classifier's probability of the explained class while more and more of the image is changed: the mean over the images \
         with the interval of the mean.",
        &[Kind::Answers],
    ),
    (
        "spread",
        "Spread",
        "How the scores of single images, and the values of single maps, lie around what the means say.",
        &[Kind::Scores, Kind::Densities, Kind::Tries],
    ),
];

/// All sections with figures.
pub fn sections(run: &Run, inputs: &Inputs, args: &Args) -> Vec<Section> {
    let section = |(id, title, lead, kinds): (_, _, _, &[Kind])| {
        let (there, missing): (Vec<Kind>, Vec<Kind>) = kinds.iter().partition(|kind| inputs.have(**kind));
        Section {
            id,
            title,
            lead,
            figures: there.into_iter().filter_map(|kind| figure(kind, run, args)).collect(),
            missing: missing.into_iter().map(|kind| (kind.name(), kind.maker())).collect(),
            left_out: kinds.iter().filter_map(|kind| left_out(*kind, run)).collect(),
        }
    };
    LEADS.into_iter().map(section).collect()
}

fn left_out(kind: Kind, run: &Run) -> Option<String> {
    let count = run.scored.as_ref().filter(|_| kind == Kind::Scores)?.count();
    let (count, most) = (thousands(count), (count > BOXES).then(|| thousands(BOXES))?);
    Some(format!(
        "{count} scores are too many for boxes, which are drawn of up to {most}: plot boxes draws them."
    ))
}

fn figure(kind: Kind, run: &Run, args: &Args) -> Option<Drawing> {
    let resampling = Resampling { bootstrap: args.resampling.bootstrap(), seed: args.resampling.seed };
    Some(match kind {
        Kind::Ranking => drawing(&figures::ranking(&run.ranking), "ranking"),
        Kind::Significance => {
            drawing(&figures::critical_differences(&run.significance), "critical-differences")
        }
        Kind::Pairs => drawing(&figures::wins(&run.pairs), "wins"),
        Kind::Agreement => drawing(&figures::agreement(&run.agreement), "agreement"),
        Kind::Answers if run.answers.curves.is_empty() => return None,
        Kind::Answers => drawing(&figures::curves(&run.answers.curves, resampling), "curves"),
        Kind::Densities => drawing(&figures::densities(&run.densities), "densities"),
        Kind::Tries => drawing(&figures::convergence(&run.tries, resampling), "convergence"),
        Kind::Scores => {
            let scored = run.scored.as_ref().filter(|scored| scored.count() <= BOXES)?;
            drawing(&figures::boxes(&scored.rows(), Of::Methods), "boxes")
        }
        Kind::Maps | Kind::Overall => return None,
    })
}
