//! Whole arrays: from a file, or one after another from a pipe.

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::path::Path;

use super::header::{MAGIC, Real};
use super::{Error, Header, Result, Shape, npz};

/// An array of numbers in C order: the last axis is the fastest. Maps are read as `f64`, so that values which differ in
/// the file keep their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Array<T = f32> {
    /// Lengths of the axes.
    pub shape: Vec<usize>,
    /// The values.
    pub data: Vec<T>,
}

/// Reads a file that holds exactly one array: `.npy`, or an archive of one array, by content.
///
/// # Errors
///
/// If the file cannot be read, is damaged, or holds anything after the array.
pub fn read_file(path: &Path) -> Result<Array> {
    read_opened(path).map_err(|error| error.in_file(path))
}

pub(super) fn read_opened<T: Real + Copy>(path: &Path) -> Result<Array<T>> {
    if npz::is_archive(path) {
        return Ok(npz::open(path, |source, header| read_data(source, header))?.1);
    }
    let mut file = File::open(path)?;
    let header = Header::read(&mut file)?;
    check_length(&file, &header)?;
    let array = read_data(&mut file, &header)?;
    if file.read(&mut [0])? > 0 {
        return Err(Error::Trailing { shape: header.shape[..].into(), extra: 1 });
    }
    Ok(array)
}

/// Compares what the header promises with the length of a regular file; of anything else the length is not known.
pub(super) fn check_length(file: &File, header: &Header) -> Result<()> {
    let data = file.metadata()?;
    if !data.is_file() {
        return Ok(());
    }
    let found = data.len().saturating_sub(header.start);
    let shape = Shape::from(&header.shape[..]);
    match found.cmp(&header.bytes) {
        std::cmp::Ordering::Less => Err(Error::Truncated { shape, needed: header.bytes, found }),
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(Error::Trailing { shape, extra: found - header.bytes }),
    }
}

/// Reads one array and not a byte more.
///
/// # Errors
///
/// If the array is damaged or cut off.
pub fn read(source: &mut impl Read) -> Result<Array> {
    let header = Header::read(source)?;
    read_data(source, &header)
}

/// Reads block by block, so that a header that lies costs no more memory than the bytes that really come.
pub(super) fn read_data<T: Real + Copy>(
    source: &mut (impl Read + ?Sized),
    header: &Header,
) -> Result<Array<T>> {
    const BLOCK: u64 = 1 << 16;
    let mut block = vec![0; BLOCK.min(header.bytes) as usize];
    let mut data = Vec::new();
    let mut left = header.bytes;
    while left > 0 {
        let bytes = &mut block[..BLOCK.min(left) as usize];
        source.read_exact(bytes).map_err(|error| cut_off(error, header, left))?;
        header.kind.decode(header.big_endian, bytes, &mut data);
        left -= bytes.len() as u64;
    }
    data.shrink_to_fit();
    let data = if header.fortran { to_c_order(&header.shape, &data) } else { data };
    Ok(Array { shape: header.shape.clone(), data })
}

fn cut_off(error: io::Error, header: &Header, left: u64) -> Error {
    if error.kind() != io::ErrorKind::UnexpectedEof {
        return error.into();
    }
    Error::Truncated { shape: header.shape[..].into(), needed: header.bytes, found: header.bytes - left }
}

/// Walks the array with the last axis fastest and picks each value from where Fortran put it.
fn to_c_order<T: Copy>(shape: &[usize], data: &[T]) -> Vec<T> {
    let strides: Vec<usize> = shape
        .iter()
        .scan(1, |stride, length| {
            let this = *stride;
            *stride *= length;
            Some(this)
        })
        .collect();
    let mut index = vec![0; shape.len()];
    let mut place = 0;
    let mut out = Vec::with_capacity(data.len());
    for _ in 0..data.len() {
        out.push(data[place]);
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            place += strides[axis];
            if index[axis] < shape[axis] {
                break;
            }
            place -= strides[axis] * shape[axis];
            index[axis] = 0;
        }
    }
    out
}

/// Whether the next bytes of an input are an array; nothing is consumed.
///
/// # Errors
///
/// If the input cannot be read.
pub fn starts_with_npy(source: &mut (impl BufRead + ?Sized)) -> io::Result<bool> {
    // One byte is enough: 0x93 starts no UTF-8 text, and a slow pipe may have delivered no more.
    Ok(source.fill_buf()?.first() == Some(&MAGIC[0]))
}

/// Maps that follow one another, until a clean end.
#[derive(Debug)]
pub struct Stream<B> {
    source: B,
    broken: bool,
}

impl<B: BufRead> Stream<B> {
    /// Reads from the input's present place.
    pub fn new(source: B) -> Self {
        Self { source, broken: false }
    }

    fn next_array(&mut self) -> Result<Option<Array<f64>>> {
        if self.source.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let header = Header::read(&mut self.source)?;
        read_data(&mut self.source, &header).map(Some)
    }
}

/// After an error the iterator ends.
impl<B: BufRead> Iterator for Stream<B> {
    type Item = Result<Array<f64>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.broken {
            return None;
        }
        let array = self.next_array();
        self.broken = array.is_err();
        array.transpose()
    }
}
