//! The command lines behind the tables, and what the tables were.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use pipe::{Explained, sha256_of};
use serde::Serialize;
use serde_json::Value;

use crate::args::Args;
use crate::kind::Inputs;
use crate::tables::Run;
use crate::words::thousands;

/// A table that the page is made of.
#[derive(Debug, Serialize)]
pub struct Source {
    pub file: String,
    pub kind: &'static str,
    /// Bytes.
    pub size: String,
    /// The first sixteen digits of the SHA-256 of its bytes.
    pub hash: String,
}

/// What one run of a tool says of itself.
#[derive(Debug, Serialize)]
pub struct Note {
    pub file: String,
    /// The command, as a shell takes it; empty where the record has none.
    pub command: String,
    /// Names and values of the facts.
    pub facts: Vec<(String, String)>,
}

/// The tables.
///
/// # Errors
///
/// If one cannot be read again.
pub fn sources(inputs: &Inputs) -> Result<Vec<Source>> {
    let source = |(kind, path): (crate::kind::Kind, &PathBuf)| {
        let (hash, length) = sha256_of(path).with_context(|| format!("cannot read {}", path.display()))?;
        let (size, hash) = (thousands(length as usize), hash[..16].to_owned());
        Ok(Source { file: path.display().to_string(), kind: kind.name(), size, hash })
    };
    inputs.iter().map(source).collect()
}

/// The records beside the tables, those that `explain` has left beside the maps for these lists and classifiers, and those that the
/// command line names.
///
/// # Errors
///
/// If a record is not JSON, or one that is named is not there.
pub fn notes(inputs: &Inputs, run: &Run, args: &Args) -> Result<Vec<Note>> {
    let mut notes = Vec::new();
    for (_, table) in inputs.iter() {
        let mut beside = table.as_os_str().to_owned();
        beside.push(".run.json");
        let beside = PathBuf::from(beside);
        if beside.is_file() {
            notes.push(note(&beside, &read(&beside)?));
        }
    }
    for path in logs(run) {
        let record = read(&path)?;
        let says = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default();
        let key = |list: &&str| list.split('/').next() == says("list").split('/').next();
        if run.seen.models().contains(says("model")) && run.seen.lists().iter().any(key) {
            notes.push(note(&path, &record));
        }
    }
    for path in &args.record {
        notes.push(note(path, &read(path)?));
    }
    Ok(notes)
}

/// `logs/*.json` of the folders in which packs of maps lie, `FOLDER/METHOD/HASH.npy`.
fn logs(run: &Run) -> Vec<PathBuf> {
    let folder = |row: &Explained| Path::new(&row.map).parent()?.parent().map(|folder| folder.join("logs"));
    let rows = run.items.all.iter().flat_map(|item| &item.rows).flatten();
    let folders: BTreeSet<PathBuf> = rows.filter_map(folder).collect();
    let files =
        |folder: &PathBuf| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = folders.iter().flat_map(files).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    files.sort();
    files
}

fn read(path: &Path) -> Result<Value> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&bytes).with_context(|| format!("{} is not a run record", path.display()))
}

fn note(path: &Path, record: &Value) -> Note {
    let words = record.get("argv").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let command = words.map(quoted).collect::<Vec<_>>().join(" ");
    let told = |(name, value): (&String, &Value)| {
        let text = match value {
            Value::Null => return None,
            Value::String(text) => text.clone(),
            Value::Array(list) if list.is_empty() => return None,
            Value::Object(map) if map.is_empty() => return None,
            other => other.to_string(),
        };
        (name != "argv" && !text.is_empty()).then(|| (name.clone(), text))
    };
    let facts = record.as_object().into_iter().flatten().filter_map(told).collect();
    Note { file: path.display().to_string(), command, facts }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:=,+@%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_can_be_copied() {
        let record = serde_json::json!({"argv": ["explain", "-m", "rise:masks=4", "it's a b.png", ""], "seed": 0, "end": null});
        let note = note(Path::new("r.json"), &record);
        assert_eq!(note.command, "explain -m rise:masks=4 'it'\\''s a b.png' ''");
        assert_eq!(note.facts, [("seed".to_owned(), "0".to_owned())]);
    }
}
