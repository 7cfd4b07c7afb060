//! How images were prepared, as the sidecars of their maps say.

use std::path::Path;

use anyhow::{Context, Result};
use images::Preprocess;
use pipe::{CheckedMaps, Explained};

/// A way to prepare an image.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The way.
    pub preprocess: Preprocess,
    /// Who says so, for a message.
    pub reason: String,
}

/// How the image of a row's map was prepared, if the map has a sidecar.
///
/// # Errors
///
/// If the sidecar is damaged.
pub fn choice(maps: &mut CheckedMaps, row: &Explained) -> Result<Option<Choice>> {
    let Some(sidecar) = maps.sidecar(Path::new(&row.map))? else { return Ok(None) };
    let preprocess: Preprocess = serde_json::from_value(sidecar.preprocess.clone())
        .with_context(|| format!("the preprocessing in the sidecar of {}", row.map))?;
    let reason = format!("--preprocess {} of its map", preprocess.name);
    Ok(Some(Choice { preprocess, reason }))
}
