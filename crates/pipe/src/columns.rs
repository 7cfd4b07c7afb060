//! Reading some columns of a table as bytes, for tables of millions of rows: no cell is copied.

use crate::compressed::Input;
use crate::error::{Error, Result, cut};
use crate::records::Records;
use crate::table::Table;
use crate::{Cell, Column};

/// Bytes that are searched at a time.
const BLOCK: usize = 1 << 18;

/// A table of which some columns are read.
#[derive(Debug)]
pub struct Columns {
    table: Table,
    columns: &'static [Column],
}

/// The cells of one row, by their column's place in the list that the reader gave.
pub struct Fields<'a> {
    file: &'a str,
    columns: &'static [Column],
    places: &'a [Option<usize>],
    records: &'a Records<Input>,
}

impl Columns {
    pub(crate) fn new(table: Table, columns: &'static [Column]) -> Self {
        Self { table, columns }
    }

    /// What to call the table in a message.
    pub fn name(&self) -> String {
        self.table.name()
    }

    /// Shows every row that is not blank, and returns how many there are.
    ///
    /// # Errors
    ///
    /// If the table is damaged, or the first error of `each`.
    pub fn read(mut self, mut each: impl FnMut(&Fields<'_>) -> anyhow::Result<()>) -> anyhow::Result<u64> {
        let file = self.table.name();
        let mut records = Records::new(self.table.input()?, file.clone(), BLOCK);
        records.advance()?;
        let width = records.len();
        self.table.set_header((0..width).map(|place| records.text(place)))?;
        let places = self.table.places(self.columns)?;
        let mut rows = 0;
        while records.advance()? {
            let fields = Fields { file: &file, columns: self.columns, places: &places, records: &records };
            if fields.check(width)? {
                each(&fields)?;
                rows += 1;
            }
        }
        Ok(rows)
    }
}

impl Fields<'_> {
    /// Line of the file on which the row starts, from 1.
    #[inline]
    pub fn line(&self) -> u64 {
        self.records.line()
    }

    /// A cell; that of a column that the table lacks is empty.
    #[inline]
    pub fn bytes(&self, column: usize) -> &[u8] {
        self.places[column].and_then(|place| self.records.field(place)).unwrap_or_default()
    }

    /// A cell as text.
    ///
    /// # Errors
    ///
    /// If it is none.
    #[inline]
    pub fn text(&self, column: usize) -> Result<&str> {
        std::str::from_utf8(self.bytes(column)).map_err(|_| self.not_text())
    }

    /// The value in a cell.
    ///
    /// # Errors
    ///
    /// If the cell does not hold such a value.
    #[inline]
    pub fn value<T: Cell>(&self, column: usize) -> Result<T> {
        T::parse(self.text(column)?).ok_or_else(|| self.wrong(column, T::WANTED))
    }

    /// The error that a cell holds something else than is wanted.
    pub fn wrong(&self, column: usize, wanted: &'static str) -> Error {
        let value = cut(&String::from_utf8_lossy(self.bytes(column)));
        let (file, column) = (self.file.to_owned(), self.columns[column].name);
        Error::Value { file, line: self.line(), column, value, wanted }
    }

    /// Whether this is a row and not a line of spaces.
    ///
    /// # Errors
    ///
    /// If the row is of another length than the header, or no text; the cells that nobody reads count too.
    fn check(&self, width: usize) -> Result<bool> {
        let found = self.records.len();
        if found == width {
            return if self.records.is_text() { Ok(true) } else { Err(self.not_text()) };
        }
        if found == 1 && self.records.text(0).trim().is_empty() {
            return Ok(false);
        }
        let (file, line) = (self.file.to_owned(), self.line());
        Err(Error::Fields { file, line, found: found as u64, expected: width as u64 })
    }

    fn not_text(&self) -> Error {
        Error::Utf8 { file: self.file.to_owned(), line: self.line() }
    }
}
