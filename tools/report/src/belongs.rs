//! Whether tables are of one run: a page that mixes two would be worse than none.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use pipe::Rank;

use crate::kind::Kind;
use crate::scored::Scored;

/// Which classifiers and lists of images the tables are of, each with the table that said so first.
#[derive(Debug, Default)]
pub struct Seen {
    models: BTreeMap<Kind, BTreeMap<String, PathBuf>>,
    lists: BTreeMap<Kind, BTreeMap<String, PathBuf>>,
    last: Option<(Kind, String, String)>,
}

impl Seen {
    /// Notes what a row says. Several classifiers may be joined by `;`, and `mean` is none.
    pub fn add(&mut self, kind: Kind, file: &Path, model: &str, list: &str) {
        let known = |(of, a, b): &(Kind, String, String)| *of == kind && a == model && b == list;
        if self.last.as_ref().is_some_and(known) {
            return;
        }
        self.last = Some((kind, model.to_owned(), list.to_owned()));
        for model in model.split(';').filter(|model| says_something(kind, model)) {
            let models = self.models.entry(kind).or_default();
            models.entry(model.to_owned()).or_insert_with(|| file.to_owned());
        }
        if !list.is_empty() {
            let lists = self.lists.entry(kind).or_default();
            lists.entry(list.to_owned()).or_insert_with(|| file.to_owned());
        }
    }

    /// All classifiers.
    pub fn models(&self) -> BTreeSet<&str> {
        self.models.values().flat_map(|models| models.keys().map(String::as_str)).collect()
    }

    /// All lists.
    pub fn lists(&self) -> BTreeSet<&str> {
        self.lists.values().flat_map(|lists| lists.keys().map(String::as_str)).collect()
    }

    /// Checks that of any two kinds of tables one is of no classifier and no list that the other is not of.
    ///
    /// # Errors
    ///
    /// Names two tables that are of different ones.
    pub fn check(&self) -> Result<()> {
        check(&self.models, "classifier")?;
        check(&self.lists, "list of images")
    }
}

/// A map whose row names no classifier, or one without a hash, says nothing that could be wrong.
fn says_something(kind: Kind, model: &str) -> bool {
    !model.is_empty() && model != "mean" && (kind != Kind::Maps || model.contains('@'))
}

fn check(by_kind: &BTreeMap<Kind, BTreeMap<String, PathBuf>>, what: &str) -> Result<()> {
    for a in by_kind.values() {
        for b in by_kind.values() {
            let only = |a: &BTreeMap<String, PathBuf>, b: &BTreeMap<String, PathBuf>| {
                a.iter()
                    .find(|(name, _)| !b.contains_key(*name))
                    .map(|(name, file)| (name.clone(), file.clone()))
            };
            if let (Some((first, one)), Some((second, other))) = (only(a, b), only(b, a)) {
                bail!(
                    "{} is of {what} {first}, but {} of {second}: they do not belong together",
                    one.display(),
                    other.display()
                );
            }
        }
    }
    Ok(())
}

/// How far means that are of the same scores may differ.
const TOLERANCE: f64 = 1e-9;

/// Checks that a ranking is of these scores: not of more images, and with their means.
///
/// # Errors
///
/// Names the ranking, the method and both numbers.
pub fn check_ranking(rows: &[(&Path, Rank)], scored: &Scored, scores: &str) -> Result<()> {
    let images = scored.scores.items.len();
    for (file, row) in rows {
        let what = format!("{}: {}, {}", file.display(), row.metric, row.method);
        if row.n > images && !row.model.contains(';') {
            bail!("{what} is of {} images, but {scores} of {images}: they do not belong together", row.n);
        }
        let Some((n, mean)) = scored.mean(&row.model, &row.metric, &row.method) else { continue };
        let far = (row.mean - mean).abs() > TOLERANCE * (1.0 + mean.abs());
        if n == row.n && far {
            bail!(
                "{what} has the mean {}, but the {n} scores in {scores} have {mean}: they do not belong together",
                row.mean
            );
        }
    }
    Ok(())
}
