//! The flags of `train classifier`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use learning::{Augmentation, Decayed, Mix, Optimiser, Recipe, Rule, Schedule};
use models::Preprocess;

use crate::numbers::{not_negative, positive, share};
use crate::run::RunArgs;

/// Train a network on images and write its weights, a record beside them (FILE.json), and while it runs a checkpoint
/// (FILE.checkpoint).
///
/// Equal settings, seeds and images give equal weights on one kind of CPU, whatever the threads and however often the training was
/// left and gone on with.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Architecture by our name, torchvision's or timm's (explain --list-models), or testbed, testbed-vit
    #[arg(long, value_name = "NAME", help_heading = "What")]
    pub model: String,
    /// Training images: a folder with a folder for each class, a table with image and label (.csv), the folder that make
    /// cifar10 fills, or testbed
    #[arg(long, value_name = "SOURCE", help_heading = "What")]
    pub images: PathBuf,
    /// Images that the accuracy is measured on at the end; of CIFAR-10 and of the testbed the test images are taken
    #[arg(long, value_name = "SOURCE", help_heading = "What")]
    pub heldout: Option<PathBuf>,
    /// Weights to write (.safetensors)
    #[arg(short, long, value_name = "FILE", help_heading = "What")]
    pub out: PathBuf,
    /// Weights to begin with; those of another shape, as another head, begin anew and are named
    #[arg(long, value_name = "FILE", help_heading = "What")]
    pub weights: Option<PathBuf>,
    /// How images are prepared: a preset or a .json file, as for explain [default: the model's own way]
    #[arg(long, value_name = "PRESET|FILE", help_heading = "What", value_parser = setup::preprocess_name)]
    pub preprocess: Option<String>,
    /// Train on this many of the images, drawn by the seed; the testbed draws as many as it is asked for
    #[arg(long, value_name = "N", help_heading = "What")]
    pub count: Option<NonZeroUsize>,
    /// Deal the labels of the training images out anew, by the seed: each class keeps its number of images
    #[arg(long, help_heading = "What")]
    pub permute_labels: bool,
    /// Passes over the images
    #[arg(long, value_name = "N", default_value = "30", help_heading = "Recipe")]
    pub epochs: NonZeroUsize,
    /// Images in a step
    #[arg(long, value_name = "N", default_value = "128", help_heading = "Recipe")]
    pub batch_size: NonZeroUsize,
    /// sgd (Nesterov's momentum) or adamw
    #[arg(long, value_name = "NAME", default_value = "sgd", help_heading = "Recipe")]
    pub optimizer: Kind,
    /// Highest learning rate [default: 0.1, of adamw 0.001]
    #[arg(long, value_name = "RATE", help_heading = "Recipe", value_parser = positive)]
    pub rate: Option<f64>,
    /// Momentum of sgd
    #[arg(long, value_name = "SHARE", default_value = "0.9", help_heading = "Recipe", value_parser = share)]
    pub momentum: f64,
    /// Weight decay [default: 0.0005, of adamw 0.05]
    #[arg(long, value_name = "NUMBER", help_heading = "Recipe", value_parser = not_negative)]
    pub decay: Option<f64>,
    /// matrices (and kernels: no bias, scale, shift, token or position embedding) or all
    #[arg(long, value_name = "WEIGHTS", default_value = "matrices", help_heading = "Recipe")]
    pub decay_of: Which,
    /// one-cycle, cosine or linear (behind a linear warm-up), or constant
    #[arg(long, value_name = "NAME", default_value = "one-cycle", help_heading = "Recipe")]
    pub schedule: Course,
    /// Share of the steps in which the rate rises
    #[arg(long, value_name = "SHARE", default_value = "0.2", help_heading = "Recipe", value_parser = share)]
    pub warm_up: f64,
    /// Label smoothing
    #[arg(long, value_name = "SHARE", default_value = "0", help_heading = "Recipe", value_parser = share)]
    pub smoothing: f64,
    /// Seed of first weights, order, augmentation, permutation and choice of images
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Recipe")]
    pub seed: u64,
    #[command(flatten)]
    augmentation: Augment,
    /// CPU threads [default: all]
    #[arg(long, value_name = "N", help_heading = "Run")]
    pub threads: Option<NonZeroUsize>,
    #[command(flatten)]
    pub run: RunArgs,
}

