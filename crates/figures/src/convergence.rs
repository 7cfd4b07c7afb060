//! How the best map so far gets better (BEE, Figures 2 and 3).

use pipe::Tried;

use crate::figure::{Figure, Numbers};
use crate::intervals::Resampling;
use crate::legend::legend;
use crate::lines::{Axes, Line, lines};
use crate::names::{Names, groups};
use crate::panel::{Panel, arrange};

/// The mean over the images of the best value so far, draw by draw, for each method; a panel for each classifier and metric. An
/// image whose draws ended early keeps its last value.
pub fn convergence(rows: &[Tried], resampling: Resampling) -> Figure {
    let names = Names::new(rows.iter().map(|row| row.method.as_str()));
    let mut numbers =
        Numbers::new(&["model", "metric", "method", "draw", "images", "mean", "ci_low", "ci_high"]);
    let mut panels = Vec::new();
    for ((model, metric), rows) in groups(rows, |row| (row.model.as_str(), row.metric.as_str())) {
        let mut of_methods = Vec::new();
        for (name, rows) in groups(rows, |row| row.method.as_str()) {
            let samples = best_so_far(&rows);
            let mut points = Vec::new();
            for (draw, (values, [mean, low, high])) in
                samples.iter().zip(resampling.means(&samples)).enumerate()
            {
                points.push([draw as f64 + 1.0, mean, low, high]);
                let counts = [draw + 1, values.len()].map(|count| count.to_string());
                let cells = [model, metric, name].map(str::to_owned).into_iter().chain(counts);
                numbers.rows.push(cells.chain([mean, low, high].map(|value| value.to_string())).collect());
            }
            of_methods.push(Line { name, points });
        }
        let axes = Axes { x: "maps tried", y: "best so far", across: None, from_zero: false };
        panels.push(Panel::new([metric.to_owned(), model.to_owned()], lines(&of_methods, &names, axes)));
    }
    let description = format!("The best value so far of {} methods, map by map.", names.iter().len());
    Figure::new(
        "The best map so far",
        description,
        arrange(panels, [legend(&names)].into_iter().chain(names.caption())),
        numbers,
    )
}

/// For each draw the best value of each image that has one.
fn best_so_far(rows: &[&Tried]) -> Vec<Vec<f64>> {
    let images = groups(rows.iter().copied(), |row| (row.image.as_str(), row.target));
    let draws = rows.iter().map(|row| row.draw + 1).max().unwrap_or_default();
    let value = |rows: &[&Tried], draw: usize| {
        rows.iter().filter(|row| row.draw <= draw).max_by_key(|row| row.draw).map_or(f64::NAN, |row| row.best)
    };
    let known =
        |draw: usize| images.iter().map(move |(_, rows)| value(rows, draw)).filter(|value| value.is_finite());
    (0..draws).map(|draw| known(draw).collect()).collect()
}
