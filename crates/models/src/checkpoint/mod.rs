//! Weight files as people have them: what `torch.save` and safetensors wrote, in one file or in several, with an optimizer, an
//! epoch or a second set of weights beside, under whatever prefix. They are known by their content, not by their names.

mod file;
mod format;
mod sets;
mod stored;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use burn::tensor::TensorData;

use crate::network::graph::Parameter;
use crate::zoo::Rename;
use stored::Stored;

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
    #[error("{}{}: the weights do not fit the network: {}", path.display(), sets::shown(inside), problems.join("; "))]
    Mismatch {
        /// The file.
        path: PathBuf,
        /// The prefix of the tensors that fit best.
        inside: String,
        /// One line for each kind of difference, naming tensors.
        problems: Vec<String>,
    },
}

/// The tensors of a weight file, or one set of them.
#[derive(Debug)]
pub struct Checkpoint {
    path: PathBuf,
    /// The prefix that the tensors have in the file.
    inside: String,
    tensors: Tensors,
    notes: Vec<String>,
}

type Tensors = BTreeMap<String, Stored>;

impl Checkpoint {
    /// Reads what tensors there are in a file of safetensors, in anything that `torch.save` wrote, in a shard index
    /// (`model.safetensors.index.json`), or in a folder with one of them under its usual name.
    ///
    /// # Errors
    /// If the file is missing, damaged or of another format.
    pub fn open(path: &Path) -> Result<Self, CheckpointError> {
        let unreadable = |reason| CheckpointError::Unreadable { path: path.into(), reason };
        let tensors = file::open(path).map_err(unreadable)?;
        Ok(Self { path: path.into(), inside: String::new(), tensors, notes: Vec::new() })
    }

