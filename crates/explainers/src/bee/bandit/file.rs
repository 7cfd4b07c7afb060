//! A bandit on the disk: safetensors, with what it belongs to in the metadata.

use std::collections::HashMap;

use anyhow::{Context, Result, bail, ensure};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde::{Deserialize, Serialize};

use super::{Adam, Bandit, Beta, Gaussian, Layer};

/// Where the header stands in the file's metadata.
const KEY: &str = "bandit";

/// What a bandit belongs to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::bee) struct Header {
    /// The classifier, `NAME@HASH`.
    pub(in crate::bee) model: String,
    /// How its baselines, maps and scores are made.
    pub(in crate::bee) settings: String,
    /// Images that it has seen.
    pub(in crate::bee) images: usize,
    /// Everything else that the training was begun with, and how far it is; empty when it is done.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(in crate::bee) training: String,
}

/// Numbers on their way into a file, and out of one.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::bee) struct Numbers(Vec<(String, Vec<usize>, Vec<f64>)>);

impl Numbers {
    /// Adds a tensor.
    pub(in crate::bee) fn add(&mut self, name: &str, shape: &[usize], numbers: Vec<f64>) {
        self.0.push((name.to_owned(), shape.to_vec(), numbers));
    }

    /// Takes a tensor of two axes out.
    ///
    /// # Errors
    /// If there is none.
    pub(in crate::bee) fn take(&mut self, name: &str) -> Result<([usize; 2], Vec<f64>)> {
        let at = self.0.iter().position(|(other, ..)| other == name);
        let (_, shape, numbers) = self.0.remove(at.with_context(|| format!("{name} is missing"))?);
        let shape = shape.try_into().map_err(|_| anyhow::anyhow!("{name} has not two axes"))?;
        Ok((shape, numbers))
    }

    /// Adds what a bandit has learned.
    pub(in crate::bee) fn add_bandit(&mut self, bandit: &Bandit) {
        match bandit {
            Bandit::Uniform { .. } => {}
            Bandit::Beta(arms) => {
                let counts = arms.iter().flat_map(|arm| [arm.alpha, arm.beta]).collect();
                self.add("counts", &[arms.len(), 2], counts);
            }
            Bandit::Gaussian { arms, layer } => {
                let shape = [arms.len(), layer.size];
                self.add("mean", &shape, arms.iter().flat_map(|arm| arm.mean.clone()).collect());
                self.add("precision", &shape, arms.iter().flat_map(|arm| arm.precision.clone()).collect());
                self.add("layer", &[layer.size, layer.size], layer.weights.clone());
            }
        }
    }

    /// Takes a bandit of this kind and size out.
    ///
    /// # Errors
    /// If it is of another kind, another number of arms or of features, or has numbers that no bandit has.
    pub(in crate::bee) fn take_bandit(&mut self, like: &Bandit) -> Result<Bandit> {
        match like {
            Bandit::Uniform { .. } => Ok(like.clone()),
            Bandit::Beta(arms) => {
                let counts = self.numbers("counts", [arms.len(), 2])?;
                ensure!(counts.iter().all(|count| *count >= 1.0), "counts holds numbers below 1");
                let arm = |counts: &[f64]| Beta { alpha: counts[0], beta: counts[1] };
                Ok(Bandit::Beta(counts.chunks(2).map(arm).collect()))
            }
            Bandit::Gaussian { arms, layer } => {
                let size = layer.size;
                let means = self.numbers("mean", [arms.len(), size])?;
                let precisions = self.numbers("precision", [arms.len(), size])?;
                ensure!(
                    precisions.iter().all(|precision| *precision >= 1.0),
                    "precision holds numbers below 1"
                );
                let weights = self.numbers("layer", [size, size])?;
                let arm = |(mean, precision): (&[f64], &[f64])| Gaussian {
                    mean: mean.to_vec(),
                    precision: precision.to_vec(),
                };
                let arms = means.chunks(size).zip(precisions.chunks(size)).map(arm).collect();
                Ok(Bandit::Gaussian { arms, layer: Layer { size, weights } })
            }
        }
    }

    fn numbers(&mut self, name: &str, wanted: [usize; 2]) -> Result<Vec<f64>> {
        let known = self.0.iter().any(|(other, ..)| other == name);
        ensure!(known, "{name} is missing: it is a bandit of another kind");
        let (shape, numbers) = self.take(name)?;
        ensure!(shape == wanted, "{name} is {shape:?} and not {wanted:?}");
        ensure!(numbers.iter().all(|number| number.is_finite()), "{name} holds numbers that are not finite");
        Ok(numbers)
    }

    /// Adds the state of the optimiser.
    pub(in crate::bee) fn add_adam(&mut self, adam: &Adam) {
        self.add("adam.steps", &[1, 1], vec![adam.steps as f64]);
        self.add("adam.first", &[1, adam.first.len()], adam.first.clone());
        self.add("adam.second", &[1, adam.second.len()], adam.second.clone());
    }

    /// Takes the state of the optimiser out.
    ///
    /// # Errors
    /// If it is not whole.
    pub(in crate::bee) fn take_adam(&mut self) -> Result<Adam> {
        let (_, steps) = self.take("adam.steps")?;
        let [(_, first), (_, second)] = [self.take("adam.first")?, self.take("adam.second")?];
        ensure!(steps.len() == 1 && first.len() == second.len(), "the optimiser's state is not whole");
        Ok(Adam { steps: steps[0] as u64, first, second })
    }
}

/// The bytes of a file.
///
/// # Errors
/// If the format cannot hold them.
pub(in crate::bee) fn write(header: &Header, numbers: &Numbers) -> Result<Vec<u8>> {
    let bytes = |numbers: &[f64]| numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>();
    let all: Vec<Vec<u8>> = numbers.0.iter().map(|(.., numbers)| bytes(numbers)).collect();
    let views = numbers.0.iter().zip(&all).map(|((name, shape, _), bytes)| {
        TensorView::new(Dtype::F64, shape.clone(), bytes).map(|view| (name.as_str(), view))
    });
    let views: Vec<_> = views.collect::<Result<_, _>>()?;
    let facts = HashMap::from([(KEY.to_owned(), serde_json::to_string(header)?)]);
    Ok(safetensors::serialize(views, Some(facts))?)
}

/// Reads a file.
///
/// # Errors
/// If it is damaged, or no bandit.
pub(in crate::bee) fn read(bytes: &[u8]) -> Result<(Header, Numbers)> {
    let (_, facts) = SafeTensors::read_metadata(bytes).context("it is damaged, or no bandit")?;
    let header = facts.metadata().as_ref().and_then(|facts| facts.get(KEY)).context("it is no bandit")?;
    let header: Header = serde_json::from_str(header).context("its header is damaged")?;
    let file = SafeTensors::deserialize(bytes).context("it is damaged")?;
    let mut numbers = Numbers::default();
    for (name, tensor) in file.tensors() {
        if tensor.dtype() != Dtype::F64 {
            bail!("{name} is of type {:?}", tensor.dtype());
        }
        let of_tensor = tensor.data().as_chunks().0.iter().map(|&bytes| f64::from_le_bytes(bytes)).collect();
        numbers.add(&name, tensor.shape(), of_tensor);
    }
    Ok((header, numbers))
}
