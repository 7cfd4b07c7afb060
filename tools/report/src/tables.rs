//! Everything that the tables say.

use std::collections::HashSet;
use std::path::Path;
use std::slice::from_ref;

use anyhow::{Result, bail};
use pipe::{Correlation, Density, Overall, Rank, Row, Rows, Significance, Tried, Versus};

use crate::answers::{Against, Answers};
use crate::args::Args;
use crate::belongs::{Seen, check_ranking};
use crate::choice::{Choice, choose};
use crate::failures::Failures;
use crate::items::Items;
use crate::kind::{Inputs, Kind};
use crate::scored::Scored;

/// Fewer bytes than any image takes in the page: so many images are looked at more closely.
const LEAST: u64 = 1000;

/// A run.
#[derive(Debug)]
pub struct Run {
    pub items: Items,
    pub scored: Option<Scored>,
    pub choice: Choice,
    pub answers: Answers,
    pub ranking: Vec<Rank>,
    pub overall: Vec<Overall>,
    pub significance: Vec<Significance>,
    pub pairs: Vec<Versus>,
    pub agreement: Vec<Correlation>,
    pub densities: Vec<Density>,
    pub tries: Vec<Tried>,
    pub failures: Failures,
    pub seen: Seen,
}

impl Run {
    /// Reads all tables.
    ///
    /// # Errors
    ///
    /// If a table is damaged, or some do not belong together.
    pub fn read(inputs: &Inputs, args: &Args) -> Result<Self> {
        let (mut seen, mut failures) = (Seen::default(), Failures::default());
        let items = Items::read(inputs, &mut seen, &mut failures)?;
        let scored = if inputs.have(Kind::Scores) {
            Some(Scored::read(inputs, args.incomplete, &mut seen, &mut failures)?)
        } else {
            None
        };
        let seen_of = &mut seen;
        let ranked = summary(inputs, Kind::Ranking, seen_of, |row: &Rank| &row.model)?;
        let overall = summary(inputs, Kind::Overall, seen_of, |row: &Overall| &row.model)?;
        let significance = summary(inputs, Kind::Significance, seen_of, |row: &Significance| &row.model)?;
        let pairs = summary(inputs, Kind::Pairs, seen_of, |row: &Versus| &row.model)?;
        let agreement = summary(inputs, Kind::Agreement, seen_of, |row: &Correlation| &row.model)?;
        let densities = summary(inputs, Kind::Densities, seen_of, |row: &Density| &row.model)?;
        let tries = tries(inputs, seen_of, &mut failures, &items)?;
        // Before the answers, which may be hours of reading.
        seen.check()?;
        if let Some(scored) = &scored {
            if inputs.have(Kind::Maps) {
                scored.check(&items, inputs)?;
            }
            check_ranking(&ranked, scored, &inputs.label(Kind::Scores))?;
        }
        let choice = choose(&items, scored.as_ref(), args.resampling.seed);
        let wanted: HashSet<usize> =
            choice.order.iter().take((args.budget / LEAST) as usize + 1).copied().collect();
        let against = Against { items: &items, scored: scored.as_ref(), wanted: &wanted, inputs };
        let answers = Answers::read(against, &mut seen, &mut failures)?;
        seen.check()?;
        Ok(Self {
            items,
            scored,
            choice,
            answers,
            ranking: rows(ranked),
            overall: rows(overall),
            significance: rows(significance),
            pairs: rows(pairs),
            agreement: rows(agreement),
            densities: rows(densities),
            tries,
            failures,
            seen,
        })
    }
}

/// The rows of tables that sum up others, each with its table.
fn summary<'a, R: Row>(
    inputs: &'a Inputs,
    kind: Kind,
    seen: &mut Seen,
    model: fn(&R) -> &String,
) -> Result<Vec<(&'a Path, R)>> {
    let mut rows = Vec::new();
    for file in inputs.files(kind) {
        for row in Rows::<R>::open(from_ref(file))? {
            let row = row?;
            seen.add(kind, file, model(&row), "");
            rows.push((file.as_path(), row));
        }
    }
    Ok(rows)
}

fn rows<R>(of_tables: Vec<(&Path, R)>) -> Vec<R> {
    of_tables.into_iter().map(|(_, row)| row).collect()
}

fn tries(inputs: &Inputs, seen: &mut Seen, failures: &mut Failures, items: &Items) -> Result<Vec<Tried>> {
    let mut rows = Vec::new();
    for file in inputs.files(Kind::Tries) {
        for row in Rows::<Tried>::open(from_ref(file))? {
            let row = row?;
            seen.add(Kind::Tries, file, &row.model, row.extra.get("list").unwrap_or_default());
            if !row.reason.is_empty() {
                failures.add(Kind::Tries, &row.method, &row.metric, &row.reason, &row.image);
            }
            let is_known = row.target.is_none() || items.place(&row.image, row.target).is_some();
            if inputs.have(Kind::Maps) && !is_known {
                let (file, maps) = (file.display(), inputs.label(Kind::Maps));
                bail!("{file}: {} is not among the images of {maps}: they do not belong together", row.image);
            }
            rows.push(row);
        }
    }
    Ok(rows)
}
