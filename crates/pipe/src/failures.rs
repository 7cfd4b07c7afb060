//! Failures of single items in a run that goes on: said at once, listed in a file, judged at the end.

use std::fmt::Display;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Result, bail};

use crate::note_item;

/// The options of every tool that goes on after a failure; add them with `#[command(flatten)]`.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct ErrorArgs {
    /// List the failures in this CSV file, with columns image,method,stage,error
    #[arg(long, value_name = "FILE")]
    pub errors: Option<PathBuf>,
    /// Failures that still count as success: a number, or a percentage such as 1%
    #[arg(long, value_name = "N", default_value = "0")]
    pub max_errors: MaxErrors,
}

impl ErrorArgs {
    /// Starts the list.
    ///
    /// # Errors
    ///
    /// If the file cannot be made.
    pub fn failures(&self) -> Result<Failures> {
        Failures::new(self.errors.as_deref(), self.max_errors)
    }
}

/// How many failures are acceptable.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MaxErrors {
    /// This many.
    Count(u64),
    /// This many in a hundred items.
    Percent(f64),
}

impl Default for MaxErrors {
    fn default() -> Self {
        Self::Count(0)
    }
}

impl FromStr for MaxErrors {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WANTED: &str = "a whole number or a percentage from 0% to 100% is needed";
        let Some(percent) = text.strip_suffix('%') else {
            return text.parse().map(Self::Count).map_err(|_| WANTED);
        };
        let percent: f64 = percent.parse().map_err(|_| WANTED)?;
        if (0.0..=100.0).contains(&percent) { Ok(Self::Percent(percent)) } else { Err(WANTED) }
    }
}

/// What went wrong so far.
#[derive(Debug)]
pub struct Failures {
    list: Option<(PathBuf, csv::Writer<File>)>,
    allowed: MaxErrors,
    count: u64,
}

impl Failures {
    /// Starts with no failure; the list, if there is one, has a header from the start.
    ///
    /// # Errors
    ///
    /// If the file cannot be made.
    pub fn new(list: Option<&Path>, allowed: MaxErrors) -> Result<Self> {
        let list = list.map(start_list).transpose()?;
        Ok(Self { list, allowed, count: 0 })
    }

    /// Says on standard error that one item failed ([`note_item`]: equal failures are one line), and lists it. Parts that do not apply may be empty.
    ///
    /// # Errors
    ///
    /// If the list cannot be written.
    pub fn add(&mut self, image: &str, method: &str, stage: &str, error: impl Display) -> Result<()> {
        self.add_several(1, image, method, stage, error)
    }

    /// The same for something that costs `count` items, as an image that cannot be opened costs a map of each method.
    ///
    /// # Errors
    ///
    /// If the list cannot be written.
    pub fn add_several(
        &mut self,
        count: u64,
        image: &str,
        method: &str,
        stage: &str,
        error: impl Display,
    ) -> Result<()> {
        self.count += count;
        let error = format!("{error:#}"); // With the whole chain, if it is an `anyhow::Error`.
        note_item(image, &[method, stage], &error);
        if let Some((path, list)) = &mut self.list {
            list.write_record([image, method, stage, &error]).with_context(|| path.display().to_string())?;
            list.flush().with_context(|| path.display().to_string())?;
        }
        Ok(())
    }

    /// Number of failures so far.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Ends the run, in which `total` items were tried.
    ///
    /// # Errors
    ///
    /// If there were more failures than allowed.
    pub fn finish(self, total: u64) -> Result<()> {
        let allowed = match self.allowed {
            MaxErrors::Count(count) => self.count <= count,
            MaxErrors::Percent(percent) => self.count as f64 <= percent / 100.0 * total as f64,
        };
        if allowed {
            return Ok(());
        }
        let place = self.list.map(|(path, _)| format!("; see {}", path.display())).unwrap_or_default();
        bail!("{} of {total} failed{place}", self.count)
    }
}

fn start_list(path: &Path) -> Result<(PathBuf, csv::Writer<File>)> {
    let file = File::create(path).with_context(|| format!("cannot create {}", path.display()))?;
    let mut list = csv::Writer::from_writer(file);
    list.write_record(["image", "method", "stage", "error"])?;
    list.flush()?;
    Ok((path.to_owned(), list))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finish(failures: u64, total: u64, allowed: &str) -> bool {
        let failures = Failures { list: None, allowed: allowed.parse().unwrap(), count: failures };
        failures.finish(total).is_ok()
    }

    #[test]
    fn the_limit_decides() {
        assert!(finish(0, 100, "0"));
        assert!(!finish(1, 100, "0"));
        assert!(finish(2, 100, "2"));
        assert!(finish(2, 100, "2%"));
        assert!(!finish(3, 100, "2%"));
        assert!(finish(0, 0, "0%"));
    }

    #[test]
    fn limits_are_numbers_or_percentages() {
        assert_eq!("12".parse(), Ok(MaxErrors::Count(12)));
        assert_eq!("0.5%".parse(), Ok(MaxErrors::Percent(0.5)));
        for text in ["", "-1", "x", "101%", "NaN%", "1.5"] {
            assert!(text.parse::<MaxErrors>().is_err(), "{text}");
        }
    }

    #[test]
    fn failures_are_listed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("errors.csv");
        let mut failures = Failures::new(Some(&path), MaxErrors::Count(0)).unwrap();
        let error = anyhow::anyhow!("not an image").context("a,b.png");
        failures.add("a,b.png", "", "decode", error).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, "image,method,stage,error\n\"a,b.png\",,decode,\"a,b.png: not an image\"\n");
        let error = failures.finish(3).unwrap_err().to_string();
        assert!(error.starts_with("1 of 3 failed; see "), "{error}");
    }
}
