//! The run in words with numbers.

use pipe::{Correlation, Significance};
use serde::Serialize;

use crate::kind::Kind;
use crate::summary::Matrix;
use crate::tables::Run;

/// A sentence or two about one thing.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// What it is about.
    pub head: &'static str,
    /// What there is to say.
    pub text: String,
}

impl Run {
    /// The class that the classifier gave the image of an item, where answers say so and there is one classifier.
    pub fn predicted(&self, item: usize) -> Option<usize> {
        if self.seen.models().len() > 1 { None } else { self.answers.predicted.get(&item).copied() }
    }
}

/// All that can be said.
pub fn findings(run: &Run, matrices: &[Matrix]) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        matrices.iter().filter_map(|matrix| ranked(matrix, matrices.len() > 1)).collect();
    findings.extend(significant(&run.significance));
    findings.extend(agreement(&run.agreement));
    findings.extend(recognised(run));
    findings.push(Finding { head: "Failures", text: failed(run) });
    findings
}

fn ranked(matrix: &Matrix, name_model: bool) -> Option<Finding> {
    let (best, worst) = (matrix.methods.first()?, matrix.methods.last()?);
    let of = if name_model { format!(" of {}", matrix.model) } else { String::new() };
    let metrics = matrix.metrics.len();
    let mut leaders: Vec<_> = matrix.methods.iter().filter(|method| method.leads > 0).collect();
    leaders.sort_by_key(|method| std::cmp::Reverse(method.leads));
    let named: Vec<String> =
        leaders.iter().skip(1).take(3).map(|method| format!("{} {}", method.name, method.leads)).collect();
    let others = if named.is_empty() { String::new() } else { format!("; {}", named.join(", ")) };
    let leader = leaders.first()?;
    let first =
        format!("{} leads {} of {}{of}{others}.", leader.name, leader.leads, plural(metrics, "metric"));
    let second = format!(
        "Over all of them {} has the best mean rank, {} of {}, and {} the worst, {}.",
        best.name,
        best.shown,
        matrix.methods.len(),
        worst.name,
        worst.shown
    );
    let text = if matrix.methods.len() > 1 { format!("{first} {second}") } else { first };
    Some(Finding { head: "Ranking", text })
}

fn significant(rows: &[Significance]) -> Option<Finding> {
    let count = |metric: Option<&str>| {
        let of = rows.iter().filter(|row| metric.is_none_or(|metric| row.metric == metric));
        let (all, differ) =
            of.fold((0_u32, 0_u32), |(all, differ), row| (all + 1, differ + u32::from(row.significant)));
        (differ, all)
    };
    let mut metrics: Vec<&str> = rows.iter().map(|row| row.metric.as_str()).collect();
    metrics.dedup();
    metrics.sort_by_key(|metric| std::cmp::Reverse(count(Some(metric)).0));
    let ((differ, all), first, last) = (count(None), *metrics.first()?, *metrics.last()?);
    let share = 100.0 * f64::from(differ) / f64::from(all);
    let by = "differ by Wilcoxon's signed-rank test, adjusted over the pairs of each metric";
    let whole = format!("{differ} of {all} pairs of methods ({share:.0} %) {by}.");
    let ((most, of), (least, _)) = (count(Some(first)), count(Some(last)));
    let ends = format!("{first} tells most of them apart, {most} of {of}, and {last} fewest, {least}.");
    let text = if first == last { whole } else { format!("{whole} {ends}") };
    Some(Finding { head: "Significance", text })
}

/// The means over the methods where they are there, with a number.
fn of_means(rows: &[Correlation]) -> Vec<&Correlation> {
    let known = || rows.iter().filter(|row| row.correlation.is_finite());
    let means: Vec<&Correlation> = known().filter(|row| row.method == "mean").collect();
    if means.is_empty() { known().collect() } else { means }
}

fn agreement(rows: &[Correlation]) -> Option<Finding> {
    let mut rows = of_means(rows);
    rows.sort_by(|a, b| a.correlation.total_cmp(&b.correlation));
    let against = rows.iter().filter(|row| row.correlation < 0.0).count();
    let pair = |row: &&Correlation| {
        let of = if row.method == "mean" { String::new() } else { format!(" ({})", row.method) };
        format!("{} and {}{of} {}", row.metric_a, row.metric_b, signed(row.correlation))
    };
    let best = rows.last()?;
    let least: Vec<String> = rows.iter().take(3).map(pair).collect();
    let text = format!(
        "{against} of {} of metrics rank images against each other. They agree least on {}; most on {}.",
        plural(rows.len(), "pair"),
        least.join(", "),
        pair(best)
    );
    Some(Finding { head: "Agreement", text })
}

fn recognised(run: &Run) -> Option<Finding> {
    let of = |item: usize| Some((run.items.all[item].label?, run.predicted(item)?));
    let known: Vec<_> = (0..run.items.all.len()).filter_map(of).collect();
    let right = known.iter().filter(|(label, predicted)| label == predicted).count();
    let text = format!(
        "The classifier is right on {right} of the {} images whose true class is known.",
        known.len()
    );
    (!known.is_empty()).then_some(Finding { head: "Classifier", text })
}

fn failed(run: &Run) -> String {
    let kinds = [Kind::Maps, Kind::Answers, Kind::Scores, Kind::Tries];
    let counts: Vec<String> = kinds
        .into_iter()
        .filter(|kind| run.failures.count(*kind) > 0)
        .map(|kind| format!("{} rows of {}", thousands(run.failures.count(kind) as usize), kind.name()))
        .collect();
    if counts.is_empty() {
        "Nothing failed.".to_owned()
    } else {
        format!("{} have a reason instead of a result.", counts.join(", "))
    }
}

/// A count with its word.
pub fn plural(count: usize, word: &str) -> String {
    format!("{} {word}{}", thousands(count), if count == 1 { "" } else { "s" })
}

/// 12345 as 12,345.
pub fn thousands(count: usize) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// With a sign that is as wide as a plus.
fn signed(value: f64) -> String {
    format!("{value:+.2}").replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_words() {
        assert_eq!(plural(1, "image"), "1 image");
        assert_eq!(plural(12_345, "image"), "12,345 images");
        assert_eq!([thousands(0), thousands(999), thousands(1000)], ["0", "999", "1,000"]);
        assert_eq!([signed(-0.5), signed(0.25)], ["−0.50", "+0.25"]);
    }
}
