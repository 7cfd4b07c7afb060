//! `train tame`: attention on three feature maps of the explained network.

use std::num::NonZeroUsize;

use anyhow::{Result, bail};
use explainers::tame::{self, Loss, Masks};
use explainers::{ExplainerNetwork, TameFacts, TameFile};
use learning::{Augmentation, Decayed, Learner, Optimiser, Recipe, Rule, Schedule, Targets, Trainer};
use pipe::{Record, Usage};
use serde_json::json;

use crate::explained::{Explained, ExplainedArgs};
use crate::numbers::{not_negative, positive, share};
use crate::run;

/// Train the attention of TAME and write it for explain -m tame:explainer=NAME --file NAME=FILE; a record beside it (FILE.json), and
/// while it runs a checkpoint (FILE.checkpoint).
///
/// It reads three feature maps of the explained network, belongs to it, and is refused by any other one.
///
/// --batch-size is the number of images in a step: 32 unless it is given.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Three layers with feature maps [default: the last one of each of the last three sizes; of vgg16 those of the paper]
    #[arg(long, value_name = "A,B,C", value_delimiter = ',', help_heading = "What")]
    layers: Vec<String>,
    /// Whose masks shall be small and smooth: own, of each image that of its class, or batch, those of the classes of all images of a
    /// step as the published code has it
    #[arg(long, value_name = "WHOSE", default_value = "own", help_heading = "Recipe")]
    mask: Whose,
    /// Passes over the images; in the paper 8 for VGG16, 4 for ResNet-50
    #[arg(long, value_name = "N", default_value = "8", help_heading = "Recipe")]
    epochs: NonZeroUsize,
    /// Highest learning rate, that of biases is twice as high; in the paper 0.001 for VGG16, 0.0001 for ResNet-50
    #[arg(long, value_name = "RATE", default_value_t = 0.001, help_heading = "Recipe", value_parser = positive)]
    rate: f64,
    /// Weight decay; biases do not decay
    #[arg(long, value_name = "NUMBER", default_value_t = 5e-4, help_heading = "Recipe", value_parser = not_negative)]
    decay: f64,
    /// Share of the steps in which the rate rises, in half a cosine as it falls
    #[arg(long, value_name = "SHARE", default_value_t = 0.3, help_heading = "Recipe", value_parser = share)]
    warm_up: f64,
    /// Shift images by up to N pixels, black behind them
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Recipe")]
    crop: usize,
    /// Mirror every second image
    #[arg(long, help_heading = "Recipe")]
    flip: bool,
    #[command(flatten)]
    explained: ExplainedArgs,
}

/// `--mask`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Whose {
    Own,
    Batch,
}

/// Trains and writes the attention.
pub fn run(args: &Args) -> Result<()> {
    let own = &args.explained;
    run::check_out(&own.out, own.run.resume)?;
    let mut record = Record::new("train", env!("CARGO_PKG_VERSION"));
    let explained = own.open()?;
    let (classifier, data) = (&explained.classifier, &explained.data);
    let unfit = |reason| Usage(format!("{} cannot have attention: {reason}", classifier.name));
    let facts = facts(args, &explained)?;
    let ExplainerNetwork { network, learns } = facts.explainer(classifier, own.seed).map_err(unfit)?;
    let recipe = recipe(args);
    let mut settings = own.settings(TameFacts::METHOD, &facts, &explained)?;
    let augmentation = Augmentation { padding: args.crop, flip: args.flip, ..Augmentation::default() };
    for (name, value) in [
        ("epochs", json!(recipe.epochs)),
        ("rate", json!(recipe.rate)),
        ("schedule", json!(format!("{:?}", recipe.schedule))),
        ("optimizer", json!(format!("{:?}", recipe.rule))),
        ("augmentation", json!(format!("{augmentation:?}"))),
    ] {
        settings.insert(name.into(), value);
    }
    let learner = Learner::new(network, recipe.rule).only(|id| learns[id]);
    let mut trainer = Trainer::of(learner, data.images.len(), recipe);
    let checkpoint = own.run.steps(&own.out, &settings, &mut trainer, |trainer| {
        trainer.step_by(|network, hooks, epoch, rows| {
            let batch = data.augmented(&augmentation, own.seed, epoch, rows);
            let Targets::Classes(targets) = &batch.targets else { unreachable!("nothing is mixed") };
            let images = batch.images(&classifier.device).autodiff();
            let maps = tame::class_maps(network, images.clone(), hooks);
            facts.loss.of(classifier, images, maps, targets)
        })
    })?;
    let network = trainer.network().clone().pack();
    let masks = |images, targets: &[usize]| tame::masks(&network, images, targets);
    let bytes = TameFile::bytes(trainer.network(), &serde_json::to_string(&settings)?)?;
    own.finish(&explained, &trainer, &bytes, settings, &mut record, masks)?;
    checkpoint.remove()
}

fn facts(args: &Args, explained: &Explained) -> Result<TameFacts> {
    let Explained { classifier, data, .. } = explained;
    let [_, h, w] = data.size;
    let layers = match <[String; 3]>::try_from(args.layers.clone()) {
        Ok(layers) => layers,
        Err(none) if none.is_empty() => tame::layers(classifier.network.graph(), [h, w])
            .map_err(|reason| Usage(format!("{} cannot have attention: {reason}", classifier.name)))?,
        Err(others) => bail!(Usage(format!("--layers names {}, and three are needed", others.len()))),
    };
    let masks = if args.mask == Whose::Own { Masks::Own } else { Masks::Batch };
    let loss = Loss { masks, ..Loss::PUBLISHED };
    Ok(TameFacts { explained: classifier.key(), layers, input: data.size, loss })
}

fn recipe(args: &Args) -> Recipe {
    let optimiser = Optimiser::Sgd { momentum: 0.9, decay: args.decay as f32 };
    Recipe {
        epochs: args.epochs.get(),
        batch: args.explained.batch(),
        rate: args.rate,
        schedule: Schedule::OneCycle { warm_up: args.warm_up },
        course: None,
        rule: Rule { optimiser, decayed: Decayed::NoBiases, bias_rate: 2.0 },
        smoothing: 0.0,
        seed: args.explained.seed,
    }
}
