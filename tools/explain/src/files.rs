//! `--file NAME=PATH`: the files that specs call by a name.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use attribution::ParsedMethod;
use pipe::Usage;

/// A file under the name that a spec gives it.
#[derive(Clone, Debug)]
pub struct NamedFile {
    name: String,
    path: PathBuf,
}

/// Reads `NAME=PATH`.
pub fn named(text: &str) -> Result<NamedFile, &'static str> {
    let parts = text.split_once('=').filter(|(name, path)| !name.is_empty() && !path.is_empty());
    let (name, path) = parts.ok_or("NAME=PATH is needed")?;
    Ok(NamedFile { name: name.into(), path: path.into() })
}

/// Whether each file that a method needs is given, once, and each that is given is needed.
pub fn check(files: &[NamedFile], methods: &[ParsedMethod]) -> Result<()> {
    for (at, NamedFile { name, .. }) in files.iter().enumerate() {
        if files[..at].iter().any(|other| other.name == *name) {
            bail!(Usage(format!("--file {name}= is given twice")));
        }
        if !methods.iter().any(|method| method.needs().files.contains(name)) {
            bail!(Usage(format!("--file {name}=, but no method names such a file")));
        }
    }
    for method in methods {
        let given = |name: &&String| !files.iter().any(|file| file.name == **name);
        if let Some(name) = method.needs().files.iter().find(given) {
            bail!(Usage(format!(
                "{} needs the file that it calls `{name}`: --file {name}=PATH",
                method.spec
            )));
        }
    }
    Ok(())
}

/// The paths by their names.
pub fn paths(files: &[NamedFile]) -> BTreeMap<String, PathBuf> {
    files.iter().map(|NamedFile { name, path }| (name.clone(), path.clone())).collect()
}

/// SHA-256 of each file by what it is called in a pack's identity.
pub fn hashes(files: &[NamedFile]) -> Result<BTreeMap<String, String>> {
    let hash = |NamedFile { name, path }: &NamedFile| {
        let bytes = fs::read(path).with_context(|| format!("--file {name}={}", path.display()))?;
        Ok((key(name), pipe::sha256(&bytes)))
    };
    files.iter().map(hash).collect()
}

/// The files among these that a method's maps depend on.
pub fn of(method: &ParsedMethod, hashes: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let files = method.needs().files;
    let hash = |name: &String| hashes.get(&key(name)).map(|hash| (key(name), hash.clone()));
    files.iter().filter_map(hash).collect()
}

fn key(name: &str) -> String {
    format!("file:{name}")
}
