//! Do the configurations of one metric agree? Tables A1 and 1 of the Coherency paper.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::markdown::{interval, number, percent, table};
use super::section::Section;
use crate::chosen::bare;
use crate::means::MEAN;

/// Two tables for each metric with several configurations: methods by pairs, and the means as a matrix.
pub fn tables(section: &Section<'_>) -> String {
    let names: BTreeSet<&str> = section.metrics.iter().map(|metric| bare(metric)).collect();
    names.into_iter().map(|name| of_metric(section, name)).collect()
}

fn of_metric(section: &Section<'_>, name: &str) -> String {
    let configurations: Vec<&str> =
        section.metrics.iter().copied().filter(|metric| bare(metric) == name).collect();
    let pairs: Vec<(&str, &str)> = section.pairs.iter().copied().filter(|(a, _)| bare(a) == name).collect();
    let mut text = section.headline(&format!("Consistency of {name}"));
    for (at, configuration) in configurations.iter().enumerate() {
        let _ = writeln!(text, "{}. `{configuration}`", at + 1);
    }
    let _ = write!(text, "\n{}\n\n", section.caption(&pairs));
    text + &methods_by_pairs(section, &configurations, &pairs) + "\n" + &means(section, &configurations)
}

/// One row for each method, then the mean over them and its interval.
fn methods_by_pairs(section: &Section<'_>, configurations: &[&str], pairs: &[(&str, &str)]) -> String {
    let place =
        |metric: &str| configurations.iter().position(|other| *other == metric).map_or(0, |at| at + 1);
    let row = |first: String, cell: &dyn Fn((&str, &str)) -> String| {
        [first].into_iter().chain(pairs.iter().map(|pair| cell(*pair))).collect::<Vec<_>>()
    };
    let mut rows = vec![row("method".to_owned(), &|(a, b)| format!("{}-{}", place(a), place(b)))];
    for method in &section.methods {
        let cell = |pair: (&str, &str)| {
            section.row(method, pair).map_or_else(String::new, |row| number(row.correlation))
        };
        rows.push(row((*method).to_owned(), &cell));
    }
    let mean =
        |pair: (&str, &str)| section.mean(pair).map_or_else(String::new, |mean| number(mean.correlation));
    let ends = |pair: (&str, &str)| {
        section.mean(pair).map_or_else(String::new, |mean| interval(mean.ci_low, mean.ci_high))
    };
    rows.push(row(MEAN.to_owned(), &mean));
    rows.push(row(format!("{} of the mean", percent(section.level)), &ends));
    table(&rows)
}

/// The means over the methods, one row and one column for each configuration.
fn means(section: &Section<'_>, configurations: &[&str]) -> String {
    let header = (1..=configurations.len()).map(|place| place.to_string());
    let mut rows = vec![[MEAN.to_owned()].into_iter().chain(header).collect::<Vec<_>>()];
    for (at, a) in configurations.iter().enumerate() {
        let cell = |b: &&str| {
            let mean = section.mean((a, b)).or_else(|| section.mean((b, a)));
            mean.map_or_else(String::new, |mean| number(mean.correlation))
        };
        rows.push([(at + 1).to_string()].into_iter().chain(configurations.iter().map(cell)).collect());
    }
    table(&rows)
}
