//! Standard input and output, and files named on the command line.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, IsTerminal, LineWriter, StdoutLock, Write};
use std::path::Path;

use anyhow::{Context, Result};

use crate::Usage;
use crate::compressed::{Input, uncompressed};

pub(crate) const BUFFER: usize = 1 << 16;

/// Opens a file for reading; `-` is standard input. Data compressed by gzip or Zstandard come uncompressed.
///
/// # Errors
///
/// If the file cannot be opened, or if standard input is a terminal: waiting there would look like hanging.
pub fn input(path: &Path) -> Result<Box<dyn BufRead + Send>> {
    uncompressed(open(path)?, BUFFER).with_context(|| format!("cannot read {}", input_name(path)))
}

fn open(path: &Path) -> Result<Input> {
    if path != Path::new("-") {
        let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
        return Ok(Box::new(BufReader::with_capacity(BUFFER, file)));
    }
    let stdin = io::stdin();
    if stdin.is_terminal() {
        let hint = "standard input is a terminal: name a file or pipe one in (--help shows how)";
        return Err(Usage(hint.to_owned()).into());
    }
    Ok(Box::new(BufReader::with_capacity(BUFFER, stdin)))
}

/// What to call an input in a message.
pub fn input_name(path: &Path) -> String {
    if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() }
}

/// Locked standard output: by lines on a terminal, in large blocks otherwise.
///
/// Call [`Write::flush`] at the end and look at its result: a drop would hide a full disk.
#[derive(Debug)]
pub enum Stdout {
    /// A person is reading.
    Lines(LineWriter<StdoutLock<'static>>),
    /// A file or a pipe.
    Blocks(BufWriter<StdoutLock<'static>>),
}

/// Locks standard output for writing.
pub fn stdout() -> Stdout {
    let stdout = io::stdout();
    if stdout.is_terminal() {
        Stdout::Lines(LineWriter::new(stdout.lock()))
    } else {
        Stdout::Blocks(BufWriter::with_capacity(BUFFER, stdout.lock()))
    }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Lines(out) => out.write(bytes),
            Self::Blocks(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Lines(out) => out.flush(),
            Self::Blocks(out) => out.flush(),
        }
    }
}
