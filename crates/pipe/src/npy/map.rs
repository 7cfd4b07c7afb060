//! One saliency map: a whole file, or one row of a pack.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::read::{check_length, read_data, read_opened};
use super::{Array, Error, Header, Kind, Result, npz};

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

/// An array of which one part along the first axis is read at a time.
#[derive(Debug)]
pub struct Pack {
    header: Header,
    data: Data,
}

#[derive(Debug)]
enum Data {
    /// In C order a part is one stretch of the file.
    File(File),
    /// In Fortran order it is scattered, and in an archive it is compressed: the array is read whole.
    Loaded(Vec<f64>),
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
            Some(index) => self.pack(path).and_then(|pack| {
                map_shape(pack.shape())?;
                pack.part(index)
            }),
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
    /// Opens an array: `.npy`, or an archive of one array, by content.
    ///
    /// # Errors
    ///
    /// If the file is damaged.
    pub fn open(path: &Path) -> Result<Self> {
        if npz::is_archive(path) {
            let (header, array) = npz::open(path, |source, header| read_data(source, header))?;
            return Ok(Self { header, data: Data::Loaded(array.data) });
        }
        let mut file = File::open(path)?;
        let header = Header::read(&mut file)?;
        check_length(&file, &header)?;
        let data = if header.fortran { Data::Loaded(read_opened(path)?.data) } else { Data::File(file) };
        Ok(Self { header, data })
    }

    /// Lengths of the axes.
    pub fn shape(&self) -> &[usize] {
        &self.header.shape
    }

    /// What the values are, on disk.
    pub fn kind(&self) -> Kind {
        self.header.kind
    }

    /// The part at a place along the first axis.
    ///
    /// # Errors
    ///
    /// If there is none, or the file cannot be read.
    pub fn part(&self, index: usize) -> Result<Array<f64>> {
        let (length, shape) =
            self.shape().split_first().map_or((0, &[][..]), |(length, rest)| (*length, rest));
        if index >= length {
            return Err(Error::Index { index, shape: self.shape().into() });
        }
        let values: usize = shape.iter().product();
        let data = match &self.data {
            Data::File(file) => read_part(file, &self.header, index, values)?,
            Data::Loaded(data) => data[index * values..(index + 1) * values].to_vec(),
        };
        Ok(Array { shape: shape.to_vec(), data })
    }
}

/// Checks that the parts of a pack are maps.
fn map_shape(pack: &[usize]) -> Result<()> {
    match pack {
        [_, shape @ ..] if matches!(shape.len(), 2 | 3) && !shape.contains(&0) => Ok(()),
        _ => Err(Error::NotPack(pack.into())),
    }
}

fn read_part(file: &File, header: &Header, index: usize, values: usize) -> Result<Vec<f64>> {
    let mut bytes = vec![0; values * header.kind.size()];
    let start = header.start + (index * bytes.len()) as u64;
    file.read_exact_at(&mut bytes, start)?;
    let mut data = Vec::with_capacity(values);
    header.kind.decode(header.big_endian, &bytes, &mut data);
    Ok(data)
}
