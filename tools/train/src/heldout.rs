//! `--heldout`: of all epochs of a training the one whose masks of other images are best (EEA, section 3.2: the least POS).

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use attribution::Request;
use explainers::Criterion;
use learning::{DataSet, Targets};
use models::Tensor;
use pipe::{Usage, atomic};
use serde_json::{Map, Value, json};

use crate::checkpoint;
use crate::data;
use crate::explained::{Explained, ExplainedArgs};

/// Which epoch is kept.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Recipe")]
pub struct HeldoutArgs {
    /// Other images, as --images has them, of which masks are made behind each epoch: the epoch with the best ones is written [default:
    /// the last one is]
    #[arg(long, value_name = "SOURCE")]
    heldout: Option<PathBuf>,
    /// The metric that they are compared by, as that of eea's select
    #[arg(long, value_name = "SPEC", default_value = "pos", requires = "heldout")]
    select: String,
}

/// Held-out images, and the best epoch so far.
pub struct Heldout<'a> {
    explained: &'a Explained,
    data: DataSet,
    keys: Vec<String>,
    criterion: Criterion,
    seed: u64,
    batch: usize,
    /// Where the explainer of the best epoch lies while the training runs.
    pub path: PathBuf,
    best: Option<Kept>,
    /// Why the last epoch without a value had none.
    reason: String,
}

/// An epoch that is on the disk.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Kept {
    /// From 1.
    pub epoch: usize,
    /// The mean of the metric over the held-out images.
    pub value: f64,
}

impl HeldoutArgs {
    /// Opens the images, if there are some, notes them among the settings of the training, and takes up the best epoch of one that was
    /// left; that of another one is cleared away. Each image is explained for the class that a training image would be.
    ///
    /// # Errors
    /// If an image cannot be read, the metric is none, or what was left is of other settings.
    pub fn open<'a>(
        &self,
        own: &ExplainedArgs,
        explained: &'a Explained,
        settings: &mut Map<String, Value>,
    ) -> Result<Option<Heldout<'a>>> {
        let Some(source) = &self.heldout else { return Ok(None) };
        let criterion = Criterion::parse(&self.select).map_err(|error| Usage(error.to_string()))?;
        let data = own.heldout(source, &explained.classifier)?;
        ensure!(
            data.size == explained.data.size,
            "{}: images of {:?} when they are prepared, and those of {} of {:?}",
            source.display(),
            data.size,
            own.images.display(),
            explained.data.size
        );
        let facts = json!({ "select": criterion.name(), "images_and_targets": data::digest(&data) });
        settings.insert("heldout".into(), facts);
        let path = best_path(&own.out);
        let goes_on = own.run.resume && checkpoint::path(&own.out).exists();
        let best = left(&path, goes_on, settings).with_context(|| path.display().to_string())?;
        let keys = data.images.iter().map(|image| pipe::sha256(image)).collect();
        let (seed, batch) = (own.seed, own.batch());
        Ok(Some(Heldout { explained, data, keys, criterion, seed, batch, path, best, reason: String::new() }))
    }
}

/// Where the explainer of the best epoch lies while the training runs.
fn best_path(out: &Path) -> PathBuf {
    let mut path = out.as_os_str().to_owned();
    path.push(".best");
    path.into()
}

/// The best epoch of a training of these settings that was left.
fn left(path: &Path, goes_on: bool, settings: &Map<String, Value>) -> Result<Option<Kept>> {
    if !path.exists() {
        return Ok(None);
    }
    if !goes_on {
        fs::remove_file(path)?;
        return Ok(None);
    }
    let mut said = settings_of(&fs::read(path)?)?;
    let kept = said.remove("kept").context("it is no file of an epoch")?;
    // Its steps are those of the epoch.
    said.insert("steps".into(), settings["steps"].clone());
    ensure!(said == *settings, "it is of a training with other settings");
    Ok(Some(serde_json::from_value(kept)?))
}

fn settings_of(bytes: &[u8]) -> Result<Map<String, Value>> {
    Ok(serde_json::from_str(&learning::checkpoint::settings(bytes)?)?)
}

impl Heldout<'_> {
    /// Measures the masks of an epoch, and writes its explainer if they are the best so far. Written before the checkpoint of the
    /// epoch: a training that is left between the two makes the same epoch again.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn watch(
        &mut self,
        epoch: usize,
        masks: impl Fn(Tensor<4>) -> Tensor<4>,
        file: impl FnOnce(Kept) -> Result<Vec<u8>>,
    ) -> Result<()> {
        let (name, count) = (self.criterion.name(), self.data.images.len());
        let value = match self.mean(masks) {
            Ok(value) => value,
            Err(reason) => {
                pipe::note(format_args!("epoch {epoch}: no held-out image has {name}: {reason}"));
                self.reason = reason;
                return Ok(());
            }
        };
        let is_better = |best: Kept| best.epoch == epoch || self.criterion.is_better(value, best.value);
        let better = self.best.is_none_or(is_better);
        let note = if better { ", the best so far" } else { "" };
        pipe::note(format_args!("epoch {epoch}: {name} of {count} held-out images is {value:.3}{note}"));
        if better {
            let kept = Kept { epoch, value };
            let cannot = || format!("cannot write {}", self.path.display());
            atomic::write(&self.path, &file(kept)?).with_context(cannot)?;
            self.best = Some(kept);
        }
        Ok(())
    }

    /// The mean over the images of which the metric has a value, or why none has.
    fn mean(&self, masks: impl Fn(Tensor<4>) -> Tensor<4>) -> Result<f64, String> {
        let (classifier, rows) =
            (&self.explained.classifier, (0..self.data.images.len()).collect::<Vec<_>>());
        let (mut values, mut reason) = (Vec::new(), String::new());
        for rows in rows.chunks(self.batch) {
            let batch = self.data.batch(rows);
            let Targets::Classes(targets) = &batch.targets else { unreachable!("labels are classes") };
            let images = batch.images(&classifier.device);
            let keys = &self.keys[rows[0]..][..rows.len()];
            let (seed, batch_size) = (self.seed, self.batch);
            let request =
                Request { images: images.clone(), targets, keys, seed, batch_size, baselines: None };
            for value in self.criterion.values(classifier, &request, masks(images)) {
                match value {
                    Ok(value) => values.push(value),
                    Err(why) => reason = why,
                }
            }
        }
        if values.is_empty() { Err(reason) } else { Ok(stats::summary::mean(&values)) }
    }

    /// The file of the best epoch, and what it says of itself.
    ///
    /// # Errors
    /// If no epoch has a value, or it cannot be read.
    pub fn chosen(&self) -> Result<(Vec<u8>, Map<String, Value>)> {
        ensure!(self.best.is_some(), "no epoch has masks with {}: {}", self.criterion.name(), self.reason);
        let read = || -> Result<_> {
            let bytes = fs::read(&self.path)?;
            let settings = settings_of(&bytes)?;
            Ok((bytes, settings))
        };
        read().with_context(|| self.path.display().to_string())
    }

    /// Clears it away: it is written where it belongs.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn remove(&self) -> Result<()> {
        fs::remove_file(&self.path).with_context(|| format!("cannot remove {}", self.path.display()))
    }
}
