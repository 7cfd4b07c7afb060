//! What trainings of explainers share: the explained network, its images, and the class that is explained of each.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use learning::{DataSet, Targets, Trainer};
use models::network::fold;
use models::{Classifier, Tensor};
use pipe::{Record, Usage, atomic};
use serde_json::{Map, Value, json};
use setup::{Loaded, ModelArgs};

use crate::data;
use crate::run::RunArgs;
use crate::source::{Listing, Part};

/// Images in a step where nobody says.
const BATCH: usize = 32;
/// Images that masks are measured on at the end.
const MEASURED: usize = 256;

/// The flags of trainings of explainers.
#[derive(clap::Args, Debug)]
pub struct ExplainedArgs {
    /// Training images: a folder with a folder for each class, a table with image and label (.csv), the folder that make
    /// cifar10 fills, or testbed; for --target predicted also a folder of images and a table without labels. Not those that maps
    /// will be made of
    #[arg(long, value_name = "SOURCE", help_heading = "What")]
    pub images: PathBuf,
    /// File to write (.safetensors)
    #[arg(short, long, value_name = "FILE", help_heading = "What")]
    pub out: PathBuf,
    /// Train on this many of the images, drawn by the seed; the testbed draws as many as it is asked for
    #[arg(long, value_name = "N", help_heading = "What")]
    count: Option<NonZeroUsize>,
    /// The class that is explained of a training image: predicted, or its label
    #[arg(short, long, value_name = "CLASS", default_value = "predicted", help_heading = "What")]
    target: Target,
    /// Seed of the new layers' first weights, of the order of the images and of what is drawn of them
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Recipe")]
    pub seed: u64,
    /// The explained network; --batch-size is how many images a step has, and auto 32.
    #[command(flatten)]
    pub model: ModelArgs,
    #[command(flatten)]
    pub run: RunArgs,
}

/// `--target`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Target {
    Predicted,
    Label,
}

/// The explained network and the images, each with the class that is explained.
pub struct Explained {
    /// With BatchNorm folded.
    pub classifier: Classifier,
    /// With BatchNorm apart.
    pub raw: Classifier,
    /// The labels are the classes that are explained.
    pub data: DataSet,
    /// `cpu` or `cuda:N`.
    pub device: String,
}

impl ExplainedArgs {
    /// Images of a step.
    pub fn batch(&self) -> usize {
        match self.model.batch_size {
            setup::BatchSize::Auto => BATCH,
            setup::BatchSize::Fixed(size) => size,
        }
    }

    /// Opens the network and the images.
    ///
    /// # Errors
    /// If the network only gives scores, an image cannot be read or has another size, or the labels are no classes of the network.
    pub fn open(&self) -> Result<Explained> {
        if let Some(name) = self.model.black_box() {
            bail!(Usage(format!("{name} only gives scores, and an explainer learns from gradients")));
        }
        let needs = [vec![fold::ALL.to_owned()]];
        let loaded = self.model.open(&needs)?;
        loaded.notes.iter().for_each(pipe::note);
        let Loaded { classifier, views, device, .. } = loaded;
        let raw = views.index(&needs[0]).map_or_else(|| classifier.clone(), |at| views.all()[at].clone());
        let data = self.data(&classifier)?;
        Ok(Explained { classifier, raw, data, device })
    }

    fn data(&self, classifier: &Classifier) -> Result<DataSet> {
        self.load(&self.images, Part::Training, self.count.map(NonZeroUsize::get), classifier)
    }

    /// Other images, each with the class that would be explained of it.
    ///
    /// # Errors
    /// As [`ExplainedArgs::open`].
    pub fn heldout(&self, source: &Path, classifier: &Classifier) -> Result<DataSet> {
        self.load(source, Part::Heldout, None, classifier)
    }

