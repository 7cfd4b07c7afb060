//! `--list-methods` and the run record.

use std::path::PathBuf;

use anyhow::Result;
use attribution::METHODS;
use pipe::Record;
use serde_json::{Map, Value, json};
use setup::Loaded;

use crate::args::Args;
use crate::chunk::Plan;

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

/// What a run did: never compared with anything, unlike the sidecars of its maps.
pub struct Report {
    record: Record,
    seconds: Vec<(String, f64)>,
    path: PathBuf,
}

impl Report {
    /// Notes the classifier and the settings, and starts the clock.
    pub fn new(args: &Args, loaded: &Loaded, plan: &Plan<'_>) -> Result<Self> {
        let classifier = &loaded.classifier;
        let mut record = Record::new("explain", env!("CARGO_PKG_VERSION"));
        record
            .set("model", classifier.key())
            .set("preprocess", serde_json::to_value(&classifier.preprocess)?)
            .set("layer", classifier.layer_name())
            .set("target", args.target.to_string())
            .set("seed", args.seed)
            .set("files", serde_json::to_value(&plan.common.files)?)
            .set("device", loaded.device.as_str())
            .set("engine", loaded.engine.as_str())
            .set("threads", args.model.thread_count())
            .set("shard", format!("{}/{}", plan.shard.k, plan.shard.n))
            .set("list", plan.list.key.as_str())
            .set("chunk", plan.chunk)
            .set("images", plan.images());
        let path = args.record.clone().unwrap_or_else(|| Record::log_path(&args.out, "explain"));
        Ok(Self { record, seconds: Vec::new(), path })
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
