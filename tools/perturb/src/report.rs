//! `--list-tests` and the run record.

use std::time::Duration;

use anyhow::Result;
use perturbation::{Entry, ParsedTest, TESTS, fill};
use pipe::Record;
use setup::Loaded;

use crate::args::Args;

/// One block for each test.
pub fn tests() -> String {
    let block = |entry: &Entry| {
        let (name, summary, source) = (entry.name, entry.summary, entry.source);
        format!("{name}\n    {summary}\n    {source}\n    parameters: {}\n", entry.parameters())
    };
    let line = |(word, meaning): &(&str, &str)| format!("    {word:<14} {meaning}\n");
    let tests: String = TESTS.iter().map(block).collect();
    let fills: String = fill::WORDS.iter().map(line).collect();
    format!("{tests}\nfill, and the parameters that go with some of them ({}):\n{fills}", fill::OPTIONS)
}

/// What was done.
#[derive(Default)]
pub struct Counts {
    /// The maps that were tried.
    pub maps: u64,
    /// Rows that came without a map.
    pub passed: u64,
    /// Those that failed.
    pub failures: u64,
    /// Images given to the classifier.
    pub forwards: u64,
    /// Time spent with the classifier.
    pub compute: Duration,
}

/// Writes the record that `--record` asks for, if it does.
pub fn write(
    args: &Args,
    mut record: Record,
    loaded: &Loaded,
    tests: &[ParsedTest],
    done: &Counts,
) -> Result<()> {
    let Some(path) = &args.record else { return Ok(()) };
    let tests: Vec<&str> = tests.iter().map(ParsedTest::spec).collect();
    record
        .set("model", loaded.classifier.key())
        .set("randomized", loaded.randomised.as_slice())
        .set("preprocess", serde_json::to_value(&loaded.classifier.preprocess)?)
        .set("device", loaded.device.as_str())
        .set("engine", loaded.engine.as_str())
        .set("threads", args.model.thread_count())
        .set("seed", args.seed)
        .set("tests", tests)
        .set("maps", done.maps)
        .set("failures", done.failures)
        .set("forwards", done.forwards)
        .set("forwards_per_map", done.forwards as f64 / done.maps.max(1) as f64)
        .set("seconds_compute", done.compute.as_secs_f64());
    record.write(path)
}