    fn load(
        &self,
        source: &Path,
        part: Part,
        count: Option<usize>,
        classifier: &Classifier,
    ) -> Result<DataSet> {
        let known = (!classifier.labels.is_empty()).then_some(&classifier.labels[..]);
        let listing = match self.target {
            Target::Label => Listing::read(source, part, known, self.seed, count)?,
            Target::Predicted => Listing::unlabelled(source, part, self.seed, count)?,
        };
        let rows = data::draw(source, &listing, count, self.seed)?;
        let mut data = data::load(source, &listing, &rows, &classifier.preprocess)?;
        let [_, h, w] = data.size;
        classifier.check_size([h, w]).with_context(|| source.display().to_string())?;
        if self.target == Target::Predicted {
            data.labels = predicted(classifier, &data);
            return Ok(data);
        }
        let (classes, source) = (classifier.network.classes(), source.display());
        ensure!(
            listing.classes.len() == classes,
            "{source}: {} classes, and {} has {classes}: --target label needs the same ones",
            listing.classes.len(),
            classifier.name
        );
        Ok(data)
    }

    /// What makes a training what it is, beside what the file of an explainer says of itself.
    pub fn settings(
        &self,
        method: &str,
        facts: impl serde::Serialize,
        explained: &Explained,
    ) -> Result<Map<String, Value>> {
        let mut settings = Map::from_iter([("method".to_owned(), json!(method))]);
        let add = |settings: &mut Map<String, Value>, more: Value| {
            if let Value::Object(more) = more {
                settings.extend(more);
            }
        };
        add(&mut settings, serde_json::to_value(facts)?);
        add(
            &mut settings,
            json!({
                "version": env!("CARGO_PKG_VERSION"),
                "target": format!("{:?}", self.target).to_lowercase(),
                "images": explained.data.images.len(),
                "images_and_targets": data::digest(&explained.data),
                "batch_size": self.batch(),
                "seed": self.seed,
            }),
        );
        Ok(settings)
    }

    /// Writes the file of an explainer and the record beside it; `masks` makes the masks of some images, which are measured.
    pub fn finish(
        &self,
        explained: &Explained,
        trainer: &Trainer,
        bytes: &[u8],
        settings: Map<String, Value>,
        record: &mut Record,
        masks: impl Fn(Tensor<4>, &[usize]) -> Tensor<4>,
    ) -> Result<()> {
        let (area, kept, count) = measure(explained, self.batch(), masks);
        pipe::note(format_args!(
            "masks cover {:.1} % of the pixels, and behind them {:.1} % of {count} training images are still of their class",
            100.0 * area,
            100.0 * kept
        ));
        atomic::write(&self.out, bytes)?;
        for (name, value) in settings {
            record.set(&name, value);
        }
        record.set("losses", trainer.losses().to_vec()).set("sha256", pipe::sha256(bytes));
        record.set("mask_area", area).set("kept_class", kept);
        let mut path = self.out.as_os_str().to_owned();
        path.push(".json");
        record.write(Path::new(&path))
    }
}

/// The class of the highest score of each image.
fn predicted(classifier: &Classifier, data: &DataSet) -> Vec<usize> {
    let rows: Vec<usize> = (0..data.images.len()).collect();
    let of = |rows: &[usize]| best(classifier.logits(data.batch(rows).images(&classifier.device)));
    rows.chunks(BATCH).flat_map(of).collect()
}

fn best(logits: Tensor<2>) -> Vec<usize> {
    logits.argmax(1).into_data().iter::<i64>().map(|class| class as usize).collect()
}

/// The mean of masks and how often the class is still seen behind them, over the first images.
fn measure(
    Explained { classifier, data, .. }: &Explained,
    batch: usize,
    masks: impl Fn(Tensor<4>, &[usize]) -> Tensor<4>,
) -> (f64, f64, usize) {
    let rows: Vec<usize> = (0..data.images.len().min(MEASURED)).collect();
    let (mut area, mut kept) = (0.0, 0);
    for rows in rows.chunks(batch) {
        let batch = data.batch(rows);
        let Targets::Classes(targets) = &batch.targets else { unreachable!("labels are classes") };
        let images = batch.images(&classifier.device);
        let masks = masks(images.clone(), targets);
        area += f64::from(masks.clone().mean().into_scalar::<f32>()) * rows.len() as f64;
        let seen = explainers::masked(images, masks, &classifier.colour(0.0));
        kept += best(classifier.logits(seen)).iter().zip(targets).filter(|(a, b)| a == b).count();
    }
    (area / rows.len() as f64, kept as f64 / rows.len() as f64, rows.len())
}
