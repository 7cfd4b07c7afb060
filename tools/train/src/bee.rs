//! `train bee`: what a bandit learns about the kinds of baselines.

use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use attribution::{Context, Request};
use explainers::{BanditMethod, BanditTraining};
use models::Views;
use pipe::{Progress, Record, Usage, atomic};
use rand::seq::SliceRandom;
use serde_json::{Map, Value, json};
use setup::Baselines;

use crate::checkpoint;
use crate::explained::{Explained, ExplainedArgs};
use crate::run;

/// Teach a bandit which kinds of baselines give an image maps with good scores, and write it for
/// explain -m SPEC --file bandit=FILE; a record beside it (FILE.json), and while it runs a checkpoint (FILE.checkpoint).
///
/// In each pass every image is drawn one baseline, and its score is learned from. The bandit belongs to the network and to all that its
/// method's spec says but the number of samples, and is refused elsewhere; pbee and fbee share one. Equal settings, seeds and images
/// give equal bytes, whatever the threads, the batches and however often the training was left and gone on with.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The method, as explain will be given it: pbee, fbee, ncbee, ig-fbee, big-fbee or gig-fbee
    #[arg(short, long, value_name = "SPEC", default_value = "pbee", help_heading = "What")]
    method: String,
    /// Image, or folder of images, that the arm `training` draws from (repeatable), as for explain
    #[arg(long, value_name = "PATH", help_heading = "What")]
    baselines: Vec<String>,
    /// Passes over the images
    #[arg(long, value_name = "N", default_value = "1", help_heading = "Recipe")]
    epochs: NonZeroUsize,
    #[command(flatten)]
    explained: ExplainedArgs,
}

/// Trains and writes the bandit.
pub fn run(args: &Args) -> Result<()> {
    let own = &args.explained;
    let recipe = BanditMethod::parse(&args.method).map_err(|error| Usage(error.to_string()))?;
    check_baselines(args, &recipe)?;
    run::check_out(&own.out, own.run.resume)?;
    let mut record = Record::new("train", env!("CARGO_PKG_VERSION"));
    let explained = own.open()?;
    let unfolded = recipe.needs().unfolded;
    let views = Views::new(&explained.raw, std::slice::from_ref(&unfolded), own.model.engine);
    let view = views.index(&unfolded).context("the method has a view")?;
    let context = Context::new(&views.all()[view])?.of_plain(views.plain());
    let baselines = Baselines::open(&args.baselines, views.plain())?;
    let [_, h, w] = explained.data.size;
    if let Some(reason) = baselines.as_ref().and_then(|baselines| baselines.misfit([h, w])) {
        return Err(Usage(format!(
            "{}: an image cannot have these baselines: {reason}",
            own.images.display()
        ))
        .into());
    }
    let settings = settings(args, &recipe, &explained, baselines.as_ref())?;
    let facts = Value::Object(settings.clone()).to_string();
    let mut training =
        BanditTraining::new(&recipe, &context, &facts).map_err(|error| Usage(error.to_string()))?;
    let checkpoint = checkpoint::path(&own.out);
    if own.run.resume && checkpoint.exists() {
        let place = || checkpoint.display().to_string();
        training.restore(&fs::read(&checkpoint).with_context(place)?).with_context(place)?;
    }
    steps(args, &explained, &mut training, baselines.as_ref(), &checkpoint)?;
    finish(args, &training, settings, &mut record)?;
    if checkpoint.exists() {
        fs::remove_file(&checkpoint).with_context(|| format!("cannot remove {}", checkpoint.display()))?;
    }
    Ok(())
}

/// Images to draw from are there where the method draws from some, and only there.
fn check_baselines(args: &Args, recipe: &BanditMethod) -> Result<(), Usage> {
    match (recipe.needs().baselines, args.baselines.is_empty()) {
        (true, true) => Err(Usage(format!("{} draws from images: --baselines", recipe.spec()))),
        (false, false) => Err(Usage("--baselines, but the method has no arm `training`".into())),
        _ => Ok(()),
    }
}

/// Everything that the training depends on beside the network and what the method's spec says.
fn settings(
    args: &Args,
    recipe: &BanditMethod,
    explained: &Explained,
    baselines: Option<&Baselines>,
) -> Result<Map<String, Value>> {
    let facts = json!({
        "epochs": args.epochs,
        "baselines": baselines.map(|baselines| baselines.sha256.clone()),
    });
    let mut settings = args.explained.settings(recipe.spec(), facts, explained)?;
    // Images are learned from one by one.
    settings.remove("batch_size");
    Ok(settings)
}

/// All images that are left, each pass in an order of its own.
fn steps(
    args: &Args,
    Explained { classifier, data, device, .. }: &Explained,
    training: &mut BanditTraining<'_>,
    baselines: Option<&Baselines>,
    checkpoint: &Path,
) -> Result<()> {
    let (own, n) = (&args.explained, data.images.len());
    let total = n * args.epochs.get();
    ensure!(
        training.done() <= total,
        "{}: it has seen {} of {total} images",
        checkpoint.display(),
        training.done()
    );
    let progress = Progress::new("train", (total - training.done()) as u64, "images").quiet(own.run.quiet);
    let [_, h, w] = data.size;
    let batch_size = own.model.batch_size.inputs(device, h, w);
    let (pause, mut written) = (Duration::from_secs(60 * own.run.checkpoint_minutes), Instant::now());
    let mut order: (usize, Vec<usize>) = (usize::MAX, Vec::new());
    while training.done() < total {
        let (epoch, at) = (training.done() / n, training.done() % n);
        if order.0 != epoch {
            let mut rows: Vec<usize> = (0..n).collect();
            rows.shuffle(&mut stats::random::generator(own.seed, &["train bee", "order"], epoch as u64));
            order = (epoch, rows);
        }
        let row = order.1[at];
        training.step(&Request {
            images: data.batch(&[row]).images(&classifier.device),
            targets: &data.labels[row..=row],
            keys: &[pipe::sha256(&data.images[row])],
            seed: own.seed,
            batch_size,
            baselines: baselines.map(|baselines| &baselines.images),
        })?;
        progress.add(1);
        if training.done() == total || written.elapsed() >= pause {
            let cannot = || format!("cannot write {}", checkpoint.display());
            atomic::write(checkpoint, &training.store()?).with_context(cannot)?;
            written = Instant::now();
        }
    }
    Ok(())
}

/// Writes the bandit and the record beside it.
fn finish(
    args: &Args,
    training: &BanditTraining<'_>,
    settings: Map<String, Value>,
    record: &mut Record,
) -> Result<()> {
    let out = &args.explained.out;
    let bytes = training.finished()?;
    for (arm, [drawn, successes]) in training.drawn() {
        pipe::note(format_args!("{arm}: {successes} successes in {drawn} draws"));
    }
    atomic::write(out, &bytes).with_context(|| format!("cannot write {}", out.display()))?;
    for (name, value) in settings {
        record.set(&name, value);
    }
    let drawn: Map<String, Value> =
        training.drawn().map(|(arm, counts)| (arm.to_owned(), json!(counts))).collect();
    record.set("model", training.model()).set("drawn", drawn).set("sha256", pipe::sha256(&bytes));
    let mut path = out.as_os_str().to_owned();
    path.push(".json");
    record.write(Path::new(&path))
}
