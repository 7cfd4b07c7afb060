//! How often one method beats another.

use std::collections::BTreeMap;

use pipe::Versus;

use crate::figure::{Figure, Numbers};
use crate::matrix::matrix;
use crate::names::{Names, groups};
use crate::panel::{Panel, arrange};
use crate::ranking::better;

/// For each classifier and metric the share of the images on which the method of a row is better than that of a column.
pub fn wins(rows: &[Versus]) -> Figure {
    let mut numbers =
        Numbers::new(&["model", "metric", "method_a", "method_b", "n", "win_rate", "win_low", "win_high"]);
    numbers.rows = rows.iter().map(cells).collect();
    let all = Names::new(rows.iter().flat_map(methods));
    let panel = |((model, metric), rows): ((&str, &str), Vec<&Versus>)| {
        let names = Names::new(rows.iter().copied().flat_map(methods));
        let pair = |row: &&Versus| {
            let (a, b) = (names.number(&row.method_a), names.number(&row.method_b));
            [((a, b), row.win_rate), ((b, a), 1.0 - row.win_rate)]
        };
        let shown: Vec<&str> = names.whole().into_iter().map(|name| all.shown(name)).collect();
        let shares: BTreeMap<_, _> = rows.iter().flat_map(pair).collect();
        // A half is white: neither wins.
        let share = |a, b| shares.get(&(a, b)).map(|share| 2.0 * share - 1.0);
        let canvas = matrix(&shown, share, |value| format!("{:.0} %", 50.0 * (value + 1.0)));
        let direction = rows.first().map_or("", |row| better(row.direction));
        Panel::new(
            [metric.to_owned(), format!("{direction}; row beats column, of the images"), model.to_owned()],
            canvas,
        )
    };
    let groups = groups(rows, |row| (row.model.as_str(), row.metric.as_str()));
    let words: Vec<String> = groups.iter().filter_map(|(_, rows)| widest_win(rows)).collect();
    let panels = groups.into_iter().map(panel).collect();
    Figure::new(
        "How often one method beats another",
        words.join(" "),
        arrange(panels, all.caption()),
        numbers,
    )
}

fn methods(row: &Versus) -> [&str; 2] {
    [&row.method_a, &row.method_b].map(String::as_str)
}

fn cells(row: &Versus) -> Vec<String> {
    let text = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    let names = [&row.model, &row.metric, &row.method_a, &row.method_b].map(String::clone);
    let numbers = [row.n.to_string(), row.win_rate.to_string(), text(row.win_low), text(row.win_high)];
    names.into_iter().chain(numbers).collect()
}

/// In words: the two methods that differ most.
fn widest_win(rows: &[&Versus]) -> Option<String> {
    let known = rows.iter().filter(|row| !row.win_rate.is_nan());
    let row = known.max_by(|a, b| (a.win_rate - 0.5).abs().total_cmp(&(b.win_rate - 0.5).abs()))?;
    let (winner, loser, share) = match row.win_rate {
        share if share >= 0.5 => (&row.method_a, &row.method_b, share),
        share => (&row.method_b, &row.method_a, 1.0 - share),
    };
    Some(format!("By {}, {winner} beats {loser} on {:.0} % of the images.", row.metric, 100.0 * share))
}
