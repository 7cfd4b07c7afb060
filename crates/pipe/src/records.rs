//! Splitting a table into records as fast as memory is searched. Plain records are cut where commas, quotes and line ends are found;
//! what is less plain (a doubled quote, text behind a closing one) is left to `csv-core`, whose rules count.

use std::borrow::Cow;
use std::cell::Cell;
use std::io::{ErrorKind, Read};
use std::mem::swap;
use std::ops::Range;

use csv_core::ReadRecordResult;
use memchr::{memchr, memchr_iter, memchr3};

use crate::error::{Error, Result};
use crate::whole::Torn;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The records of a table, one at a time in the same memory.
pub(crate) struct Records<R> {
    file: String,
    input: R,
    /// Bytes of the table, of which those from `next` on have not been split.
    block: Vec<u8>,
    next: usize,
    filled: usize,
    /// Whether `block` has ASCII bytes only.
    is_ascii: bool,
    /// Where in `block` the record starts.
    start: usize,
    /// A place in `block`, and how many lines end before it.
    counted: Cell<(usize, u64)>,
    /// Where the fields are, in `block` or in `unquoted`.
    fields: Vec<Range<usize>>,
    /// Those of the record before, if it is plain and still in `block`: most cells are the same as the one above.
    above: Vec<Range<usize>>,
    unquoted: Vec<u8>,
    is_plain: bool,
}

/// What was found from the start of a record on.
enum Found {
    /// A record, which ends before this place.
    Record(usize),
    /// A part of one.
    Part,
    /// Something that is not plain.
    Odd,
}

impl<R: Read> Records<R> {
    /// The records of an input, the header among them; blank lines are none.
    pub(crate) fn new(input: R, file: String, block: usize) -> Self {
        let (block, unquoted) = (vec![0; block], vec![0; 1024]);
        let (next, filled, start, counted, fields) = (0, 0, 0, Cell::default(), Vec::new());
        let (is_ascii, is_plain, above) = (true, true, Vec::new());
        Self { file, input, block, next, filled, is_ascii, start, counted, fields, above, unquoted, is_plain }
    }

    /// Goes on to the next record; whether there is one.
    ///
    /// # Errors
    ///
    /// If the input cannot be read, or ends inside a record.
    pub(crate) fn advance(&mut self) -> Result<bool> {
        swap(&mut self.fields, &mut self.above);
        if !self.is_plain {
            self.above.clear();
        }
        loop {
            self.skip_line_ends();
            let mut found = self.split();
            self.is_plain = !matches!(found, Found::Odd);
            if !self.is_plain {
                found = self.split_odd();
            }
            if let Found::Record(end) = found {
                (self.start, self.next) = (self.next, end);
                return Ok(true);
            }
            if !self.fill()? {
                return self.end().map(|()| false);
            }
        }
    }

    /// The line on which the record starts, from 1. Line ends are counted when somebody asks.
    pub(crate) fn line(&self) -> u64 {
        self.line_at(self.start)
    }

    /// The line of a place in `block`, behind the last one that was asked for.
    fn line_at(&self, place: usize) -> u64 {
        let (from, before) = self.counted.get();
        let lines = before + memchr_iter(b'\n', &self.block[from.min(place)..place]).count() as u64;
        self.counted.set((place, lines));
        lines + 1
    }

    /// Number of fields in the record.
    pub(crate) fn len(&self) -> usize {
        self.fields.len()
    }

    /// A field of the record.
    #[inline]
    pub(crate) fn field(&self, place: usize) -> Option<&[u8]> {
        let bytes = if self.is_plain { &self.block } else { &self.unquoted };
        self.fields.get(place).map(|field| &bytes[field.clone()])
    }

