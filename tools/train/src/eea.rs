//! `train eea`: a network that masks an image for another one.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use explainers::eea::{self, Loss, MaskLoss};
use explainers::{EeaFacts, EeaFile, Renormalise};
use learning::{Learner, Recipe, Targets, Trainer};
use models::zoo::Options;
use models::{Checkpoint, Classifier};
use pipe::{Record, Usage};
use serde_json::{Value, json};
use testbed::Embedded;

use crate::explained::{Explained, ExplainedArgs};
use crate::heldout::HeldoutArgs;
use crate::numbers::{not_negative, positive, share};
use crate::run;

/// Images that the published schedule is made for, though it sees fewer.
const PUBLISHED: usize = 50_000;

/// Train an explainer of EEA and write it, with the state of its optimiser, for explain -m eea:explainer=NAME --file NAME=FILE; a
/// record beside it (FILE.json), and while it runs a checkpoint (FILE.checkpoint).
///
/// The explainer is the encoder of a classifier, by default of the explained one, with a small head. It belongs to the explained
/// network and is refused by any other one.
///
/// --batch-size is the number of images in a step: 32 unless it is given.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Architecture of the explainer, which starts from its classifier's weights [default: that of the explained network]
    #[arg(long, value_name = "NAME", help_heading = "What")]
    explainer: Option<String>,
    /// Weights of that classifier; the embedded ones need none
    #[arg(long, value_name = "FILE", requires = "explainer", help_heading = "What")]
    explainer_weights: Option<PathBuf>,
    /// How large a mask is: double-sigmoid as the published code has it, bce or l1
    #[arg(long, value_name = "NAME", default_value = "double-sigmoid", help_heading = "Recipe")]
    loss: MaskLoss,
    /// What its size is multiplied by; in the paper 50, for ViT-S 30
    #[arg(long, value_name = "NUMBER", default_value_t = 50.0, help_heading = "Recipe", value_parser = not_negative)]
    lambda: f64,
    /// Passes over the images
    #[arg(long, value_name = "N", default_value = "30", help_heading = "Recipe")]
    epochs: std::num::NonZeroUsize,
    /// Highest learning rate, of AdamW
    #[arg(long, value_name = "RATE", default_value_t = 0.002, help_heading = "Recipe", value_parser = positive)]
    rate: f64,
    /// Weight decay
    #[arg(long, value_name = "NUMBER", default_value_t = 0.01, help_heading = "Recipe", value_parser = not_negative)]
    decay: f64,
    /// Share of the schedule in which the rate rises; then it falls to zero, both in a line
    #[arg(long, value_name = "SHARE", default_value_t = 0.2, help_heading = "Recipe", value_parser = share)]
    warm_up: f64,
    /// Images that the schedule is made for: with fewer the training ends before it, and fine-tuning goes on with it [default:
    /// 50000 as published, or all that there are if there are more]
    #[arg(long, value_name = "N", help_heading = "Recipe")]
    schedule_images: Option<std::num::NonZeroUsize>,
    #[command(flatten)]
    heldout: HeldoutArgs,
    #[command(flatten)]
    explained: ExplainedArgs,
}

