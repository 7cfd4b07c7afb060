//! One saliency map: a whole file, or one row of a pack.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::read::{check_length, read_opened};
use super::{Array, Error, Header, Result};

/// Reads one map, of shape (H,W) or (C,H,W), in single precision.
///
/// Without an index the file is the map. With one the file is a pack of shape (n,H,W) or (n,C,H,W), of which only that
/// map is read.
///
/// # Errors
///
/// If the file is damaged, is no map, or has no map of that index.
pub fn read_map(path: &Path, index: Option<usize>) -> Result<Array> {
    let Array { shape, data } = MapReader::new().read(path, index)?;
    Ok(Array { shape, data: data.into_iter().map(|value| value as f32).collect() })
}

/// Reads maps and keeps the last pack open, so that taking its maps one by one is cheap.
#[derive(Debug, Default)]
pub struct MapReader {
    last: Option<(PathBuf, Pack)>,
}

#[derive(Debug)]
enum Pack {
    /// In C order a map is one stretch of the file.
    Open(File, Header),
    /// In Fortran order it is scattered, so the pack is read whole.
    Loaded(Array<f64>),
}

impl MapReader {
    /// Starts with no pack open.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads one map, as [`read_map`], with values as precise as the file's.
    ///
    /// # Errors
    ///
    /// As [`read_map`].
    pub fn read(&mut self, path: &Path, index: Option<usize>) -> Result<Array<f64>> {
        match index {
            None => read_opened(path).and_then(whole_map),
            Some(index) => self.pack(path).and_then(|pack| pack.map(index)),
        }
        .map_err(|error| error.in_file(path))
    }

    fn pack(&mut self, path: &Path) -> Result<&Pack> {
        let pack = match self.last.take() {
            Some((last, pack)) if last == path => pack,
            _ => Pack::open(path)?,
        };
        Ok(&self.last.insert((path.to_owned(), pack)).1)
    }
}

fn whole_map(array: Array<f64>) -> Result<Array<f64>> {
    if matches!(array.shape.len(), 2 | 3) && !array.data.is_empty() {
        Ok(array)
    } else {
        Err(Error::NotMap(array.shape[..].into()))
    }
}

impl Pack {
    fn open(path: &Path) -> Result<Self> {
        let mut file = File::open(path)?;
        let header = Header::read(&mut file)?;
        check_length(&file, &header)?;
        if header.fortran { read_opened(path).map(Self::Loaded) } else { Ok(Self::Open(file, header)) }
    }

    fn map(&self, index: usize) -> Result<Array<f64>> {
        let all = match self {
            Self::Open(_, header) => &header.shape,
            Self::Loaded(array) => &array.shape,
        };
        let (shape, values) = map_shape(all, index)?;
        let data = match self {
            Self::Open(file, header) => read_part(file, header, index, values)?,
            Self::Loaded(array) => array.data[index * values..(index + 1) * values].to_vec(),
        };
        Ok(Array { shape, data })
    }
}

/// Shape and number of values of one map in a pack.
fn map_shape(pack: &[usize], index: usize) -> Result<(Vec<usize>, usize)> {
    let [maps, shape @ ..] = pack else { return Err(Error::NotPack(pack.into())) };
    let values = shape.iter().product();
    if !matches!(shape.len(), 2 | 3) || values == 0 {
        return Err(Error::NotPack(pack.into()));
    }
    if index >= *maps {
        return Err(Error::Index { index, shape: pack.into() });
    }
    Ok((shape.to_vec(), values))
}

fn read_part(file: &File, header: &Header, index: usize, values: usize) -> Result<Vec<f64>> {
    let mut bytes = vec![0; values * header.kind.size()];
    let start = header.start + (index * bytes.len()) as u64;
    file.read_exact_at(&mut bytes, start)?;
    let mut data = Vec::with_capacity(values);
    header.kind.decode(header.big_endian, &bytes, &mut data);
    Ok(data)
}
