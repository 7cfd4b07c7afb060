//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Result, bail};
use attribution::ParsedMethod;
use clap::Parser;
use explainers::LISTS;
use models::Classifier;
use pipe::Usage;
use setup::{Shard, Target};

use crate::class_names::ClassNames;
use crate::files::NamedFile;

const EXAMPLES: &str = "\
Examples:
  set -o pipefail
  explain -m gradcam -m rise testbed > maps.csv
  model=(--model resnet50 --weights resnet50.pth)
  explain \"${model[@]}\" -m integrated-gradients photos/*.jpg |
    perturb \"${model[@]}\" | score
  explain \"${model[@]}\" photos/ > maps.csv
  explain \"${model[@]}\" --images val.csv --target label --shard 3/50 > 3.csv
  explain -m gradient --sign positive --smooth --normalize=max testbed
  explain \"${model[@]}\" -m expected-gradients:baseline=images \\
    --baselines train/ photos/*.jpg > maps.csv
  explain -m \"best-of:methods=(gradcam)(layercam),metric=(pos)\" \\
    --trace tried.csv testbed > maps.csv
  explain --npy testbed/000 | perturb --image testbed/000 | score

Maps lie in OUT/METHOD/HASH.npy, shape (n, H, W), raw and signed unless a step is asked for; HASH.json beside it says what \
they are. The table on standard output says which row of which file explains which image: \
image,target,model,method,map,map_index,reason,list. `testbed` stands for all embedded images, \
testbed/000 for one of them.";

/// Explain an image classifier's decisions as saliency maps.
#[derive(Parser, Debug)]
#[command(version, before_help = EXAMPLES)]
#[allow(clippy::struct_excessive_bools)] // Flags.
pub struct Args {
    /// Images to explain, folders of images, tables of images (.csv, .txt) as for --images, or arrays of images (.npy, .npz);
    /// without any, a table on standard input
    #[arg(value_name = "IMAGE")]
    pub images: Vec<OsString>,
    /// Explain kept images again: tables of perturb --keep (without any, standard input), each row by its own method and for its
    /// own target; the rows are printed with the new maps
    #[arg(long, conflicts_with_all = ["table", "root", "boxes", "methods", "target", "layer", "npy", "shard", "reduce", "sign",
        "smooth", "normalize", "protocol", "shift_input", "trace"])]
    pub again: bool,
    /// With --again: the column that says which class is explained, such as predicted [default: target]
    #[arg(long, value_name = "NAME", requires = "again")]
    pub target_column: Option<String>,
    /// Table of images with a column image, and label, target, boxes (`x0 y0 x1 y1;...` in pixels) and mask (path of a grey
    /// image or .npy of the image's size, bright inside) if known;
    /// lines `NAME CLASS` as in ImageNet's val.txt; Kaggle's ImageId,PredictionString; with one array of images its labels
    /// (.csv in order or with a column index, or .npy); `-` is standard input
    #[arg(long = "images", value_name = "FILE")]
    pub table: Option<PathBuf>,
    /// Folder that the names in a table are relative to [default: the working folder]
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// Where the objects are: a folder of XML files as of PASCAL VOC and ImageNet, called as their images, or ImageNet's
    /// LOC_val_solution.csv. Boxes of the image's class, where the files name classes that the model knows
    #[arg(long, value_name = "DIR|FILE")]
    pub boxes: Option<PathBuf>,
    /// Explanation method with parameters, such as rise:masks=400 (repeatable; see --list-methods); +noise-tunnel:samples=N behind it
    /// means the mean of its maps over noisy copies of the image
    #[arg(
        short, long = "method", value_name = "SPEC", default_value = "gradcam",
        value_parser = pipe::Suggested(method_names), hide_possible_values = true
    )]
    pub methods: Vec<String>,
    /// Class to explain: label, predicted, second, rank:K (of the scores), or a class index; a column target has precedence
    #[arg(short, long, value_name = "CLASS", default_value = "predicted")]
    pub target: Target,
    /// Layer for methods that read one: the same as layer=NAME in their SPEC [default: the last feature map, in a
    /// transformer the LayerNorm before the last attention; behind that, patches have no gradient]
    #[arg(long, value_name = "NAME")]
    pub layer: Option<String>,
    /// Explain the same function of an image by a network that is shown C more in normalised space, and that takes C away first:
    /// for `score --against` maps of the plain one, -m input-invariance
    #[arg(long, value_name = "C", allow_negative_numbers = true, value_parser = finite)]
    pub shift_input: Option<f32>,
    /// Image, or folder of images, that baseline=images draws from (repeatable); all are kept in memory
    #[arg(long, value_name = "PATH")]
    pub baselines: Vec<String>,
    /// The file that a method's SPEC calls NAME, as what train wrote for it (repeatable)
    #[arg(long = "file", value_name = "NAME=PATH", value_parser = crate::files::named)]
    pub files: Vec<NamedFile>,
    /// Folder for the maps
    #[arg(short, long, value_name = "DIR", default_value = "maps")]
    pub out: PathBuf,
    /// Write the maps themselves on standard output, one .npy array after another, and no files
    #[arg(long, conflicts_with_all = ["resume", "output"])]
    pub npy: bool,
    /// Seed of all random numbers
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Do part K of N: every N-th chunk from the K-th on
    #[arg(long, value_name = "K/N", default_value = "1/1")]
    pub shard: Shard,
    /// Images in a unit of work; packs of costly methods hold fewer [default: the list in 64 parts, at most 256]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub chunk: Option<u16>,
    /// Keep maps that are in OUT already, whoever made them: each pack knows all that it depends on
    #[arg(long)]
    pub resume: bool,
    /// Say what would be done and what it would cost, and do nothing; with --protocol and no IMAGE, print its flags
    #[arg(long, conflicts_with = "npy")]
    pub dry_run: bool,
    /// Write what methods tried that choose one of several maps (best-of and the like), a row for each map and metric; compressed if
    /// the name ends in .gz or .zst
    #[arg(long, value_name = "FILE", conflicts_with = "npy")]
    pub trace: Option<PathBuf>,
    /// Where the table goes.
    #[command(flatten)]
    pub output: pipe::OutputArgs,
    /// Write the record of the run as JSON here [default: OUT/logs/explain-TIME-PID.json]
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// What to do with failures.
    #[command(flatten)]
    pub errors: pipe::ErrorArgs,
    /// Class names, one a line in the order of the classes, for the column class and for labels in words; with synsets as in
    /// LOC_synset_mapping.txt, or Keras' JSON
    #[arg(long, value_name = "FILE")]
    pub labels: Option<PathBuf>,
    /// No progress on standard error; warnings and notes stay
    #[arg(short, long)]
    pub quiet: bool,
    /// What is done to maps.
    #[command(flatten)]
    pub steps: crate::finish::Steps,
    /// The classifier.
    #[command(flatten)]
    pub model: setup::ModelArgs,
    /// What is done as somewhere else.
    #[command(flatten)]
    pub protocol: protocols::ProtocolArgs,
    /// What to print instead of explaining.
    #[command(flatten)]
    pub lists: Lists,
}

fn finite(text: &str) -> Result<f32, &'static str> {
    text.parse().ok().filter(|number: &f32| number.is_finite()).ok_or("a number is needed")
}

/// Lists to print.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Lists")]
pub struct Lists {
    /// List the explanation methods
    #[arg(id = "list-methods", long)]
    pub methods: bool,
    /// List the models
    #[arg(id = "list-models", long)]
    pub models: bool,
    /// List the layers of the chosen model
    #[arg(id = "list-layers", long)]
    pub layers: bool,
}

/// The names of all methods, for shells to complete.
fn method_names() -> Vec<String> {
    LISTS.iter().copied().flatten().map(|method| method.name.to_owned()).collect()
}

impl Args {
    /// Gives the classes the names of `--labels`, and says what they are.
    pub fn name_classes(&self, classifier: &mut Classifier) -> Result<ClassNames> {
        let Some(path) = &self.labels else { return Ok(ClassNames::own(&classifier.labels)) };
        let names = ClassNames::read(path)?;
        let (found, classes) = (names.names.len(), classifier.network.classes());
        if found != classes {
            bail!("{}: {found} names, but the model has {classes} classes", path.display());
        }
        classifier.labels.clone_from(&names.names);
        Ok(names)
    }

    /// The methods, in the order given.
    pub fn parse_methods(&self) -> Result<Vec<ParsedMethod>> {
        let mut all: Vec<ParsedMethod> = Vec::new();
        for spec in &self.methods {
            let named =
                explainers::parse(&self.with_layer(spec)).map_err(|error| Usage(error.to_string()))?;
            if all.iter().any(|other| other.spec == named.spec) {
                bail!(Usage(format!("method {} is given twice", named.spec)));
            }
            all.push(named);
        }
        if self.npy && all.len() > 1 {
            bail!(Usage("--npy takes one method".into()));
        }
        if self.layer.is_some() && !self.methods.iter().any(|spec| reads_layer(spec)) {
            bail!(Usage("--layer, but no method reads a layer".into()));
        }
        Ok(all)
    }

    /// A spec with `--layer` in it, if its method reads a layer and it names none.
    fn with_layer(&self, spec: &str) -> String {
        let (spec, tunnel) = attribution::split_tunnel(spec);
        let tunnel = tunnel.map_or_else(String::new, |tunnel| format!("+{tunnel}"));
        let named = spec.split([':', ',']).any(|part| part.starts_with("layer="));
        match &self.layer {
            Some(layer) if reads_layer(spec) && !named => {
                let separator = if spec.contains(':') { ',' } else { ':' };
                format!("{spec}{separator}layer={layer}{tunnel}")
            }
            _ => format!("{spec}{tunnel}"),
        }
    }
}

fn reads_layer(spec: &str) -> bool {
    let name = attribution::split_tunnel(spec).0.split(':').next().unwrap_or_default();
    LISTS.iter().copied().flatten().any(|entry| entry.name == name && entry.takes("layer"))
}
