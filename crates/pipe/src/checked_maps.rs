//! Reading maps, and asking their sidecars whether they are what their rows say.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::{Explained, Sidecar, npy};

/// Reads the maps of rows and checks them against their sidecars; keeps the last pack and the last sidecar open.
#[derive(Debug, Default)]
pub struct CheckedMaps {
    maps: npy::MapReader,
    last: Option<(PathBuf, Option<Sidecar>)>,
}

impl CheckedMaps {
    /// The array that a row names. `image` is the SHA-256 of the row's image, if it is known; a map that has a sidecar is
    /// checked against all that is known.
    ///
    /// # Errors
    ///
    /// If the map cannot be read, or the row and the map do not belong together.
    pub fn read(&mut self, row: &Explained, image: Option<&str>) -> Result<npy::Array<f64>> {
        let path = Path::new(&row.map);
        let array = self.maps.read(path, row.map_index)?;
        if let Some(sidecar) = self.sidecar(path)? {
            sidecar.check(row, image).with_context(|| row.map.clone())?;
        }
        Ok(array)
    }

    /// The sidecar of a map file, if it has one.
    ///
    /// # Errors
    ///
    /// If it is damaged.
    pub fn sidecar(&mut self, map: &Path) -> Result<Option<&Sidecar>> {
        if self.last.as_ref().is_none_or(|(path, _)| path != map) {
            self.last = Some((map.to_owned(), Sidecar::beside(map)?));
        }
        Ok(self.last.as_ref().and_then(|(_, sidecar)| sidecar.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Extra;
    use crate::sidecar::tests::sidecar;

    fn row(folder: &Path) -> Explained {
        Explained {
            image: "a.png".into(),
            target: Some(3),
            model: "m@12345678".into(),
            method: "ig".into(),
            map: folder.join("abc.npy").display().to_string(),
            map_index: Some(0),
            reason: String::new(),
            extra: Extra::default(),
        }
    }

    #[test]
    fn a_row_and_its_map_belong_together() {
        let folder = tempfile::tempdir().unwrap();
        let sidecar = sidecar(folder.path());
        sidecar.write(&folder.path().join("abc.json")).unwrap();
        let mut maps = CheckedMaps::default();
        let good = row(folder.path());
        assert_eq!(maps.read(&good, Some("feed")).unwrap().data, [1.0, 2.0]);
        assert!(maps.read(&good, None).is_ok());
        assert!(sidecar.check(&Explained { model: "m".into(), ..good.clone() }, None).is_ok());
        let wrong = [
            (
                Explained { model: "m@0".into(), ..good.clone() },
                "the map explains m@12345678, but the row says m@0",
            ),
            (
                Explained { method: "rise".into(), ..good.clone() },
                "the map is one of ig, but the row says rise",
            ),
            (Explained { target: Some(4), ..good.clone() }, "the map explains class 3, but the row says 4"),
            (
                Explained { map_index: None, ..good.clone() },
                "the file is a pack of maps, but the row has no map_index",
            ),
        ];
        for (row, message) in wrong {
            assert_eq!(sidecar.check(&row, None).unwrap_err().to_string(), message);
        }
        let error = format!("{:#}", maps.read(&good, Some("f00d")).unwrap_err());
        assert!(error.contains("abc.npy: the map explains another image"), "{error}");
    }
}
