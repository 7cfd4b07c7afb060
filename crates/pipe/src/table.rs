//! Reading tables: columns found by name, unknown columns carried, one row in memory at a time.

use std::collections::VecDeque;
use std::fs;
use std::io::{self, BufRead};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::{Cell, Row, input, input_name};

pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;
type Source = csv::Reader<Box<dyn BufRead + Send>>;

/// The ways a table can be wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not even a header.
    #[error("{file}: empty input, where a header line was expected")]
    Empty {
        /// Name of the table.
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
    /// The file could not be read.
    #[error("cannot read {file}")]
    Io {
        /// Name of the table.
        file: String,
        /// Why.
        source: io::Error,
    },
}

/// A column of a [`Row`].
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name in the header.
    pub name: &'static str,
    required: bool,
    carried: bool,
}

impl Column {
    /// A column that a table must have.
    pub const fn required(name: &'static str) -> Self {
        Self { name, required: true, carried: false }
    }

    /// A column that a table may lack; its cells then read as empty.
    pub const fn optional(name: &'static str) -> Self {
        Self { name, required: false, carried: false }
    }

    /// An optional column that is carried through as well as read.
    pub const fn carried(name: &'static str) -> Self {
        Self { name, required: false, carried: true }
    }
}

/// The cells of a row that are carried through, with the names of their columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extra {
    names: Arc<[String]>,
    values: Vec<String>,
}

impl Extra {
    /// The columns' names, in the order in which they first appeared.
    pub fn names(&self) -> &Arc<[String]> {
        &self.names
    }

    /// The cell in a column, if there is such a column.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(other, _)| *other == name).map(|(_, value)| value)
    }

    pub(crate) fn value(&self, place: usize) -> Option<&str> {
        self.values.get(place).map(String::as_str)
    }

    /// Names and cells.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.names.iter().map(String::as_str).zip(self.values.iter().map(String::as_str))
    }

    /// Replaces a cell, or adds a column. An added column must also be named to the [`Writer`](crate::Writer).
    pub fn set(&mut self, name: &str, value: String) {
        if let Some(place) = self.names.iter().position(|other| other == name) {
            self.values[place] = value;
        } else {
            self.names = self.names.iter().cloned().chain([name.to_owned()]).collect();
            self.values.push(value);
        }
    }
}

/// Tables to be read one after another as if they were one. Their headers have been read, their rows not yet.
#[derive(Debug)]
pub struct Tables(Vec<Table>);

struct Table {
    path: PathBuf,
    header: Vec<String>,
    /// Kept open unless the file can be opened again: thousands of shards must not need thousands of descriptors.
    source: Option<Source>,
}

impl std::fmt::Debug for Table {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Table")
            .field("path", &self.path)
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

impl Tables {
    /// Reads the headers of all files; no file at all means standard input.
    ///
    /// # Errors
    ///
    /// If a file cannot be opened or has no header.
    pub fn open<P: AsRef<Path>>(files: &[P]) -> anyhow::Result<Self> {
        if files.is_empty() {
            return Ok(Self(vec![Table::open(Path::new("-"))?]));
        }
        files.iter().map(|file| Table::open(file.as_ref())).collect::<anyhow::Result<_>>().map(Self)
    }

    /// Whether any of the tables has this column.
    pub fn have(&self, column: &str) -> bool {
        self.0.iter().any(|table| table.header.iter().any(|name| name == column))
    }

    /// Reads the rows.
    ///
    /// # Errors
    ///
    /// If a table lacks a column that the row needs.
    pub fn rows<R: Row>(self) -> Result<Rows<R>> {
        let mut names: Vec<String> = Vec::new();
        for table in &self.0 {
            table.places(R::COLUMNS)?;
            let carried = table.header.iter().filter(|name| is_carried(name, R::COLUMNS));
            for name in carried {
                if !names.contains(name) {
                    names.push(name.clone());
                }
            }
        }
        Ok(Rows { waiting: self.0.into(), current: None, names: names.into(), row: PhantomData })
    }
}

fn is_carried(name: &str, columns: &[Column]) -> bool {
    columns.iter().find(|column| column.name == name).is_none_or(|column| column.carried)
}

impl Table {
    fn open(path: &Path) -> anyhow::Result<Self> {
        let mut source = csv::Reader::from_reader(input(path)?);
        let header = header(&mut source, path)?;
        let regular = path != Path::new("-") && fs::metadata(path).is_ok_and(|data| data.is_file());
        Ok(Self { path: path.to_owned(), header, source: (!regular).then_some(source) })
    }

    /// Where each column stands in the header.
    fn places(&self, columns: &[Column]) -> Result<Vec<Option<usize>>> {
        columns.iter().map(|column| self.place(*column)).collect()
    }

    fn place(&self, column: Column) -> Result<Option<usize>> {
        let place = self.header.iter().position(|name| name == column.name);
        if place.is_none() && column.required {
            let header = cut(&self.header.join(","));
            return Err(Error::Missing { file: input_name(&self.path), column: column.name, header });
        }
        Ok(place)
    }

    fn start(mut self, columns: &[Column], names: &[String]) -> anyhow::Result<Current> {
        let source = match self.source.take() {
            Some(source) => source,
            None => csv::Reader::from_reader(input(&self.path)?),
        };
        let mut source = source;
        self.header = header(&mut source, &self.path)?;
        let places = self.places(columns)?;
        let extra = names.iter().map(|name| self.header.iter().position(|other| other == name)).collect();
        Ok(Current { file: input_name(&self.path), source, places, extra, record: csv::StringRecord::new() })
    }
}

fn header(source: &mut Source, path: &Path) -> Result<Vec<String>> {
    let file = input_name(path);
    let record = source.headers().map_err(|error| csv_error(error, &file))?;
    let clean = |name: &str| name.trim_start_matches('\u{feff}').trim().to_owned();
    let names: Vec<String> = record.iter().map(clean).collect();
    if names.is_empty() {
        return Err(Error::Empty { file });
    }
    let twice = names.iter().enumerate().find(|(index, name)| names[..*index].contains(name));
    match twice {
        Some((_, column)) => Err(Error::Twice { file, column: column.clone() }),
        None => Ok(names),
    }
}

fn csv_error(error: csv::Error, file: &str) -> Error {
    let file = file.to_owned();
    let line = error.position().map_or(1, csv::Position::line);
    match error.into_kind() {
        csv::ErrorKind::Io(source) => Error::Io { file, source },
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            Error::Fields { file, line, found: len, expected: expected_len }
        }
        csv::ErrorKind::Utf8 { .. } => Error::Utf8 { file, line },
        other => Error::Io { file, source: io::Error::other(format!("{other:?}")) },
    }
}

/// The rows of one or several tables, in order.
pub struct Rows<R> {
    waiting: VecDeque<Table>,
    current: Option<Current>,
    names: Arc<[String]>,
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
                return Ok(Some(R::read(&mut current.line(R::COLUMNS, &self.names))?));
            }
            let Some(table) = self.waiting.pop_front() else { return Ok(None) };
            self.current = Some(table.start(R::COLUMNS, &self.names)?);
        }
    }
}

/// After an error the iterator ends: a damaged table has no trustworthy rest.
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
    fn advance(&mut self) -> Result<bool> {
        self.source.read_record(&mut self.record).map_err(|error| csv_error(error, &self.file))
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

/// The start of a text, so that a message stays readable.
fn cut(text: &str) -> String {
    const LONGEST: usize = 200;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
