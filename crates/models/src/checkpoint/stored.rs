//! A tensor in a file, of which the numbers are read when they are asked for.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use pytorch_reader::{DType, PickleError, PytorchError, PytorchReader, Tensor};
use safetensors::{Dtype, SafeTensors};

/// A tensor in a file.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    /// Its shape.
    pub(super) shape: Vec<usize>,
    source: Source,
}

#[derive(Clone, Debug)]
enum Source {
    Torch(Tensor),
    Safe { file: Arc<Vec<u8>>, bytes: Range<usize>, dtype: Dtype },
}

/// The tensors of a safetensors file.
pub(super) fn safetensors(file: Vec<u8>) -> Result<BTreeMap<String, Stored>, String> {
    let file = Arc::new(file);
    let views =
        SafeTensors::deserialize(&file).map_err(|error| format!("not a safetensors file: {error}"))?;
    let stored = |(name, view): (&str, safetensors::tensor::TensorView<'_>)| {
        let start = view.data().as_ptr() as usize - file.as_ptr() as usize;
        let bytes = start..start + view.data().len();
        let source = Source::Safe { file: Arc::clone(&file), bytes, dtype: view.dtype() };
        (name.to_string(), Stored { shape: view.shape().to_vec(), source })
    };
    full(views.iter().map(stored).collect())
}

/// The tensors of a file that `torch.save` wrote, each under its path through the dictionaries.
pub(super) fn torch(path: &Path) -> Result<BTreeMap<String, Stored>, String> {
    let reader = PytorchReader::new(path).map_err(|error| unread(&error))?;
    let stored = |(name, tensor): (String, Tensor)| {
        (name, Stored { shape: tensor.shape().to_vec(), source: Source::Torch(tensor) })
    };
    full(reader.into_tensors().into_iter().map(stored).collect())
}

/// What is wrong with the file. Pickles hold objects of any kind beside tensors, of which some cannot be read.
fn unread(error: &PytorchError) -> String {
    match error {
        PytorchError::Pickle(PickleError::UnsupportedType(kind)) if kind.starts_with("__torch__") => {
            "a TorchScript network; save its state_dict(), or export it to ONNX, which --model takes".into()
        }
        PytorchError::Pickle(PickleError::Io(_)) => format!("not a PyTorch file: {error}"),
        PytorchError::Pickle(error) => format!(
            "it is cut or holds what cannot be read ({error}); weights alone can: torch.save(model.state_dict(), FILE)"
        ),
        error => format!("not a PyTorch file: {error}"),
    }
}

fn full(tensors: BTreeMap<String, Stored>) -> Result<BTreeMap<String, Stored>, String> {
    if tensors.is_empty() { Err("the file holds no tensors".into()) } else { Ok(tensors) }
}

impl Stored {
    /// The numbers, row-major.
    pub(super) fn read(&self) -> Result<Vec<f32>, String> {
        match &self.source {
            Source::Torch(tensor) => {
                let bytes = tensor.read().map_err(|error| error.to_string())?;
                match tensor.dtype() {
                    DType::F32 => Ok(from_f32(&bytes)),
                    DType::F16 => Ok(from_f16(&bytes)),
                    DType::BF16 => Ok(from_bf16(&bytes)),
                    DType::F64 => Ok(from_f64(&bytes)),
                    DType::I64 => Ok(from_i64(&bytes)),
                    other => Err(format!("it has type {other:?}; expected floats")),
                }
            }
            Source::Safe { file, bytes, dtype } => {
                let bytes = &file[bytes.clone()];
                match dtype {
                    Dtype::F32 => Ok(from_f32(bytes)),
                    Dtype::F16 => Ok(from_f16(bytes)),
                    Dtype::BF16 => Ok(from_bf16(bytes)),
                    Dtype::F64 => Ok(from_f64(bytes)),
                    Dtype::I64 => Ok(from_i64(bytes)),
                    other => Err(format!("it has type {other:?}; expected floats")),
                }
            }
        }
    }

    /// Whether it may be a weight: floats, and not a single one.
    pub(super) fn is_weight(&self) -> bool {
        let floats = match &self.source {
            Source::Torch(tensor) => {
                matches!(tensor.dtype(), DType::F32 | DType::F16 | DType::BF16 | DType::F64)
            }
            Source::Safe { dtype, .. } => {
                matches!(dtype, Dtype::F32 | Dtype::F16 | Dtype::BF16 | Dtype::F64)
            }
        };
        floats && !self.shape.is_empty()
    }
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
