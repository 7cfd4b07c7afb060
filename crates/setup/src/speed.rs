//! How fast a classifier is on this machine, for `--dry-run`.

use std::time::Instant;

use models::classifier::Output;
use models::{Plain, Tensor};

use crate::Loaded;

/// How long a task on a cluster should take, in seconds.
const TASK: f64 = 1800.0;

/// Seconds of one input.
#[derive(Clone, Copy, Debug)]
pub struct Speed {
    /// Forward.
    pub forward: f64,
    /// Back to the input; 0 for a black box.
    pub backward: f64,
}

impl Speed {
    /// Times a batch of inputs of height and width `size`, after one that warms up.
    pub fn measure(loaded: &Loaded, [h, w]: [usize; 2]) -> Self {
        let classifier = &loaded.classifier;
        let n = loaded.batch_size(h, w);
        let x = Tensor::zeros([n, classifier.channels(), h, w], &classifier.device);
        let timed = |work: &dyn Fn()| {
            work();
            let clock = Instant::now();
            work();
            clock.elapsed().as_secs_f64() / n as f64
        };
        let forward = timed(&|| drop(classifier.logits(x.clone()).into_data()));
        if classifier.network.graph().is_black_box() {
            return Self { forward, backward: 0.0 };
        }
        let both = timed(&|| {
            let (gradient, _) = classifier.input_gradient(x.clone(), &vec![0; n], Output::Logit, &mut Plain);
            drop(gradient.into_data());
        });
        Self { forward, backward: (both - forward).max(0.0) }
    }
}

/// How to share work out over a cluster: `seconds` in all, in at most `units` parts.
pub fn advice(seconds: f64, units: usize) -> String {
    let shards = ((seconds / TASK).ceil() as usize).clamp(1, units.max(1));
    format!(
        "all shards together take about {:.2} h on machines like this one: --shard K/{shards} makes tasks of {:.0} minutes",
        seconds / 3600.0,
        seconds / shards as f64 / 60.0
    )
}

/// To milliseconds: what is behind them is noise.
pub fn rounded(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_has_as_many_parts_as_there_are_half_hours_but_no_more_than_units() {
        for (seconds, units, part) in [
            (36_000.0, 500, "--shard K/20 makes tasks of 30 minutes"),
            (36_000.0, 10, "--shard K/10 makes tasks of 60 minutes"),
            (60.0, 10, "0.02 h on machines like this one: --shard K/1 makes tasks of 1 minutes"),
            (0.0, 0, "--shard K/1 makes"),
        ] {
            assert!(advice(seconds, units).contains(part), "{}", advice(seconds, units));
        }
    }
}
