//! The flags that choose a classifier and a device.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use clap::builder::TypedValueParser;
use models::preprocess::PreprocessError;
use models::zoo::Architecture;
use models::{Checkpoint, Classifier, Engine, Link, Preprocess, Randomisation, Scores, Views, device, zoo};
use pipe::{Suggested, Usage};
use testbed::{Embedded, architecture};

use crate::memory;
use crate::process::{self, Process};

/// How images are prepared for `exec:COMMAND`, unless told otherwise.
const EXEC_PREPROCESS: &str = "imagenet";

/// What is told about a classifier with one score ([`models::Network::completed`]).
const ONE_SCORE: &str = "its one score is that of class 1 of two";

/// `--model`, `--weights` and their company.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Model")]
pub struct ModelArgs {
    /// Architecture by our name, torchvision's or timm's (see --list-models of explain), an ONNX file (see docs/onnx.md), or
    /// exec:COMMAND, a program that gives logits or probabilities of images (see docs/exec.md); without it, the embedded
    /// testbed classifier
    #[arg(
        long, value_name = "NAME|FILE.onnx|exec:COMMAND", hide_possible_values = true,
        value_parser = Suggested(names).try_map(|name| known_model(&name))
    )]
    pub model: Option<String>,
    /// Its weights: safetensors, what torch.save wrote (weights alone or in a checkpoint), or a shard index
    #[arg(long, value_name = "FILE", requires = "model")]
    pub weights: Option<PathBuf>,
    /// Which weights, where a checkpoint holds several: a part of what stands before their names, as model_ema
    #[arg(long, value_name = "KEY", requires = "weights")]
    pub weights_key: Option<String>,
    /// Which output of an ONNX file with several is the class scores; without it the only one that can be
    #[arg(long, value_name = "NAME", requires = "model")]
    pub model_output: Option<String>,
    /// First weights in place of the trained ones in some layers (docs/sanity.md): cascading:K, the K layers nearest to the output,
    /// bottom-up:K, nearest to the input, or independent:LAYER; instead of K also all, or a layer, block or stage down (up) to which
    /// all are drawn. --list-layers counts them; ,seed=N draws others
    #[arg(long, value_name = "SPEC")]
    pub randomize: Option<Randomisation>,
    /// How images are prepared: imagenet, squash, inception, clip, caffe, imagenet-keep, none, the way of another model
    /// (see --list-models), or a .json file with the keys of timm or torchvision [default: the model's own way]
    #[arg(long, value_name = "PRESET|FILE", value_parser = preprocess_name)]
    pub preprocess: Option<String>,
    /// What to call exec:COMMAND in tables [default: exec:COMMAND]
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub name: Option<String>,
    /// The longest wait for an answer of exec:COMMAND
    #[arg(long, value_name = "SECONDS", default_value = "300", value_parser = seconds)]
    pub exec_timeout: Duration,
    /// auto, cpu, cuda or cuda:N; auto takes CUDA if it is there
    #[arg(long, default_value = "auto")]
    pub device: String,
    /// CPU threads [default: all, or SLURM_CPUS_PER_TASK]
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// Inputs at once, samples and steps included: a number or auto
    #[arg(long, value_name = "N", default_value = "auto")]
    pub batch_size: BatchSize,
    /// Who computes on the CPU: best, stock, or avx512, avx2, portable (docs/performance.md)
    #[arg(long, value_name = "ENGINE", default_value = "best", hide = true)]
    pub engine: Engine,
}

/// `auto` or a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchSize {
    /// By the size of an input and the device.
    Auto,
    /// This many.
    Fixed(usize),
}

impl BatchSize {
    /// Inputs of height `h` and width `w` to run at once: on the CPU as many pixels as eight ImageNet
    /// images, which keeps the features in the cache; on a GPU sixteen times that.
    pub fn inputs(self, device: &str, h: usize, w: usize) -> usize {
        match self {
            Self::Fixed(size) => size,
            Self::Auto => {
                let images = if device == "cpu" { 8 } else { 128 };
                (images * 224 * 224 / (h * w).max(1)).clamp(1, 128)
            }
        }
    }
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
    /// The same in the foldings that were asked for.
    pub views: Views,
    /// What the device is called.
    pub device: String,
    /// What computes: results of different engines differ in their last digits.
    pub engine: String,
    /// The layers that have first weights instead of trained ones, from the input to the output.
    pub randomised: Vec<String>,
    /// What should be told about the classifier.
    pub notes: Vec<String>,
    batch_size: BatchSize,
    process: Option<Arc<Process>>,
}

