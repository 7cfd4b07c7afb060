//! The checkpoint beside the weights, and the settings that it belongs to.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use learning::{Trainer, checkpoint};
use pipe::atomic;
use serde_json::{Map, Value};

/// The file of a training, and when it was written last.
pub struct Checkpoint {
    path: PathBuf,
    settings: Map<String, Value>,
    pause: Duration,
    written: Instant,
}

impl Checkpoint {
    /// That of the weights `out`.
    pub fn new(out: &Path, settings: Map<String, Value>, minutes: u64) -> Self {
        let pause = Duration::from_secs(60 * minutes);
        Self { path: path(out), settings, pause, written: Instant::now() }
    }

    /// Whether it is time for the next one.
    pub fn is_due(&self) -> bool {
        self.written.elapsed() >= self.pause
    }

    /// Writes one in the place of the last, which stays where that fails.
    ///
    /// # Errors
    /// If a weight is not finite, or the file cannot be written.
    pub fn write(&mut self, trainer: &Trainer) -> Result<()> {
        let bytes = trainer.store(&Value::Object(self.settings.clone()).to_string())?;
        atomic::write(&self.path, &bytes).with_context(|| format!("cannot write {}", self.path.display()))?;
        self.written = Instant::now();
        Ok(())
    }

    /// Goes on with what is there, if there is something.
    ///
    /// # Errors
    /// If it was begun with other settings, other images or another network, or is damaged.
    pub fn restore(&self, trainer: &mut Trainer) -> Result<bool> {
        if !self.path.exists() {
            return Ok(false);
        }
        let place = || self.path.display().to_string();
        let bytes = fs::read(&self.path).with_context(place)?;
        let begun = checkpoint::settings(&bytes).with_context(place)?;
        let begun: Map<String, Value> = serde_json::from_str(&begun).with_context(place)?;
        if let Some(difference) = difference(&begun, &self.settings) {
            bail!("{}: the training was begun with {difference}", place());
        }
        trainer.restore(&bytes).with_context(place)?;
        Ok(true)
    }

    /// An error that ends the training, and what is left of it.
    pub fn left(&self, error: anyhow::Error) -> anyhow::Error {
        if !self.path.exists() {
            return error;
        }
        anyhow!("{error:#}; the weights of the last checkpoint are finite: {}", self.path.display())
    }

    /// Removes it: the training is done.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn remove(&self) -> Result<()> {
        fs::remove_file(&self.path).with_context(|| format!("cannot remove {}", self.path.display()))
    }
}

/// Where the checkpoint of weights lies.
pub fn path(out: &Path) -> PathBuf {
    let mut name = out.as_os_str().to_owned();
    name.push(".checkpoint");
    name.into()
}

/// The first setting that is another one.
fn difference(begun: &Map<String, Value>, now: &Map<String, Value>) -> Option<String> {
    let names = now.keys().chain(begun.keys().filter(|name| !now.contains_key(*name)));
    let text = |value: Option<&Value>| value.map_or("nothing".to_owned(), Value::to_string);
    names
        .filter(|name| begun.get(*name) != now.get(*name))
        .map(|name| format!("another `{name}`: {}, and not {}", text(begun.get(name)), text(now.get(name))))
        .next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_that_differs_or_is_missing_is_named() {
        let map = |text: &str| serde_json::from_str::<Map<String, Value>>(text).unwrap();
        let now = map(r#"{"epochs":3,"seed":0}"#);
        assert_eq!(difference(&now, &now), None);
        let told = |begun: &str| difference(&map(begun), &now).unwrap();
        assert_eq!(told(r#"{"epochs":4,"seed":0}"#), "another `epochs`: 4, and not 3");
        assert_eq!(told(r#"{"epochs":3}"#), "another `seed`: nothing, and not 0");
        assert_eq!(told(r#"{"epochs":3,"seed":0,"new":1}"#), "another `new`: 1, and not nothing");
    }
}
