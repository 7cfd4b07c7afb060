//! `train classifier`: any architecture on images of one's own.

mod args;
mod first;

use std::path::Path;

use anyhow::{Context, Result, bail};
use learning::{DataSet, Trainer};
use models::identity::Digest;
use models::{Classifier, Engine, Graph, Network, Op, Preprocess, device};
use pipe::atomic;
use pipe::{Record, Usage};
use serde_json::{Map, Value, json};

use crate::source::{Listing, Part};
use crate::{data, run};
pub use args::Args;

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
    run::check_out(&args.out, args.run.resume)?;
    let mut record = Record::new("train", env!("CARGO_PKG_VERSION"));
    let prepared = prepare(args)?;
    let settings = settings(args, &prepared);
    let mut trainer = Trainer::new(prepared.network.clone(), prepared.training.images.len(), args.recipe());
    let (augmentation, seed, data) = (args.augmentation(), args.seed, &prepared.training);
    let load = |epoch: usize, rows: &[usize]| data.augmented(&augmentation, seed, epoch, rows);
    let checkpoint = args.run.steps(&args.out, &settings, &mut trainer, |trainer| trainer.step(load))?;
    finish(args, prepared, &trainer, &mut record, settings)?;
    checkpoint.remove()
}

fn prepare(args: &Args) -> Result<Prepared> {
    let architecture = testbed::architecture(&args.model)?;
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
        "optimizer": format!("{:?}", recipe.rule.optimiser),
        "decay_of": format!("{:?}", recipe.rule.decayed),
        "smoothing": recipe.smoothing,
        "augmentation": format!("{augmentation:?}"),
        "seed": recipe.seed,
    });
    if let Value::Object(settings) = settings { settings } else { Map::new() }
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
