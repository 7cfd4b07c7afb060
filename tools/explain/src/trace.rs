//! `--trace FILE`: what methods tried before they chose a map, one row for each map and metric. It comes from the sidecars of the packs, so
//! that maps of earlier runs are in it too.

use std::path::PathBuf;

use anyhow::{Result, bail};
use attribution::{ParsedMethod, Told};
use pipe::{Explained, Item, OutputArgs, Trial, Tried, Usage, Writer};

use crate::args::Args;

/// What can be known to be wrong before anything is opened.
pub fn check(args: &Args, methods: &[ParsedMethod]) -> Result<()> {
    let Some(path) = &args.trace else { return Ok(()) };
    if !methods.iter().any(|method| method.needs().tells) {
        bail!(Usage("--trace, but no method tries several maps".into()));
    }
    if args.output.file.as_ref() == Some(path) {
        bail!(Usage(format!("--trace and -O are one file: {}", path.display())));
    }
    Ok(())
}

/// What a method has told, as it stands in a sidecar.
pub fn trials(told: &Told) -> Vec<Trial> {
    let trial = |trial: &attribution::Trial| Trial {
        draw: trial.draw,
        arm: trial.arm.clone(),
        metric: trial.metric.clone(),
        score: trial.score.as_ref().ok().map(f64::to_string),
        reason: trial.score.as_ref().err().cloned(),
        best: trial.best,
        chances: chances(&trial.chances),
    };
    told.trials.iter().map(trial).collect()
}

fn chances(of_arms: &[(String, f64)]) -> String {
    of_arms.iter().map(|(arm, chance)| format!("{arm}:{chance}")).collect::<Vec<_>>().join(" ")
}

/// The table.
pub struct Trace(Option<Writer<Tried>>);

impl Trace {
    /// Begins it, if there shall be one.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn open(path: Option<PathBuf>) -> Result<Self> {
        let open = |path| Writer::open(&OutputArgs { file: Some(path) }, &["list"]);
        path.map(open).transpose().map(Self)
    }

    /// Adds what was tried for the map of a row.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&mut self, row: &Explained, item: &Item) -> Result<()> {
        let Some(table) = &mut self.0 else { return Ok(()) };
        for trial in &item.trials {
            let same = |other: &&Trial| Some(other.draw) == trial.best && other.metric == trial.metric;
            let best = item.trials.iter().find(same).map_or(f64::NAN, Trial::value);
            let mut extra = pipe::Extra::default();
            extra.set("list", row.extra.get("list").unwrap_or_default().to_owned());
            table.write(&Tried {
                image: row.image.clone(),
                target: row.target,
                model: row.model.clone(),
                method: row.method.clone(),
                draw: trial.draw,
                arm: trial.arm.clone(),
                metric: trial.metric.clone(),
                score: trial.value(),
                best_draw: trial.best,
                best,
                chances: trial.chances.clone(),
                reason: trial.reason.clone().unwrap_or_default(),
                extra,
            })?;
        }
        table.flush()
    }

    /// Ends it.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn finish(self) -> Result<()> {
        self.0.map_or(Ok(()), Writer::finish)
    }
}
