//! `--list-methods` and the run record.

use std::path::PathBuf;

use anyhow::Result;
use attribution::METHODS;
use pipe::Record;
use serde_json::{Map, Value, json};
use setup::Loaded;

use crate::args::Args;

/// One block for each method.
pub fn methods() -> String {
    let block = |entry: &attribution::Entry| {
        let (name, summary, paper, cost) = (entry.name, entry.summary, entry.paper, entry.cost);
        let needs = if entry.is_black_box() { "scores" } else { "the network" };
        let parameters = entry.parameters();
        format!(
            "{name}\n    {summary}\n    {paper}; cost: {cost}; needs: {needs}; parameters: {parameters}\n"
        )
    };
    METHODS.iter().map(block).collect()
}

/// What a run did, kept beside its maps.
pub struct Report {
    record: Record,
    seconds: Vec<(String, f64)>,
    path: PathBuf,
}

impl Report {
    /// Notes the classifier, the settings and the steps after a method, and starts the clock.
    pub fn new(args: &Args, loaded: &Loaded, images: usize, steps: &Value) -> Result<Self> {
        let (k, n) = (args.shard.k, args.shard.n);
        let name = if n == 1 { "explain.json".to_string() } else { format!("explain.{k}-of-{n}.json") };
        let classifier = &loaded.classifier;
        let mut record = Record::new("explain", env!("CARGO_PKG_VERSION"));
        record
            .set("model", classifier.name.as_str())
            .set("weights_sha256", classifier.digest.as_str())
            .set("preprocess", serde_json::to_value(&classifier.preprocess)?)
            .set("layer", classifier.layer_name())
            .set("target", args.target.to_string())
            .set("seed", args.seed)
            .set("device", loaded.device.as_str())
            .set("threads", args.model.thread_count())
            .set("shard", format!("{k}/{n}"))
            .set("images", images);
        for (step, value) in steps.as_object().into_iter().flatten() {
            record.set(step, value.clone());
        }
        Ok(Self { record, seconds: Vec::new(), path: args.out.join(name) })
    }

    /// Adds seconds of a method's computation.
    pub fn add(&mut self, method: &str, seconds: f64) {
        match self.seconds.iter_mut().find(|(other, _)| other == method) {
            Some((_, sum)) => *sum += seconds,
            None => self.seconds.push((method.into(), seconds)),
        }
    }

    /// Writes the record.
    pub fn finish(&mut self) -> Result<()> {
        let total: f64 = self.seconds.iter().map(|(_, seconds)| seconds).sum();
        let methods: Map<String, Value> =
            self.seconds.iter().map(|(method, seconds)| (method.clone(), json!(seconds))).collect();
        self.record.set("seconds_compute", total).set("seconds_by_method", methods);
        self.record.write(&self.path)
    }
}
