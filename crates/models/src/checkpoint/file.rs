//! A file of weights, or several that an index joins.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Component, Path};

use serde_json::Value;

use super::format::{self, Format};
use super::stored::{self, Stored};

/// What a folder's weights are called, in the order of preference.
const USUAL: [&str; 4] = [
    "model.safetensors.index.json",
    "model.safetensors",
    "pytorch_model.bin.index.json",
    "pytorch_model.bin",
];

/// The tensors of a file, of the files of an index, or of a folder with one of them.
pub(super) fn open(path: &Path) -> Result<BTreeMap<String, Stored>, String> {
    if path.is_dir() {
        let usual = USUAL.map(|name| path.join(name)).into_iter().find(|path| path.exists());
        let usual = usual.ok_or_else(|| format!("a folder without {}", USUAL.join(", ")))?;
        return open(&usual);
    }
    match recognise(path)? {
        Format::Safetensors => stored::safetensors(read(path)?),
        Format::Torch => stored::torch(path),
        Format::Index => joined(path),
    }
}

fn recognise(path: &Path) -> Result<Format, String> {
    format::recognise(&head(path)?)
}

/// The first bytes of a file.
pub(super) fn head(path: &Path) -> Result<Vec<u8>, String> {
    let mut head = Vec::new();
    let file = File::open(path).map_err(|error| error.to_string())?;
    file.take(format::HEAD as u64).read_to_end(&mut head).map_err(|error| error.to_string())?;
    Ok(head)
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| error.to_string())
}

/// The tensors of an index's `weight_map`, each from its file beside the index.
fn joined(path: &Path) -> Result<BTreeMap<String, Stored>, String> {
    let index: Value = serde_json::from_slice(&read(path)?).map_err(|error| format!("not JSON: {error}"))?;
    let map = index.get("weight_map").and_then(Value::as_object);
    let map = map.ok_or("JSON without a weight_map, so no index of weights")?;
    let mut files: BTreeMap<&str, BTreeMap<String, Stored>> = BTreeMap::new();
    let mut all = BTreeMap::new();
    for (name, file) in map {
        let file = file.as_str().ok_or_else(|| format!("the file of {name} is no text"))?;
        if !files.contains_key(file) {
            files.insert(file, shard(path, file)?);
        }
        let tensor = files[file].get(name).ok_or_else(|| format!("{file} does not hold {name}"))?;
        all.insert(name.clone(), tensor.clone());
    }
    if all.is_empty() { Err("the weight_map is empty".into()) } else { Ok(all) }
}

/// One of the files that an index names. It must lie in the folder of the index.
fn shard(index: &Path, name: &str) -> Result<BTreeMap<String, Stored>, String> {
    let mut parts = Path::new(name).components();
    if !matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None)) {
        return Err(format!("{name} is no file beside the index"));
    }
    let path = index.with_file_name(name);
    let read = |format| match format {
        Format::Safetensors => stored::safetensors(read(&path)?),
        Format::Torch => stored::torch(&path),
        Format::Index => Err("an index within an index".into()),
    };
    recognise(&path).and_then(read).map_err(|reason| format!("{name}: {reason}"))
}
