//! NumPy's `.npz`: a zip archive of arrays. One that holds a single array is as good as a `.npy` file.

use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::Path;

use zip::ZipArchive;
use zip::result::ZipError;

use super::{Error, Header, Result, Shape};

/// The most bytes that an array may have uncompressed: it is held in memory whole.
const LARGEST: u64 = 4 << 30;

/// Whether a file is an archive, by its first bytes.
pub(super) fn is_archive(path: &Path) -> bool {
    let regular = fs::metadata(path).is_ok_and(|data| data.is_file());
    let mut first = [0; 4];
    regular
        && File::open(path).is_ok_and(|mut file| file.read_exact(&mut first).is_ok())
        && first == *b"PK\x03\x04"
}

/// The header of the only array of an archive, and what `read` makes of the data behind it.
///
/// # Errors
///
/// If the archive is damaged, or holds no array or several.
pub(super) fn open<T>(
    path: &Path,
    read: impl FnOnce(&mut dyn Read, &Header) -> Result<T>,
) -> Result<(Header, T)> {
    let mut archive = ZipArchive::new(BufReader::new(File::open(path)?)).map_err(damaged)?;
    let names = archive.file_names().map(|name| name.map(std::borrow::Cow::into_owned));
    let names: Vec<String> = names.collect::<Result<_, _>>().map_err(damaged)?;
    let [name] = &names[..] else { return Err(several(names)) };
    let mut entry = archive.by_name(name).map_err(damaged)?;
    let header = Header::read(&mut entry)?;
    if header.bytes > LARGEST {
        return Err(Error::TooLarge(Shape::from(&header.shape[..])));
    }
    let array = read(&mut entry, &header)?;
    // The check sum is compared at the end of the data.
    match entry.read(&mut [0])? {
        0 => Ok((header, array)),
        _ => Err(Error::Trailing { shape: header.shape[..].into(), extra: 1 }),
    }
}

fn several(names: Vec<String>) -> Error {
    let mut names: Vec<String> =
        names.iter().map(|name| name.strip_suffix(".npy").unwrap_or(name).to_owned()).collect();
    names.sort();
    Error::Several(names)
}

fn damaged(error: ZipError) -> Error {
    match error {
        ZipError::Io(error) => error.into(),
        other => Error::Archive(other.to_string()),
    }
}
