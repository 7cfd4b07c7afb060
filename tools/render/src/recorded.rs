//! How images were prepared, as the records beside their maps say.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use ::images::Preprocess;
use anyhow::{Context, Result, bail};
use pipe::Explained;
use serde_json::Value;

/// A way to prepare an image.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The way.
    pub preprocess: Preprocess,
    /// Who says so, for a message.
    pub reason: String,
}

/// What records say; each folder is read once for a model.
#[derive(Default)]
pub struct Recorded(HashMap<(PathBuf, String), Option<Choice>>);

impl Recorded {
    /// How the image of a row's map was prepared, if a record says so.
    ///
    /// # Errors
    ///
    /// If a record is damaged, or two of them disagree.
    pub fn of(&mut self, row: &Explained) -> Result<Option<Choice>> {
        // The method's folder, where a foreign explainer may keep all it has, then the folder that explain calls --out.
        for folder in Path::new(&row.map).ancestors().skip(1).take(2) {
            if let Some(choice) = self.folder(folder, &row.model)? {
                return Ok(Some(choice));
            }
        }
        Ok(None)
    }

    fn folder(&mut self, folder: &Path, model: &str) -> Result<Option<Choice>> {
        let key = (folder.to_owned(), model.to_owned());
        if let Some(known) = self.0.get(&key) {
            return Ok(known.clone());
        }
        let choice = read_records(folder, model)?;
        self.0.insert(key, choice.clone());
        Ok(choice)
    }
}

/// What the records in a folder say about a model; the shards of a run leave one each.
fn read_records(folder: &Path, model: &str) -> Result<Option<Choice>> {
    let mut found: Option<Choice> = None;
    for path in records(folder)? {
        let record = read_record(&path).with_context(|| path.display().to_string())?;
        let other = !model.is_empty() && record.model.as_deref().is_some_and(|name| name != model);
        let preprocess = record.preprocess;
        match &found {
            _ if other => {}
            Some(first) if first.preprocess != preprocess => {
                bail!("{}, but {} of {}", first.reason, preprocess.name, path.display())
            }
            Some(_) => {}
            None => {
                let reason = format!("--preprocess {} of {}", preprocess.name, path.display());
                found = Some(Choice { preprocess, reason });
            }
        }
    }
    Ok(found)
}

/// `explain.json`, `explain.1-of-3.json` and so on.
fn records(folder: &Path) -> Result<Vec<PathBuf>> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let is_record = |name: &str| {
        name.strip_suffix(".json").is_some_and(|stem| stem == "explain" || stem.starts_with("explain."))
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry.with_context(|| folder.display().to_string())?;
        if entry.file_name().to_str().is_some_and(is_record) {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

struct Record {
    model: Option<String>,
    preprocess: Preprocess,
}

fn read_record(path: &Path) -> Result<Record> {
    let record: Value = serde_json::from_str(&fs::read_to_string(path)?)?;
    let preprocess = recorded(&record["preprocess"])?;
    Ok(Record { model: record["model"].as_str().map(str::to_owned), preprocess })
}

/// The whole of it, as explain writes it, or a preset's name.
fn recorded(value: &Value) -> Result<Preprocess> {
    let name = value["name"].as_str().context("no preprocess name in it")?;
    if value.get("resize").is_some() {
        return serde_json::from_value(value.clone()).with_context(|| format!("preprocess `{name}`"));
    }
    Preprocess::preset(name).with_context(|| format!("unknown preprocess `{name}`"))
}
