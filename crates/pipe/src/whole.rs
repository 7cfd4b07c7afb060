//! A table that was cut off must not look like a whole one: `0.0198` is a number too.

use std::fmt;
use std::io::{self, BufRead, Read};

/// Passes CSV through and makes an end in the middle of a line an error, before the torn record is taken for a whole one.
pub(crate) struct Whole<R> {
    input: R,
    place: Place,
}

/// How the end of a table is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Torn {
    /// The last line has no line end.
    Line,
    /// A quote was opened and never closed.
    Quote,
}

/// Where in a record a byte stands, by the rules of the `csv` crate.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Record,
    Field,
    Bare,
    Quoted,
    /// Behind a quote inside a quoted field: it ends the field, unless another quote follows.
    Quote,
}

impl Place {
    fn after(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Quoted, b'"') => Self::Quote,
            (Self::Quoted, _) | (Self::Record | Self::Field | Self::Quote, b'"') => Self::Quoted,
            // A byte order mark at the start of a table is nothing.
            (_, b'\n' | b'\r') | (Self::Record, 0xef | 0xbb | 0xbf) => Self::Record,
            (_, b',') => Self::Field,
            _ => Self::Bare,
        }
    }
}

impl<R> Whole<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input, place: Place::Record }
    }

    fn end(&self) -> io::Result<usize> {
        match self.place {
            Place::Record => Ok(0),
            Place::Quoted => Err(Torn::Quote.into()),
            Place::Field | Place::Bare | Place::Quote => Err(Torn::Line.into()),
        }
    }
}

impl<R: BufRead> Read for Whole<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(out)?;
        if count == 0 && !out.is_empty() {
            return self.end();
        }
        self.place = out[..count].iter().fold(self.place, |place, byte| place.after(*byte));
        Ok(count)
    }
}

impl From<Torn> for io::Error {
    fn from(torn: Torn) -> Self {
        Self::new(io::ErrorKind::UnexpectedEof, torn)
    }
}

impl Torn {
    /// What an I/O error says, if it came from here.
    pub(crate) fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }
}

impl fmt::Display for Torn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Line => {
                "the last line has no line end, so the table may have been cut off there; if it is whole, \
                 end it with a newline"
            }
            Self::Quote => "a quote is opened and never closed; the table may have been cut off",
        })
    }
}

impl std::error::Error for Torn {}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(text: &str) -> Option<Torn> {
        let mut input = Whole::new(io::BufReader::with_capacity(3, text.as_bytes()));
        input.read_to_end(&mut Vec::new()).err().map(|error| Torn::of(&error).unwrap())
    }

    #[test]
    fn a_record_ends_with_its_line() {
        for text in [
            "",
            "\n",
            "a,b\n",
            "a,b\r\n",
            "a,b\r",
            "a\n\n",
            "\"a\nb\"\n",
            "\"\"\"\"\n",
            "5\" tall\n",
            "\"a\"b\"\n",
        ] {
            assert_eq!(end(text), None, "{text:?}");
        }
        for text in ["a", "a,b\nc", "a,b\n1,", "a\n\"b\"", "a\n\"b\"c"] {
            assert_eq!(end(text), Some(Torn::Line), "{text:?}");
        }
        for text in ["\"", "a\n\"b\n", "a\n1,\"b\"\"\n", "a\nb,\""] {
            assert_eq!(end(text), Some(Torn::Quote), "{text:?}");
        }
    }
}
