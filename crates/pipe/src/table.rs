//! Finding tables and reading their headers, before any row of any of them is read.

use std::fs;
use std::io::BufRead;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result, cut};
use crate::whole::Whole;
use crate::{Column, Row, Rows, input, input_name};

pub(crate) type Source = csv::Reader<Whole<Box<dyn BufRead + Send>>>;

/// Tables to be read one after another as if they were one. Their headers have been read, their rows not yet.
#[derive(Debug)]
pub struct Tables(Vec<Table>);

pub(crate) struct Table {
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

    /// Reads the header of an input that is open already, such as one that was found not to be an array.
    ///
    /// # Errors
    ///
    /// If it has no header.
    pub fn from_input(name: &Path, input: Box<dyn BufRead + Send>) -> anyhow::Result<Self> {
        let mut source = source(input);
        let header = header(&mut source, name)?;
        Ok(Self(vec![Table { path: name.to_owned(), header, source: Some(source) }]))
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
        Ok(Rows::new(self.0.into(), names.into()))
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
        let mut source = source(input(path)?);
        let header = header(&mut source, path)?;
        let regular = path != Path::new("-") && fs::metadata(path).is_ok_and(|data| data.is_file());
        Ok(Self { path: path.to_owned(), header, source: (!regular).then_some(source) })
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
        let Some(source) = self.source.take() else {
            let mut source = source(input(&self.path)?);
            self.header = header(&mut source, &self.path)?;
            return Ok((source, self));
        };
        Ok((source, self))
    }

    /// What to call the table in a message.
    pub(crate) fn name(&self) -> String {
        input_name(&self.path)
    }
}

fn source(input: Box<dyn BufRead + Send>) -> Source {
    csv::ReaderBuilder::new().buffer_capacity(1 << 16).from_reader(Whole::new(input))
}

fn header(source: &mut Source, path: &Path) -> Result<Vec<String>> {
    let file = input_name(path);
    let record = source.headers().map_err(|error| Error::from_csv(error, &file, 1))?;
    let clean = |name: &str| name.trim_start_matches('\u{feff}').trim().to_owned();
    let names: Vec<String> = record.iter().map(clean).collect();
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
