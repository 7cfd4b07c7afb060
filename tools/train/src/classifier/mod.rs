//! `train classifier`: any architecture on images of one's own.

mod args;
mod checkpoint;
mod cifar10;
mod data;
mod first;
mod source;

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use learning::{DataSet, Epoch, Trainer};
use models::identity::Digest;
use models::{Classifier, Engine, Graph, Network, Op, Preprocess, device};
use pipe::atomic::{self, AtomicFile};
use pipe::{Progress, Record, Usage};
use serde_json::{Map, Value, json};

pub use args::Args;
use checkpoint::Checkpoint;
use source::{Listing, Part};

/// Images of a step when accuracies are measured.
const MEASURED: usize = 128;

/// What is known before the first step.
struct Prepared {
    architecture: String,
    network: Network,
    preprocess: Preprocess,
    classes: Vec<String>,
    training: DataSet,
    heldout: Option<DataSet>,
}

/// Trains, measures and writes the weights.
pub fn run(args: &Args) -> Result<()> {
    if let Some(threads) = args.threads {
        device::set_threads(threads.get());
    }
    check_out(args)?;
    let mut record = Record::new("train", env!("CARGO_PKG_VERSION"));
    let prepared = prepare(args)?;
    let settings = settings(args, &prepared);
    let mut checkpoint = Checkpoint::new(&args.out, settings.clone(), args.checkpoint_minutes);
    let mut trainer = Trainer::new(prepared.network.clone(), prepared.training.images.len(), args.recipe());
    if args.resume && checkpoint.restore(&mut trainer)? && !args.quiet {
        let (done, total) = (trainer.done(), trainer.total());
        pipe::note(format_args!("going on behind step {done} of {total}"));
    }
    steps(args, &prepared, &mut trainer, &mut checkpoint)?;
    finish(args, prepared, &trainer, &mut record, settings)?;
    checkpoint.remove()
}

/// Places that cannot be written to, and files that would be lost, are told before the training and not after it.
fn check_out(args: &Args) -> Result<()> {
    let out = args.out.display();
    ensure!(!args.out.exists() || args.out.is_file(), "cannot write {out}: it is there and is no file");
    let checkpoint = checkpoint::path(&args.out);
    if !args.resume && checkpoint.exists() {
        let checkpoint = checkpoint.display();
        bail!(Usage(format!(
            "{checkpoint} is there: --resume goes on from it, and without it a training begins anew"
        )));
    }
    for path in [&args.out, &checkpoint] {
        atomic::sweep(path)
            .and_then(|()| AtomicFile::create(path))
            .with_context(|| format!("cannot write {out}"))?;
    }
    Ok(())
}

fn prepare(args: &Args) -> Result<Prepared> {
    let architecture = first::architecture(&args.model)?;
    let count = args.count.map(std::num::NonZeroUsize::get);
    let listing = Listing::read(&args.images, Part::Training, None, args.seed, count)?;
    let rows = data::choose(&args.images, &listing, count, args.seed)?;
    let graph = (architecture.build)(listing.classes.len());
    let preset = args.preprocess()?.unwrap_or_else(|| {
        Preprocess::preset(architecture.preprocess).expect("an architecture names a preset")
    });
    let preprocess = preset.for_channels(graph.input[0])?;
    let mut training = data::load(&args.images, &listing, &rows, &preprocess)?;
    fits(&graph, &training, &args.images, &preprocess)?;
    if args.permute_labels {
        training.permute_labels(args.seed);
    }
    let heldout = args.heldout.as_deref().map(|source| {
        let listing = Listing::read(source, Part::Heldout, Some(&listing.classes), args.seed, None)?;
        let rows: Vec<usize> = (0..listing.labels.len()).collect();
        let heldout = data::load(source, &listing, &rows, &preprocess)?;
        fits(&graph, &heldout, source, &preprocess).map(|()| heldout)
    });
    let heldout = heldout.transpose()?;
    let (images, batch) = (training.images.len(), args.batch_size.get());
    if images % batch == 1 && graph.nodes.iter().any(|node| matches!(node.op, Op::BatchNorm2d { .. })) {
        bail!(Usage(format!(
            "the last step of an epoch would have one image, of which BatchNorm has no statistics: {images} images in steps of {batch} (--batch-size, --count)"
        )));
    }
    let network = first::network(&architecture, graph, args.weights.as_deref(), args.seed)?;
    let (architecture, classes) = (architecture.name, listing.classes);
    Ok(Prepared { architecture, network, preprocess, classes, training, heldout })
}

/// Whether the network takes images of their size.
fn fits(graph: &Graph, data: &DataSet, source: &Path, preprocess: &Preprocess) -> Result<()> {
    let [_, height, width] = data.size;
    graph.shapes(data.size).map(|_| ()).with_context(|| {
        let (source, name) = (source.display(), &preprocess.name);
        format!("{source}: the network does not take images of {height} x {width}, as {name} prepares them (--preprocess)")
    })
}

