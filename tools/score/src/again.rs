//! The maps of a test's images, where these were explained again.

use anyhow::Result;
use maps::Map;
use pipe::{CheckedMaps, Explained, Extra, Kept, KeptReader, Response};

use crate::maps::{Readable, read};

/// Why there is nothing to compare.
const NOT_AGAIN: &str = "the maps are all those of the clean image: keep the images (perturb --keep) and explain them (explain --again)";

/// Where the map of a point is, and the image that it explains, if that was kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    map: String,
    index: Option<usize>,
    /// Its class, which may be another one than that of the clean image.
    target: Option<usize>,
    kept: Option<Kept>,
}

impl Place {
    /// What a row says. A place in a pack that is no number is no place.
    pub fn of(row: &Response) -> Self {
        let kept = Kept::of(&row.extra).ok().flatten();
        Self { map: row.map.clone(), index: row.map_index, target: row.target, kept }
    }

    /// Whether its image was kept.
    pub fn is_kept(&self) -> bool {
        self.kept.is_some()
    }
}

/// Reads such maps.
#[derive(Debug, Default)]
pub struct Again {
    maps: CheckedMaps,
    images: KeptReader,
}

impl Again {
    /// The map of each point, the first one that of the clean image; or why there is nothing to compare. A map that cannot be read, or
    /// that explains another image than its row says, is a reason too, but one to be told: an error within.
    pub fn read(&mut self, first: &Response, places: &[Place]) -> Result<Result<Vec<Map>, String>> {
        let Some((clean, others)) = places.split_first().filter(|(clean, _)| !clean.is_kept()) else {
            return Ok(
                Err("the map of the clean image is missing: it belongs to the first point".to_owned()),
            );
        };
        let is_of_clean = |place: &Place| (&place.map, place.index) == (&clean.map, clean.index);
        if others.iter().any(|place| !place.is_kept() || is_of_clean(place)) {
            return Ok(Err(NOT_AGAIN.to_owned()));
        }
        let maps: Result<Vec<Readable>> = places.iter().map(|place| self.map(first, place)).collect();
        Ok(maps?.into_iter().collect())
    }

    fn map(&mut self, first: &Response, place: &Place) -> Result<Readable> {
        let row = Explained {
            image: first.image.clone(),
            target: place.target,
            model: first.model.clone(),
            method: first.method.clone(),
            map: place.map.clone(),
            map_index: place.index,
            reason: String::new(),
            extra: Extra::default(),
        };
        let image = match &place.kept {
            // The images may be gone when their maps are measured: they are large.
            Some(kept) if kept.pack.exists() => Some(self.images.read(kept)?.hash),
            _ => None,
        };
        read(&mut self.maps, &row, image.as_deref())
    }
}
