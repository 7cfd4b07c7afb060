//! NumPy's `.npy` arrays, and `.npz` archives of one array: saliency maps, alone, in packs, or one after another on a pipe.
//!
//! Files come from anybody, so nothing in a header is believed before it was checked: its length is bounded, the
//! product of the shape is checked for overflow, and a file must be exactly as long as its header says before memory
//! is taken for it. On a pipe memory grows only as bytes arrive.

mod header;
mod map;
mod npz;
mod read;
mod write;

use std::io;

pub use header::{Header, Kind};
pub use map::{MapReader, Pack, read_map};
pub use read::{Array, Stream, read, read_file, starts_with_npy};
pub use write::{PackWriter, write, write_file};

/// Result of reading or writing an array.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The ways an array can be wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What is wrong with a named file.
    #[error("{path}")]
    File {
        /// The file.
        path: String,
        /// What is wrong.
        source: Box<Error>,
    },
    /// Another kind of file.
    #[error("not a .npy file: it does not start with the NumPy magic")]
    Magic,
    /// A version that does not exist yet.
    #[error("unknown .npy version {0}.{1}")]
    Version(u8, u8),
    /// A header that no array needs.
    #[error("the header claims {0} bytes; at most 65536 are read")]
    HeaderLength(u64),
    /// A header that cannot be understood.
    #[error("bad header: {0}")]
    Header(String),
    /// Values that are not real numbers.
    #[error("{0} values cannot be read, only real numbers")]
    Kind(String),
    /// A shape that no memory could hold.
    #[error("shape {0} is too large")]
    TooLarge(Shape),
    /// Fewer bytes than the header promises.
    #[error("truncated: shape {shape} needs {needed} bytes of data, {found} are there")]
    Truncated {
        /// The promised shape.
        shape: Shape,
        /// Bytes that it takes.
        needed: u64,
        /// Bytes that are there.
        found: u64,
    },
    /// More bytes than the header promises.
    #[error("{extra} bytes follow the array of shape {shape}; several arrays in one file are not a map")]
    Trailing {
        /// The promised shape.
        shape: Shape,
        /// Bytes too many, or 1 where they cannot be counted.
        extra: u64,
    },
    /// Not a map.
    #[error("shape {0} is not a map: (H,W) or (C,H,W) is needed")]
    NotMap(Shape),
    /// Not a pack of maps.
    #[error("shape {0} is not a pack: with a map_index, (n,H,W) or (n,C,H,W) is needed")]
    NotPack(Shape),
    /// An archive of no array or of several.
    #[error("an archive of {} arrays ({}), where one is needed: save that one with np.save", .0.len(), .0.join(", "))]
    Several(Vec<String>),
    /// An archive that cannot be read.
    #[error("a damaged .npz archive: {0}")]
    Archive(String),
    /// A map that the pack does not have.
    #[error("map_index {index} is not in the pack of shape {shape}")]
    Index {
        /// The map that was asked for.
        index: usize,
        /// The pack's shape.
        shape: Shape,
    },
    /// Data that do not fit the shape they are written with.
    #[error("{found} values cannot be written with shape {shape}")]
    Length {
        /// Number of values.
        found: usize,
        /// The shape.
        shape: Shape,
    },
    /// The disk or the pipe failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Error {
    fn in_file(self, path: &std::path::Path) -> Self {
        match self {
            Self::File { .. } => self,
            other => Self::File { path: path.display().to_string(), source: Box::new(other) },
        }
    }
}

/// A shape that prints as NumPy prints it: `(2, 3)`, `(2,)`, `()`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape(pub Vec<u64>);

impl From<&[usize]> for Shape {
    fn from(shape: &[usize]) -> Self {
        Self(shape.iter().map(|length| *length as u64).collect())
    }
}

impl std::fmt::Display for Shape {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let lengths: Vec<String> = self.0.iter().map(u64::to_string).collect();
        let comma = if lengths.len() == 1 { "," } else { "" };
        write!(out, "({}{comma})", lengths.join(", "))
    }
}

/// Number of values in a shape, if that can be counted.
fn count(shape: &[usize]) -> Option<usize> {
    // A length of 0 makes the array empty but must not hide an overflow among the other lengths: strides would wrap.
    let all = shape.iter().map(|length| (*length).max(1)).try_fold(1_usize, usize::checked_mul)?;
    Some(if shape.contains(&0) { 0 } else { all })
}
