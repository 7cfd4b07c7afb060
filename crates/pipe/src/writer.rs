//! Writing tables: the header first, always, then row after row.

use std::marker::PhantomData;
use std::sync::Arc;

use anyhow::Result;

use crate::{Cell, Extra, Finish, Output, OutputArgs, Row};

/// Writes rows of one kind as CSV.
pub struct Writer<R, W: Finish = Output> {
    out: csv::Writer<W>,
    record: csv::StringRecord,
    text: String,
    places: Places,
    row: PhantomData<R>,
}

impl<R: Row> Writer<R> {
    /// Writes to standard output.
    ///
    /// # Errors
    ///
    /// As [`Writer::new`].
    pub fn stdout<S: AsRef<str>>(extra: &[S]) -> Result<Self> {
        Self::open(&OutputArgs::default(), extra)
    }

    /// Writes to the file that the command line names, or to standard output.
    ///
    /// # Errors
    ///
    /// If the file cannot be made, and as [`Writer::new`].
    pub fn open<S: AsRef<str>>(output: &OutputArgs, extra: &[S]) -> Result<Self> {
        Self::new(Output::open(output)?, extra)
    }
}

impl<R: Row, W: Finish> Writer<R, W> {
    /// Writes the header: the row's own columns, then the carried ones that do not repeat them.
    ///
    /// # Errors
    ///
    /// If the output cannot be written.
    pub fn new<S: AsRef<str>>(out: W, extra: &[S]) -> Result<Self> {
        let mut table = Self::append(out, extra);
        let names = table.places.names.iter().map(String::as_str);
        table.out.write_record(R::COLUMNS.iter().map(|column| column.name).chain(names))?;
        Ok(table)
    }

    /// Goes on with a table that has its header already.
    pub fn append<S: AsRef<str>>(out: W, extra: &[S]) -> Self {
        let own = |name: &str| R::COLUMNS.iter().any(|column| column.name == name);
        let names: Vec<String> =
            extra.iter().map(|name| name.as_ref().to_owned()).filter(|name| !own(name)).collect();
        let places = Places { names, source: Arc::default(), found: Vec::new() };
        let out = csv::WriterBuilder::new().has_headers(false).from_writer(out);
        Self { out, record: csv::StringRecord::new(), text: String::new(), places, row: PhantomData }
    }

    /// Writes a row. Of the columns that it carries, those that the header has are written, and no others.
    ///
    /// # Errors
    ///
    /// If the output cannot be written.
    pub fn write(&mut self, row: &R) -> Result<()> {
        self.record.clear();
        let mut cells = Cells { record: &mut self.record, text: &mut self.text, places: &mut self.places };
        row.write(&mut cells);
        self.out.write_record(&self.record)?;
        Ok(())
    }

    /// Hands what was written so far to the next stage.
    ///
    /// # Errors
    ///
    /// If the output cannot be written.
    pub fn flush(&mut self) -> Result<()> {
        Ok(self.out.flush()?)
    }

    /// Ends the table: a file gets its name. A drop would hide a write error, and drop the file.
    ///
    /// # Errors
    ///
    /// If the output cannot be written.
    pub fn finish(self) -> Result<()> {
        let out = self.out.into_inner().map_err(csv::IntoInnerError::into_error)?;
        Ok(out.finish()?)
    }
}

/// Where each carried column of the header stands in a row's [`Extra`].
struct Places {
    names: Vec<String>,
    source: Arc<[String]>,
    found: Vec<Option<usize>>,
}

impl Places {
    fn find(&mut self, extra: &Extra) -> &[Option<usize>] {
        let known = self.found.len() == self.names.len() && Arc::ptr_eq(&self.source, extra.names());
        if !known {
            self.source = Arc::clone(extra.names());
            let place = |name: &String| self.source.iter().position(|other| other == name);
            self.found = self.names.iter().map(place).collect();
        }
        &self.found
    }
}

/// One line being put together by [`Row::write`].
pub struct Cells<'a> {
    record: &'a mut csv::StringRecord,
    text: &'a mut String,
    places: &'a mut Places,
}

impl Cells<'_> {
    /// Adds the next column's value.
    pub fn value(&mut self, value: &impl Cell) {
        self.text.clear();
        value.print(self.text);
        self.record.push_field(self.text);
    }

    /// Adds the cells of the columns that are carried.
    pub fn extra(&mut self, extra: &Extra) {
        for place in self.places.find(extra) {
            self.record.push_field(place.and_then(|place| extra.value(place)).unwrap_or(""));
        }
    }
}
