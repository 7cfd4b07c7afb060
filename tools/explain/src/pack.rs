//! The files of a chunk: a pack of maps, and the table of its rows, which marks the chunk as finished.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use attribution::ParsedMethod;
use pipe::npy::PackWriter;
use pipe::{Explained, Rows, Writer};

use crate::args::Args;
use crate::item::Map;

/// Where the maps of a method lie.
pub fn folder(args: &Args, named: &ParsedMethod) -> PathBuf {
    args.out.join(named.spec.replace('/', "_"))
}

/// The files of one method's chunk.
pub struct Files {
    maps: PathBuf,
    table: PathBuf,
}

impl Files {
    /// The files of chunk `number`.
    pub fn new(args: &Args, named: &ParsedMethod, number: usize) -> Self {
        let path = |extension| folder(args, named).join(format!("{number:05}.{extension}"));
        Self { maps: path("npy"), table: path("csv") }
    }

    /// Whether an earlier run has finished the chunk.
    pub fn finished(&self) -> bool {
        self.maps.is_file() && self.table.is_file()
    }

    /// The rows that an earlier run has printed.
    pub fn rows(&self) -> Result<Vec<Explained>> {
        Rows::open(&[&self.table])?.collect()
    }

    /// What to call the table in a message.
    pub fn table(&self) -> String {
        self.table.display().to_string()
    }
}

/// The maps of one method in one chunk, on their way to the disk.
pub struct Pack<'a> {
    pub named: &'a ParsedMethod,
    pub files: Files,
    open: Option<(PackWriter, Vec<usize>)>,
    rows: Vec<Explained>,
}

impl<'a> Pack<'a> {
    /// An empty pack; its file is made for the first map.
    pub fn new(named: &'a ParsedMethod, files: Files) -> Self {
        Self { named, files, open: None, rows: Vec::new() }
    }

    /// Why a map of this shape cannot join the maps that are here already.
    pub fn misfit(&self, shape: &[usize]) -> Option<String> {
        let (_, other) = self.open.as_ref().filter(|(_, other)| other != shape)?;
        let path = self.files.maps.display();
        Some(format!("its map is {shape:?}, but those before it in {path} are {other:?} (see --chunk)"))
    }

    /// Adds a map and its row.
    pub fn push(&mut self, map: Map<'_>, mut row: Explained) -> Result<()> {
        let path = &self.files.maps;
        let (writer, _) = match &mut self.open {
            Some(open) => open,
            none => none.insert((PackWriter::create(path, map.shape)?, map.shape.to_vec())),
        };
        row.map_index = Some(writer.push(map.values)?);
        row.map = path.display().to_string();
        self.rows.push(row);
        Ok(())
    }

    /// Finishes the pack, then its table; an older table goes first, since it may not tell the truth any more.
    pub fn finish(self) -> Result<Vec<Explained>> {
        remove(&self.files.table)?;
        if let Some((writer, _)) = self.open {
            writer.finish()?;
        }
        write_rows(&self.files.table, &self.rows)?;
        Ok(self.rows)
    }
}

/// Removes a file, if it is there.
pub fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

fn write_rows(path: &Path, rows: &[Explained]) -> Result<()> {
    let extra: Vec<String> = rows.first().map(|row| row.extra.names().to_vec()).unwrap_or_default();
    let mut text = Vec::new();
    let mut table = Writer::<Explained, _>::new(&mut text, &extra)?;
    rows.iter().try_for_each(|row| table.write(row))?;
    table.finish()?;
    pipe::atomic::write(path, &text).with_context(|| format!("cannot write {}", path.display()))
}
