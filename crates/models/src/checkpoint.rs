//! Weight files: torchvision's `.pth` and `.safetensors`, read as named `f32` tensors.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn::tensor::TensorData;
use pytorch_reader::{DType as TorchType, PytorchReader};
use safetensors::{Dtype as SafeType, SafeTensors};

use crate::network::graph::Parameter;

/// Why a weight file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The file cannot be read at all.
    #[error("{}: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file holds other tensors than the network needs.
    #[error("{}: the weights do not fit the network: {}", path.display(), problems.join("; "))]
    Mismatch {
        /// The file.
        path: PathBuf,
        /// One line for each kind of difference, naming tensors.
        problems: Vec<String>,
    },
}

/// The tensors of a weight file.
#[derive(Debug)]
pub struct Checkpoint {
    path: PathBuf,
    tensors: Tensors,
}

type Tensors = BTreeMap<String, Arc<(Vec<usize>, Vec<f32>)>>;

impl Checkpoint {
    /// Reads a `.safetensors` file, or anything that `torch.save` wrote.
    ///
    /// # Errors
    /// If the file is missing, damaged, of another format, or holds tensors that are not numbers.
    pub fn open(path: &Path) -> Result<Self, CheckpointError> {
        let unreadable = |reason: String| CheckpointError::Unreadable { path: path.into(), reason };
        let bytes = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
        let safe = path.extension().is_some_and(|extension| extension == "safetensors");
        let read = if safe { read_safetensors(&bytes) } else { read_torch(path) };
        let tensors = read.map_err(unreadable)?;
        Ok(Self { path: path.into(), tensors: without_prefix(tensors) })
    }

    /// Reads safetensors from memory; `name` stands for the file in messages.
    ///
    /// # Errors
    /// As [`Checkpoint::open`].
    pub fn from_safetensors(name: &str, bytes: &[u8]) -> Result<Self, CheckpointError> {
        let unreadable = |reason| CheckpointError::Unreadable { path: name.into(), reason };
        let tensors = read_safetensors(bytes).map_err(unreadable)?;
        Ok(Self { path: name.into(), tensors })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The shape of a tensor, if it is there.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors.get(name).map(|tensor| tensor.0.as_slice())
    }

    /// The numbers of a parameter that [`Checkpoint::check`] has found.
    ///
    /// # Panics
    /// If there is no such tensor.
    pub fn data(&self, parameter: &Parameter) -> TensorData {
        let (_, data) = &*self.tensors[&parameter.name];
        TensorData::new(data.clone(), parameter.shape.clone())
    }

    /// The same tensors under other names.
    ///
    /// # Errors
    /// If two tensors get one name.
    pub fn renamed(&self, rename: impl Fn(&str) -> String) -> Result<Self, CheckpointError> {
        let mut tensors = Tensors::new();
        for (old, tensor) in &self.tensors {
            let new = rename(old);
            if tensors.contains_key(&new) {
                let reason = format!("the file has {new} twice, once as {old}");
                return Err(CheckpointError::Unreadable { path: self.path.clone(), reason });
            }
            tensors.insert(new, Arc::clone(tensor));
        }
        Ok(Self { path: self.path.clone(), tensors })
    }

    /// Compares the file with what a network needs. Counters of BatchNorm (`num_batches_tracked`) may be
    /// left over, nothing else. Axes of length 1 do not count: the numbers are the same.
    ///
    /// # Errors
    /// Lists all missing, unexpected and wrongly shaped tensors, and those with NaN or infinity in them.
    pub fn check(&self, parameters: &[Parameter]) -> Result<(), CheckpointError> {
        let mut missing = Vec::new();
        let mut misshapen = Vec::new();
        let mut broken = Vec::new();
        for Parameter { name, shape } in parameters {
            match self.shape(name) {
                None => missing.push(name.clone()),
                Some(found) if !long_axes(found).eq(long_axes(shape)) => {
                    misshapen.push(format!("{name} is {found:?} and not {shape:?}"));
                }
                Some(_) if !self.tensors[name].1.iter().all(|number| number.is_finite()) => {
                    broken.push(name.clone());
                }
                Some(_) => {}
            }
        }
        let wanted: BTreeSet<&str> = parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        let known = |name: &str| name.ends_with(".num_batches_tracked") || wanted.contains(name);
        let unexpected: Vec<String> = self.tensors.keys().filter(|name| !known(name)).cloned().collect();
        let problems: Vec<String> = [
            ("missing", missing),
            ("unexpected", unexpected),
            ("wrong shape", misshapen),
            ("not finite", broken),
        ]
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(what, names)| format!("{what}: {}", some_of(&names)))
        .collect();
        if problems.is_empty() {
            return Ok(());
        }
        Err(CheckpointError::Mismatch { path: self.path.clone(), problems })
    }
}

