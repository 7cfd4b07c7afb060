//! How far a long run is, on standard error only.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::os::unix::fs::FileTypeExt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Time between two plain lines: a batch log should stay readable.
const PAUSE: Duration = Duration::from_secs(5);

/// The bar on the screen, so that messages are not written across it.
static BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// A bar if standard error is a terminal, and otherwise a line now and then:
/// `explain: 12800/50000 images, 410/s, eta 91 s`.
///
/// Of the stages of a pipeline only the last one draws a bar, since bars would overwrite each other.
#[derive(Debug)]
pub struct Progress(Shown);

#[derive(Debug)]
enum Shown {
    Nothing,
    Bar(ProgressBar),
    Lines(Mutex<Lines>),
}

impl Progress {
    /// Starts counting towards `total`; 0 if that is not known.
    pub fn new(name: &str, total: u64, unit: &str) -> Self {
        if io::stderr().is_terminal() && !stdout_is_pipe() {
            let bar = bar(name, total, unit);
            *BAR.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar.clone());
            return Self(Shown::Bar(bar));
        }
        Self(Shown::Lines(Mutex::new(Lines::new(name, total, unit))))
    }

    /// Shows nothing if `quiet` is true: `Progress::new("explain", n, "images").quiet(args.quiet)`.
    #[must_use]
    pub fn quiet(mut self, quiet: bool) -> Self {
        if quiet {
            self.clear();
            self.0 = Shown::Nothing;
        }
        self
    }

    /// Counts what was done since the last call.
    pub fn add(&self, done: u64) {
        match &self.0 {
            Shown::Nothing => {}
            Shown::Bar(bar) => bar.inc(done),
            Shown::Lines(lines) => lines.lock().unwrap_or_else(PoisonError::into_inner).add(done),
        }
    }

    fn clear(&self) {
        if let Shown::Bar(bar) = &self.0 {
            bar.finish_and_clear();
            *BAR.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Runs something that writes to standard error, with the bar out of its way.
pub(crate) fn beside_bar<T>(write: impl FnOnce() -> T) -> T {
    let bar = BAR.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match bar {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

fn stdout_is_pipe() -> bool {
    let descriptor = io::stdout().as_fd().try_clone_to_owned();
    descriptor.and_then(|own| File::from(own).metadata()).is_ok_and(|data| data.file_type().is_fifo())
}

fn bar(name: &str, total: u64, unit: &str) -> ProgressBar {
    let known = "{prefix}: {wide_bar} {human_pos}/{human_len} {msg}, {per_sec}, eta {eta}";
    let unknown = "{prefix}: {spinner} {human_pos} {msg}, {per_sec}";
    let template = if total > 0 { known } else { unknown };
    let bar = if total > 0 { ProgressBar::new(total) } else { ProgressBar::new_spinner() };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.with_style(style).with_prefix(name.to_owned()).with_message(unit.to_owned())
}

#[derive(Debug)]
struct Lines {
    name: String,
    unit: String,
    total: u64,
    done: u64,
    started: Instant,
    said: Instant,
}

impl Lines {
    fn new(name: &str, total: u64, unit: &str) -> Self {
        let now = Instant::now();
        Self { name: name.to_owned(), unit: unit.to_owned(), total, done: 0, started: now, said: now }
    }

    fn add(&mut self, done: u64) {
        self.done += done;
        if self.said.elapsed() >= PAUSE {
            self.said = Instant::now();
            eprint_line(&self.line(self.started.elapsed()));
        }
    }

    fn line(&self, elapsed: Duration) -> String {
        let Self { name, unit, total, done, .. } = self;
        let rate = *done as f64 / elapsed.as_secs_f64().max(1e-9);
        let digits = usize::from(rate < 10.0);
        if *total == 0 {
            return format!("{name}: {done} {unit}, {rate:.digits$}/s");
        }
        let eta = total.saturating_sub(*done) as f64 / rate.max(1e-9);
        format!("{name}: {done}/{total} {unit}, {rate:.digits$}/s, eta {eta:.0} s")
    }
}

fn eprint_line(line: &str) {
    // Ignore a closed standard error: there is nobody left to tell.
    let _ = io::Write::write_all(&mut io::stderr(), format!("{line}\n").as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_count_rate_and_time_left() {
        let mut lines = Lines::new("explain", 50_000, "images");
        lines.done = 12_800;
        assert_eq!(lines.line(Duration::from_secs(32)), "explain: 12800/50000 images, 400/s, eta 93 s");
        lines.total = 0;
        assert_eq!(lines.line(Duration::from_secs(5120)), "explain: 12800 images, 2.5/s");
    }

    #[test]
    fn counting_never_fails() {
        let progress = Progress::new("explain", 2, "images").quiet(true);
        progress.add(5);
        let lines = Lines::new("explain", 2, "images");
        assert!(lines.line(Duration::ZERO).starts_with("explain: 0/2 images, 0.0/s"));
    }
}