    /// A field as text, whatever it holds.
    pub(crate) fn text(&self, place: usize) -> Cow<'_, str> {
        String::from_utf8_lossy(self.field(place).unwrap_or_default())
    }

    /// Whether every field is text.
    pub(crate) fn is_text(&self) -> bool {
        let mut fields = (0..self.len()).filter_map(|place| self.field(place));
        self.is_ascii || fields.all(|field| std::str::from_utf8(field).is_ok())
    }

    fn skip_line_ends(&mut self) {
        while let Some(b'\n' | b'\r') = self.block[..self.filled].get(self.next) {
            self.next += 1;
        }
    }

    /// Finds the fields from `next` on.
    fn split(&mut self) -> Found {
        let bytes = &self.block[..self.filled];
        let mut at = self.next;
        self.fields.clear();
        loop {
            let Some(first) = bytes.get(at) else { return Found::Part };
            let quote = usize::from(*first == b'"');
            let text = at + quote;
            let above = self.above.get(self.fields.len());
            let length = above.and_then(|above| repeated(bytes, at, quote, above));
            let length = length.or_else(|| match quote {
                0 => memchr3(b',', b'\n', b'\r', &bytes[text..]),
                _ => memchr(b'"', &bytes[text..]),
            });
            let Some(length) = length else { return Found::Part };
            self.fields.push(text..text + length);
            let end = text + length + quote;
            match bytes.get(end) {
                Some(b',') => at = end + 1,
                Some(b'\n' | b'\r') => return Found::Record(end + 1),
                Some(_) => return Found::Odd,
                None => return Found::Part,
            }
        }
    }

    /// The same by `csv-core`.
    fn split_odd(&mut self) -> Found {
        let bytes = &self.block[self.next..self.filled];
        let mut ends = vec![0; self.fields.len().max(16)];
        loop {
            let mut reader = csv_core::Reader::new();
            let (result, read, _, fields) = reader.read_record(bytes, &mut self.unquoted, &mut ends);
            match result {
                ReadRecordResult::OutputFull => self.unquoted.resize(2 * self.unquoted.len(), 0),
                ReadRecordResult::OutputEndsFull => ends.resize(2 * ends.len(), 0),
                ReadRecordResult::InputEmpty | ReadRecordResult::End => return Found::Part,
                ReadRecordResult::Record => {
                    let starts = [0].into_iter().chain(ends.iter().copied());
                    let fields = starts.zip(&ends).take(fields).map(|(start, end)| start..*end);
                    self.fields.clear();
                    self.fields.extend(fields);
                    return Found::Record(self.next + read);
                }
            }
        }
    }

    /// Reads until the block is full; whether there was more. A record that does not fit makes the block twice as large.
    fn fill(&mut self) -> Result<bool> {
        let lines = self.line_at(self.next) - 1;
        self.counted.set((0, lines));
        self.above.clear();
        self.block.copy_within(self.next..self.filled, 0);
        (self.next, self.filled) = (0, self.filled - self.next);
        if self.filled == self.block.len() {
            self.block.resize(2 * self.filled, 0);
        }
        let (before, at_start) = (self.filled, lines == 0 && self.filled == 0);
        while self.filled < self.block.len() {
            match self.input.read(&mut self.block[self.filled..]) {
                Ok(0) => break,
                Ok(count) => self.filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(source) => return Err(Error::Io { file: self.file.clone(), source }),
            }
        }
        if at_start && self.block[..self.filled].starts_with(BYTE_ORDER_MARK) {
            self.next = BYTE_ORDER_MARK.len();
        }
        self.is_ascii = self.block[..self.filled].is_ascii();
        Ok(self.filled > before)
    }

    /// Checks that nothing is left.
    fn end(&self) -> Result<()> {
        let rest = &self.block[self.next..self.filled];
        if rest.is_empty() {
            return Ok(());
        }
        let torn = Torn::at_end_of(rest).unwrap_or(Torn::Line).to_string();
        Err(Error::Torn { file: self.file.clone(), line: self.line_at(self.next), torn })
    }
}

/// The length of the field at a place if it is, with its quotes and what ends it, the same as the one above.
fn repeated(bytes: &[u8], at: usize, quote: usize, above: &Range<usize>) -> Option<usize> {
    let (from, size) = (above.start.checked_sub(quote)?, above.len() + 2 * quote + 1);
    let here = bytes.get(at..at + size)?;
    // A quote that ends the one above ends nothing where none was opened.
    (bytes.get(from..from + size) == Some(here) && here[size - 1] != b'"').then_some(above.len())
}

#[cfg(test)]
mod tests {
    use super::Records;
    use crate::error::Error;
    use crate::whole::{Torn, Whole};

    type Table = Result<Vec<Vec<Vec<u8>>>, String>;

    fn ours(text: &[u8], block: usize) -> Table {
        let mut records = Records::new(text, String::new(), block);
        let mut all = Vec::new();
        while records.advance().map_err(|error| match error {
            Error::Torn { torn, .. } => torn,
            other => panic!("{other:?}"),
        })? {
            all.push((0..records.len()).map(|place| records.field(place).unwrap().to_vec()).collect());
        }
        Ok(all)
    }

    fn theirs(text: &[u8]) -> Table {
        let mut reader = csv::ReaderBuilder::new();
        let reader = reader.has_headers(false).flexible(true).from_reader(Whole::new(text));
        let record = |record: csv::ByteRecord| record.iter().map(<[u8]>::to_vec).collect();
        let torn = |error: csv::Error| match error.into_kind() {
            csv::ErrorKind::Io(error) => Torn::of(&error).unwrap().to_string(),
            other => panic!("{other:?}"),
        };
        reader.into_byte_records().map(|read| read.map(record).map_err(torn)).collect()
    }

    /// Every text of up to seven bytes of these, read in blocks of several sizes.
    #[test]
    fn records_are_those_of_csv() {
        let alphabet = [b'a', b',', b'"', b'\n', b'\r'];
        for length in 0..8 {
            for code in 0..5_usize.pow(length) {
                let text: Vec<u8> = (0..length).map(|at| alphabet[code / 5_usize.pow(at) % 5]).collect();
                let expected = theirs(&text);
                for block in [3 + code % 5, 64] {
                    assert_eq!(ours(&text, block), expected, "{:?}", String::from_utf8_lossy(&text));
                }
            }
        }
    }

    #[test]
    fn long_and_many_fields_are_read_whatever_the_size_of_the_block() {
        let field = "\"".to_owned() + &"\"\"x,\n".repeat(3000) + "\"";
        let text = format!("\u{feff}\"a\",{field},b\n{}\n\n\n{field}\r\n", "c,\"\"\"\",".repeat(500));
        let expected = theirs(text.as_bytes());
        for block in [3, 7, 1000, 1 << 20] {
            assert_eq!(ours(text.as_bytes(), block), expected);
        }
    }

    #[test]
    fn a_record_knows_its_line() {
        let mut records = Records::new(&b"a\r\n\n\"b\n\",\"\"\"\n\"\nc\n"[..], String::new(), 4);
        let mut lines = Vec::new();
        while records.advance().unwrap() {
            lines.push(records.line());
        }
        assert_eq!(lines, [1, 3, 6]);
    }
}
