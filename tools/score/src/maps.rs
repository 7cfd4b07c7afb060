//! What the scores of maps have in common: reading them, and rows for what failed.

use anyhow::{Context, Result, bail};
use maps::{Map, MapError};
use metrics::{Measured, ParsedMetric};
use pipe::{CheckedMaps, Explained, Failures, Score, Writer};

use crate::Args;
use crate::row::Key;

/// How many maps are in memory at a time.
pub const BLOCK: usize = 256;

/// Channels that a map may have: of a colour image, for a table does not say more about the network.
const CHANNELS: usize = 3;

/// Why a row cannot be measured: a cell of it cannot be read.
pub fn flawed(flaw: &pipe::Error) -> Outcome {
    Outcome::Failed(anyhow::Error::msg(flaw.to_string()))
}

/// What came of one map.
pub enum Outcome {
    /// A value of each metric, in their order.
    Measured(Vec<Measured>),
    /// No metric is defined, as was known before.
    Undefined(String),
    /// It failed here.
    Failed(anyhow::Error),
}

/// A reader's map, or why it has values that cannot be measured.
pub type Readable = Result<Map, String>;

/// Reads the map of a row, after asking its sidecar whether it is what the row says: of `image`, by its hash, if that is known.
///
/// # Errors
///
/// If there is none, it is damaged, or it explains something else.
pub fn read(reader: &mut CheckedMaps, row: &Explained, image: Option<&str>) -> Result<Readable> {
    if row.map.is_empty() {
        bail!("there is no map, and no reason why");
    }
    let array = reader.read(row, image)?;
    match Map::new(&array.shape, array.data, CHANNELS) {
        Err(error @ MapError::NotFinite { .. }) => Ok(Err(error.to_string())),
        map => Ok(Ok(map.with_context(|| row.map.clone())?)),
    }
}

/// The table of scores, and the failures.
pub struct MapScores {
    /// What is measured.
    pub metrics: Vec<ParsedMetric>,
    out: Writer<Score>,
    failures: Failures,
    count: u64,
}

impl MapScores {
    /// Starts the table, with the columns that are carried.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn open(args: &Args, metrics: Vec<ParsedMetric>, extra: &[String]) -> Result<Self> {
        let out = Writer::open(&args.output, extra)?;
        Ok(Self { metrics, out, failures: args.errors.failures()?, count: 0 })
    }

    /// Writes a row for each metric of a map: what failed does not vanish.
    ///
    /// # Errors
    ///
    /// If the output cannot be written.
    pub fn write(&mut self, row: &Explained, outcome: Outcome) -> Result<()> {
        self.count += 1;
        let key = Key::from(row);
        let values = match outcome {
            Outcome::Measured(values) => values,
            Outcome::Undefined(reason) => return self.write_undefined(&key, &reason),
            Outcome::Failed(error) => {
                let reason = format!("{error:#}");
                self.failures.add(&row.image, &row.method, "score", &reason)?;
                return self.write_undefined(&key, &reason);
            }
        };
        for (metric, value) in self.metrics.iter().zip(values) {
            self.out.write(&key.told(&metric.name(""), metric.metric.direction, value))?;
        }
        Ok(())
    }

    fn write_undefined(&mut self, key: &Key<'_>, reason: &str) -> Result<()> {
        for metric in &self.metrics {
            self.out.write(&key.score(&metric.name(""), metric.metric.direction, Err(reason.to_owned())))?;
        }
        Ok(())
    }

    /// Counts a failure that has no row.
    ///
    /// # Errors
    ///
    /// If the list of failures cannot be written.
    pub fn fail(&mut self, image: &str, method: &str, error: &str) -> Result<()> {
        self.count += 1;
        self.failures.add(image, method, "score", error)
    }

    /// Ends the table.
    ///
    /// # Errors
    ///
    /// If it cannot be written, or if more maps failed than allowed.
    pub fn finish(self) -> Result<()> {
        self.out.finish()?;
        self.failures.finish(self.count)
    }
}
