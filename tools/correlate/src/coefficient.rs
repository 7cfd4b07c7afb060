//! Which coefficient a pair of metrics gets.

/// A coefficient that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Coefficient {
    /// Of the ranks
    Spearman,
    /// Of the values
    Pearson,
    /// tau-b: of the order within each pair of images
    Kendall,
    /// As spearman; of a metric with two values and one with more, by how much more often the latter is higher than lower
    RankBiserial,
}

/// A coefficient that is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Of ranks.
    Spearman,
    /// Of values.
    Pearson,
    /// tau-b.
    Kendall,
    /// Of a metric with two values and one with more: Pearson's.
    PointBiserial,
    /// Of two metrics with two values each: Pearson's.
    Phi,
    /// Of a metric with two values and the ranks of one with more.
    RankBiserial,
    /// Of ranks, given those of a third metric.
    PartialSpearman,
    /// Of values, given those of a third metric.
    PartialPearson,
}

/// What of a metric enters a coefficient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// The values.
    Values,
    /// Their ranks.
    Ranks,
}

impl Kind {
    /// What was asked for, unless a metric has only two values.
    pub fn of(asked: Coefficient, a_is_binary: bool, b_is_binary: bool, given: bool) -> Self {
        let binaries = usize::from(a_is_binary) + usize::from(b_is_binary);
        match (asked, binaries, given) {
            (Coefficient::Pearson, _, true) | (_, 1.., true) => Self::PartialPearson,
            (_, 0, true) => Self::PartialSpearman,
            (_, 2.., _) => Self::Phi,
            (Coefficient::RankBiserial, 1, _) => Self::RankBiserial,
            (_, 1, _) => Self::PointBiserial,
            (Coefficient::Spearman | Coefficient::RankBiserial, _, _) => Self::Spearman,
            (Coefficient::Pearson, _, _) => Self::Pearson,
            (Coefficient::Kendall, _, _) => Self::Kendall,
        }
    }

    /// The name that stands in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Spearman => "spearman",
            Self::Pearson => "pearson",
            Self::Kendall => "kendall",
            Self::PointBiserial => "point-biserial",
            Self::Phi => "phi",
            Self::RankBiserial => "rank-biserial",
            Self::PartialSpearman => "partial-spearman",
            Self::PartialPearson => "partial-pearson",
        }
    }

    /// What enters of a metric.
    pub fn form(self, is_binary: bool) -> Form {
        match self {
            Self::Spearman | Self::Kendall | Self::PartialSpearman => Form::Ranks,
            Self::RankBiserial if !is_binary => Form::Ranks,
            _ => Form::Values,
        }
    }
}