/// Trains and writes the explainer.
pub fn run(args: &Args) -> Result<()> {
    let own = &args.explained;
    run::check_out(&own.out, own.run.resume)?;
    let mut record = Record::new("train", env!("CARGO_PKG_VERSION"));
    let explained = own.open()?;
    let encoder = encoder(args, &explained)?;
    let facts = facts(args, &explained, &encoder);
    let explainer = eea::explainer(&encoder.network, own.seed)
        .map_err(|reason| Usage(format!("{} cannot be an explainer: {reason}", encoder.name)))?;
    let [_, h, w] = explained.data.size;
    encoder.check_size([h, w]).with_context(|| format!("{} as the explainer", encoder.name))?;
    let (classifier, data) = (&explained.classifier, &explained.data);
    let renormalise = Renormalise::new(&classifier.preprocess, &encoder.preprocess, &classifier.device)
        .map_err(|reason| Usage(format!("{}: {reason}", classifier.name)))?;
    let mut settings = own.settings(EeaFacts::METHOD, &facts, &explained)?;
    let mut heldout = args.heldout.open(own, &explained, &mut settings)?;
    let mut trainer = Trainer::of(facts.learner(explainer), data.images.len(), recipe(args, &facts));
    let masks = |learner: &Learner| {
        let (network, renormalise) = (learner.network().fold_batch_norm(&[]).pack(), &renormalise);
        move |images| eea::masks(eea::logits(&network, renormalise.apply(images)), [h, w])
    };
    let checkpoint = own.run.steps(&own.out, &settings, &mut trainer, |trainer| {
        let epoch = trainer.step_by(|network, _, _, rows| {
            let batch = data.batch(rows);
            let Targets::Classes(targets) = &batch.targets else { unreachable!("labels are classes") };
            let images = batch.images(&classifier.device).autodiff();
            let logits = eea::logits(network, renormalise.apply(images.clone()));
            facts.loss.of(classifier, images, logits, targets)
        })?;
        if let (Some(heldout), Some(epoch)) = (&mut heldout, &epoch) {
            let steps = trainer.done();
            heldout.watch(epoch.number, masks(trainer.learner()), |kept| {
                // The schedule goes on behind this epoch.
                let own = [("steps", json!(steps)), ("kept", json!(kept))];
                let settings =
                    settings.clone().into_iter().chain(own.map(|(name, value)| (name.into(), value)));
                EeaFile::bytes(trainer.learner(), &Value::Object(settings.collect()).to_string())
            })?;
        }
        Ok(epoch)
    })?;
    let mut learner = trainer.learner().clone();
    let bytes = match &heldout {
        None => EeaFile::bytes(&learner, &Value::Object(settings.clone()).to_string())?,
        Some(heldout) => {
            let (bytes, own) = heldout.chosen()?;
            (settings, learner) = (own, EeaFile::open(&heldout.path, &classifier.device)?.learner);
            bytes
        }
    };
    let masks = masks(&learner);
    own.finish(&explained, &trainer, &bytes, settings, &mut record, |images, _| masks(images))?;
    heldout.map_or(Ok(()), |heldout| heldout.remove())?;
    checkpoint.remove()
}

/// The classifier whose encoder is the explainer's, with BatchNorm apart.
fn encoder(args: &Args, explained: &Explained) -> Result<Classifier> {
    let own = explained.classifier.name.split('+').next().unwrap_or_default();
    let name = args.explainer.as_deref().unwrap_or(own);
    let architecture = testbed::architecture(name).with_context(|| {
        if args.explainer.is_none() {
            format!("{own} as its own explainer (--explainer NAME)")
        } else {
            "--explainer".into()
        }
    })?;
    let device = &explained.classifier.device;
    match &args.explainer_weights {
        Some(path) => Ok(architecture.open(&Checkpoint::open(path)?, device, Options::default())?),
        None if architecture.name == own => {
            Ok(Classifier { name: architecture.name, ..explained.raw.clone() })
        }
        None => match Embedded::find(&architecture.name) {
            Some(embedded) => Ok(embedded.open(device, Options::default())?),
            None => bail!(Usage(format!("--explainer {name} needs --explainer-weights"))),
        },
    }
}

fn facts(args: &Args, explained: &Explained, encoder: &Classifier) -> EeaFacts {
    let (images, batch) = (explained.data.images.len(), args.explained.batch());
    let course = args.schedule_images.map_or(PUBLISHED.max(images), std::num::NonZeroUsize::get);
    let epochs = args.epochs.get();
    EeaFacts {
        explained: explained.classifier.key(),
        explainer: encoder.name.clone(),
        input: explained.data.size,
        preprocess: encoder.preprocess.clone(),
        loss: Loss { mask: args.loss, lambda: args.lambda },
        decay: args.decay as f32,
        rate: args.rate,
        warm_up: args.warm_up,
        // As published, without the part of a step that is left over, and at least one.
        course: (epochs * (course / batch)).max(1),
        steps: epochs * images.div_ceil(batch),
    }
}

fn recipe(args: &Args, facts: &EeaFacts) -> Recipe {
    Recipe {
        epochs: args.epochs.get(),
        batch: args.explained.batch(),
        rate: facts.rate,
        schedule: facts.schedule(),
        course: Some(facts.course),
        rule: facts.rule(),
        smoothing: 0.0,
        seed: args.explained.seed,
    }
}
