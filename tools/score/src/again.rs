//! The maps of a test's images, where these were explained again.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Result, bail};
use maps::Map;
use metrics::Curve;
use pipe::{CheckedMaps, Explained, Extra, Kept, KeptReader, Response, Rows, input_name};

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
        let explained = row.extra.get("explained").and_then(|class| class.parse().ok());
        Self { map: row.map.clone(), index: row.map_index, target: explained.or(row.target), kept }
    }

    /// Whether its image was kept.
    pub fn is_kept(&self) -> bool {
        self.kept.is_some()
    }
}

/// The maps of all points, and that of the second class, if there is one.
pub type Found = (Vec<Map>, Option<Map>);

/// Reads such maps.
#[derive(Debug, Default)]
pub struct Again {
    maps: CheckedMaps,
    images: KeptReader,
    /// Maps of images that explain their second class, by image, method and class.
    seconds: HashMap<(String, String, usize), Explained>,
}

impl Again {
    /// Knows the maps of the table that `explain --target second` wrote, if there is one.
    ///
    /// # Errors
    ///
    /// If it is damaged.
    pub fn new(second: Option<&Path>) -> Result<Self> {
        let mut seconds = HashMap::new();
        if let Some(path) = second {
            for row in Rows::<Explained>::open(&[path])? {
                let row = row?;
                if let Some(class) = row.target {
                    let key = (row.image.clone(), row.method.clone(), class);
                    if seconds.insert(key, row).is_some() {
                        bail!("{}: an image has two maps of one method and class", input_name(path));
                    }
                }
            }
        }
        Ok(Self { seconds, ..Self::default() })
    }

    /// The maps of all points, and that of the second class; or why there is nothing to compare.
    ///
    /// # Errors
    ///
    /// If a map cannot be read, or explains something else than its row says.
    pub fn all(
        &mut self,
        first: &Response,
        places: &[Place],
        curve: &Curve,
    ) -> Result<Result<Found, String>> {
        let maps = match self.read(first, places)? {
            Ok(maps) => maps,
            Err(reason) => return Ok(Err(reason)),
        };
        Ok(self.second(first, curve)?.transpose().map(|second| (maps, second)))
    }

    /// The map of the clean image that explains its second class; nothing if there is none.
    fn second(&mut self, first: &Response, curve: &Curve) -> Result<Option<Readable>> {
        let Some(class) = curve.points().iter().find_map(|point| point.second) else { return Ok(None) };
        let key = (first.image.clone(), first.method.clone(), class);
        let Some(row) = self.seconds.get(&key) else { return Ok(None) };
        if row.model != first.model {
            bail!("the map of class {class} explains {}, the others {}", row.model, first.model);
        }
        read(&mut self.maps, row, None).map(Some)
    }

    /// The map of each point, the first one that of the clean image; or why there is nothing to compare. A map that cannot be read, or
    /// that explains another image than its row says, is a reason too, but one to be told: an error within.
    fn read(&mut self, first: &Response, places: &[Place]) -> Result<Result<Vec<Map>, String>> {
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
