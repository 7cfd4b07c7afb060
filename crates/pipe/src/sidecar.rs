//! What stands beside a pack of maps, so that nobody has to trust a path: what made the maps, and what each one explains.
//!
//! A pack is addressed by its content: `HASH.npy`, HASH being that of everything that its maps depend on. So two runs never
//! write one file with different contents, and a file that is there and whole is done, whoever made it. `HASH.json` beside it
//! is the same for every run that makes the pack; what happened in a run (times, threads) is in its record.

use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::digest::sha256;
use crate::{Explained, Identity, atomic};

/// `HASH.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sidecar {
    /// What made the maps.
    pub identity: Identity,
    /// How images became the network's input.
    pub preprocess: Value,
    /// The packs; maps of several sizes lie in several.
    pub packs: Vec<PackFile>,
    /// What came of each image, in the order of [`Identity::asked`].
    pub items: Vec<Item>,
}

/// One file of maps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PackFile {
    /// Its name, in the folder of the sidecar.
    pub name: String,
    /// SHA-256 of the whole file.
    pub sha256: String,
}

/// What came of one image: a map, or a reason why there is none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// The class that is explained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<usize>,
    /// The pack, as a place in [`Sidecar::packs`], and the map's place in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map: Option<(usize, usize)>,
    /// Where the original image lies in the map, in the words of the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub geometry: Option<Value>,
    /// At which stage it failed, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<(String, String)>,
    /// What the method tried before it chose the map.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trials: Vec<Trial>,
}

/// A map that a method tried for an image, by one metric.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Which map, from 0.
    pub draw: usize,
    /// What it was made from.
    pub arm: String,
    /// The metric, as `score` calls it.
    pub metric: String,
    /// Its value as text, which no reader of JSON rounds; nothing if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<String>,
    /// Why there is no value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The best of the maps so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best: Option<usize>,
    /// What chance of success each arm promised when this one was chosen, as `arm:chance arm:chance`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub chances: String,
}

impl Trial {
    /// The value; NaN if there is none.
    pub fn value(&self) -> f64 {
        self.score.as_ref().and_then(|score| score.parse().ok()).unwrap_or(f64::NAN)
    }
}

impl Sidecar {
    /// Where the sidecar of a map file is, or would be: all packs of one have its name up to the first dot.
    pub fn path_of(map: &Path) -> Option<PathBuf> {
        let stem = map.file_name()?.to_str()?.split('.').next()?;
        Some(map.with_file_name(format!("{stem}.json")))
    }

    /// The sidecar of a map file; nothing if it has none, because somebody else made it.
    ///
    /// # Errors
    ///
    /// If it cannot be read or is damaged.
    pub fn beside(map: &Path) -> Result<Option<Self>> {
        Self::path_of(map).map_or(Ok(None), |path| Self::read(&path))
    }

