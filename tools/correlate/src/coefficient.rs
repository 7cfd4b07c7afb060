//! Which coefficient a pair of metrics gets.

use stats::correlation::{self, Correlation};
use stats::interval::{self, Interval};
use stats::paired;

/// A coefficient that can be asked for.
#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
pub enum Coefficient {
    /// Of the ranks
    Spearman,
    /// Of the values
    Pearson,
    /// tau-b: of the order within each pair of images
    Kendall,
}

/// A coefficient that is computed.
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Plain(Coefficient),
    /// Of a metric with two values and one with more.
    PointBiserial,
    /// Of two metrics with two values each.
    Phi,
}

impl Kind {
    /// What was asked for, unless a metric has only two values.
    pub fn of(asked: Coefficient, a_is_binary: bool, b_is_binary: bool) -> Self {
        match (a_is_binary, b_is_binary) {
            (true, true) => Self::Phi,
            (false, false) => Self::Plain(asked),
            _ => Self::PointBiserial,
        }
    }

    /// The name that stands in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain(Coefficient::Spearman) => "spearman",
            Self::Plain(Coefficient::Pearson) => "pearson",
            Self::Plain(Coefficient::Kendall) => "kendall",
            Self::PointBiserial => "point-biserial",
            Self::Phi => "phi",
        }
    }

    /// How it is computed: point-biserial and phi are Pearson's coefficient of two-valued samples.
    pub fn coefficient(self) -> paired::Coefficient {
        match self {
            Self::Plain(Coefficient::Spearman) => paired::Coefficient::Spearman,
            Self::Plain(Coefficient::Kendall) => paired::Coefficient::Kendall,
            Self::Plain(Coefficient::Pearson) | Self::PointBiserial | Self::Phi => {
                paired::Coefficient::Pearson
            }
        }
    }

    /// The coefficient with its p-value.
    pub fn correlate(self, a: &[f64], b: &[f64]) -> Correlation {
        match self.coefficient() {
            paired::Coefficient::Spearman => correlation::spearman(a, b),
            paired::Coefficient::Kendall => correlation::kendall(a, b),
            paired::Coefficient::Pearson => correlation::pearson(a, b),
        }
    }

    /// The interval by Fisher's transformation.
    pub fn interval(self, correlation: &Correlation, level: f64) -> Interval {
        match self.coefficient() {
            paired::Coefficient::Spearman => interval::spearman(correlation, level),
            paired::Coefficient::Kendall => interval::kendall(correlation, level),
            paired::Coefficient::Pearson => interval::pearson(correlation, level),
        }
    }
}
