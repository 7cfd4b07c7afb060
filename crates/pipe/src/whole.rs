//! A table that was cut off must not look like a whole one: `0.0198` is a number too.

use std::fmt;
use std::io::{self, Read};

use memchr::memchr;

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
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    /// The start of the table, where a byte order mark is nothing.
    Start,
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
            (Self::Quoted, _) | (Self::Start | Self::Record | Self::Field | Self::Quote, b'"') => {
                Self::Quoted
            }
            (Self::Start, 0xef | 0xbb | 0xbf) => Self::Start,
            (_, b'\n' | b'\r') => Self::Record,
            (_, b',') => Self::Field,
            _ => Self::Bare,
        }
    }

    /// The place behind more bytes. Only quotes matter, and what stands beside them, so the search jumps from one to the next.
    fn behind(mut self, mut bytes: &[u8]) -> Self {
        while let Some(first) = bytes.first() {
            let quote = memchr(b'"', bytes);
            let (place, passed) = match (self, quote) {
                (Self::Quoted, None) => return Self::Quoted,
                (Self::Quoted, Some(at)) => (Self::Quote, at + 1),
                (Self::Start | Self::Quote, _) | (_, Some(0)) => (self.after(*first), 1),
                (_, quote) => {
                    let passed = quote.unwrap_or(bytes.len());
                    (self.after(bytes[passed - 1]), passed)
                }
            };
            (self, bytes) = (place, &bytes[passed..]);
        }
        self
    }

    /// What is wrong with a table that ends here.
    fn torn(self) -> Option<Torn> {
        match self {
            Self::Start | Self::Record => None,
            Self::Quoted => Some(Torn::Quote),
            Self::Field | Self::Bare | Self::Quote => Some(Torn::Line),
        }
    }
}

impl<R> Whole<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input, place: Place::Start }
    }
}

impl<R: Read> Read for Whole<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(out)?;
        if count == 0 && !out.is_empty() {
            return self.place.torn().map_or(Ok(0), |torn| Err(torn.into()));
        }
        self.place = self.place.behind(&out[..count]);
        Ok(count)
    }
}

impl From<Torn> for io::Error {
    fn from(torn: Torn) -> Self {
        Self::new(io::ErrorKind::UnexpectedEof, torn)
    }
}

impl Torn {
    /// What is wrong with a table whose last record, from its start on, is this.
    pub(crate) fn at_end_of(record: &[u8]) -> Option<Self> {
        Place::Start.behind(record).torn()
    }

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

    /// Every text of up to seven bytes, cut anywhere.
    #[test]
    fn jumping_from_quote_to_quote_is_going_byte_by_byte() {
        let alphabet = [b'a', b',', b'"', b'\n', 0xef];
        let text = |code: usize| (0..7).map(move |at| alphabet[code / 5_usize.pow(at) % 5]);
        for code in 0..5_usize.pow(7) {
            let text: Vec<u8> = text(code).collect();
            let slow = text.iter().fold(Place::Start, |place, byte| place.after(*byte));
            let (head, tail) = text.split_at(code % 8);
            assert_eq!(Place::Start.behind(head).behind(tail), slow, "{text:?}");
        }
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