fn long_axes(shape: &[usize]) -> impl Iterator<Item = usize> {
    shape.iter().copied().filter(|&length| length != 1)
}

/// The first names of a list and how many more there are.
fn some_of(names: &[String]) -> String {
    const SHOWN: usize = 6;
    let shown = names[..names.len().min(SHOWN)].join(", ");
    if names.len() > SHOWN { format!("{shown} and {} more", names.len() - SHOWN) } else { shown }
}

fn read_safetensors(bytes: &[u8]) -> Result<Tensors, String> {
    let file = SafeTensors::deserialize(bytes).map_err(|error| format!("not a safetensors file: {error}"))?;
    file.iter()
        .map(|(name, view)| {
            let numbers = match view.dtype() {
                SafeType::F32 => from_f32(view.data()),
                SafeType::F16 => from_f16(view.data()),
                SafeType::BF16 => from_bf16(view.data()),
                SafeType::F64 => from_f64(view.data()),
                SafeType::I64 => from_i64(view.data()),
                other => return Err(format!("tensor {name} has type {other:?}; expected floats")),
            };
            Ok((name.to_string(), Arc::new((view.shape().to_vec(), numbers))))
        })
        .collect()
}

fn read_torch(path: &Path) -> Result<Tensors, String> {
    let reader = PytorchReader::new(path).map_err(|error| format!("not a PyTorch file: {error}"))?;
    let mut tensors = Tensors::new();
    for (name, tensor) in reader.tensors() {
        let bytes = tensor.read().map_err(|error| format!("tensor {name}: {error}"))?;
        let numbers = match tensor.dtype() {
            TorchType::F32 => from_f32(&bytes),
            TorchType::F16 => from_f16(&bytes),
            TorchType::BF16 => from_bf16(&bytes),
            TorchType::F64 => from_f64(&bytes),
            TorchType::I64 => from_i64(&bytes),
            other => return Err(format!("tensor {name} has type {other:?}; expected floats")),
        };
        tensors.insert(name.clone(), Arc::new((tensor.shape().to_vec(), numbers)));
    }
    if tensors.is_empty() {
        return Err("the file holds no tensors".into());
    }
    Ok(tensors)
}

/// Removes what training scripts put before every name.
fn without_prefix(tensors: Tensors) -> Tensors {
    for prefix in ["state_dict.", "model.", "module."] {
        if tensors.keys().all(|name| name.starts_with(prefix)) {
            let strip = |(name, tensor): (String, _)| (name[prefix.len()..].to_string(), tensor);
            return without_prefix(tensors.into_iter().map(strip).collect());
        }
    }
    tensors
}

fn from_f32(bytes: &[u8]) -> Vec<f32> {
    chunks(bytes, f32::from_le_bytes)
}

fn from_f16(bytes: &[u8]) -> Vec<f32> {
    chunks(bytes, |b| half::f16::from_le_bytes(b).to_f32())
}

fn from_bf16(bytes: &[u8]) -> Vec<f32> {
    chunks(bytes, |b| half::bf16::from_le_bytes(b).to_f32())
}

fn from_f64(bytes: &[u8]) -> Vec<f32> {
    chunks(bytes, |b| f64::from_le_bytes(b) as f32)
}

fn from_i64(bytes: &[u8]) -> Vec<f32> {
    chunks(bytes, |b| i64::from_le_bytes(b) as f32)
}

fn chunks<const N: usize>(bytes: &[u8], read: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    bytes.as_chunks::<N>().0.iter().map(|&chunk| read(chunk)).collect()
}