    /// Reads safetensors from memory; `name` stands for the file in messages.
    ///
    /// # Errors
    /// As [`Checkpoint::open`].
    pub fn from_safetensors(name: &str, bytes: &[u8]) -> Result<Self, CheckpointError> {
        let unreadable = |reason| CheckpointError::Unreadable { path: name.into(), reason };
        let tensors = stored::safetensors(bytes.to_vec()).map_err(unreadable)?;
        Ok(Self { path: name.into(), inside: String::new(), tensors, notes: Vec::new() })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What should be told about the choice of these tensors.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The shape of a tensor, if it is there.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors.get(name).map(|tensor| tensor.shape.as_slice())
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
                return Err(self.unreadable(format!("the file has {new} twice, once as {old}")));
            }
            tensors.insert(new, tensor.clone());
        }
        Ok(Self { tensors, ..self.like() })
    }

    /// The set of tensors that has a network's names behind one prefix, without it, and whatever else has that prefix. The
    /// names of the file are those of the network after `rename`. `key` is a part of the prefix.
    ///
    /// Of several sets the one that is no moving average is taken, and a note tells.
    ///
    /// # Errors
    /// If there are several and none is to be preferred, or none under `key`.
    pub fn choose(
        &self,
        parameters: &[Parameter],
        rename: Option<&Rename>,
        key: Option<&str>,
    ) -> Result<Self, CheckpointError> {
        let wanted: BTreeSet<&str> = parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        let names: Vec<&str> = self.tensors.keys().map(String::as_str).collect();
        let sets = sets::Sets::new(&names, &wanted, rename);
        let (set, note) = sets.best(key).map_err(|reason| self.unreadable(reason))?;
        let mut chosen =
            Self { inside: self.inside.clone() + &set.prefix(), tensors: Tensors::new(), ..self.like() };
        chosen.notes.extend(note.map(|note| format!("{}: {note}", self.path.display())));
        for (own, name) in set.members().chain(sets.beside(&set)) {
            if chosen.tensors.insert(own.clone(), self.tensors[name].clone()).is_some() {
                return Err(self.unreadable(format!("the file has {own} twice, once as {name}")));
            }
        }
        let unused: Vec<String> =
            sets.unused(&set).filter(|name| self.tensors[*name].is_weight()).map(String::from).collect();
        if !unused.is_empty() {
            let (path, under) = (self.path.display(), set.places());
            chosen.notes.push(format!(
                "{path}: the weights are those under {under}; not used: {}",
                some_of(&unused, SHOWN)
            ));
        }
        Ok(chosen)
    }

    /// The numbers of a network's parameters, in their order. Counters of BatchNorm (`num_batches_tracked`) may be left over,
    /// nothing else. Axes of length 1 do not count: the numbers are the same.
    ///
    /// # Errors
    /// Lists missing, unexpected and wrongly shaped tensors, and those with NaN or infinity in them; or the tensor that cannot
    /// be read.
    pub fn weights(&self, parameters: &[Parameter]) -> Result<Vec<TensorData>, CheckpointError> {
        let (mut missing, mut misshapen, mut broken) = (Vec::new(), Vec::new(), Vec::new());
        let mut weights = Vec::with_capacity(parameters.len());
        for Parameter { name, shape } in parameters {
            let Some(tensor) = self.tensors.get(name) else {
                missing.push(name.clone());
                continue;
            };
            if !long_axes(&tensor.shape).eq(long_axes(shape)) {
                misshapen.push(format!("{name} is {:?} and not {shape:?}", tensor.shape));
                continue;
            }
            let numbers =
                tensor.read().map_err(|reason| self.unreadable(format!("tensor {name}: {reason}")))?;
            if !numbers.iter().all(|number| number.is_finite()) {
                broken.push(name.clone());
            }
            weights.push(TensorData::new(numbers, shape.clone()));
        }
        let unexpected = self.unexpected(parameters);
        let strange = 2 * (missing.len() + unexpected.len() + misshapen.len()) > parameters.len();
        let problems = [
            ("missing", missing, SHOWN),
            ("unexpected", unexpected, SHOWN),
            ("wrong shape", misshapen, 1),
            ("not finite", broken, SHOWN),
        ];
        let named = problems.into_iter().filter(|(_, names, _)| !names.is_empty());
        let mut problems: Vec<String> =
            named.map(|(what, names, shown)| format!("{what}: {}", some_of(&names, shown))).collect();
        if problems.is_empty() {
            return Ok(weights);
        }
        if self.path.to_string_lossy().contains("-of-0") {
            problems.push("is it one of several shards? Their index (*.index.json) joins them".into());
        } else if strange {
            problems.push(
                "is it another architecture (--list-models)? Any network can be given as ONNX (docs/onnx.md)"
                    .into(),
            );
        }
        Err(CheckpointError::Mismatch { path: self.path.clone(), inside: self.inside.clone(), problems })
    }

    /// The numbers of those parameters that the file has in their shape, in order, and what is said about each of the others.
    ///
    /// # Errors
    /// If a tensor cannot be read, or has NaN or infinity in it.
    pub fn fitting(
        &self,
        parameters: &[Parameter],
    ) -> Result<(Vec<Option<TensorData>>, Vec<String>), CheckpointError> {
        let (mut weights, mut others) = (Vec::new(), Vec::new());
        for parameter in parameters {
            let Parameter { name, shape } = parameter;
            let own = self.tensors.get(name).map(|tensor| &tensor.shape);
            weights.push(match own {
                Some(own) if long_axes(own).eq(long_axes(shape)) => {
                    let tensors = Tensors::from([(name.clone(), self.tensors[name].clone())]);
                    Self { tensors, ..self.like() }.weights(std::slice::from_ref(parameter))?.pop()
                }
                Some(own) => {
                    others.push(format!("{name} is {own:?} and not {shape:?}"));
                    None
                }
                None => {
                    others.push(format!("{name} is missing"));
                    None
                }
            });
        }
        Ok((weights, others))
    }

    fn unexpected(&self, parameters: &[Parameter]) -> Vec<String> {
        let wanted: BTreeSet<&str> = parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        let known = |name: &str| name.ends_with(".num_batches_tracked") || wanted.contains(name);
        self.tensors.keys().filter(|name| !known(name)).cloned().collect()
    }

    fn unreadable(&self, reason: String) -> CheckpointError {
        CheckpointError::Unreadable { path: self.path.clone(), reason }
    }

    /// Everything but the tensors.
    fn like(&self) -> Self {
        let (path, inside, notes) = (self.path.clone(), self.inside.clone(), self.notes.clone());
        Self { path, inside, tensors: Tensors::new(), notes }
    }
}

/// Whether a file is a network in ONNX, by its content.
pub fn is_onnx(path: &Path) -> bool {
    file::head(path).is_ok_and(|head| format::is_onnx(&head))
}

fn long_axes(shape: &[usize]) -> impl Iterator<Item = usize> {
    shape.iter().copied().filter(|&length| length != 1)
}

/// How many names a message shows.
const SHOWN: usize = 3;

/// The first `most` names of a list and how many more there are.
fn some_of(names: &[String], most: usize) -> String {
    let shown = names[..names.len().min(most)].join(", ");
    if names.len() > most { format!("{shown} and {} more", names.len() - most) } else { shown }
}
