//! A child process that is spoken to in lines, and what it leaves behind.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use pipe::npy::{self, Array};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tempfile::TempDir;

use super::interrupt;

/// How long a child may take to end after its last batch.
const GRACE: Duration = Duration::from_secs(5);

/// What a batch waits for, for messages.
const ANSWER: &str = "its answer to a batch";

/// What stands in a file for a child.
pub(super) enum Content<'a> {
    /// Numbers of this shape, as `.npy`.
    Array(&'a [f32], &'a [usize]),
    /// Lines.
    Text(&'a str),
}

/// A running child in a process group of its own, and the folder through which images and scores pass.
pub(super) struct Child {
    leader: std::process::Child,
    group: Option<Pid>,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    timeout: Duration,
    folder: TempDir,
    healthy: bool,
}

impl Child {
    /// Runs `command` in a shell, in the working folder of this process; its standard error is that of this process.
    pub(super) fn start(command: &str, timeout: Duration) -> Result<Self, String> {
        let folder = tempfile::Builder::new().prefix("plumbline-").tempdir();
        let folder = folder.map_err(|error| format!("no temporary folder: {error}"))?;
        let place = folder.path().display().to_string();
        if place.contains(['\t', '\n']) {
            return Err(format!("the temporary folder {place:?} has a tab or a line break in its name"));
        }
        let mut shell = Command::new("sh");
        shell.args(["-c", command]).process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut leader = shell.spawn().map_err(|error| format!("cannot be started: {error}"))?;
        let group = i32::try_from(leader.id()).ok().and_then(Pid::from_raw);
        interrupt::watch(group, folder.path());
        // A child that floods its output waits here until it is read.
        let (send, lines) = sync_channel(4);
        if let Some(output) = leader.stdout.take() {
            thread::spawn(move || forward(output, &send));
        }
        let input = leader.stdin.take();
        Ok(Self { leader, group, input, lines, timeout, folder, healthy: true })
    }

    /// Waits for the child's first line, which looks like `form`.
    pub(super) fn hello<T>(&mut self, parse: impl Fn(&str) -> Option<T>, form: &str) -> Result<T, String> {
        let said = self.line("its first line").and_then(|line| {
            parse(&line).ok_or_else(|| {
                format!("said `{line}`, where `{form}` was expected (other output belongs on standard error)")
            })
        });
        self.healthy = said.is_ok();
        said
    }

    /// Gives it files to read, by their names, and reads the array that it writes to the file `answer`.
    pub(super) fn ask(&mut self, files: &[(&str, Content<'_>)], answer: &str) -> Result<Array, String> {
        let answer = self.exchange(files, answer);
        self.healthy = answer.is_ok();
        answer
    }

    fn exchange(&mut self, files: &[(&str, Content<'_>)], answer: &str) -> Result<Array, String> {
        if let Ok(line) = self.lines.try_recv() {
            return Err(format!("said `{line}` without being asked"));
        }
        let mut paths = Vec::new();
        for (name, content) in files {
            let path = self.folder.path().join(name);
            content.write(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            paths.push(path.display().to_string());
        }
        let (what, answer) = (answer.split('.').next().unwrap_or(answer), self.folder.path().join(answer));
        let line = format!("{}\t{}\n", paths.join("\t"), answer.display());
        if let Some(input) = &mut self.input
            && input.write_all(line.as_bytes()).is_err()
        {
            return Err(self.death(ANSWER));
        }
        let line = self.line(ANSWER)?;
        if line != "ok" {
            return Err(format!("answered `{line}` instead of `ok`"));
        }
        if !answer.exists() {
            return Err(format!("answered `ok`, but has not written {}", answer.display()));
        }
        let array = npy::read_file(&answer).map_err(|error| format!("its {what}: {}", chain(&error)))?;
        fs::remove_file(&answer).map_err(|error| format!("{}: {error}", answer.display()))?;
        Ok(array)
    }

    /// The next line.
    fn line(&self, what: &str) -> Result<String, String> {
        match self.lines.recv_timeout(self.timeout) {
            Ok(line) => Ok(line),
            Err(RecvTimeoutError::Disconnected) => Err(self.death(what)),
            Err(RecvTimeoutError::Timeout) => {
                let seconds = self.timeout.as_secs_f64();
                Err(format!("{what} did not come within {seconds} s (see --exec-timeout)"))
            }
        }
    }

    /// How it ended, or that it did not but speaks no more.
    fn death(&self, before: &str) -> String {
        match self.status() {
            Some(status) => format!("ended before {before} ({status})"),
            None => format!("closed its end of the pipe before {before}"),
        }
    }

    /// How a child ended that is about to end. It is not collected yet.
    fn status(&self) -> Option<String> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let end = Instant::now() + Duration::from_millis(500);
        while Instant::now() < end {
            match waitid(WaitId::Pid(self.group?), options) {
                Ok(None) => thread::sleep(Duration::from_millis(10)),
                Ok(Some(status)) => {
                    let exit = status.exit_status().map(|code| format!("exit status {code}"));
                    return exit
                        .or_else(|| status.terminating_signal().map(|signal| format!("signal {signal}")));
                }
                Err(_) => break,
            }
        }
        None
    }
}

impl Drop for Child {
    /// A healthy child sees the end of its input and may end by itself; then whatever is left of its group is killed.
    /// The leader is collected last: until then nobody else can get the number of its group.
    fn drop(&mut self) {
        drop(self.input.take());
        let end = Instant::now() + if self.healthy { GRACE } else { Duration::ZERO };
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            if self.lines.recv_timeout(left) == Err(RecvTimeoutError::Disconnected) {
                break;
            }
        }
        kill(self.group);
        interrupt::forget(self.folder.path());
        // It was killed, or has ended before: there is nothing left to report.
        let _ = self.leader.wait();
    }
}

/// Kills a process group, if anything is left of it.
pub(super) fn kill(group: Option<Pid>) {
    if let Some(group) = group {
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// Passes lines on until the output ends or nobody listens. What is too long for a line is passed on in parts: it is
/// none of the lines that are waited for.
fn forward(output: ChildStdout, to: &SyncSender<String>) {
    const LONGEST: u64 = 500;
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    loop {
        line.clear();
        match output.by_ref().take(LONGEST).read_until(b'\n', &mut line) {
            Ok(length) if length > 0 => {}
            _ => return,
        }
        if to.send(String::from_utf8_lossy(&line).trim_end().to_owned()).is_err() {
            return;
        }
    }
}

impl Content<'_> {
    /// Not synced to the disk as maps are: it lives for one batch.
    fn write(&self, path: &Path) -> Result<(), String> {
        let file = File::create(path).map_err(|error| error.to_string())?;
        let mut out = BufWriter::with_capacity(1 << 16, file);
        match self {
            Self::Array(values, shape) => {
                npy::write(&mut out, shape, values).map_err(|error| error.to_string())?;
            }
            Self::Text(text) => out.write_all(text.as_bytes()).map_err(|error| error.to_string())?,
        }
        out.flush().map_err(|error| error.to_string())
    }
}

/// An error and its causes on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
