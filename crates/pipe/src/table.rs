//! Finding tables and reading their headers, before any row of any of them is read.

use std::fs;
use std::io::{self, BufRead, Cursor, Read};
use std::path::{Path, PathBuf};

use crate::compressed::Input;
use crate::error::{Error, Result, cut};
use crate::whole::Whole;
use crate::{Column, Columns, Row, Rows, input, input_name};

pub(crate) type Source = csv::Reader<Whole<Input>>;

/// Tables to be read one after another as if they were one. Their headers have been read, their rows not yet.
#[derive(Debug)]
pub struct Tables(Vec<Table>);

pub(crate) struct Table {
    path: PathBuf,
    header: Vec<String>,
    /// Kept open unless the file can be opened again: thousands of shards must not need thousands of descriptors.
    input: Option<Input>,
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

    /// Reads the header of an input that is open already, such as one that was found not to be an array.
    ///
    /// # Errors
    ///
    /// If it has no header.
    pub fn from_input(name: &Path, input: Box<dyn BufRead + Send>) -> anyhow::Result<Self> {
        let (header, input) = read_header(input, name)?;
        Ok(Self(vec![Table { path: name.to_owned(), header, input: Some(input) }]))
    }

    /// What to call the tables in a message: the first, and how many there are.
    pub fn name(&self) -> String {
        let first = self.0.first().map(Table::name).unwrap_or_default();
        match self.0.len() {
            0 | 1 => first,
            n => format!("{first} and {} more", n - 1),
        }
    }

    /// Whether any of the tables has this column.
    pub fn have(&self, column: &str) -> bool {
        self.0.iter().any(|table| table.place(column).is_some())
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
            for name in table.carried::<R>()? {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        let name = self.name();
        Ok(Rows::new(self.0.into(), names.into(), name))
    }

    /// The tables one by one, for a reader that wants some columns as bytes; [`Columns::read`] opens them.
    ///
    /// # Errors
    ///
    /// If a table lacks a column that it must have.
    pub fn columns(self, columns: &'static [Column]) -> Result<Vec<Columns>> {
        self.0.iter().try_for_each(|table| table.places(columns).map(drop))?;
        Ok(self.0.into_iter().map(|table| Columns::new(table, columns)).collect())
    }
}

/// What a column of the header is called among those that a row carries: `user.NAME` if a later stage has a column of that
/// name. Nothing if it is not carried.
fn carried_name<R: Row>(name: &str) -> Option<String> {
    let own = R::COLUMNS.iter().find(|column| column.name == name);
    let carried = own.is_none_or(|column| column.carried);
    let taken = R::LATER.contains(&name);
    carried.then(|| if taken { format!("user.{name}") } else { name.to_owned() })
}

impl Table {
    fn open(path: &Path) -> anyhow::Result<Self> {
        let (header, input) = read_header(input(path)?, path)?;
        let regular = path != Path::new("-") && fs::metadata(path).is_ok_and(|data| data.is_file());
        Ok(Self { path: path.to_owned(), header, input: (!regular).then_some(input) })
    }

    /// Where each column stands in the header, if all that are required do.
    pub(crate) fn places(&self, columns: &[Column]) -> Result<Vec<Option<usize>>> {
        columns.iter().map(|column| self.required_place(*column)).collect()
    }

    fn required_place(&self, column: Column) -> Result<Option<usize>> {
        let place = self.place(column.name);
        if place.is_none() && column.required {
            let header = cut(&self.header.join(","));
            return Err(Error::Missing { file: self.name(), column: column.name, header });
        }
        Ok(place)
    }

    /// The columns that are carried.
    fn carried<R: Row>(&self) -> Result<Vec<String>> {
        let names: Vec<String> = self.header.iter().filter_map(|name| carried_name::<R>(name)).collect();
        match twice(&names) {
            Some(column) => Err(Error::Twice { file: self.name(), column }),
            None => Ok(names),
        }
    }

    /// Where a carried column stands in the header.
    pub(crate) fn carried_place<R: Row>(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|other| carried_name::<R>(other).as_deref() == Some(name))
    }

    /// Where a column stands in the header.
    pub(crate) fn place(&self, column: &str) -> Option<usize> {
        self.header.iter().position(|name| name == column)
    }

    /// A reader that stands behind the header, and the header as it is now.
    pub(crate) fn start(mut self) -> anyhow::Result<(Source, Self)> {
        let mut source = source(self.input()?);
        self.header = header(&mut source, &self.path)?;
        Ok((source, self))
    }

    /// Takes the names of a header that was read again.
    pub(crate) fn set_header<T: AsRef<str>>(&mut self, cells: impl Iterator<Item = T>) -> Result<()> {
        self.header = header_names(cells, self.name())?;
        Ok(())
    }

    /// The whole table's bytes.
    pub(crate) fn input(&mut self) -> anyhow::Result<Input> {
        self.input.take().map_or_else(|| input(&self.path), Ok)
    }

    /// What to call the table in a message.
    pub(crate) fn name(&self) -> String {
        input_name(&self.path)
    }
}

fn source<R: Read>(input: R) -> csv::Reader<Whole<R>> {
    csv::ReaderBuilder::new().buffer_capacity(1 << 16).from_reader(Whole::new(input))
}

/// The names in a header, and the table from its start.
fn read_header(input: Input, path: &Path) -> Result<(Vec<String>, Input)> {
    let mut seen = Seen { input, bytes: Vec::new() };
    let header = header(&mut source(&mut seen), path)?;
    Ok((header, Box::new(Cursor::new(seen.bytes).chain(seen.input))))
}

/// Keeps what was read.
struct Seen {
    input: Input,
    bytes: Vec<u8>,
}

impl Read for Seen {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(out)?;
        self.bytes.extend_from_slice(&out[..count]);
        Ok(count)
    }
}

fn header<R: Read>(source: &mut csv::Reader<Whole<R>>, path: &Path) -> Result<Vec<String>> {
    let file = input_name(path);
    let record = source.headers().map_err(|error| Error::from_csv(error, &file, 1))?;
    header_names(record.iter(), file)
}

/// The names in a header.
fn header_names<T: AsRef<str>>(cells: impl Iterator<Item = T>, file: String) -> Result<Vec<String>> {
    let clean = |name: T| name.as_ref().trim_start_matches('\u{feff}').trim().to_owned();
    let names: Vec<String> = cells.map(clean).collect();
    if names.is_empty() {
        return Err(Error::Empty { file });
    }
    match twice(&names) {
        Some(column) => Err(Error::Twice { file, column }),
        None => Ok(names),
    }
}

fn twice(names: &[String]) -> Option<String> {
    let mut all = names.iter().enumerate();
    all.find(|(index, name)| names[..*index].contains(name)).map(|(_, name)| name.clone())
}
