//! A table that is written in several goes. While it grows it is `FILE.part`; beside it, `FILE.run.json` says what it is. A run
//! that goes on keeps the maps whose rows are complete, after looking whether they are those that it would write itself.

mod done;

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use pipe::{Finish, Output, OutputArgs, atomic};
use serde_json::{Value, json};

use done::complete;
pub use done::{Done, check_complete, digest};

/// A table on its way.
pub struct Part {
    args: OutputArgs,
    file: PathBuf,
    settings: Value,
    /// The maps that are done, in order.
    pub done: Vec<Done>,
}

/// What a run finds.
pub enum Found {
    /// A table to go on with, or to begin.
    Part(Part),
    /// It is complete, and this is the digest of the maps that it is of.
    Whole(String),
}

/// What earlier runs have left.
enum Earlier {
    /// A complete table, and the digest of its maps.
    Whole(String),
    /// The start of one.
    Begun,
    /// Nothing that could be gone on with.
    Nothing,
}

impl Part {
    /// Looks for what earlier runs have left; `tests` are the specs in order, `header` the names of the columns.
    ///
    /// # Errors
    ///
    /// If it is of another run, or cannot be read.
    pub fn find(args: &OutputArgs, settings: Value, tests: &[&str], header: &[String]) -> Result<Found> {
        let file = args.file.clone().context("--resume needs -O FILE")?;
        let mut part = Self { args: args.clone(), file, settings, done: Vec::new() };
        match part.earlier()? {
            Earlier::Whole(maps) => return Ok(Found::Whole(maps)),
            Earlier::Begun => part.take_over(tests, header)?,
            Earlier::Nothing => part.begin(header)?,
        }
        Ok(Found::Part(part))
    }

    /// How many maps earlier runs have done, with nothing changed; all, if the table is complete.
    ///
    /// # Errors
    ///
    /// As [`Part::find`].
    pub fn survey(args: &OutputArgs, settings: Value, tests: &[&str], header: &[String]) -> Result<usize> {
        let file = args.file.clone().context("--resume needs -O FILE")?;
        let part = Self { args: args.clone(), file, settings, done: Vec::new() };
        match part.earlier()? {
            Earlier::Whole(_) => Ok(usize::MAX),
            Earlier::Begun => Ok(part.complete(tests, header)?.0.len()),
            Earlier::Nothing => Ok(0),
        }
    }

    fn earlier(&self) -> Result<Earlier> {
        let Some(recorded) = self.recorded()? else { return Ok(Earlier::Nothing) };
        self.compare(&recorded)?;
        if self.file.is_file() && recorded["sha256"] == content(&self.file)? {
            return Ok(Earlier::Whole(recorded["maps"].as_str().unwrap_or_default().to_owned()));
        }
        Ok(if self.path().is_file() { Earlier::Begun } else { Earlier::Nothing })
    }

    fn path(&self) -> PathBuf {
        with_suffix(&self.file, ".part")
    }

    fn record(&self) -> PathBuf {
        with_suffix(&self.file, ".run.json")
    }

    fn recorded(&self) -> Result<Option<Value>> {
        let path = self.record();
        if !path.exists() {
            return Ok(None);
        }
        let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_slice(&text).map(Some).with_context(|| path.display().to_string())
    }

    /// The names of the settings that differ, if any.
    fn compare(&self, recorded: &Value) -> Result<()> {
        let fields = self.settings.as_object().into_iter().flatten();
        let other: Vec<&str> = fields
            .filter(|(name, value)| recorded.get(name) != Some(value))
            .map(|(name, _)| name.as_str())
            .collect();
        if other.is_empty() {
            return Ok(());
        }
        bail!("--resume: {} is of a run with another {}", self.file.display(), other.join(", "))
    }

    fn begin(&self, header: &[String]) -> Result<()> {
        let mut line = csv::Writer::from_writer(Vec::new());
        line.write_record(header)?;
        atomic::write(&self.path(), &line.into_inner()?)
            .with_context(|| format!("cannot write {}", self.path().display()))?;
        self.write_record(&self.settings)
    }

    fn write_record(&self, value: &Value) -> Result<()> {
        let text = serde_json::to_string_pretty(value)? + "\n";
        atomic::write(&self.record(), text.as_bytes())
            .with_context(|| format!("cannot write {}", self.record().display()))
    }

    fn complete(&self, tests: &[&str], header: &[String]) -> Result<(Vec<Done>, usize)> {
        let path = self.path();
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        complete(&bytes, tests, header).with_context(|| format!("--resume: {}", path.display()))
    }

    /// Keeps the rows of complete maps; what is behind them, torn or not, is cut off.
    fn take_over(&mut self, tests: &[&str], header: &[String]) -> Result<()> {
        let (done, length) = self.complete(tests, header)?;
        self.done = done;
        let path = self.path();
        let file = OpenOptions::new().write(true).open(&path);
        let cut = |file: File| file.set_len(length as u64).and_then(|()| file.sync_all());
        file.and_then(cut).with_context(|| format!("cannot cut {}", path.display()))
    }

    /// Where the other rows go.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened.
    pub fn append(&self) -> Result<PartFile> {
        let path = self.path();
        let file = OpenOptions::new()
            .append(true)
            .open(&path)
            .with_context(|| format!("cannot open {}", path.display()))?;
        Ok(PartFile(BufWriter::with_capacity(1 << 16, file)))
    }

    /// Gives the complete table its name, compressed if the name says so, and notes its content and the digest of its maps.
    ///
    /// # Errors
    ///
    /// If a file cannot be written.
    pub fn finish(self, maps: &str) -> Result<()> {
        let path = self.path();
        let mut from = File::open(&path).with_context(|| format!("cannot open {}", path.display()))?;
        let mut to = Output::open(&self.args)?;
        io::copy(&mut from, &mut to).with_context(|| format!("cannot write {}", self.file.display()))?;
        to.finish()?;
        let mut record = self.settings.clone();
        record["sha256"] = content(&self.file)?;
        record["maps"] = json!(maps);
        self.write_record(&record)?;
        fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    path.with_file_name(name)
}

fn content(path: &Path) -> Result<Value> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(json!(pipe::sha256(&bytes)))
}

/// The growing table.
pub struct PartFile(BufWriter<File>);

impl Write for PartFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Finish for PartFile {
    fn finish(mut self) -> io::Result<()> {
        self.flush()?;
        self.0.get_ref().sync_all()
    }
}
