//! The flags that choose a classifier and a device.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Result, bail};
use models::{Checkpoint, Classifier, Preprocess, device, zoo};

/// `--model`, `--weights` and their company.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Model")]
pub struct ModelArgs {
    /// Architecture (see --list-models of explain); without it, the embedded testbed classifier
    #[arg(long, value_name = "NAME", requires = "weights")]
    pub model: Option<String>,
    /// Its weights: .safetensors, or a .pth that torch.save wrote
    #[arg(long, value_name = "FILE", requires = "model")]
    pub weights: Option<PathBuf>,
    /// How pictures are prepared: imagenet, squash, inception or none [default: the model's own]
    #[arg(long, value_name = "PRESET")]
    pub preprocess: Option<String>,
    /// Class names, one a line, in the order of the classes
    #[arg(long, value_name = "FILE")]
    pub labels: Option<PathBuf>,
    /// auto, cpu, cuda or cuda:N; auto takes CUDA if it is there
    #[arg(long, default_value = "auto")]
    pub device: String,
    /// CPU threads [default: all, or SLURM_CPUS_PER_TASK]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Inputs at once, samples and steps included: a number or auto
    #[arg(long, value_name = "N", default_value = "auto")]
    pub batch_size: BatchSize,
}

/// `auto` or a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchSize {
    /// By the size of an input and the device.
    Auto,
    /// This many.
    Fixed(usize),
}

impl FromStr for BatchSize {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            _ if text == "auto" => Ok(Self::Auto),
            Ok(size) if size > 0 => Ok(Self::Fixed(size)),
            _ => Err("auto or a positive whole number is needed"),
        }
    }
}

/// A classifier that is ready to run.
pub struct Loaded {
    /// The classifier.
    pub classifier: Classifier,
    /// What the device is called.
    pub device: String,
    batch_size: BatchSize,
}

impl ModelArgs {
    /// Loads the classifier onto the device. `keep` names layers to be read before their BatchNorm.
    ///
    /// # Errors
    /// If the device is not there, the model unknown, or a file unusable.
    pub fn open(&self, keep: &[String]) -> Result<Loaded> {
        device::set_threads(self.thread_count());
        let chosen = device::choose(&self.device)?;
        let options = zoo::Options {
            preprocess: self.preprocess.as_deref().map(preset).transpose()?,
            labels: self.labels.as_deref().map(labels).transpose()?.unwrap_or_default(),
            keep: keep.to_vec(),
        };
        let classifier = match (&self.model, &self.weights) {
            (Some(model), Some(weights)) => {
                // An unknown model is told before a large file is read.
                zoo::architecture(model)?;
                zoo::load(model, &Checkpoint::open(weights)?, &chosen.device, options)?
            }
            _ => testbed::classifier(&chosen.device, options)?,
        };
        let classes = classifier.network.classes();
        if !classifier.labels.is_empty() && classifier.labels.len() != classes {
            bail!("the model has {classes} classes, but --labels names {}", classifier.labels.len());
        }
        Ok(Loaded { classifier, device: chosen.name, batch_size: self.batch_size })
    }

    /// The threads to use: what was asked for, what Slurm gives, or all.
    pub fn thread_count(&self) -> usize {
        let slurm = || std::env::var("SLURM_CPUS_PER_TASK").ok()?.parse().ok();
        let all = || std::thread::available_parallelism().map_or(1, usize::from);
        self.threads.or_else(slurm).unwrap_or_else(all).max(1)
    }
}

impl Loaded {
    /// Inputs of height `h` and width `w` to run at once: on the CPU as many pixels as eight ImageNet
    /// pictures, which keeps the features in the cache; on a GPU sixteen times that.
    pub fn batch_size(&self, h: usize, w: usize) -> usize {
        match self.batch_size {
            BatchSize::Fixed(size) => size,
            BatchSize::Auto => {
                let pictures = if self.device == "cpu" { 8 } else { 128 };
                (pictures * 224 * 224 / (h * w).max(1)).clamp(1, 128)
            }
        }
    }
}

fn preset(name: &str) -> Result<Preprocess> {
    let known = Preprocess::PRESETS.join(", ");
    Preprocess::preset(name).with_context(|| format!("unknown --preprocess `{name}`: known are {known}"))
}

fn labels(path: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Ok(text.lines().map(str::to_string).collect())
}

/// `--list-models`: name, usual input and preprocessing of each.
pub fn models() -> String {
    let line = |architecture: zoo::Architecture| {
        let [c, h, w] = architecture.input;
        format!("{:<16} {c}x{h}x{w}  --preprocess {}\n", architecture.name, architecture.preprocess)
    };
    let built = format!("{:<16} 3x64x64  embedded weights; used when no --model is given\n", "testbed");
    built + &zoo::architectures().into_iter().map(line).collect::<String>()
}

/// `--list-layers`: name, operation and output shape of every node for an input size.
pub fn layers(classifier: &Classifier, size: [usize; 2]) -> String {
    let graph = classifier.network.graph();
    let shapes = graph.shapes([3, size[0], size[1]]);
    let lines = graph.nodes.iter().zip(shapes).enumerate().map(|(id, (node, shape))| {
        let shape: Vec<String> = shape.iter().map(ToString::to_string).collect();
        let auto = if id == classifier.layer { "  (auto)" } else { "" };
        format!("{:<28} {:<14} {}{auto}\n", node.name, node.op.kind(), shape.join("x"))
    });
    lines.collect()
}
