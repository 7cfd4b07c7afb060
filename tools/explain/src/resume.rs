//! What `--resume` may trust: the settings behind the finished chunks of each method.

use std::fmt::Write;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result, bail};
use attribution::ParsedMethod;
use models::Classifier;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::args::Args;
use crate::images::List;
use crate::pack;

/// Everything that a finished chunk depends on, but for the method: it has a folder of its own.
pub fn settings(args: &Args, classifier: &Classifier, list: &List, steps: &Value) -> Result<Value> {
    let mut settings = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "model": classifier.name,
        "weights_sha256": classifier.digest,
        "preprocess": serde_json::to_value(&classifier.preprocess)?,
        "target": args.target.to_string(),
        "seed": args.seed,
        "chunk": args.chunk,
        "images": list.images.len(),
        "images_sha256": digest(list),
    });
    for (step, value) in steps.as_object().into_iter().flatten() {
        settings[step] = value.clone();
    }
    Ok(settings)
}

/// The list of images as one number: with another list, the same chunk holds other images.
fn digest(list: &List) -> String {
    let mut hash = Sha256::new();
    for image in &list.images {
        hash.update(format!("{image:?}\n"));
    }
    hexadecimal(hash)
}

/// A hash as text.
pub fn hexadecimal(hash: Sha256) -> String {
    hash.finalize().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // Writing to a String cannot fail.
        text
    })
}

/// Writes the settings into each method's folder, or compares them with those of the run that `--resume` goes on with.
pub fn claim(args: &Args, methods: &[ParsedMethod], settings: &Value) -> Result<()> {
    let text = serde_json::to_string_pretty(settings)? + "\n";
    for named in methods {
        let folder = pack::folder(args, named);
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create the folder {}", folder.display()))?;
        let path = folder.join("settings.json");
        let before = read(&path)?;
        if before.as_deref() == Some(&text) {
            continue;
        }
        if let Some(before) = before {
            let what = format!("of a run with another {}", differences(&before, settings));
            if args.resume {
                bail!("--resume: {} is {what}", path.display());
            }
            if !args.quiet {
                pipe::note(format_args!("maps in {} are overwritten: they are {what}", folder.display()));
            }
        }
        forget(&folder)?;
        pipe::atomic::write(&path, text.as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        result => result.map(Some).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// The names of the settings that differ.
fn differences(before: &str, now: &Value) -> String {
    let before: Value = serde_json::from_str(before).unwrap_or_default();
    let fields = now.as_object().into_iter().flatten();
    let names: Vec<&str> = fields
        .filter(|(name, value)| before.get(name) != Some(value))
        .map(|(name, _)| name.as_str())
        .collect();
    names.join(", ")
}

/// Removes the marks of finished chunks: those of other settings must not be taken for this run's.
fn forget(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry.with_context(|| folder.display().to_string())?.path();
        let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".csv"));
        if name.is_some_and(|number| number.bytes().all(|digit| digit.is_ascii_digit())) {
            pack::remove(&path)?;
        }
    }
    Ok(())
}
