//! Times whole training steps (forward, backward, weights) on random images: `step MODEL BATCH RUNS [THREADS]` prints the seconds of
//! each run behind a warm one, one a line. For `pipelines/bench`.

use std::time::Instant;

use anyhow::{Context, Result};
use learning::{Batch, Decayed, Optimiser, Recipe, Rule, Schedule, Targets, Trainer};
use models::{device, zoo};
use rand::RngExt;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, batch, runs, threads @ ..] = &arguments[..] else {
        anyhow::bail!("MODEL BATCH RUNS [THREADS]")
    };
    let (batch, runs): (usize, usize) = (batch.parse()?, runs.parse()?);
    if let Some(threads) = threads.first() {
        device::set_threads(threads.parse()?);
    }
    let architecture = zoo::architecture(model)?;
    let [c, h, w] = architecture.input;
    let recipe = Recipe {
        epochs: runs + 1,
        batch,
        rate: 0.1,
        schedule: Schedule::Constant,
        course: None,
        rule: Rule {
            optimiser: Optimiser::Sgd { momentum: 0.9, decay: 5e-4 },
            decayed: Decayed::All,
            bias_rate: 1.0,
        },
        smoothing: 0.0,
        seed: 0,
    };
    let network = learning::initialise((architecture.build)(10), 0, &device::cpu().device);
    let mut trainer = Trainer::new(network, batch, recipe);
    let mut random = stats::random::generator(0, &["step"], 0);
    let pixels: Vec<f32> = (0..batch * c * h * w).map(|_| random.random::<f32>() * 2.0 - 1.0).collect();
    let labels = (0..batch).map(|image| image % 10).collect();
    let images = Batch { pixels, shape: [batch, c, h, w], targets: Targets::Classes(labels) };
    for run in 0..=runs {
        let start = Instant::now();
        trainer.step(|_, _| images.clone()).context("a step failed")?;
        if run > 0 {
            println!("{}", start.elapsed().as_secs_f64());
        }
    }
    Ok(())
}
