//! `--list-methods` and the run record.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Result;
use explainers::LISTS;
use models::Classifier;
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
    LISTS.iter().copied().flatten().map(block).collect()
}

/// What a run did: never compared with anything, unlike the sidecars of its maps.
pub struct Report {
    record: Record,
    costs: Vec<(String, Cost)>,
    path: PathBuf,
}

impl Report {
    /// Notes the classifier and the settings, and starts the clock.
    pub fn new(args: &Args, loaded: &Loaded, plan: &Plan<'_>) -> Result<Self> {
        let classifier = &loaded.classifier;
        let mut record = Record::new("explain", env!("CARGO_PKG_VERSION"));
        record
            .set("model", classifier.key())
            .set("randomized", loaded.randomised.as_slice())
            .set("preprocess", serde_json::to_value(&classifier.preprocess)?)
            .set("layer", classifier.layer_name())
            .set("target", args.target.to_string())
            .set("seed", args.seed)
            .set("files", serde_json::to_value(plan.files())?)
            .set("device", loaded.device.as_str())
            .set("engine", loaded.engine.as_str())
            .set("threads", args.model.thread_count())
            .set("shard", format!("{}/{}", plan.shard.k, plan.shard.n))
            .set("list", plan.list.key.as_str())
            .set("chunk", plan.chunk)
            .set("images", plan.images());
        let path = args.record.clone().unwrap_or_else(|| Record::log_path(&args.out, "explain"));
        Ok(Self { record, costs: Vec::new(), path })
    }

    /// Adds what a method has cost.
    pub fn add(&mut self, method: &str, cost: Cost) {
        match self.costs.iter_mut().find(|(other, _)| other == method) {
            Some((_, sum)) => *sum = sum.plus(cost),
            None => self.costs.push((method.into(), cost)),
        }
    }

    /// Writes the record; `modified_bytes` is the memory that changed weights of relevance propagation take.
    pub fn finish(&mut self, classifier: &Classifier, modified_bytes: u64) -> Result<()> {
        let total: f64 = self.costs.iter().map(|(_, cost)| cost.seconds).sum();
        let by_method = |number: fn(&Cost) -> Value| -> Map<String, Value> {
            self.costs.iter().map(|(method, cost)| (method.clone(), number(cost))).collect()
        };
        self.record
            .set("forwards", classifier.network.forwards())
            .set("backwards", classifier.network.backwards())
            .set("modified_weight_bytes", modified_bytes)
            .set("forwards_by_method", by_method(|cost| json!(cost.forwards)))
            .set("backwards_by_method", by_method(|cost| json!(cost.backwards)))
            .set("seconds_compute", total)
            .set("seconds_by_method", by_method(|cost| json!(cost.seconds)));
        self.record.write(&self.path)
    }
}

/// What a method has cost.
#[derive(Clone, Copy)]
pub struct Cost {
    seconds: f64,
    forwards: u64,
    backwards: u64,
}

impl Cost {
    fn plus(self, other: Self) -> Self {
        Self {
            seconds: self.seconds + other.seconds,
            forwards: self.forwards + other.forwards,
            backwards: self.backwards + other.backwards,
        }
    }
}

/// Measures the cost of a stretch of work.
pub struct Clock {
    start: Instant,
    forwards: u64,
    backwards: u64,
}

impl Clock {
    /// Starts.
    pub fn start(classifier: &Classifier) -> Self {
        let network = &classifier.network;
        Self { start: Instant::now(), forwards: network.forwards(), backwards: network.backwards() }
    }

    /// What was spent since.
    pub fn stop(&self, classifier: &Classifier) -> Cost {
        Cost {
            seconds: self.start.elapsed().as_secs_f64(),
            forwards: classifier.network.forwards() - self.forwards,
            backwards: classifier.network.backwards() - self.backwards,
        }
    }
}
