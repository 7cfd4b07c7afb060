//! Which metrics are correlated with which.

use std::collections::BTreeSet;

use anyhow::{Result, bail};
use scores::{Group, Metric};

use crate::args::{Args, Report};
use crate::block::Pair;
use crate::coefficient::{Coefficient, Kind};

/// The metrics that were asked for.
pub struct Chosen {
    metrics: BTreeSet<String>,
    given: Option<String>,
    report: Option<Report>,
}

impl Chosen {
    /// Of all metrics in the input.
    ///
    /// # Errors
    ///
    /// If a metric that was asked for is not there, or if the report has nothing to compare.
    pub fn new(groups: &[Group], args: &Args) -> Result<Self> {
        let all: BTreeSet<&str> =
            groups.iter().flat_map(|group| &group.metrics).map(|metric| &*metric.name).collect();
        let mut chosen = select(&all, &args.metrics, args.report == Some(Report::Reliability))?;
        let mut given = None;
        if let Some(name) = &args.given {
            if !matches!(args.coefficient, Coefficient::Spearman | Coefficient::Pearson) {
                bail!("--given goes with --coefficient spearman or pearson");
            }
            let Some(first) = all.iter().find(|metric| is_named(metric, name)) else {
                bail!("--given {name}: {}", absent(name, &all));
            };
            given = Some((*first).to_owned());
            chosen.retain(|metric| !is_named(metric, name));
        }
        let metrics = chosen.into_iter().map(str::to_owned).collect();
        let chosen = Self { metrics, given, report: args.report };
        let names: Vec<&str> = chosen.metrics.iter().map(String::as_str).collect();
        let any = |a: &&str| names.iter().any(|b| a < b && chosen.is_pair(a, b));
        match args.report {
            Some(Report::Consistency) if !names.iter().any(any) => bail!("no metric has two configurations"),
            Some(Report::Reliability) if !names.iter().any(any) => {
                bail!("there are no two metrics to compare")
            }
            _ => Ok(chosen),
        }
    }

    /// The metrics of a group that take part.
    pub fn metrics<'a>(&self, group: &'a Group) -> Vec<&'a Metric> {
        let takes_part = |metric: &&Metric| {
            self.metrics.contains(&metric.name) || self.given.as_ref() == Some(&metric.name)
        };
        group.metrics.iter().filter(takes_part).collect()
    }

    /// All pairs of metrics that are correlated, in the order of their names; nothing for a group without the given metric.
    pub fn pairs(&self, metrics: &[&Metric], coefficient: Coefficient) -> Vec<Pair> {
        if self.lacks_given(metrics).is_some() {
            return Vec::new();
        }
        let given = metrics.iter().position(|metric| self.given.as_ref() == Some(&metric.name));
        let mut pairs = Vec::new();
        for (b, second) in metrics.iter().enumerate() {
            for (a, first) in metrics[..b].iter().enumerate() {
                if Some(a) != given && Some(b) != given && self.is_pair(&first.name, &second.name) {
                    let kind = Kind::of(coefficient, first.binary, second.binary, given.is_some());
                    pairs.push(Pair { a, b, given, kind });
                }
            }
        }
        pairs.sort_by_key(|pair| (pair.a, pair.b));
        pairs
    }

    /// The given metric, if it is not among these.
    pub fn lacks_given(&self, metrics: &[&Metric]) -> Option<&str> {
        self.given.as_deref().filter(|given| metrics.iter().all(|metric| metric.name != *given))
    }

    fn is_pair(&self, a: &str, b: &str) -> bool {
        match self.report {
            Some(Report::Consistency) => bare(a) == bare(b),
            Some(Report::Reliability) => bare(a) != bare(b),
            Some(Report::Agreement) | None => true,
        }
    }
}

/// A metric without its parameters: what its configurations have in common.
pub fn bare(metric: &str) -> &str {
    metric.split_once(':').map_or(metric, |(name, _)| name)
}

/// The metrics that are named, all if none is; of a bare name all configurations, or the first one only.
///
/// # Errors
///
/// If a name is of no metric.
pub fn select<'a>(all: &BTreeSet<&'a str>, named: &[String], first_only: bool) -> Result<BTreeSet<&'a str>> {
    let most = if first_only { 1 } else { usize::MAX };
    let configurations = |name: &str| -> Vec<&'a str> {
        all.iter().copied().filter(|metric| is_named(metric, name)).take(most).collect()
    };
    if named.is_empty() {
        return Ok(all.iter().flat_map(|metric| configurations(bare(metric))).collect());
    }
    let mut chosen = BTreeSet::new();
    for name in named {
        let found = configurations(name);
        if found.is_empty() {
            bail!("--metric {name}: {}", absent(name, all));
        }
        chosen.extend(found);
    }
    Ok(chosen)
}

/// Whether a spec, or a bare name, is that of a metric.
fn is_named(metric: &str, name: &str) -> bool {
    metric == name || !name.contains(':') && bare(metric) == name
}

fn absent(name: &str, all: &BTreeSet<&str>) -> String {
    let all: Vec<&str> = all.iter().copied().collect();
    format!("no score is of the metric `{name}`: there are {}", all.join(", "))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::select;

    #[test]
    fn a_bare_name_is_all_configurations_or_the_first() {
        let all: BTreeSet<&str> = ["adp", "adp:fill=zero", "deletion:fill=blur", "deletion:fill=zero"].into();
        let chosen = |named: &[&str], first: bool| {
            let named: Vec<String> = named.iter().map(|name| (*name).to_owned()).collect();
            select(&all, &named, first).map(|chosen| chosen.into_iter().collect::<Vec<_>>().join(" "))
        };
        assert_eq!(chosen(&[], false).unwrap(), "adp adp:fill=zero deletion:fill=blur deletion:fill=zero");
        assert_eq!(chosen(&[], true).unwrap(), "adp deletion:fill=blur");
        assert_eq!(chosen(&["deletion"], false).unwrap(), "deletion:fill=blur deletion:fill=zero");
        assert_eq!(chosen(&["deletion:fill=zero", "adp"], true).unwrap(), "adp deletion:fill=zero");
        assert_eq!(chosen(&["adp", "adp"], true).unwrap(), "adp");
        let message = chosen(&["deletion:fill=red"], false).unwrap_err().to_string();
        assert!(message.contains("`deletion:fill=red`: there are adp, "), "{message}");
        assert!(chosen(&["insertion"], true).is_err());
    }
}