/// Where a classifier comes from.
enum Source<'a> {
    Embedded(Embedded),
    Zoo { model: &'a str, weights: &'a Path },
    Onnx(&'a Path),
    Command(&'a str),
}

impl ModelArgs {
    /// Loads the classifier onto the device. Each of `needs` names layers to be read before their BatchNorm, and gets a view.
    ///
    /// # Errors
    /// If the device is not there, the model unknown, or a file unusable.
    pub fn open(&self, needs: &[Vec<String>]) -> Result<Loaded> {
        self.open_as(needs, |raw| raw)
    }

    /// The same of another classifier that is made from the one that is named, before BatchNorm is folded.
    ///
    /// # Errors
    /// As [`ModelArgs::open`].
    pub fn open_as(
        &self,
        needs: &[Vec<String>],
        make: impl FnOnce(Classifier) -> Classifier,
    ) -> Result<Loaded> {
        device::set_threads(self.thread_count());
        let chosen = device::choose(&self.device)?;
        let preprocess = self.preprocess.as_deref().map(Preprocess::open).transpose()?;
        let output = self.model_output.clone();
        let options = zoo::Options { preprocess, output, ..zoo::Options::default() };
        let (mut process, mut notes) = (None, Vec::new());
        let raw = match self.source()? {
            Source::Embedded(embedded) => embedded.open(&chosen.device, options)?,
            Source::Zoo { model, weights } => {
                let architecture = architecture(model)?;
                let file = Checkpoint::open(weights)?;
                let chosen_weights = architecture.weights_in(&file, self.weights_key.as_deref());
                let checkpoint = chosen_weights.map_err(zoo::ModelError::from)?;
                notes = self.notes_on(&architecture, model);
                notes.extend_from_slice(checkpoint.notes());
                let classifier = architecture.open(&checkpoint, &chosen.device, options)?;
                if classifier.network.graph().link == Link::Sigmoid {
                    notes.push(format!("{}: {ONE_SCORE}", weights.display()));
                }
                classifier
            }
            Source::Onnx(path) => {
                let (classifier, told) = onnx::open(path, &chosen.device, options)?;
                notes = told;
                classifier
            }
            Source::Command(command) => {
                let started = Arc::new(Process::start(command, self.exec_timeout)?);
                process = Some(Arc::clone(&started));
                if started.classes() == 1 {
                    notes.push(format!("{}: {ONE_SCORE}", started.name()));
                }
                let usual = || Preprocess::open(EXEC_PREPROCESS);
                let preprocess =
                    options.preprocess.map_or_else(usual, Ok)?.for_channels(started.channels())?;
                let name = self.name.clone().unwrap_or_else(|| started.name().into());
                Classifier::external(name, started, preprocess, &chosen.device)
            }
        };
        let (raw, randomised) = self.randomised(raw, &mut notes)?;
        let views = Views::new(&make(raw), needs, self.engine);
        let classifier = views.plain().clone();
        let (device, batch_size) = (chosen.name, self.batch_size);
        let engine = if device == "cpu" { format!("cpu-{}", self.engine) } else { "cuda".into() };
        Ok(Loaded { classifier, views, device, engine, randomised, notes, batch_size, process })
    }

    /// The classifier with first weights where `--randomize` wants them, and the names of those layers.
    fn randomised(&self, raw: Classifier, notes: &mut Vec<String>) -> Result<(Classifier, Vec<String>)> {
        let Some(how) = &self.randomize else { return Ok((raw, Vec::new())) };
        let (classifier, layers) =
            raw.randomised(how).map_err(|error| Usage(format!("--randomize {how}: {error}")))?;
        let names: Vec<String> = layers.into_iter().map(|layer| layer.name).collect();
        let (count, all) = (names.len(), raw.network.layers().len());
        let ends =
            if let [first, .., last] = &names[..] { format!("{first} to {last}") } else { names.join("") };
        notes.push(format!("{}: {count} of {all} layers have first weights: {ends}", classifier.name));
        Ok((classifier, names))
    }

    /// timm's names of weights say how images are to be prepared, which is not known here.
    fn notes_on(&self, architecture: &Architecture, model: &str) -> Vec<String> {
        let Architecture { name, preprocess, .. } = architecture;
        if self.preprocess.is_some() || name.contains('.') || !model.contains('.') {
            return Vec::new();
        }
        vec![format!(
            "{model} is {name} here, with images as {preprocess} prepares them; timm's config.json may say otherwise (--preprocess)"
        )]
    }

    /// What `--model` and `--weights` say together.
    fn source(&self) -> Result<Source<'_>> {
        let model = self.name();
        let whole = match model.strip_prefix(process::PREFIX) {
            Some(command) => Some(Source::Command(command)),
            None => is_onnx(model).then_some(Source::Onnx(Path::new(model))),
        };
        if self.name.is_some() && !matches!(whole, Some(Source::Command(_))) {
            bail!(Usage("--name goes with --model exec:COMMAND".into()));
        }
        if self.model_output.is_some() && !matches!(whole, Some(Source::Onnx(_))) {
            bail!(Usage("--model-output goes with an ONNX file".into()));
        }
        if let (Some(how), Some(Source::Command(_))) = (&self.randomize, &whole) {
            bail!(Usage(format!("--randomize {how}: {model} only gives scores")));
        }
        match (whole, &self.weights) {
            (Some(source), None) => Ok(source),
            (Some(_), Some(_)) => bail!(Usage(format!("--model {model} takes no --weights"))),
            (None, Some(weights)) => Ok(Source::Zoo { model, weights }),
            (None, None) => Embedded::find(model)
                .map(Source::Embedded)
                .ok_or_else(|| Usage(format!("--model {model} needs --weights")).into()),
        }
    }

    /// What `--model` says, or the first embedded classifier.
    fn name(&self) -> &str {
        self.model.as_deref().unwrap_or(Embedded::ALL[0].name())
    }

    /// Whether an image may be shown to the classifier: without `--model`, only the embedded ones. A photograph that a toy
    /// network explains is a mistake, and the numbers do not tell.
    ///
    /// # Errors
    /// Says how to mean it.
    pub fn check_image(&self, image: &str) -> Result<()> {
        if self.model.is_some() || image.starts_with("testbed/") {
            return Ok(());
        }
        let testbed = Embedded::ALL[0].name();
        bail!(Usage(format!(
            "{image} is no image of the testbed: name the classifier with --model (--model {testbed} means the embedded one)"
        )))
    }

    /// The classifier's name, if it only gives scores, which is known before it is opened.
    pub fn black_box(&self) -> Option<&str> {
        self.model.as_deref().filter(|model| model.starts_with(process::PREFIX))
    }

    /// The threads to use: what was asked for, what Slurm gives, or all.
    pub fn thread_count(&self) -> usize {
        let slurm = || std::env::var("SLURM_CPUS_PER_TASK").ok()?.parse().ok();
        let all = || std::thread::available_parallelism().ok();
        self.threads.or_else(slurm).or_else(all).map_or(1, NonZeroUsize::get)
    }
}