/// Everything that the weights depend on.
fn settings(args: &Args, prepared: &Prepared) -> Map<String, Value> {
    let (recipe, augmentation) = (args.recipe(), args.augmentation());
    let settings = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "model": prepared.architecture,
        "first_weights": Digest::of_tensors(&prepared.network).finish(),
        "images": prepared.training.images.len(),
        "images_and_labels": data::digest(&prepared.training),
        "classes": prepared.classes,
        "permuted_labels": args.permute_labels,
        "preprocess": prepared.preprocess.canonical(),
        "epochs": recipe.epochs,
        "batch_size": recipe.batch,
        "rate": recipe.rate,
        "schedule": format!("{:?}", recipe.schedule),
        "optimizer": format!("{:?}", recipe.optimiser),
        "decay_of": format!("{:?}", recipe.decayed),
        "smoothing": recipe.smoothing,
        "augmentation": format!("{augmentation:?}"),
        "seed": recipe.seed,
    });
    if let Value::Object(settings) = settings { settings } else { Map::new() }
}

/// All steps that are left, with a checkpoint behind each epoch and now and then between.
fn steps(args: &Args, prepared: &Prepared, trainer: &mut Trainer, checkpoint: &mut Checkpoint) -> Result<()> {
    let progress = Progress::new("train", trainer.images_left() as u64, "images").quiet(args.quiet);
    let (augmentation, seed, data) = (args.augmentation(), args.seed, &prepared.training);
    let (mut clock, mut since) = (Instant::now(), trainer.images_left());
    while !trainer.is_done() {
        let (left, rate) = (trainer.images_left(), trainer.rate());
        let epoch = trainer
            .step(|epoch, rows| data.augmented(&augmentation, seed, epoch, rows))
            .map_err(|error| checkpoint.left(error))?;
        progress.add((left - trainer.images_left()) as u64);
        if let Some(Epoch { number, loss }) = epoch
            && !args.quiet
        {
            let speed = (since - trainer.images_left()) as f64 / clock.elapsed().as_secs_f64();
            (clock, since) = (Instant::now(), trainer.images_left());
            let epochs = args.epochs;
            pipe::note(format_args!(
                "epoch {number}/{epochs}: loss {loss:.4}, rate {rate:.2e}, {speed:.0} images/s"
            ));
        }
        if epoch.is_some() || checkpoint.is_due() {
            checkpoint.write(trainer).map_err(|error| checkpoint.left(error))?;
        }
    }
    Ok(())
}

/// Measures, and writes weights and record.
fn finish(
    args: &Args,
    prepared: Prepared,
    trainer: &Trainer,
    record: &mut Record,
    settings: Map<String, Value>,
) -> Result<()> {
    let cannot_write = || format!("cannot write {}", args.out.display());
    let network = trainer.network();
    let weights = learning::to_safetensors(network)?;
    let measured = network.fold_batch_norm(&[]).pack_for(Engine::Best);
    let accuracy = |data: &DataSet| {
        let rows: Vec<usize> = (0..data.images.len()).collect();
        let batches = rows.chunks(MEASURED).map(|rows| data.batch(rows));
        learning::accuracy(&measured, batches, &device::cpu().device)
    };
    let training = accuracy(&prepared.training);
    let permuted = if args.permute_labels { " by their permuted labels" } else { "" };
    pipe::note(format_args!(
        "{:.2} % of {} training images are right{permuted}",
        100.0 * training,
        prepared.training.images.len()
    ));
    let heldout = prepared.heldout.as_ref().map(&accuracy);
    if let (Some(accuracy), Some(data)) = (heldout, &prepared.heldout) {
        pipe::note(format_args!(
            "{:.2} % of {} held-out images are right",
            100.0 * accuracy,
            data.images.len()
        ));
    }
    atomic::write(&args.out, &weights).with_context(cannot_write)?;
    for (name, value) in settings {
        record.set(&name, value);
    }
    record.set("model_key", key(&prepared, network)).set("weights_sha256", pipe::sha256(&weights));
    record.set("losses", trainer.losses().to_vec()).set("training_accuracy", training);
    record
        .set("heldout_images", prepared.heldout.map(|data| data.images.len()))
        .set("heldout_accuracy", heldout);
    let mut path = args.out.as_os_str().to_owned();
    path.push(".json");
    record.write(Path::new(&path))
}

/// `NAME@HASH`, as the column `model` will have it.
fn key(prepared: &Prepared, network: &Network) -> String {
    let classifier = Classifier {
        name: prepared.architecture.clone(),
        network: network.clone(),
        preprocess: prepared.preprocess.clone(),
        labels: Vec::new(),
        layer: Graph::INPUT,
        digest: Digest::of_tensors(network).finish(),
        device: device::cpu().device,
    };
    classifier.key()
}
