//! The options that say how to compare what does not quite belong together.

use stats::resample::Bootstrap;

/// The options of every tool that compares scores; add them with `#[command(flatten)]`.
#[derive(clap::Args, Clone, Copy, Debug, Default)]
pub struct CompareArgs {
    /// What to do where rows have vanished: nothing but an error, unless this is given
    #[arg(long, value_enum, value_name = "WHAT")]
    pub incomplete: Option<Incomplete>,
    /// Join the images of several models or lists, which must have none in common
    #[arg(long)]
    pub pool: bool,
    /// Treat each model by itself
    #[arg(long)]
    pub by_model: bool,
    /// Whether methods are compared two by two, so that what one of them has lost is no loss to the others; not an option, but
    /// what the tool does
    #[arg(skip)]
    pub by_pair: bool,
}

/// The options of intervals; add them with `#[command(flatten)]`.
#[derive(clap::Args, Clone, Copy, Debug)]
pub struct ResamplingArgs {
    /// Confidence level of the intervals
    #[arg(long, value_name = "SHARE", default_value = "0.95", value_parser = share)]
    pub level: f64,
    /// How often to resample the images for an interval, at most 100000 times
    #[arg(long, value_name = "N", default_value = "1000", value_parser = resamples)]
    pub resamples: usize,
    /// Seed of the resampling; which images are drawn depends on it and on how many there are
    #[arg(long, default_value = "0")]
    pub seed: u64,
}

impl ResamplingArgs {
    /// How intervals are found by resampling.
    pub fn bootstrap(&self) -> Bootstrap {
        Bootstrap { resamples: self.resamples, level: self.level }
    }
}

/// A number between 0 and 1, both excluded, as an option has it.
///
/// # Errors
///
/// If it is none.
pub fn share(text: &str) -> Result<f64, &'static str> {
    let share = text.parse().ok().filter(|share| (0.0..1.0).contains(share) && *share > 0.0);
    share.ok_or("a share between 0 and 1 is needed")
}

/// Counts of every resample are held in memory.
fn resamples(text: &str) -> Result<usize, &'static str> {
    let resamples = text.parse().ok().filter(|resamples| *resamples <= 100_000);
    resamples.ok_or("a whole number up to 100000 is needed")
}

/// What to do with a table that has lost rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Incomplete {
    /// Compare on the images that all methods have, the same ones for all; or that both have, where two are compared
    Drop,
}
