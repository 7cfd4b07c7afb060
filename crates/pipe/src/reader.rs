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
}

impl<R: Row> Rows<R> {
    pub(crate) fn new(waiting: VecDeque<Table>, names: Arc<[String]>) -> Self {
        let more = match waiting.len() {
            0 | 1 => String::new(),
            n => format!(" and {} more", n - 1),
        };
        let empty = waiting.front().map(|first| first.name() + &more);
        Self { waiting, current: None, names, empty, row: PhantomData }
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

    fn next_row(&mut self) -> anyhow::Result<Option<R>> {
        loop {
            if let Some(current) = &mut self.current
                && current.advance()?
            {
                self.empty = None;
                return Ok(Some(R::read(&mut current.line(R::COLUMNS, &self.names))?));
            }
            let Some(table) = self.waiting.pop_front() else {
                return self.empty.take().map_or(Ok(None), |file| Err(Error::NoRows { file }.into()));
            };
            self.current = Some(Current::start(table, R::COLUMNS, &self.names)?);
        }
    }
}

/// After an error the iterator ends: a damaged table has no trustworthy rest. Tables that all together have no row are an error.
impl<R: Row> Iterator for Rows<R> {
    type Item = anyhow::Result<R>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.next_row();
        if row.is_err() {
            self.waiting.clear();
            self.current = None;
        }
        row.transpose()
    }
}

impl Current {
    fn start(table: Table, columns: &[Column], names: &[String]) -> anyhow::Result<Self> {
        let (source, table) = table.start()?;
        let places = table.places(columns)?;
        let extra = names.iter().map(|name| table.place(name)).collect();
        Ok(Self { file: table.name(), source, places, extra, record: csv::StringRecord::new() })
    }

    fn advance(&mut self) -> Result<bool> {
        let line = self.source.position().line();
        self.source.read_record(&mut self.record).map_err(|error| Error::from_csv(error, &self.file, line))
    }

    fn line<'a>(&'a self, columns: &'static [Column], names: &'a Arc<[String]>) -> Line<'a> {
        Line { current: self, columns, names, next: 0 }
    }
}

/// One line being taken apart by [`Row::read`].
pub struct Line<'a> {
    current: &'a Current,
    columns: &'static [Column],
    names: &'a Arc<[String]>,
    next: usize,
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
        T::parse(cell).ok_or_else(|| self.wrong(place, cell, T::WANTED))
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
