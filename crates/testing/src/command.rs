//! Running a tool, alone or in a pipeline.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

/// What a tool left behind.
#[derive(Clone, Debug)]
pub struct Output {
    /// Exit status; nothing if a signal ended it.
    pub status: Option<i32>,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: String,
}

impl Output {
    /// Standard output as text.
    pub fn text(&self) -> String {
        String::from_utf8(self.stdout.clone()).expect("standard output is not UTF-8")
    }

    /// Checks that the tool succeeded; its standard output.
    #[track_caller]
    pub fn success(&self) -> String {
        assert_eq!(self.status, Some(0), "standard error: {}", self.stderr);
        self.text()
    }

    /// Checks that the tool ended with this status and said why; what it said.
    #[track_caller]
    pub fn failure(&self, status: i32) -> String {
        assert_eq!(self.status, Some(status), "standard error: {}", self.stderr);
        let message = self.stderr.trim_end();
        assert!(!message.is_empty(), "it failed without a word");
        message.to_owned()
    }
}

/// Runs a program with arguments and standard input.
pub fn run<A: AsRef<OsStr>>(
    program: impl AsRef<OsStr>,
    arguments: impl IntoIterator<Item = A>,
    stdin: impl AsRef<[u8]>,
) -> Output {
    feed(Command::new(program).args(arguments), stdin.as_ref())
}

/// Whether `python3` has NumPy. Where it has not, a line says so, and the test should return.
pub fn numpy() -> bool {
    let imported = Command::new("python3").args(["-c", "import numpy"]).stderr(Stdio::null()).status();
    let is_there = imported.is_ok_and(|status| status.success());
    if !is_there {
        eprintln!("skipped: there is no python3 with NumPy");
    }
    is_there
}

/// A tool built beside another one, for a test that runs a pipeline.
pub fn sibling(program: impl AsRef<Path>, name: &str) -> PathBuf {
    let path = program.as_ref().with_file_name(name).with_extension(env::consts::EXE_EXTENSION);
    assert!(path.is_file(), "{} is missing: run `cargo build --release -p {name}` first", path.display());
    path
}

fn feed(command: &mut Command, stdin: &[u8]) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    let mut pipe = child.stdin.take().expect("standard input is piped");
    // Written beside the reading, or both sides could wait for each other. A tool may stop reading: no error.
    let output = thread::scope(|scope| {
        scope.spawn(move || pipe.write_all(stdin));
        child.wait_with_output().expect("a started program ends")
    });
    Output {
        status: output.status.code(),
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A folder that vanishes with the test.
#[derive(Debug)]
pub struct WorkDir(tempfile::TempDir);

impl Default for WorkDir {
    fn default() -> Self {
        Self::new()
    }
}

impl WorkDir {
    /// Makes an empty folder.
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder can be made"))
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Path of a file in the folder.
    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path().join(name)
    }

    /// Writes a file, making folders as needed; its path.
    pub fn write(&self, name: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.join(name);
        let folder = path.parent().expect("a file lies in a folder");
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&path, contents))
            .expect("a test file can be written");
        path
    }

    /// Reads a file as text.
    #[track_caller]
    pub fn read(&self, name: impl AsRef<Path>) -> String {
        let path = self.join(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Runs a program in this folder.
    pub fn run<A: AsRef<OsStr>>(
        &self,
        program: impl AsRef<OsStr>,
        arguments: impl IntoIterator<Item = A>,
        stdin: impl AsRef<[u8]>,
    ) -> Output {
        feed(Command::new(program).args(arguments).current_dir(self.path()), stdin.as_ref())
    }

    /// Runs a line of bash in this folder under `pipefail`, with the tools beside `program` in the search path.
    pub fn shell(&self, program: impl AsRef<Path>, line: &str) -> Output {
        let beside = program.as_ref().parent().expect("a program lies in a folder");
        let mut search = OsString::from(beside);
        search.push(":");
        search.push(env::var_os("PATH").unwrap_or_default());
        let mut bash = Command::new("bash");
        bash.args(["-euo", "pipefail", "-c", line]).env("PATH", search).current_dir(self.path());
        feed(&mut bash, b"")
    }
}