/// What is done to training images.
#[derive(clap::Args, Clone, Copy, Debug)]
#[command(next_help_heading = "Augmentation")]
struct Augment {
    /// Shift images by up to N pixels, black behind them
    #[arg(long, value_name = "N", default_value_t = 0)]
    crop: usize,
    /// Mirror every second image
    #[arg(long)]
    flip: bool,
    /// The most by which brightness, contrast and saturation change, as 0.2,0.2,0.2
    #[arg(long, value_name = "B,C,S", value_parser = colour)]
    colour: Option<[f32; 3]>,
    /// Mix each image with another one, by shares of Beta(A, A)
    #[arg(long, value_name = "A", value_parser = positive)]
    mixup: Option<f64>,
    /// Put a rectangle of another image into each, by shares of Beta(A, A)
    #[arg(long, value_name = "A", conflicts_with = "mixup", value_parser = positive)]
    cutmix: Option<f64>,
}

/// `--optimizer`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    Sgd,
    Adamw,
}

/// `--schedule`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Course {
    OneCycle,
    Cosine,
    Linear,
    Constant,
}

/// `--decay-of`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Which {
    Matrices,
    All,
}

impl Args {
    /// What the flags say about the steps.
    pub fn recipe(&self) -> Recipe {
        let or = |given: Option<f64>, sgd, adamw| {
            given.unwrap_or(if self.optimizer == Kind::Sgd { sgd } else { adamw })
        };
        let (rate, decay) = (or(self.rate, 0.1, 0.001), or(self.decay, 5e-4, 0.05) as f32);
        let warm_up = self.warm_up;
        Recipe {
            epochs: self.epochs.get(),
            batch: self.batch_size.get(),
            rate,
            schedule: match self.schedule {
                Course::OneCycle => Schedule::OneCycle { warm_up },
                Course::Cosine => Schedule::WarmUpCosine { warm_up },
                Course::Linear => Schedule::WarmUpLinear { warm_up },
                Course::Constant => Schedule::Constant,
            },
            course: None,
            rule: Rule {
                optimiser: match self.optimizer {
                    Kind::Sgd => Optimiser::Sgd { momentum: self.momentum, decay },
                    // PyTorch's number.
                    Kind::Adamw => Optimiser::AdamW { decay, epsilon: 1e-8 },
                },
                decayed: match self.decay_of {
                    Which::Matrices => Decayed::Matrices,
                    Which::All => Decayed::All,
                },
                bias_rate: 1.0,
            },
            smoothing: self.smoothing as f32,
            seed: self.seed,
        }
    }

    /// What the flags say about the images.
    pub fn augmentation(&self) -> Augmentation {
        let Augment { crop: padding, flip, colour, mixup, cutmix } = self.augmentation;
        let mix = mixup.map(Mix::MixUp).or(cutmix.map(Mix::CutMix));
        Augmentation { padding, flip, colour: colour.unwrap_or_default(), mix }
    }

    /// How images are prepared, where the flags say.
    pub fn preprocess(&self) -> anyhow::Result<Option<Preprocess>> {
        Ok(self.preprocess.as_deref().map(Preprocess::open).transpose()?)
    }
}

fn colour(text: &str) -> Result<[f32; 3], String> {
    let parts: Vec<f32> =
        text.split(',').map(not_negative).map(|part| part.map(|x| x as f32)).collect::<Result<_, _>>()?;
    parts.try_into().map_err(|_| "three numbers are needed, as 0.2,0.2,0.2".into())
}
