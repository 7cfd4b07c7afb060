//! The ways a table can be wrong. Each message names the file, and the line and column where there is one.

use std::io;

use crate::whole::Torn;

/// Result of reading a table.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The ways a table can be wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not even a header.
    #[error("{file}: empty input, where a header line was expected")]
    Empty {
        /// Name of the table.
        file: String,
    },
    /// A header and nothing else: whatever was to be read is lost.
    #[error("{file}: a header and no rows")]
    NoRows {
        /// Name of the table, or of the first of several.
        file: String,
    },
    /// A column that the row needs is not there.
    #[error("{file}: no column `{column}` in the header `{header}`")]
    Missing {
        /// Name of the table.
        file: String,
        /// The column.
        column: &'static str,
        /// What the header says.
        header: String,
    },
    /// Two columns have one name.
    #[error("{file}: column `{column}` appears twice in the header")]
    Twice {
        /// Name of the table.
        file: String,
        /// The column.
        column: String,
    },
    /// A cell holds something else than its column should.
    #[error("{file}, line {line}, column `{column}`: {value:?} is not {wanted}")]
    Value {
        /// Name of the table.
        file: String,
        /// Line of the file on which the row starts, from 1.
        line: u64,
        /// The column.
        column: &'static str,
        /// What the cell holds, cut if it is long.
        value: String,
        /// What it should hold.
        wanted: &'static str,
    },
    /// A row is longer or shorter than the header.
    #[error("{file}, line {line}: {found} fields, where the header has {expected}")]
    Fields {
        /// Name of the table.
        file: String,
        /// Line of the file on which the row starts, from 1.
        line: u64,
        /// Number of fields in the row.
        found: u64,
        /// Number of fields in the header.
        expected: u64,
    },
    /// A row is not text.
    #[error("{file}, line {line}: not valid UTF-8")]
    Utf8 {
        /// Name of the table.
        file: String,
        /// Line of the file on which the row starts, from 1.
        line: u64,
    },
    /// The table ends in the middle of a row.
    #[error("{file}, line {line}: {torn}")]
    Torn {
        /// Name of the table.
        file: String,
        /// Line of the file on which the row starts, from 1.
        line: u64,
        /// What is missing.
        torn: String,
    },
    /// The file could not be read.
    #[error("cannot read {file}")]
    Io {
        /// Name of the table.
        file: String,
        /// Why.
        source: io::Error,
    },
}

impl Error {
    /// `line` is where the row starts, for errors that do not know it.
    pub(crate) fn from_csv(error: csv::Error, file: &str, line: u64) -> Self {
        let file = file.to_owned();
        let line = error.position().map_or(line, csv::Position::line);
        match error.into_kind() {
            csv::ErrorKind::Io(source) => match Torn::of(&source) {
                Some(torn) => Self::Torn { file, line, torn: torn.to_string() },
                None => Self::Io { file, source },
            },
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                Self::Fields { file, line, found: len, expected: expected_len }
            }
            csv::ErrorKind::Utf8 { .. } => Self::Utf8 { file, line },
            other => Self::Io { file, source: io::Error::other(format!("{other:?}")) },
        }
    }
}

/// The start of a text, so that a message stays readable.
pub(crate) fn cut(text: &str) -> String {
    const LONGEST: usize = 200;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
