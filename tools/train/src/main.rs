//! Train what Plumbline trains: so far, the testbed's classifier.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use learning::{Batch, Recipe};
use models::{Preprocess, device};
use rayon::prelude::*;
use testbed::{SIZE, Split};

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
    #[arg(long, value_name = "N", default_value_t = 30_000)]
    pictures: usize,
    /// Passes over them
    #[arg(long, value_name = "N", default_value_t = 12)]
    epochs: usize,
    /// Highest learning rate
    #[arg(long, default_value_t = 0.004)]
    rate: f64,
    /// Held-out pictures to measure the accuracy on
    #[arg(long, value_name = "N", default_value_t = 2000)]
    heldout: usize,
    /// Seed of first weights, pictures and their order
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// CPU threads [default: all]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
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
        device::set_threads(threads);
    }
    let device = device::cpu().device;
    let network =
        learning::initialise((testbed::architecture().build)(testbed::CLASSES.len()), args.seed, &device);
    let recipe = Recipe {
        epochs: args.epochs,
        batch: 128,
        rate: args.rate,
        warm_up: 0.2,
        decay: 0.05,
        seed: args.seed,
    };
    let load = |split| move |rows: &[usize]| batch(args.seed, split, rows);
    let network = learning::train(network, args.pictures, &recipe, load(Split::Train), |epoch, _| {
        if !args.quiet {
            pipe::note(format_args!("epoch {}/{}: loss {:.4}", epoch.number, args.epochs, epoch.loss));
        }
    });
    let rows: Vec<usize> = (0..args.heldout).collect();
    let accuracy = learning::accuracy(&network, rows.chunks(128).map(load(Split::Heldout)), &device);
    pipe::note(format_args!("{:.2} % of {} held-out pictures are right", 100.0 * accuracy, args.heldout));
    Ok(pipe::atomic::write(&args.out, &learning::to_safetensors(&network)?)?)
}

/// Draws pictures and normalises them as the classifier does.
fn batch(seed: u64, split: Split, rows: &[usize]) -> Batch {
    let preprocess = Preprocess::preset(testbed::architecture().preprocess).expect("a preset");
    let draw = |&row: &usize| {
        let scene = testbed::scene(seed, split, row as u64);
        let pixel =
            |c: usize, p: &image::Rgb<u8>| (f32::from(p[c]) / 255.0 - preprocess.mean[c]) / preprocess.std[c];
        let pixel = &pixel;
        let planes = (0..3).flat_map(|c| scene.image.pixels().map(move |p| pixel(c, p)));
        (planes.collect::<Vec<f32>>(), scene.label)
    };
    let drawn: Vec<(Vec<f32>, usize)> = rows.par_iter().map(draw).collect();
    let (pixels, labels): (Vec<_>, Vec<_>) = drawn.into_iter().unzip();
    Batch { pixels: pixels.concat(), shape: [rows.len(), 3, SIZE, SIZE], labels }
}
