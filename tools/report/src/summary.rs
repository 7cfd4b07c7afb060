//! The ranking of all methods by all metrics as one table.

use std::collections::BTreeMap;

use pipe::{Direction, Rank};
use serde::Serialize;

/// Methods against metrics, for one classifier.
#[derive(Debug, Serialize)]
pub struct Matrix {
    pub model: String,
    /// The method with the least mean rank first.
    pub methods: Vec<Method>,
    pub metrics: Vec<Metric>,
    /// Steps that all methods end with, and that their names lack here.
    pub steps: String,
}

/// A column.
#[derive(Debug, Serialize)]
pub struct Method {
    /// Without the steps that all have.
    pub name: String,
    pub whole: String,
    /// Over the metrics that have the method.
    pub mean_rank: f64,
    pub shown: String,
    /// Metrics by which it is the best one; equal ones both are.
    pub leads: usize,
}

/// A row.
#[derive(Debug, Serialize)]
pub struct Metric {
    pub name: String,
    pub arrow: &'static str,
    pub better: &'static str,
    pub cells: Vec<Option<Cell>>,
}

/// A method by a metric.
#[derive(Debug, Serialize)]
pub struct Cell {
    pub rank: String,
    pub mean: String,
    pub first: bool,
    /// From 0, the last, to 1, the first.
    pub share: String,
}

/// A matrix for each classifier.
pub fn matrices(ranking: &[Rank]) -> Vec<Matrix> {
    let mut by_model: BTreeMap<&str, Vec<&Rank>> = BTreeMap::new();
    for row in ranking {
        by_model.entry(&row.model).or_default().push(row);
    }
    by_model.into_iter().map(|(model, rows)| matrix(model, &rows)).collect()
}

fn matrix(model: &str, rows: &[&Rank]) -> Matrix {
    let mut by_method: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for row in rows {
        by_method.entry(&row.method).or_default().push(row.rank);
    }
    let names: Vec<&str> = by_method.keys().copied().collect();
    let steps = figures::shared_steps(&names).to_owned();
    let method = |(name, ranks): (&str, Vec<f64>)| {
        let mean_rank = stats::summary::mean(&ranks);
        let leads = ranks.iter().filter(|rank| **rank < 2.0).count();
        let short = name.strip_suffix(&*steps).unwrap_or(name).to_owned();
        Method { name: short, whole: name.to_owned(), mean_rank, shown: format!("{mean_rank:.2}"), leads }
    };
    let mut methods: Vec<Method> = by_method.into_iter().map(method).collect();
    methods.sort_by(|a, b| a.mean_rank.total_cmp(&b.mean_rank).then(a.whole.cmp(&b.whole)));
    let mut metrics: Vec<Metric> = Vec::new();
    for row in rows {
        if metrics.iter().all(|metric| metric.name != row.metric) {
            metrics.push(metric(row, rows, &methods));
        }
    }
    Matrix { model: model.to_owned(), methods, metrics, steps }
}

fn metric(of: &Rank, rows: &[&Rank], methods: &[Method]) -> Metric {
    let rows: Vec<&&Rank> = rows.iter().filter(|row| row.metric == of.metric).collect();
    let last = rows.iter().map(|row| row.rank).fold(1.0, f64::max);
    let cell = |row: &&Rank| Cell {
        rank: format!("{}", row.rank),
        mean: figures::short(row.mean),
        first: row.rank < 2.0,
        share: format!("{:.2}", if last > 1.0 { (last - row.rank) / (last - 1.0) } else { 1.0 }),
    };
    let cells =
        methods.iter().map(|method| rows.iter().find(|row| row.method == method.whole).map(|row| cell(row)));
    let (arrow, better) = match of.direction {
        Direction::Higher => ("↑", "higher is better"),
        Direction::Lower => ("↓", "lower is better"),
    };
    Metric { name: of.metric.clone(), arrow, better, cells: cells.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(metric: &str, method: &str, rank: f64) -> Rank {
        Rank {
            model: "m@1".into(),
            metric: metric.into(),
            direction: Direction::Higher,
            method: method.into(),
            n: 3,
            mean: 0.5,
            ci_low: None,
            ci_high: None,
            rank,
            median: None,
            rank_low: None,
            rank_high: None,
            p_best: None,
            win_rate: None,
        }
    }

    #[test]
    fn methods_are_sorted_by_their_mean_rank_and_lack_nothing_but_what_all_have() {
        let rows = [
            row("a", "x+minmax", 2.0),
            row("a", "y+minmax", 1.0),
            row("b", "x+minmax", 2.0),
            row("b", "y+minmax", 1.0),
            row("c", "y+minmax", 1.0),
        ];
        let found = &matrices(&rows)[0];
        let methods: Vec<_> =
            found.methods.iter().map(|m| (m.name.as_str(), m.leads, m.shown.as_str())).collect();
        assert_eq!(methods, [("y", 3, "1.00"), ("x", 0, "2.00")]);
        assert_eq!(found.steps, "+minmax");
        let last = &found.metrics[2];
        assert!(last.cells[0].is_some() && last.cells[1].is_none(), "{last:?}");
        assert_eq!(found.metrics[0].cells[1].as_ref().unwrap().share, "0.00");
    }
}