    /// Reads a sidecar; nothing if there is none, or if the file is somebody else's.
    ///
    /// # Errors
    ///
    /// If it cannot be read or is damaged.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        let bytes = match fs::read(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            bytes => bytes.with_context(|| format!("cannot read {}", path.display()))?,
        };
        let damaged = || format!("{} is damaged", path.display());
        let value: Value = serde_json::from_slice(&bytes).with_context(damaged)?;
        if value.get("identity").is_none() {
            return Ok(None);
        }
        let sidecar: Self = serde_json::from_value(value).with_context(damaged)?;
        if sidecar.items.len() != sidecar.identity.asked.len() {
            bail!("{}: {} items, {} results", damaged(), sidecar.identity.asked.len(), sidecar.items.len());
        }
        Ok(Some(sidecar))
    }

    /// Writes the sidecar, whole or not at all.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        atomic::write(path, &text).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Whether all packs are there, in this folder, as they were written.
    pub fn is_whole(&self, folder: &Path) -> bool {
        let whole = |pack: &PackFile| {
            fs::read(folder.join(&pack.name)).is_ok_and(|bytes| sha256(&bytes) == pack.sha256)
        };
        self.packs.iter().all(whole)
    }

    /// Notes a pack that was written.
    ///
    /// # Errors
    ///
    /// If it cannot be read again.
    pub fn add_pack(&mut self, path: &Path) -> Result<()> {
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        self.packs.push(PackFile { name, sha256: sha256(&bytes) });
        Ok(())
    }

    /// Whether a row tells the truth about its map: the model, the method, the class, and `image`, the SHA-256 of the image
    /// that stands under the row's path now, where somebody has opened it. An empty model, or one without a hash, says
    /// nothing that could be wrong.
    ///
    /// # Errors
    ///
    /// Says what does not belong together.
    pub fn check(&self, row: &Explained, image: Option<&str>) -> Result<()> {
        let Identity { model, method, asked, .. } = &self.identity;
        if row.model.contains('@') && row.model != *model {
            bail!("the map explains {model}, but the row says {}", row.model);
        }
        if row.method != *method {
            bail!("the map is one of {method}, but the row says {}", row.method);
        }
        let name = Path::new(&row.map).file_name().unwrap_or_default();
        let Some(index) = row.map_index else {
            bail!("the file is a pack of maps, but the row has no map_index");
        };
        let here = |item: &Item| item.map.is_some_and(|(pack, at)| at == index && self.is_pack(pack, name));
        let Some(at) = self.items.iter().position(here) else {
            bail!("the pack has no map {index}");
        };
        if self.items[at].target != row.target {
            let class =
                |target: Option<usize>| target.map_or_else(|| "none".into(), |class| class.to_string());
            let (own, other) = (class(self.items[at].target), class(row.target));
            bail!("the map explains class {own}, but the row says {other}");
        }
        if image.is_some_and(|image| image != asked[at].image) {
            bail!("the map explains another image than the one that is there now: its content has changed");
        }
        Ok(())
    }

    fn is_pack(&self, pack: usize, name: &OsStr) -> bool {
        self.packs.get(pack).is_some_and(|pack| OsStr::new(&pack.name) == name)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::identity::tests::identity;
    use crate::npy::PackWriter;

    /// A pack of one map and an image that could not be read.
    pub(crate) fn sidecar(folder: &Path) -> Sidecar {
        let path = folder.join("abc.npy");
        let mut pack = PackWriter::create(&path, &[1, 2]).unwrap();
        pack.push(&[1.0, 2.0]).unwrap();
        pack.finish().unwrap();
        let map = Item {
            target: Some(3),
            map: Some((0, 0)),
            geometry: Some(serde_json::json!({"scale": [0.1, 0.7]})),
            ..Item::default()
        };
        let failed = Item { failure: Some(("open".into(), "gone".into())), ..Item::default() };
        let items = vec![failed, map];
        let identity = identity(&[("", "predicted"), ("feed", "predicted")]);
        let mut sidecar = Sidecar { identity, preprocess: Value::Null, packs: Vec::new(), items };
        sidecar.add_pack(&path).unwrap();
        sidecar
    }

    #[test]
    fn what_is_written_is_read_and_damage_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let sidecar = sidecar(folder.path());
        let path = folder.path().join("abc.json");
        sidecar.write(&path).unwrap();
        assert_eq!(Sidecar::beside(&folder.path().join("abc.2.npy")).unwrap().as_ref(), Some(&sidecar));
        assert_eq!(Sidecar::beside(&folder.path().join("other.npy")).unwrap(), None);
        assert!(sidecar.is_whole(folder.path()));
        let bytes = fs::read(folder.path().join("abc.npy")).unwrap();
        for damaged in [&bytes[..bytes.len() - 1], &[&bytes[..bytes.len() - 1], &[9]].concat()] {
            fs::write(folder.path().join("abc.npy"), damaged).unwrap();
            assert!(!sidecar.is_whole(folder.path()));
        }
        let text = fs::read(&path).unwrap();
        fs::write(&path, &text[..text.len() / 2]).unwrap();
        let error = Sidecar::read(&path).unwrap_err().to_string();
        assert!(error.ends_with("abc.json is damaged"), "{error}");
        fs::write(&path, "{\"somebody\": \"else's\"}").unwrap();
        assert_eq!(Sidecar::read(&path).unwrap(), None);
    }
}
