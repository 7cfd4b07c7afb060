//! Numbers from -1 to 1 of every two names, as colours.

use std::collections::BTreeMap;

use pipe::Correlation;

use crate::canvas::{Anchor, Canvas};
use crate::figure::{Figure, Numbers};
use crate::font;
use crate::names::{Names, groups};
use crate::paint::{Paint, diverging, on_diverging};
use crate::panel::{Panel, SMALL, TEXT, arrange};

/// Side of a cell.
const CELL: f64 = 34.0;

/// How far every two metrics agree, a panel for each classifier and method; where there is the mean over the methods, that alone.
pub fn agreement(rows: &[Correlation]) -> Figure {
    let of_means = |row: &&Correlation| row.method == "mean";
    let means: Vec<_> = rows.iter().filter(of_means).collect();
    let rows = if means.is_empty() { rows.iter().collect() } else { means };
    let mut numbers = Numbers::new(&[
        "model",
        "method",
        "coefficient",
        "metric_a",
        "metric_b",
        "correlation",
        "ci_low",
        "ci_high",
        "n",
    ]);
    numbers.rows = rows.iter().map(|row| cells(row)).collect();
    let panels = groups(rows, |row| (row.model.as_str(), row.method.as_str()));
    let words: Vec<String> = panels.iter().filter_map(|(_, rows)| furthest(rows)).collect();
    let panel = |((model, method), rows): ((&str, &str), Vec<&Correlation>)| {
        let names = Names::new(rows.iter().flat_map(|row| [row.metric_a.as_str(), row.metric_b.as_str()]));
        let pair = |row: &&Correlation| {
            let (a, b) = (names.number(&row.metric_a), names.number(&row.metric_b));
            [((a, b), row.correlation), ((b, a), row.correlation)]
        };
        let values: BTreeMap<_, _> = rows.iter().flat_map(pair).collect();
        let shown = |value: f64| format!("{:.2}", (100.0 * value).round() / 100.0 + 0.0);
        let canvas =
            matrix(&names.whole(), |a, b| if a == b { None } else { values.get(&(a, b)).copied() }, shown);
        let method = if method == "mean" { "mean over the methods".to_owned() } else { method.to_owned() };
        Panel::new([format!("Agreement of metrics, {method}"), model.to_owned()], canvas)
    };
    let panels = panels.into_iter().map(panel).collect();
    Figure::new("Agreement of metrics", words.join(" "), arrange(panels, []), numbers)
}

/// A square of coloured cells with a number in each, names on the left and upright above. A pair without a number stays empty, one
/// that is NaN gets a dash.
pub fn matrix(
    names: &[&str],
    value: impl Fn(usize, usize) -> Option<f64>,
    shown: impl Fn(f64) -> String,
) -> Canvas {
    let widest = font::widest(names.iter().copied(), TEXT);
    let (corner, side) = (widest + 8.0, names.len() as f64 * CELL);
    let mut canvas = Canvas::new(corner + side, corner + side + 2.0);
    for (row, name) in names.iter().copied().enumerate() {
        let middle = corner + (row as f64 + 0.5) * CELL;
        canvas.text([widest, middle], name, TEXT, Anchor::End, Paint::Ink);
        canvas.upright([middle, widest], name, TEXT, Anchor::Start, Paint::Ink);
        for column in 0..names.len() {
            let Some(value) = value(row, column) else { continue };
            let place = [corner + column as f64 * CELL, corner + row as f64 * CELL];
            let centre = place.map(|at| at + CELL / 2.0);
            if value.is_nan() {
                canvas.text(centre, "–", SMALL, Anchor::Middle, Paint::Muted);
            } else {
                canvas.rect(place, [CELL - 1.0; 2], diverging(value), None);
                canvas.text(centre, shown(value), SMALL, Anchor::Middle, on_diverging(value));
            }
        }
    }
    canvas
}

fn cells(row: &Correlation) -> Vec<String> {
    let text = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    let names = [&row.model, &row.method, &row.coefficient, &row.metric_a, &row.metric_b].map(String::clone);
    let numbers = [row.correlation.to_string(), text(row.ci_low), text(row.ci_high), row.n.to_string()];
    names.into_iter().chain(numbers).collect()
}

/// In words: the two metrics that agree least.
fn furthest(rows: &[&Correlation]) -> Option<String> {
    let known = rows.iter().filter(|row| !row.correlation.is_nan());
    let least = known.min_by(|a, b| a.correlation.total_cmp(&b.correlation))?;
    let of = if least.method == "mean" {
        "on the mean over the methods".to_owned()
    } else {
        format!("for {}", least.method)
    };
    Some(format!("{} and {} agree least, {:.2} {of}.", least.metric_a, least.metric_b, least.correlation))
}
