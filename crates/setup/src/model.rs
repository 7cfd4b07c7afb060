//! The flags that choose a classifier and a device.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context, Result};
use clap::builder::PossibleValuesParser;
use models::{Checkpoint, Classifier, Preprocess, device, zoo};

/// `--model`, `--weights` and their company.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Model")]
pub struct ModelArgs {
    /// Architecture (see --list-models of explain); without it, the embedded testbed classifier
    #[arg(long, value_name = "NAME", requires = "weights", value_parser = known_model)]
    pub model: Option<String>,
    /// Its weights: .safetensors, or a .pth that torch.save wrote
    #[arg(long, value_name = "FILE", requires = "model")]
    pub weights: Option<PathBuf>,
    /// How pictures are prepared [default: the model's own way]
    #[arg(long, value_name = "PRESET", value_parser = PossibleValuesParser::new(Preprocess::PRESETS))]
    pub preprocess: Option<String>,
    /// auto, cpu, cuda or cuda:N; auto takes CUDA if it is there
    #[arg(long, default_value = "auto")]
    pub device: String,
    /// CPU threads [default: all, or SLURM_CPUS_PER_TASK]
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
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
            keep: keep.to_vec(),
            ..zoo::Options::default()
        };
        let classifier = match (&self.model, &self.weights) {
            (Some(model), Some(weights)) => {
                zoo::load(model, &Checkpoint::open(weights)?, &chosen.device, options)?
            }
            _ => testbed::classifier(&chosen.device, options)?,
        };
        Ok(Loaded { classifier, device: chosen.name, batch_size: self.batch_size })
    }

    /// The threads to use: what was asked for, what Slurm gives, or all.
    pub fn thread_count(&self) -> usize {
        let slurm = || std::env::var("SLURM_CPUS_PER_TASK").ok()?.parse().ok();
        let all = || std::thread::available_parallelism().ok();
        self.threads.or_else(slurm).or_else(all).map_or(1, NonZeroUsize::get)
    }

    /// `--list-layers`: name, operation and output shape of every node for the model's usual input. Convolutions
    /// stand apart from their BatchNorm, as they do where one of them is named as a layer.
    ///
    /// # Errors
    /// As [`ModelArgs::open`].
    pub fn layers(&self) -> Result<String> {
        let architecture =
            self.model.as_deref().map_or_else(|| Ok(testbed::architecture()), zoo::architecture)?;
        let names: Vec<String> = (architecture.build)(1).nodes.into_iter().map(|node| node.name).collect();
        let classifier = self.open(&names)?.classifier;
        let graph = classifier.network.graph();
        let [channels, h, w] = architecture.input;
        let [h, w] = classifier.preprocess.crop.unwrap_or([h, w]);
        let lines =
            graph.nodes.iter().zip(graph.shapes([channels, h, w])?).enumerate().map(|(id, (node, shape))| {
                let shape: Vec<String> = shape.iter().skip(1).map(ToString::to_string).collect();
                let auto = if id == classifier.layer { "  (auto)" } else { "" };
                format!("{:<28} {:<14} {}{auto}\n", node.name, node.op.kind(), shape.join("x"))
            });
        Ok(lines.collect())
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

fn known_model(name: &str) -> Result<String, zoo::ModelError> {
    zoo::architecture(name).map(|architecture| architecture.name)
}

/// `--list-models`: name, usual input and preprocessing of each.
pub fn models() -> String {
    let line = |architecture: zoo::Architecture| {
        let [c, h, w] = architecture.input;
        format!("{:<20} {c}x{h}x{w}  --preprocess {}\n", architecture.name, architecture.preprocess)
    };
    let built = format!("{:<20} 3x64x64  embedded weights; used when no --model is given\n", "testbed");
    built + &zoo::architectures().into_iter().map(line).collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batch_sizes_are_auto_or_positive() {
        assert_eq!("auto".parse(), Ok(BatchSize::Auto));
        assert_eq!("16".parse(), Ok(BatchSize::Fixed(16)));
        for text in ["", "0", "-1", "many", "1.5"] {
            assert!(text.parse::<BatchSize>().is_err(), "{text}");
        }
    }

    #[test]
    fn automatic_batches_shrink_with_the_picture() {
        let device = device::cpu();
        let classifier = testbed::classifier(&device.device, zoo::Options::default()).unwrap();
        let loaded =
            |batch_size| Loaded { classifier: classifier.clone(), device: device.name.clone(), batch_size };
        let auto = loaded(BatchSize::Auto);
        assert_eq!([32, 64, 224, 448, 2000].map(|side| auto.batch_size(side, side)), [128, 98, 8, 2, 1]);
        assert_eq!(loaded(BatchSize::Fixed(5)).batch_size(2000, 2000), 5);
    }
}
