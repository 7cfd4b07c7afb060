//! Train what Plumbline trains: so far, the testbed's classifier.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use learning::{Batch, Recipe};
use models::{Preprocess, device};
use rayon::prelude::*;
use rand::{Rng, RngExt};
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
    #[arg(long, value_name = "N", default_value_t = 30_000)]
    pictures: usize,
    /// Passes over them
    #[arg(long, value_name = "N", default_value_t = 8)]
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
        decay: 0.01,
        seed: args.seed,
    };
    let load = |epoch: usize, rows: &[usize]| {
        batch(rows, |row| {
            let scene = testbed::scene(args.seed, Split::Train, row as u64);
            turned(&scene, &mut stats::random::generator(args.seed, &["turn", &epoch.to_string()], row as u64))
        })
    };
    let network = learning::train(network, args.pictures, &recipe, load, |epoch, _| {
        if !args.quiet {
            pipe::note(format_args!("epoch {}/{}: loss {:.4}", epoch.number, args.epochs, epoch.loss));
        }
    });
    let heldout = |rows: &[usize]| batch(rows, |row| upright(&testbed::scene(args.seed, Split::Heldout, row as u64)));
    let rows: Vec<usize> = (0..args.heldout).collect();
    let accuracy = learning::accuracy(&network, rows.chunks(128).map(heldout), &device);
    pipe::note(format_args!("{:.2} % of {} held-out pictures are right", 100.0 * accuracy, args.heldout));
    Ok(pipe::atomic::write(&args.out, &learning::to_safetensors(&network)?)?)
}

/// Pictures drawn in parallel, normalised as the classifier does.
fn batch(rows: &[usize], draw: impl Fn(usize) -> Drawn + Sync) -> Batch {
    let drawn: Vec<Drawn> = rows.par_iter().map(|&row| draw(row)).collect();
    let (pixels, labels): (Vec<_>, Vec<_>) = drawn.into_iter().unzip();
    Batch { pixels: pixels.concat(), shape: [rows.len(), 3, SIZE, SIZE], labels }
}

/// Normalised planes and the class.
type Drawn = (Vec<f32>, usize);

fn upright(scene: &Scene) -> Drawn {
    planes(scene, |x, y| (x, y))
}

/// The picture flipped and transposed at random: no class has a right way up.
fn turned(scene: &Scene, random: &mut impl Rng) -> Drawn {
    let [across, down, swap]: [bool; 3] = random.random();
    planes(scene, |x, y| {
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
