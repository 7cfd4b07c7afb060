//! How the scores of images are spread.

use pipe::Score;
use stats::summary::{mean, quantile};

use crate::axis::Scale;
use crate::canvas::{Anchor, Canvas};
use crate::figure::{Figure, Numbers};
use crate::font;
use crate::names::{Names, groups};
use crate::paint::Paint;
use crate::panel::{LEADING, Panel, SMALL, TEXT, arrange};
use crate::ranking::better;

/// Width of the axis.
const AXIS: f64 = 300.0;

/// What gets a box of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Of {
    /// Each method; a panel for each classifier and metric.
    #[default]
    Methods,
    /// Each classifier; a panel for each method and metric: of weights drawn anew layer by layer, a box for each layer.
    Models,
}

/// The scores of the images as boxes from the lower to the upper quartile with a line at the median and a diamond at the mean;
/// whiskers to the furthest score within 1.5 times the box's length of it, and every score beyond as a dot (Tukey, "Exploratory Data
/// Analysis", 1977). Quartiles are those of NumPy and R's type 7.
pub fn boxes(rows: &[Score], of: Of) -> Figure {
    let key = |row: &&Score| match of {
        Of::Methods => (row.model.clone(), row.metric.clone()),
        Of::Models => (row.method.clone(), row.metric.clone()),
    };
    let mut numbers = Numbers::new(&[
        "model",
        "method",
        "metric",
        "n",
        "undefined",
        "low",
        "quartile_1",
        "median",
        "quartile_3",
        "high",
        "mean",
        "outside",
    ]);
    let names = Names::new(rows.iter().map(|row| name(row, of)));
    let mut panels = Vec::new();
    for ((shared, metric), rows) in groups(rows, key) {
        let direction = rows.first().map(|row| row.direction);
        let boxes: Vec<Spread> =
            groups(rows, |row| name(row, of).to_owned()).into_iter().map(Spread::new).collect();
        for spread in &boxes {
            let (model, method) =
                if of == Of::Methods { (&shared, &spread.name) } else { (&spread.name, &shared) };
            numbers.rows.push(spread.cells(model, method, &metric));
        }
        let direction = direction.map_or("", better);
        panels.push(Panel::new([metric, direction.to_owned(), shared], draw(&boxes, &names)));
    }
    let description = format!("{} panels of boxes over the scores of images.", panels.len());
    Figure::new(
        "How scores are spread over the images",
        description,
        arrange(panels, names.caption()),
        numbers,
    )
}

fn name(row: &Score, of: Of) -> &str {
    match of {
        Of::Methods => &row.method,
        Of::Models => &row.model,
    }
}

/// The scores behind one box.
struct Spread {
    name: String,
    values: Vec<f64>,
    undefined: usize,
    /// Lower quartile, median, upper quartile.
    quartiles: [f64; 3],
    whiskers: [f64; 2],
}

impl Spread {
    fn new((name, rows): (String, Vec<&Score>)) -> Self {
        let values: Vec<f64> = rows.iter().map(|row| row.value).filter(|value| value.is_finite()).collect();
        let quartiles = [0.25, 0.5, 0.75]
            .map(|share| if values.is_empty() { f64::NAN } else { quantile(&values, share) });
        let reach = 1.5 * (quartiles[2] - quartiles[0]);
        let within =
            || values.iter().copied().filter(|v| (quartiles[0] - reach..=quartiles[2] + reach).contains(v));
        let whiskers = [within().fold(quartiles[0], f64::min), within().fold(quartiles[2], f64::max)];
        Self { name, undefined: rows.len() - values.len(), values, quartiles, whiskers }
    }

    fn outside(&self) -> impl Iterator<Item = f64> + '_ {
        self.values.iter().copied().filter(|v| !(self.whiskers[0]..=self.whiskers[1]).contains(v))
    }

    fn mean(&self) -> f64 {
        if self.values.is_empty() { f64::NAN } else { mean(&self.values) }
    }

    fn cells(&self, model: &str, method: &str, metric: &str) -> Vec<String> {
        let [first, median, third] = self.quartiles;
        let numbers = [self.whiskers[0], first, median, third, self.whiskers[1], self.mean()]
            .map(|value| value.to_string());
        let counts = [self.values.len(), self.undefined].map(|count| count.to_string());
        let names = [model, method, metric].map(str::to_owned);
        let outside = self.outside().count().to_string();
        names.into_iter().chain(counts).chain(numbers).chain([outside]).collect()
    }
}

fn draw(boxes: &[Spread], names: &Names<'_>) -> Canvas {
    let (left, line) = (
        font::widest(boxes.iter().map(|spread| names.shown(&spread.name)), TEXT) + 10.0,
        TEXT * LEADING * 1.2,
    );
    let right = left + AXIS;
    let scale = Scale::around(boxes.iter().flat_map(|spread| spread.values.iter().copied()), left, right);
    let bottom = boxes.len() as f64 * line;
    let mut canvas = Canvas::new(right + 12.0, bottom + 2.0 * SMALL);
    scale.below(&mut canvas, bottom, 0.0);
    canvas.line([left, bottom], [right, bottom], Paint::Ink, 1.0);
    for (at, spread) in boxes.iter().enumerate() {
        let y = (at as f64 + 0.5) * line;
        canvas.text([left - 10.0, y], names.shown(&spread.name), TEXT, Anchor::End, Paint::Ink);
        if spread.values.is_empty() {
            canvas.text([left + 6.0, y], "no number", SMALL, Anchor::Start, Paint::Muted);
        } else {
            spread.draw(&mut canvas, scale, y);
        }
    }
    canvas
}

impl Spread {
    fn draw(&self, canvas: &mut Canvas, scale: Scale, y: f64) {
        let [first, median, third] = self.quartiles.map(|value| scale.place(value));
        let [low, high] = self.whiskers.map(|value| scale.place(value));
        canvas.line([low, y], [high, y], Paint::Series(0), 1.0);
        for x in [low, high] {
            canvas.line([x, y - 3.0], [x, y + 3.0], Paint::Series(0), 1.0);
        }
        canvas.rect([first, y - 5.0], [third - first, 10.0], Paint::Paper, Some(Paint::Series(0)));
        canvas.line([median, y - 5.0], [median, y + 5.0], Paint::Series(0), 2.5);
        let (mean, reach) = (self.mean(), 3.5);
        // The sum of the largest doubles is none.
        if mean.is_finite() {
            let x = scale.place(mean);
            canvas.area(
                vec![[x - reach, y], [x, y - reach], [x + reach, y], [x, y + reach]],
                Paint::Series(1),
                1.0,
            );
        }
        self.outside().for_each(|value| canvas.dot([scale.place(value), y], 1.2, Paint::Series(0)));
    }
}