impl Loaded {
    /// Whether the classifier still answers. One that runs in a process of its own may fail at any time; its scores are
    /// NaN from then on.
    ///
    /// # Errors
    /// Says what went wrong.
    pub fn check(&self) -> Result<()> {
        self.process.as_ref().map_or(Ok(()), |process| process.check())
    }

    /// What is to be told about the scores that were given so far.
    pub fn remark(&self) -> Option<String> {
        self.process.as_ref()?.remark()
    }

    /// Whether the network can work on images of this height and width, here and with the memory that there is.
    ///
    /// # Errors
    /// Says why not.
    pub fn check_size(&self, size: [usize; 2]) -> Result<(), String> {
        let bytes = self.classifier.bytes(size).map_err(|error| error.to_string())?;
        if self.device == "cpu" { memory::check(size, bytes) } else { Ok(()) }
    }

    /// Inputs of height `h` and width `w` to run at once.
    pub fn batch_size(&self, h: usize, w: usize) -> usize {
        self.batch_size.inputs(&self.device, h, w)
    }
}

/// The value of a flag that [`Preprocess::open`] takes later, when a file that cannot be read is no wrong use.
///
/// # Errors
/// If it is neither a preset nor a `.json` file by its name.
pub fn preprocess_name(text: &str) -> Result<String, PreprocessError> {
    Preprocess::check_name(text).map(|()| text.into())
}

/// Whether `--model` names a file of a whole network: by its name, or a file whose content is one.
fn is_onnx(model: &str) -> bool {
    let path = Path::new(model);
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("onnx"))
        || architecture(model).is_err() && path.is_file() && models::checkpoint::is_onnx(path)
}

/// For shells to complete.
fn names() -> Vec<String> {
    Embedded::ALL.iter().map(|embedded| embedded.name().to_owned()).chain(zoo::names()).collect()
}

fn known_model(name: &str) -> Result<String> {
    if name.starts_with(process::PREFIX) || is_onnx(name) {
        return Ok(name.into());
    }
    match architecture(name) {
        Ok(_) => Ok(name.into()),
        Err(_) if Path::new(name).exists() => Err(anyhow!(
            "a file that is not ONNX: if it holds weights, --model ARCHITECTURE --weights {name} (--list-models)"
        )),
        Err(unknown) => Err(unknown.into()),
    }
}

fn seconds(text: &str) -> Result<Duration, &'static str> {
    let seconds = text.parse().ok().filter(|seconds| *seconds > 0.0 && *seconds < 1e9);
    seconds.map(Duration::from_secs_f64).ok_or("a positive number of seconds is needed")
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
    fn automatic_batches_shrink_with_the_image() {
        let device = device::cpu();
        let classifier = Embedded::ResNet.classifier(&device.device, zoo::Options::default()).unwrap();
        let loaded = |batch_size| Loaded {
            classifier: classifier.clone(),
            views: Views::new(&classifier, &[], Engine::Best),
            device: device.name.clone(),
            engine: String::new(),
            randomised: Vec::new(),
            notes: Vec::new(),
            batch_size,
            process: None,
        };
        let auto = loaded(BatchSize::Auto);
        assert_eq!([32, 64, 224, 448, 2000].map(|side| auto.batch_size(side, side)), [128, 98, 8, 2, 1]);
        assert_eq!(loaded(BatchSize::Fixed(5)).batch_size(2000, 2000), 5);
    }
}
