//! The run record: what produced the files beside it.

use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use serde_json::{Map, Value};

use crate::atomic;

/// The facts of one run, kept in the order in which they were set.
#[derive(Clone, Debug)]
pub struct Record {
    fields: Map<String, Value>,
    clock: Instant,
}

impl Record {
    /// Notes the tool, its version, the command line and the time.
    pub fn new(tool: &str, version: &str) -> Self {
        let arguments = std::env::args_os().map(|argument| argument.to_string_lossy().into_owned().into());
        let mut record = Self { fields: Map::new(), clock: Instant::now() };
        record.set("tool", tool).set("version", version).set("argv", Value::Array(arguments.collect()));
        record.set("start", utc(now())).set("end", Value::Null).set("seconds", Value::Null);
        record
    }

    /// Where the record of this run lies in a folder: `logs/TOOL-TIME-PID.json`, so that no run takes the place of another one.
    pub fn log_path(folder: &Path, tool: &str) -> PathBuf {
        let time = utc(now()).replace(['-', ':'], "");
        folder.join("logs").join(format!("{tool}-{time}-{}.json", std::process::id()))
    }

    /// Adds a fact, or replaces it: `record.set("seed", 0).set("device", "cpu")`.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) -> &mut Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// Notes the time and writes the record as JSON. The file appears whole or not at all.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn write(&mut self, path: &Path) -> Result<()> {
        let seconds = (self.clock.elapsed().as_secs_f64() * 1e3).round() / 1e3;
        self.set("end", utc(now())).set("seconds", seconds);
        let mut text = serde_json::to_string_pretty(&self.fields)?;
        text.push('\n');
        atomic::write(path, text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// RFC 3339 text of a time in seconds since 1970.
fn utc(seconds: u64) -> String {
    let (year, month, day) = date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Year, month and day of a day counted from 1 January 1970.
///
/// Years are counted from March, so that the leap day is a year's last day; 400 years are 146097 days.
fn date(day: u64) -> (u64, u64, u64) {
    const FROM_MARCH_0000: u64 = 719_468;
    let day = day + FROM_MARCH_0000;
    let (era, day) = (day / 146_097, day % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let after_december = month >= 10;
    let month = if after_december { month - 9 } else { month + 3 };
    (era * 400 + year + u64::from(after_december), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_date() {
        // date -u -d @SECONDS +%FT%TZ
        let cases = [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_799, "2000-02-29T23:59:59Z"),
            (1_709_164_800, "2024-02-29T00:00:00Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ];
        for (seconds, text) in cases {
            assert_eq!(utc(seconds), text);
        }
    }

    #[test]
    fn every_day_of_a_cycle_follows_the_one_before() {
        let lengths = |year: u64| {
            let leap = year.is_multiple_of(if year.is_multiple_of(100) { 400 } else { 4 });
            [31, 28 + u64::from(leap), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        };
        let mut expected = (1970, 1, 1);
        for day in 0..146_097 {
            assert_eq!(date(day), expected);
            let (year, month, in_month) = expected;
            expected = match (in_month < lengths(year)[month as usize - 1], month < 12) {
                (true, _) => (year, month, in_month + 1),
                (false, true) => (year, month + 1, 1),
                (false, false) => (year + 1, 1, 1),
            };
        }
    }

    #[test]
    fn fields_keep_their_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.json");
        let mut record = Record::new("explain", "0.1.0");
        record.set("seed", 7).set("device", "cpu");
        record.write(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let value: Map<String, Value> = serde_json::from_str(&text).unwrap();
        let names: Vec<&String> = value.keys().collect();
        assert_eq!(names, ["tool", "version", "argv", "start", "end", "seconds", "seed", "device"]);
        assert_eq!(value["seed"], 7);
        assert!(value["seconds"].is_number() && value["end"].as_str().unwrap().ends_with('Z'));
    }
}
