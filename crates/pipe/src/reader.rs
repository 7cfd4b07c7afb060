//! Reading tables row by row: columns found by name, unknown columns carried, one row in memory at a time.

use std::collections::VecDeque;
use std::marker::PhantomData;
use std::path::Path;
use std::sync::Arc;

use crate::error::{Error, Result, cut};
use crate::table::{Source, Table};
use crate::{Cell, Column, Extra, Row, Tables};

/// The rows of one or several tables, in order.
pub struct Rows<R> {
    waiting: VecDeque<Table>,
    current: Option<Current>,
    names: Arc<[String]>,
    /// What to call the tables, until a row was found.
    empty: Option<String>,
    row: PhantomData<R>,
}

struct Current {
    file: String,
    source: Source,
    places: Vec<Option<usize>>,
    extra: Vec<Option<usize>>,
    record: csv::StringRecord,
    /// What is wrong with the record as a whole.
    damage: Option<Error>,
}

impl<R: Row> Rows<R> {
    pub(crate) fn new(waiting: VecDeque<Table>, names: Arc<[String]>, name: String) -> Self {
        Self { waiting, current: None, names, empty: Some(name), row: PhantomData }
    }

    /// Opens tables and reads their rows; no file at all means standard input.
    ///
    /// # Errors
    ///
    /// If a file cannot be opened, has no header or lacks a column.
    pub fn open<P: AsRef<Path>>(files: &[P]) -> anyhow::Result<Self> {
        Ok(Tables::open(files)?.rows()?)
    }

    /// Names of the columns that are carried, of all tables together. Every row's [`Extra`] has exactly these.
    pub fn extra_names(&self) -> &[String] {
        &self.names
    }

    /// The same rows, each with what is wrong with it: a cell that cannot be read is empty, and does not end the table.
    pub fn with_flaws(self) -> FlawedRows<R> {
        FlawedRows(self)
    }

    fn next_row(&mut self, lenient: bool) -> anyhow::Result<Option<(R, Option<Error>)>> {
        loop {
            if let Some(current) = &mut self.current
                && current.advance()?
            {
                self.empty = None;
                let mut line = current.line(R::COLUMNS, &self.names, lenient)?;
                let row = R::read(&mut line)?;
                return Ok(Some((row, line.flaw)));
            }
            let Some(table) = self.waiting.pop_front() else {
                return self.empty.take().map_or(Ok(None), |file| Err(Error::NoRows { file }.into()));
            };
            self.current = Some(Current::start::<R>(table, &self.names)?);
        }
    }

    /// After an error nothing follows: a damaged table has no trustworthy rest. Tables that all together have no row are an error.
    fn next_or_end(&mut self, lenient: bool) -> Option<anyhow::Result<(R, Option<Error>)>> {
        let row = self.next_row(lenient);
        if row.is_err() {
            self.waiting.clear();
            self.current = None;
        }
        row.transpose()
    }
}

/// [`Rows::with_flaws`].
pub struct FlawedRows<R>(Rows<R>);

impl<R: Row> Iterator for FlawedRows<R> {
    type Item = anyhow::Result<(R, Option<Error>)>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next_or_end(true)
    }
}

/// After an error the iterator ends.
impl<R: Row> Iterator for Rows<R> {
    type Item = anyhow::Result<R>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.next_or_end(false)?.map(|(row, _)| row))
    }
}

impl Current {
    fn start<R: Row>(table: Table, names: &[String]) -> anyhow::Result<Self> {
        let (source, table) = table.start()?;
        let places = table.places(R::COLUMNS)?;
        let extra = names.iter().map(|name| table.carried_place::<R>(name)).collect();
        let (file, record) = (table.name(), csv::StringRecord::new());
        Ok(Self { file, source, places, extra, record, damage: None })
    }

    /// Reads the next record that is not blank.
    fn advance(&mut self) -> Result<bool> {
        loop {
            let more = self.read()?;
            let blank = self.record.len() == 1 && self.record[0].trim().is_empty();
            if !more || !blank || !matches!(self.damage, Some(Error::Fields { .. })) {
                return Ok(more);
            }
        }
    }

    /// A record of another length than the header, or one that is no text, has an end: the next one may be read.
    fn read(&mut self) -> Result<bool> {
        let line = self.source.position().line();
        let mut bytes = std::mem::take(&mut self.record).into_byte_record();
        let read = self.source.read_byte_record(&mut bytes);
        let (more, damage) = match read.map_err(|error| Error::from_csv(error, &self.file, line)) {
            Err(damage @ Error::Fields { .. }) => (true, Some(damage)),
            read => (read?, None),
        };
        let position = bytes.position().cloned();
        let (record, is_text) = match csv::StringRecord::from_byte_record(bytes) {
            Ok(record) => (record, true),
            Err(error) => (csv::StringRecord::from_byte_record_lossy(error.into_byte_record()), false),
        };
        self.record = record;
        self.record.set_position(position);
        self.damage = damage.or_else(|| (!is_text).then(|| self.not_text(line)));
        Ok(more)
    }

    fn not_text(&self, line: u64) -> Error {
        let line = self.record.position().map_or(line, csv::Position::line);
        Error::Utf8 { file: self.file.clone(), line }
    }

    fn line<'a>(
        &'a mut self,
        columns: &'static [Column],
        names: &'a Arc<[String]>,
        lenient: bool,
    ) -> Result<Line<'a>> {
        match self.damage.take() {
            Some(damage) if !lenient => Err(damage),
            flaw => Ok(Line { current: self, columns, names, next: 0, lenient, flaw }),
        }
    }
}

/// One line being taken apart by [`Row::read`].
pub struct Line<'a> {
    current: &'a Current,
    columns: &'static [Column],
    names: &'a Arc<[String]>,
    next: usize,
    /// Whether a cell that cannot be read is noted and read as empty.
    lenient: bool,
    flaw: Option<Error>,
}

impl Line<'_> {
    /// The next column's value.
    ///
    /// # Errors
    ///
    /// If the cell does not hold such a value.
    pub fn value<T: Cell>(&mut self) -> Result<T> {
        let place = self.next;
        self.next += 1;
        let cell = self.cell(self.current.places.get(place).copied().flatten());
        let filled = self.lenient && self.columns.get(place).is_some_and(|column| column.filled);
        let error = match T::parse(cell) {
            Some(_) if filled && cell.trim().is_empty() => self.wrong(place, cell, "the name of an image"),
            Some(value) => return Ok(value),
            None => self.wrong(place, cell, T::WANTED),
        };
        let nothing = T::parse("").filter(|_| self.lenient);
        let Some(nothing) = nothing else { return Err(error) };
        self.flaw.get_or_insert(error);
        Ok(nothing)
    }

    /// The cells of the columns that are carried.
    pub fn extra(&self) -> Extra {
        let values = self.current.extra.iter().map(|place| self.cell(*place).to_owned()).collect();
        Extra { names: Arc::clone(self.names), values }
    }

    fn cell(&self, place: Option<usize>) -> &str {
        place.and_then(|place| self.current.record.get(place)).unwrap_or("")
    }

    fn wrong(&self, place: usize, value: &str, wanted: &'static str) -> Error {
        let column = self.columns.get(place).map_or("", |column| column.name);
        let line = self.current.record.position().map_or(0, csv::Position::line);
        Error::Value { file: self.current.file.clone(), line, column, value: cut(value), wanted }
    }
}
