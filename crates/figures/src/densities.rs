//! Where the values of a method's maps lie (the Coherency study, Figure 3).

use pipe::Density;

use crate::figure::{Figure, Numbers};
use crate::legend::legend;
use crate::lines::{Axes, Line, lines};
use crate::names::{Names, groups};
use crate::panel::{Panel, arrange};

/// The densities of all methods, a panel for each classifier.
pub fn densities(rows: &[Density]) -> Figure {
    let mut numbers = Numbers::new(&["model", "method", "relevance", "density", "maps"]);
    numbers.rows = rows.iter().map(cells).collect();
    let names = Names::new(rows.iter().map(|row| row.method.as_str()));
    let axes = Axes {
        x: "relevance, 0 the least of a map, 1 its highest",
        y: "density",
        across: Some([0.0, 1.0]),
        from_zero: true,
    };
    let panel = |(model, rows): (&str, Vec<&Density>)| {
        let of_methods: Vec<_> = groups(rows, |row| row.method.as_str()).into_iter().map(line).collect();
        Panel::new(
            ["Where the values of maps lie".to_owned(), model.to_owned()],
            lines(&of_methods, &names, axes),
        )
    };
    let panels = groups(rows, |row| row.model.as_str()).into_iter().map(panel).collect();
    let description = format!("Densities of the values of the maps of {} methods.", names.iter().len());
    Figure::new(
        "Densities of relevance",
        description,
        arrange(panels, [legend(&names)].into_iter().chain(names.caption())),
        numbers,
    )
}

fn line<'a>((name, rows): (&'a str, Vec<&'a Density>)) -> Line<'a> {
    let points = rows.into_iter().map(|row| [row.relevance, row.density, f64::NAN, f64::NAN]).collect();
    Line { name, points }
}

fn cells(row: &Density) -> Vec<String> {
    let numbers = [row.relevance.to_string(), row.density.to_string(), row.maps.to_string()];
    [row.model.clone(), row.method.clone()].into_iter().chain(numbers).collect()
}
