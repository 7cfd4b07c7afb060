//! Do different metrics agree? Tables 2, 3 and A3 of the Coherency paper.

use std::fmt::Write;

use super::markdown::{estimate, table};
use super::section::Section;
use crate::means::MEAN;

/// One row for each method, one column for each pair of metrics, then the mean over the methods.
pub fn table_of(section: &Section<'_>) -> String {
    let mut text = section.headline("Reliability of metrics");
    let shortened = section.metrics.iter().filter(|metric| section.label(metric) != **metric);
    let list: Vec<String> =
        shortened.map(|metric| format!("- {}: `{metric}`\n", section.label(metric))).collect();
    let blank = if list.is_empty() { "" } else { "\n" };
    let _ = write!(text, "{}{blank}{}\n\n", list.concat(), section.caption(&section.pairs));
    let row = |first: &str, cell: &dyn Fn((&str, &str)) -> String| {
        [first.to_owned()].into_iter().chain(section.pairs.iter().map(|pair| cell(*pair))).collect::<Vec<_>>()
    };
    let header = |(a, b): (&str, &str)| format!("{} & {}", section.label(a), section.label(b));
    let coefficient =
        |pair: (&str, &str)| section.mean(pair).map_or_else(String::new, |mean| mean.coefficient.clone());
    let mut rows = vec![row("method", &header), row("coefficient", &coefficient)];
    for method in &section.methods {
        let cell = |pair: (&str, &str)| {
            let row = section.row(method, pair);
            row.map_or_else(String::new, |row| estimate(row.correlation, row.ci_low, row.ci_high))
        };
        rows.push(row(method, &cell));
    }
    let mean = |pair: (&str, &str)| {
        let mean = section.mean(pair);
        mean.map_or_else(String::new, |mean| estimate(mean.correlation, mean.ci_low, mean.ci_high))
    };
    rows.push(row(MEAN, &mean));
    text + &table(&rows)
}
