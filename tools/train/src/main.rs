//! Train what Plumbline trains: so far, the testbed's classifier.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use learning::{Batch, Recipe};
use models::{Preprocess, device};
use pipe::atomic::{self, AtomicFile};
use rand::RngExt;
use rayon::prelude::*;
use testbed::{SIZE, Scene, Split};

const EXAMPLES: &str = "\
Examples:
  train testbed --out testdata/testbed/resnet8.safetensors
  train testbed --pictures 2000 --epochs 1 --out small.safetensors";

/// Train a classifier from a committed, seeded recipe.
#[derive(clap::Parser, Debug)]
#[command(version, before_help = EXAMPLES)]
struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand, Debug)]
enum What {
    /// The small ResNet that tells the testbed's ten classes apart
    Testbed(Testbed),
}

#[derive(clap::Args, Debug)]
struct Testbed {
    /// Weights to write (.safetensors)
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    /// Training pictures
    #[arg(long, value_name = "N", default_value = "30000")]
    pictures: NonZeroUsize,
    /// Passes over them
    #[arg(long, value_name = "N", default_value = "8")]
    epochs: NonZeroUsize,
    /// Highest learning rate
    #[arg(long, value_name = "RATE", default_value_t = 0.004)]
    rate: f64,
    /// Held-out pictures to measure the accuracy on
    #[arg(long, value_name = "N", default_value = "2000")]
    heldout: NonZeroUsize,
    /// Seed of first weights, pictures and their order
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// CPU threads [default: all]
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// No progress on standard error
    #[arg(short, long)]
    quiet: bool,
}

fn main() -> ExitCode {
    pipe::main(|args: &Args| match &args.what {
        What::Testbed(args) => testbed(args),
    })
}

fn testbed(args: &Testbed) -> Result<()> {
    if let Some(threads) = args.threads {
        device::set_threads(threads.get());
    }
    // A place that cannot be written to is told before the training, not after it.
    let cannot_write = || format!("cannot write {}", args.out.display());
    drop(AtomicFile::create(&args.out).with_context(cannot_write)?);
    let device = device::cpu().device;
    let graph = (testbed::architecture().build)(testbed::CLASSES.len());
    let first = learning::initialise(graph, args.seed, &device);
    let load = |epoch: usize, rows: &[usize]| batch(rows, |row| training_picture(args.seed, epoch, row));
    let network = learning::train(first, args.pictures.get(), &recipe(args), load, |epoch, _| {
        if !args.quiet {
            pipe::note(format_args!("epoch {}/{}: loss {:.4}", epoch.number, args.epochs, epoch.loss));
        }
    });
    let heldout = |rows: &[usize]| batch(rows, |row| heldout_picture(args.seed, row));
    let rows: Vec<usize> = (0..args.heldout.get()).collect();
    let accuracy = learning::accuracy(&network, rows.chunks(128).map(heldout), &device);
    pipe::note(format_args!("{:.2} % of {} held-out pictures are right", 100.0 * accuracy, args.heldout));
    atomic::write(&args.out, &learning::to_safetensors(&network)?).with_context(cannot_write)
}

fn recipe(args: &Testbed) -> Recipe {
    Recipe {
        epochs: args.epochs.get(),
        batch: 128,
        rate: args.rate,
        warm_up: 0.2,
        decay: 0.01,
        seed: args.seed,
    }
}

/// Pictures drawn in parallel, normalised as the classifier does.
fn batch(rows: &[usize], draw: impl Fn(usize) -> Drawn + Sync) -> Batch {
    let drawn: Vec<Drawn> = rows.par_iter().map(|&row| draw(row)).collect();
    let (pixels, labels): (Vec<_>, Vec<_>) = drawn.into_iter().unzip();
    Batch { pixels: pixels.concat(), shape: [rows.len(), 3, SIZE, SIZE], labels }
}

/// Normalised planes and the class.
type Drawn = (Vec<f32>, usize);

fn heldout_picture(seed: u64, row: usize) -> Drawn {
    planes(&testbed::scene(seed, Split::Heldout, row as u64), |x, y| (x, y))
}

/// A training picture, flipped and transposed at random in each epoch: no class has a right way up.
fn training_picture(seed: u64, epoch: usize, row: usize) -> Drawn {
    let mut random = stats::random::generator(seed, &["turn", &epoch.to_string()], row as u64);
    let [across, down, swap]: [bool; 3] = random.random();
    planes(&testbed::scene(seed, Split::Train, row as u64), |x, y| {
        let x = if across { SIZE as u32 - 1 - x } else { x };
        let y = if down { SIZE as u32 - 1 - y } else { y };
        if swap { (y, x) } else { (x, y) }
    })
}

fn planes(scene: &Scene, from: impl Fn(u32, u32) -> (u32, u32)) -> Drawn {
    let preprocess = Preprocess::preset(testbed::architecture().preprocess).expect("a preset");
    let side = SIZE as u32;
    let mut planes = Vec::with_capacity(3 * SIZE * SIZE);
    for c in 0..3 {
        for (y, x) in (0..side).flat_map(|y| (0..side).map(move |x| (y, x))) {
            let (x, y) = from(x, y);
            let value = f32::from(scene.image.get_pixel(x, y)[c]) / 255.0;
            planes.push((value - preprocess.mean[c]) / preprocess.std[c]);
        }
    }
    (planes, scene.label)
}
