//! Weights that lie in a file beside the model (`external_data`).

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};

use crate::proto::StringStringEntryProto;

/// The bytes that the entries `location`, `offset` and `length` name. The file must lie in the model's folder
/// or below it, links resolved.
pub fn read(folder: &Path, entries: &[StringStringEntryProto], expected: usize) -> Result<Vec<u8>, String> {
    let entry = |key: &str| entries.iter().find(|entry| entry.key == key).map(|entry| entry.value.as_str());
    let number = |key: &str, text: &str| {
        text.parse::<u64>().map_err(|_| format!("external data: the {key} `{text}` is no whole number"))
    };
    let location = entry("location").ok_or("external data without a location")?;
    let offset = entry("offset").map_or(Ok(0), |text| number("offset", text))?;
    if let Some(text) = entry("length") {
        let length = number("length", text)?;
        if length != expected as u64 {
            return Err(format!(
                "external data: {length} bytes of {location} are named, {expected} are needed"
            ));
        }
    }
    let failed = |error: std::io::Error| format!("external data {location}: {error}");
    let mut file = File::open(resolve(folder, location)?).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    if offset.checked_add(expected as u64).is_none_or(|end| end > size) {
        return Err(format!(
            "external data {location}: {expected} bytes from {offset} are not in its {size}"
        ));
    }
    file.seek(SeekFrom::Start(offset)).map_err(failed)?;
    let mut bytes = vec![0; expected];
    file.read_exact(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

fn resolve(folder: &Path, location: &str) -> Result<PathBuf, String> {
    let outside = || format!("external data {location} leaves the folder of the model");
    let relative = Path::new(location);
    if !relative.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Err(outside());
    }
    let failed = |error: std::io::Error| format!("external data {location}: {error}");
    let path = folder.join(relative).canonicalize().map_err(failed)?;
    let folder = folder.canonicalize().map_err(failed)?;
    if path.starts_with(folder) { Ok(path) } else { Err(outside()) }
}
