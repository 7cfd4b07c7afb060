//! `train testbed`: the embedded classifiers, each by its own recipe.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use anyhow::{Context, Result};
use learning::{Decayed, Optimiser, Recipe, Rule, Schedule};
use models::{Preprocess, device};
use pipe::atomic::{self, AtomicFile};
use testbed::{Embedded, Split};

use crate::turned::Images;

/// Its arguments.
#[derive(clap::Args, Debug)]
pub struct Testbed {
    /// Weights to write (.safetensors)
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    /// testbed, the ResNet, or testbed-vit
    #[arg(long, value_name = "NAME", default_value = "testbed", value_parser = network)]
    network: Embedded,
    /// Training images [default: 30000, for testbed-vit 50000]
    #[arg(long, value_name = "N")]
    images: Option<NonZeroUsize>,
    /// Passes over them [default: 8, for testbed-vit 5]
    #[arg(long, value_name = "N")]
    epochs: Option<NonZeroUsize>,
    /// Highest learning rate [default: 0.004, for testbed-vit 0.002]
    #[arg(long, value_name = "RATE")]
    rate: Option<f64>,
    /// Held-out images to measure the accuracy on
    #[arg(long, value_name = "N", default_value = "2000")]
    heldout: NonZeroUsize,
    /// Seed of first weights, images and their order
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// CPU threads [default: all]
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// No progress on standard error; the accuracy stays
    #[arg(short, long)]
    quiet: bool,
}

/// Trains, measures and writes the weights.
pub fn run(args: &Testbed) -> Result<()> {
    if let Some(threads) = args.threads {
        device::set_threads(threads.get());
    }
    // A place that cannot be written to is told before the training, not after it.
    let cannot_write = || format!("cannot write {}", args.out.display());
    drop(AtomicFile::create(&args.out).with_context(cannot_write)?);
    let device = device::cpu().device;
    let architecture = args.network.architecture();
    let preprocess = Preprocess::preset(architecture.preprocess).expect("a preset");
    let (images, recipe) = recipe(args);
    let draw = |split, count| Images::draw(args.seed, split, count, preprocess.clone());
    let (training, heldout) = (draw(Split::Train, images), draw(Split::Heldout, args.heldout.get()));
    let first = learning::initialise((architecture.build)(testbed::CLASSES.len()), args.seed, &device);
    let load = |epoch: usize, rows: &[usize]| training.training_batch(epoch, rows);
    let network = learning::train(first, images, &recipe, load, |epoch| {
        if !args.quiet {
            pipe::note(format_args!("epoch {}/{}: loss {:.4}", epoch.number, recipe.epochs, epoch.loss));
        }
    })?;
    let rows: Vec<usize> = (0..args.heldout.get()).collect();
    let accuracy = learning::accuracy(&network, rows.chunks(128).map(|rows| heldout.batch(rows)), &device);
    pipe::note(format_args!("{:.2} % of {} held-out images are right", 100.0 * accuracy, args.heldout));
    atomic::write(&args.out, &learning::to_safetensors(&network)?).with_context(cannot_write)
}

/// How many images, and how to train on them: each network's own way, with what the command line changes.
fn recipe(args: &Testbed) -> (usize, Recipe) {
    let (images, epochs, batch, rate, warm_up, decay) = match args.network {
        Embedded::ResNet => (30_000, 8, 128, 0.004, 0.2, 0.01),
        Embedded::ViT => (50_000, 5, 32, 0.002, 0.1, 0.02),
    };
    let recipe = Recipe {
        epochs: args.epochs.map_or(epochs, NonZeroUsize::get),
        batch,
        rate: args.rate.unwrap_or(rate),
        schedule: Schedule::WarmUpCosine { warm_up },
        course: None,
        rule: Rule {
            optimiser: Optimiser::AdamW { decay, epsilon: 1e-5 },
            decayed: Decayed::All,
            bias_rate: 1.0,
        },
        smoothing: 0.0,
        seed: args.seed,
    };
    (args.images.map_or(images, NonZeroUsize::get), recipe)
}

fn network(name: &str) -> Result<Embedded, String> {
    let known = Embedded::ALL.map(Embedded::name).join(", ");
    Embedded::find(name).ok_or_else(|| format!("known are {known}"))
}
