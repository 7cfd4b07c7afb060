//! Methods in the order of their means, with intervals.

use pipe::{Direction, Rank};

use crate::axis::Scale;
use crate::canvas::{Anchor, Canvas};
use crate::figure::{Figure, Numbers};
use crate::font;
use crate::names::{Names, groups};
use crate::paint::Paint;
use crate::panel::{LEADING, Panel, SMALL, TEXT, arrange};

/// Width of the axis.
const AXIS: f64 = 260.0;

/// The ranking of each classifier by each metric: a dot at the mean of each method, a line for its interval, the best method first.
pub fn ranking(rows: &[Rank]) -> Figure {
    let groups = groups(rows, |row| (row.model.as_str(), row.metric.as_str()));
    let mut numbers =
        Numbers::new(&["model", "metric", "direction", "method", "n", "mean", "ci_low", "ci_high", "rank"]);
    numbers.rows = groups.iter().flat_map(|(_, rows)| rows).map(|row| cells(row)).collect();
    let names = Names::new(rows.iter().map(|row| row.method.as_str()));
    let panels = groups.iter().map(|((model, metric), rows)| panel(model, metric, rows, &names)).collect();
    let leaders = groups.iter().filter_map(|((model, metric), rows)| leader(model, metric, rows));
    let description = leaders.collect::<Vec<_>>().join(" ");
    Figure::new("Methods ranked by their means", description, arrange(panels, names.caption()), numbers)
}

/// What a direction says below the name of a metric.
pub fn better(direction: Direction) -> &'static str {
    match direction {
        Direction::Higher => "higher is better",
        Direction::Lower => "lower is better",
    }
}

fn panel(model: &str, metric: &str, rows: &[&Rank], names: &Names<'_>) -> Panel {
    let values: Vec<String> = rows.iter().map(|row| value(row)).collect();
    let left = font::widest(rows.iter().map(|row| names.shown(&row.method)), TEXT) + 10.0;
    let right = left + AXIS;
    let scale = Scale::around(rows.iter().flat_map(|row| numbers_of(row)), left, right);
    let line = TEXT * LEADING;
    let bottom = rows.len() as f64 * line;
    let width = right + 12.0 + font::widest(values.iter().map(String::as_str), SMALL);
    let mut canvas = Canvas::new(width, bottom + 2.0 * SMALL);
    scale.below(&mut canvas, bottom, 0.0);
    canvas.line([left, bottom], [right, bottom], Paint::Ink, 1.0);
    for (at, (row, value)) in rows.iter().zip(values).enumerate() {
        let y = (at as f64 + 0.5) * line;
        canvas.text([left - 10.0, y], names.shown(&row.method), TEXT, Anchor::End, Paint::Ink);
        canvas.text([right + 12.0, y], value, SMALL, Anchor::Start, Paint::Muted);
        if let (Some(low), Some(high)) = (finite(row.ci_low), finite(row.ci_high)) {
            canvas.line([scale.place(low), y], [scale.place(high), y], Paint::Series(0), 2.0);
        }
        if row.mean.is_finite() {
            canvas.dot([scale.place(row.mean), y], 3.5, Paint::Series(0));
        }
    }
    let direction = rows.first().map_or("", |row| better(row.direction));
    Panel::new([metric.to_owned(), format!("{direction}, {} images", images(rows)), model.to_owned()], canvas)
}

fn images(rows: &[&Rank]) -> usize {
    rows.iter().map(|row| row.n).max().unwrap_or_default()
}

fn finite(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite())
}

fn numbers_of(row: &Rank) -> impl Iterator<Item = f64> {
    [Some(row.mean), row.ci_low, row.ci_high].into_iter().flatten()
}

fn value(row: &Rank) -> String {
    match (finite(row.ci_low), finite(row.ci_high)) {
        (Some(low), Some(high)) => format!("{} [{}, {}]", short(row.mean), short(low), short(high)),
        _ => short(row.mean),
    }
}

/// A number in three digits, as far as they say something.
pub fn short(value: f64) -> String {
    match value.abs() {
        _ if value.is_nan() => "no number".to_owned(),
        0.0 => "0".to_owned(),
        size if !(1e-3..1e5).contains(&size) => format!("{value:.2e}"),
        size if size < 1.0 => format!("{value:.3}"),
        size if size < 100.0 => format!("{value:.2}"),
        _ => format!("{value:.1}"),
    }
}

fn cells(row: &Rank) -> Vec<String> {
    let text = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    let (n, mean, rank) = (row.n.to_string(), row.mean.to_string(), row.rank.to_string());
    let direction = row.direction.to_string();
    vec![
        row.model.clone(),
        row.metric.clone(),
        direction,
        row.method.clone(),
        n,
        mean,
        text(row.ci_low),
        text(row.ci_high),
        rank,
    ]
}

fn leader(model: &str, metric: &str, rows: &[&Rank]) -> Option<String> {
    let best = rows.iter().min_by(|a, b| a.rank.total_cmp(&b.rank))?;
    let of = if model.is_empty() { String::new() } else { format!(" of {model}") };
    Some(format!("By {metric}{of}, {} is first of {} with {}.", best.method, rows.len(), value(best)))
}
