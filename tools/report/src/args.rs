//! The command line.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;
use pipe::Usage;
use scores::{Incomplete, ResamplingArgs};

const EXAMPLES: &str = "\
Examples:
  report maps.csv responses.csv scores.csv -o report.html
  rank scores.csv -O ranking.csv
  rank --significance scores.csv -O significance.csv
  correlate scores.csv -O agreement.csv
  report maps.csv responses.csv scores.csv ranking.csv significance.csv \\
    agreement.csv -o report.html --title \"Ten methods\" --budget 10MB
";

const RULES: &str = "\
Each table is known by its columns: maps of explain and its --trace, responses of perturb, scores of score and its --density, \
correlations of correlate, and of rank the ranking, --significance, --pairs and --overall. A section is there if its table is. \
Tables that do not belong together (another model, another list, an image that the maps are not of, a ranking with other means \
than the scores have) are an error. What failed is listed.

The file needs no network and holds everything. Where the images do not fit into --budget, the page says by which rule those \
that it shows were chosen. The same tables give the same bytes.

TABLE.run.json beside a table, and the records that explain leaves beside its maps, give the command lines; --record names others.
";

/// Writes one HTML file that shows a run: ranking, significance, agreement, curves, a gallery of maps, failures
///
/// The file opens in any browser, without a network.
#[derive(clap::Parser, Debug)]
#[command(version, before_help = EXAMPLES, before_long_help = EXAMPLES, after_long_help = RULES)]
pub struct Args {
    /// Tables that the other tools wrote, in any order
    #[arg(required = true, value_name = "TABLE")]
    pub tables: Vec<PathBuf>,
    /// Write the page into this file
    #[arg(short, long, value_name = "FILE.html")]
    pub out: PathBuf,
    /// What the page is called
    #[arg(long, default_value = "How true the saliency maps are")]
    pub title: String,
    /// The most bytes that the file may have, such as 500kB, 25MB or 64MiB
    #[arg(long, value_name = "SIZE", default_value = "25MB", value_parser = bytes)]
    pub budget: u64,
    /// A run record to show, beside those that are found; may be repeated
    #[arg(long, value_name = "FILE.json")]
    pub record: Vec<PathBuf>,
    /// What to do where rows of the scores have vanished: nothing but an error, unless this is given
    #[arg(long, value_enum, value_name = "WHAT")]
    pub incomplete: Option<Incomplete>,
    /// What to do with maps that cannot be drawn.
    #[command(flatten)]
    pub errors: pipe::ErrorArgs,
    /// No progress on standard error; warnings and notes stay
    #[arg(short, long)]
    pub quiet: bool,
    #[command(flatten)]
    pub resampling: ResamplingArgs,
}

impl Args {
    /// Checks what can be known before a table is read.
    ///
    /// # Errors
    ///
    /// If a table is standard input, which cannot be read twice, or would be replaced by the page.
    pub fn check(&self) -> Result<()> {
        for table in &self.tables {
            if table.as_os_str() == "-" {
                return Err(
                    Usage("tables are read more than once: name files, not standard input".into()).into()
                );
            }
            let same = fs::canonicalize(table)
                .ok()
                .filter(|read| fs::canonicalize(&self.out).ok().as_ref() == Some(read));
            if same.is_some() {
                return Err(Usage(format!("{} is read, and would be replaced", self.out.display())).into());
            }
        }
        Ok(())
    }
}

/// A number of bytes with a unit.
fn bytes(text: &str) -> Result<u64, &'static str> {
    const WANTED: &str = "a size such as 500kB, 25MB or 64MiB is needed";
    let unit = text.find(|c: char| c.is_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit);
    let factor = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "kb" | "k" => 1e3,
        "mb" | "m" => 1e6,
        "gb" | "g" => 1e9,
        "kib" => 1024.0,
        "mib" => 1_048_576.0,
        "gib" => 1_073_741_824.0,
        _ => return Err(WANTED),
    };
    let number: f64 = number.trim().parse().map_err(|_| WANTED)?;
    if number > 0.0 && number.is_finite() { Ok((number * factor) as u64) } else { Err(WANTED) }
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn sizes_have_units() {
        let cases = [("25MB", 25_000_000), ("500kB", 500_000), ("1.5MiB", 1_572_864), ("12", 12)];
        for (text, expected) in cases {
            assert_eq!(bytes(text), Ok(expected), "{text}");
        }
        for text in ["", "MB", "-1MB", "0", "3 parsecs", "infMB", "nan"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }
}
