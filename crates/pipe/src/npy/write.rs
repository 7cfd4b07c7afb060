//! Writing arrays: always `<f4`, C order, version 1.0, data aligned to 64 bytes.

use std::fmt::Write as _;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::header::MAGIC;
use super::{Error, Result, Shape, count};
use crate::atomic::AtomicFile;

/// Writes one array.
///
/// # Errors
///
/// If the values do not fit the shape or the output cannot be written.
pub fn write(out: &mut impl Write, shape: &[usize], data: &[f32]) -> Result<()> {
    if count(shape) != Some(data.len()) {
        return Err(Error::Length { found: data.len(), shape: shape.into() });
    }
    out.write_all(&header(shape, 0))?;
    write_values(out, data)
}

/// Writes a file that holds one array. It appears whole or not at all.
///
/// # Errors
///
/// If the values do not fit the shape or the file cannot be written.
pub fn write_file(path: &Path, shape: &[usize], data: &[f32]) -> Result<()> {
    let whole = || -> Result<()> {
        let mut out = BufWriter::new(AtomicFile::create(path)?);
        write(&mut out, shape, data)?;
        commit(out)
    };
    whole().map_err(|error| error.in_file(path))
}

/// Streams maps of one shape into a pack of shape (n, ...). Dropped before [`PackWriter::finish`], it leaves no file.
#[derive(Debug)]
pub struct PackWriter {
    path: PathBuf,
    out: BufWriter<AtomicFile>,
    shape: Vec<usize>,
    maps: usize,
}

/// Room for the header of any number of maps, so that the number can be filled in at the end.
fn pack_header(maps: usize, shape: &[usize]) -> Vec<u8> {
    let of = |maps: usize| [&[maps], shape].concat();
    header(&of(maps), header(&of(usize::MAX), 0).len())
}

impl PackWriter {
    /// Starts a pack of maps of one shape, (H,W) or (C,H,W). Missing folders are made.
    ///
    /// # Errors
    ///
    /// If the file cannot be made.
    pub fn create(path: &Path, shape: &[usize]) -> Result<Self> {
        let start = || -> Result<BufWriter<AtomicFile>> {
            let mut out = BufWriter::with_capacity(1 << 16, AtomicFile::create(path)?);
            out.write_all(&pack_header(0, shape))?;
            Ok(out)
        };
        let out = start().map_err(|error| error.in_file(path))?;
        Ok(Self { path: path.to_owned(), out, shape: shape.to_vec(), maps: 0 })
    }

    /// Adds a map; its index is the number of maps before it.
    ///
    /// # Errors
    ///
    /// If it has another size or the disk is full.
    pub fn push(&mut self, map: &[f32]) -> Result<usize> {
        if count(&self.shape) != Some(map.len()) {
            let error = Error::Length { found: map.len(), shape: self.shape[..].into() };
            return Err(error.in_file(&self.path));
        }
        write_values(&mut self.out, map).map_err(|error| error.in_file(&self.path))?;
        self.maps += 1;
        Ok(self.maps - 1)
    }

    /// Gives the file another name than the one it was started with, in the same folder.
    pub fn rename(&mut self, name: &str) {
        self.path.set_file_name(name);
        self.out.get_mut().rename(name);
    }

    /// Fills in the number of maps, puts the file on the disk and gives it its name.
    ///
    /// # Errors
    ///
    /// If the disk is full or the name cannot be taken.
    pub fn finish(self) -> Result<usize> {
        let Self { path, mut out, shape, maps } = self;
        let mut end = || -> Result<()> {
            out.seek(SeekFrom::Start(0))?;
            Ok(out.write_all(&pack_header(maps, &shape))?)
        };
        end().and_then(|()| commit(out)).map_err(|error| error.in_file(&path))?;
        Ok(maps)
    }
}

fn commit(out: BufWriter<AtomicFile>) -> Result<()> {
    let file = out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    Ok(file.commit()?)
}

/// A header at least `least` bytes long.
fn header(shape: &[usize], least: usize) -> Vec<u8> {
    let mut text = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {}, }}", Shape::from(shape));
    let length = (10 + text.len() + 1).max(least).next_multiple_of(64);
    let _ = write!(text, "{:>1$}", '\n', length - 10 - text.len()); // Writing to a String cannot fail.
    let mut bytes = MAGIC.to_vec();
    bytes.extend([1, 0]);
    bytes.extend(((length - 10) as u16).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes
}

fn write_values(out: &mut impl Write, data: &[f32]) -> Result<()> {
    let mut bytes = Vec::with_capacity(4096);
    for values in data.chunks(1024) {
        bytes.clear();
        bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        out.write_all(&bytes)?;
    }
    Ok(())
}
