//! What the classifier answers while more and more of an image is perturbed.

use std::collections::BTreeMap;

use pipe::Response;

use crate::figure::{Figure, Numbers};
use crate::intervals::Resampling;
use crate::legend::legend;
use crate::lines::{Axes, Line, lines};
use crate::names::Names;
use crate::panel::{Panel, arrange};

/// Curves of many images, gathered row by row. The rows of one curve follow one another, as `perturb` writes them.
#[derive(Debug, Default)]
pub struct Curves {
    /// By classifier, test and method.
    by_method: BTreeMap<[String; 3], Vec<Place>>,
    /// Key of the curve that the last row was of, and how many of its rows there have been.
    last: Option<([String; 4], Option<usize>, usize)>,
    without: usize,
}

/// A place on a curve: where it lies and what is answered there, image by image.
#[derive(Debug, Default)]
struct Place {
    fractions: f64,
    probabilities: Vec<f64>,
}

impl Curves {
    /// Adds a point of a curve. One without a number is counted and left out.
    pub fn add(&mut self, row: &Response) {
        if !(row.fraction.is_finite() && row.probability.is_finite()) {
            self.without += 1;
            return;
        }
        let image = [&row.image, &row.model, &row.method, &row.test].map(String::as_str);
        let place = match &mut self.last {
            Some((key, target, place))
                if key.each_ref().map(String::as_str) == image && *target == row.target =>
            {
                *place += 1;
                *place
            }
            last => {
                *last = Some((image.map(str::to_owned), row.target, 0));
                0
            }
        };
        let places =
            self.by_method.entry([&row.model, &row.test, &row.method].map(String::clone)).or_default();
        if places.len() <= place {
            places.resize_with(place + 1, Place::default);
        }
        places[place].fractions += row.fraction;
        places[place].probabilities.push(row.probability);
    }

    /// Whether there is no curve.
    pub fn is_empty(&self) -> bool {
        self.by_method.is_empty()
    }

    /// How many rows had no number.
    pub fn without(&self) -> usize {
        self.without
    }
}

/// The mean curve of each method with the interval of the mean at each place, a panel for each classifier and test. Places are
/// counted along the curve: the third point of an image is joined with the third ones of the others.
pub fn curves(curves: &Curves, resampling: Resampling) -> Figure {
    let names = Names::new(curves.by_method.keys().map(|[_, _, method]| method.as_str()));
    let mut numbers = Numbers::new(&[
        "model",
        "test",
        "method",
        "point",
        "fraction",
        "images",
        "probability",
        "ci_low",
        "ci_high",
    ]);
    let mut panels: Vec<([&str; 2], Vec<Line<'_>>)> = Vec::new();
    for ([model, test, method], places) in &curves.by_method {
        let samples: Vec<&[f64]> = places.iter().map(|place| &*place.probabilities).collect();
        let mut points = Vec::new();
        for (at, (place, [mean, low, high])) in places.iter().zip(resampling.means(&samples)).enumerate() {
            let images = place.probabilities.len();
            let fraction = place.fractions / images as f64;
            points.push([fraction, mean, low, high]);
            let cells = [
                model.clone(),
                test.clone(),
                method.clone(),
                at.to_string(),
                fraction.to_string(),
                images.to_string(),
            ];
            numbers
                .rows
                .push(cells.into_iter().chain([mean, low, high].map(|value| value.to_string())).collect());
        }
        let line = Line { name: method, points };
        match panels.last_mut() {
            Some((key, lines)) if *key == [model, test] => lines.push(line),
            _ => panels.push(([model, test], vec![line])),
        }
    }
    let axes = Axes { x: "fraction", y: "probability", across: Some([0.0, 1.0]), from_zero: true };
    let panel = |([model, test], of_methods): ([&str; 2], Vec<Line<'_>>)| {
        Panel::new([test.to_owned(), model.to_owned()], lines(&of_methods, &names, axes))
    };
    let panels = panels.into_iter().map(panel).collect();
    let description =
        format!("Mean probability of the explained class along the tests, {} methods.", names.iter().len());
    Figure::new(
        "Curves of the tests",
        description,
        arrange(panels, [legend(&names)].into_iter().chain(names.caption())),
        numbers,
    )
}
