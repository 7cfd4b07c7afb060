//! Where a table goes: to standard output, or into a file that appears when it is complete.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::atomic::{self, AtomicFile};
use crate::compressed::Encoder;
use crate::stdio::BUFFER;
use crate::{Stdout, stdout};

/// The option of every tool that writes a table; add it with `#[command(flatten)]`.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct OutputArgs {
    /// Write the table into this file, which appears when it is complete; compressed if the name ends in .gz or .zst
    #[arg(id = "output", short = 'O', long, value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// An output that is open. Dropped before [`Finish::finish`], a file vanishes and what had its name stays.
pub struct Output(Place);

enum Place {
    Stdout(Stdout),
    /// A file under a temporary name, and the name that was given.
    File(PathBuf, Box<Encoder<BufWriter<AtomicFile>>>),
    /// A device or a named pipe, which cannot be replaced.
    Special(PathBuf, BufWriter<fs::File>),
}

/// A sink that must be told when all has been written; a drop would hide an error.
pub trait Finish: Write {
    /// Ends the output.
    ///
    /// # Errors
    ///
    /// If the rest cannot be written, or a file not be given its name.
    fn finish(self) -> io::Result<()>;
}

impl<W: Write> Finish for &mut W {
    fn finish(self) -> io::Result<()> {
        self.flush()
    }
}

impl Output {
    /// Opens what the command line names: standard output if that is nothing or `-`.
    ///
    /// # Errors
    ///
    /// If the file or its folder cannot be made.
    pub fn open(args: &OutputArgs) -> Result<Self> {
        match args.file.as_deref() {
            Some(path) if path != Path::new("-") => {
                Place::file(path).with_context(|| format!("cannot create {}", path.display()))
            }
            _ => Ok(Place::Stdout(stdout())),
        }
        .map(Self)
    }
}

impl Place {
    fn file(given: &Path) -> Result<Self> {
        // A link stays one: the file that it names is replaced.
        let path = fs::canonicalize(given).unwrap_or_else(|_| given.to_owned());
        match fs::metadata(&path) {
            Ok(data) if data.is_dir() => bail!("it is a folder"),
            Ok(data) if !data.is_file() => {
                let file = fs::OpenOptions::new().write(true).open(&path)?;
                Ok(Self::Special(given.to_owned(), BufWriter::with_capacity(BUFFER, file)))
            }
            _ => {
                // What killed runs have left of it.
                atomic::sweep(&path)?;
                let file = BufWriter::with_capacity(BUFFER, AtomicFile::create(&path)?);
                Ok(Self::File(given.to_owned(), Box::new(Encoder::by_suffix(given, file))))
            }
        }
    }
}

impl Write for Place {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(out) => out.write(bytes),
            Self::File(path, file) => file.write(bytes).map_err(|error| named(path, &error)),
            Self::Special(path, file) => file.write(bytes).map_err(|error| named(path, &error)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(out) => out.flush(),
            Self::File(path, file) => file.flush().map_err(|error| named(path, &error)),
            Self::Special(path, file) => file.flush().map_err(|error| named(path, &error)),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Finish for Output {
    fn finish(mut self) -> io::Result<()> {
        self.flush()?;
        let Place::File(path, file) = self.0 else { return Ok(()) };
        let commit = |file: Encoder<BufWriter<AtomicFile>>| file.finish()?.into_inner()?.commit();
        commit(*file).map_err(|error| named(&path, &error))
    }
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn open(path: &Path) -> Result<Output> {
        Output::open(&OutputArgs { file: Some(path.to_owned()) })
    }

    fn names(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn a_file_appears_when_it_is_finished() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.csv", "a.csv.gz", "a.csv.zst"] {
            let path = folder.path().join("new").join(name);
            let mut out = open(&path).unwrap();
            out.write_all(b"image\na\n").unwrap();
            out.flush().unwrap();
            assert!(!path.exists());
            out.finish().unwrap();
            let mut text = String::new();
            crate::input(&path).unwrap().read_to_string(&mut text).unwrap();
            assert_eq!(text, "image\na\n", "{name}");
        }
        assert_eq!(names(&folder.path().join("new")), 3);
    }

    #[test]
    fn an_unfinished_file_leaves_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        fs::write(&path, "old").unwrap();
        let mut out = open(&path).unwrap();
        out.write_all(b"new").unwrap();
        drop(out);
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(names(folder.path()), 1);
    }

    #[test]
    fn a_folder_is_refused_and_a_device_stays_one() {
        let folder = tempfile::tempdir().unwrap();
        let error = format!("{:#}", open(folder.path()).err().unwrap());
        assert!(error.ends_with(": it is a folder"), "{error}");
        let mut full = open(Path::new("/dev/full")).unwrap();
        full.write_all(b"x").unwrap();
        let error = full.finish().unwrap_err().to_string();
        assert!(error.starts_with("/dev/full: No space left"), "{error}");
        assert!(!fs::metadata("/dev/full").unwrap().is_file());
    }

    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("a.csv"), folder.path().join("link.csv"));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let mut out = open(&link).unwrap();
        out.write_all(b"new").unwrap();
        out.finish().unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
    }
}
