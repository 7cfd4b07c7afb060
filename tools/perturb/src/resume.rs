//! A table that is written in several goes. While it grows it is `FILE.part`; beside it, `FILE.run.json` says what it is. A run
//! that goes on keeps the maps whose rows are complete, after looking whether they are those that it would write itself.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use pipe::{Explained, Finish, Output, OutputArgs, atomic};
use serde_json::{Value, json};

/// A table on its way.
pub struct Part {
    args: OutputArgs,
    file: PathBuf,
    settings: Value,
    /// The maps that are done, in order.
    pub done: Vec<Done>,
}

/// A map whose rows are complete.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// Image, method, map and map_index.
    key: [String; 4],
    /// Why there is no curve.
    pub reason: String,
}

/// What a run finds.
pub enum Found {
    /// A table to go on with, or to begin.
    Part(Part),
    /// It is complete.
    Whole,
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
        let recorded = part.recorded()?;
        if let Some(recorded) = &recorded {
            part.compare(recorded)?;
            if part.file.is_file() && recorded["sha256"] == content(&part.file)? {
                return Ok(Found::Whole);
            }
        }
        if recorded.is_some() && part.path().is_file() {
            part.take_over(tests, header)?;
        } else {
            part.begin(header)?;
        }
        Ok(Found::Part(part))
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

    /// Keeps the rows of complete maps; what is behind them, torn or not, is cut off.
    fn take_over(&mut self, tests: &[&str], header: &[String]) -> Result<()> {
        let path = self.path();
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let (done, length) =
            complete(&bytes, tests, header).with_context(|| format!("--resume: {}", path.display()))?;
        self.done = done;
        let file = OpenOptions::new().write(true).open(&path)?;
        file.set_len(length as u64)
            .and_then(|()| file.sync_all())
            .with_context(|| format!("cannot cut {}", path.display()))
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

    /// Gives the complete table its name, compressed if the name says so, and notes its content.
    ///
    /// # Errors
    ///
    /// If a file cannot be written.
    pub fn finish(self) -> Result<()> {
        let path = self.path();
        let mut from = File::open(&path).with_context(|| format!("cannot open {}", path.display()))?;
        let mut to = Output::open(&self.args)?;
        io::copy(&mut from, &mut to).with_context(|| format!("cannot write {}", self.file.display()))?;
        to.finish()?;
        let mut record = self.settings.clone();
        record["sha256"] = content(&self.file)?;
        self.write_record(&record)?;
        fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))
    }
}

impl Done {
    /// Whether it is the map of a row.
    ///
    /// # Errors
    ///
    /// If it is another one.
    pub fn check(&self, row: &Explained) -> Result<()> {
        let key = key(row);
        if self.key == key {
            return Ok(());
        }
        bail!(
            "--resume: the table was begun with other maps: {} where now {} stands",
            self.key.join(", "),
            key.join(", ")
        )
    }
}

fn key(row: &Explained) -> [String; 4] {
    let index = row.map_index.map(|index| index.to_string()).unwrap_or_default();
    [row.image.clone(), row.method.clone(), row.map.clone(), index]
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

/// Where the columns stand that tell whether a row goes on with the one before.
struct Places {
    key: [usize; 4],
    test: usize,
    point: usize,
    points: usize,
    reason: usize,
}

impl Places {
    fn of(header: &[String]) -> Result<Self> {
        let place = |name: &str| {
            header.iter().position(|other| other == name).with_context(|| format!("no column `{name}`"))
        };
        Ok(Self {
            key: [place("image")?, place("method")?, place("map")?, place("map_index")?],
            test: place("test")?,
            point: place("point")?,
            points: place("points")?,
            reason: place("reason")?,
        })
    }
}

/// The maps at the start of a table whose rows are complete, and how many bytes they and the header take. Reading stops at the
/// first row that does not go on as it should: a killed run leaves such a row at the end only.
fn complete(bytes: &[u8], tests: &[&str], header: &[String]) -> Result<(Vec<Done>, usize)> {
    let mut reader = csv::Reader::from_reader(bytes);
    let names: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
    if names != *header {
        bail!("its columns are {}, and not {}", names.join(","), header.join(","));
    }
    let places = Places::of(header)?;
    let (mut done, mut end) = (Vec::new(), reader.position().byte() as usize);
    let (mut curves, mut next, mut first) = (0, 0, None);
    let mut record = csv::StringRecord::new();
    while matches!(reader.read_record(&mut record), Ok(true)) {
        let behind = reader.position().byte() as usize;
        let key = places.key.map(|place| record[place].to_owned());
        let reason = || record[places.reason].to_owned();
        let map: &Done = first.get_or_insert_with(|| Done { key: key.clone(), reason: reason() });
        let is_torn = bytes[behind - 1] != b'\n';
        if is_torn
            || map.key != key
            || record[places.test] != *tests[curves]
            || !follows(&record[places.point], next)
        {
            break;
        }
        let points = &record[places.points];
        let is_last = points.is_empty() || points == (next + 1).to_string();
        (curves, next) = if is_last { (curves + 1, 0) } else { (curves, next + 1) };
        if curves == tests.len() {
            done.extend(first.take());
            (curves, end) = (0, behind);
        }
    }
    Ok((done, end))
}

/// A failed map has one row without a point.
fn follows(point: &str, next: usize) -> bool {
    if point.is_empty() { next == 0 } else { point == next.to_string() }
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

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "image,method,map,map_index,test,point,points,reason";
    const ROWS: [&str; 6] = [
        "a,ig,m.npy,0,pos,0,2,\n",
        "a,ig,m.npy,0,pos,1,2,\n",
        "a,ig,m.npy,0,mask,0,1,\n",
        "\"b\nc\",ig,,,pos,,,gone\n",
        "\"b\nc\",ig,,,mask,,,gone\n",
        "d,ig,m.npy,1,pos,0,2,\n",
    ];

    #[test]
    fn only_complete_maps_are_kept_wherever_the_table_ends() {
        let header: Vec<String> = HEADER.split(',').map(str::to_owned).collect();
        let whole = format!("{HEADER}\n{}", ROWS.concat());
        let ends = [3, 5].map(|rows| HEADER.len() + 1 + ROWS[..rows].concat().len());
        for cut in HEADER.len() + 1..=whole.len() {
            let (done, end) = complete(&whole.as_bytes()[..cut], &["pos", "mask"], &header).unwrap();
            let expected = ends.iter().filter(|&&end| end <= cut).count();
            assert_eq!(done.len(), expected, "cut at {cut}");
            assert_eq!(end, if expected == 0 { HEADER.len() + 1 } else { ends[expected - 1] });
        }
        let (done, _) = complete(whole.as_bytes(), &["pos", "mask"], &header).unwrap();
        assert_eq!((done[0].reason.as_str(), done[1].reason.as_str()), ("", "gone"));
        assert_eq!(done[1].key, ["b\nc", "ig", "", ""]);
        let error = complete(whole.as_bytes(), &["pos"], &header[1..]).unwrap_err().to_string();
        assert!(error.starts_with("its columns are image,"), "{error}");
        assert_eq!(complete(whole.as_bytes(), &["neg", "mask"], &header).unwrap().0, []);
    }
}
