//! What a metric is, and the list of all.

use maps::Map;
use pipe::{Boxes, Direction};
use spec::Reader;

use crate::{Curve, agreement, area, classic, confidence, crop, information, place};

/// A metric's value, or why it is not defined.
pub type Measured = Result<f64, String>;

/// A metric in the list of all metrics.
#[derive(Debug)]
pub struct Metric {
    /// The name in front of the parameters.
    pub name: &'static str,
    /// Which way it points; for a curve, if the test perturbs in its usual order.
    pub direction: Direction,
    /// What it measures, in one line.
    pub summary: &'static str,
    /// Whether it is measured only where it is named: most users want one number of a test, not ten.
    pub on_request: bool,
    /// What it is measured on.
    pub input: Input,
    /// Takes its own parameters, with their defaults, out of a spec string.
    pub build: fn(&mut Reader) -> Result<Measure, spec::Error>,
}

/// What a metric is measured on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// The answers to a perturbation test: one of these.
    Curve(&'static [&'static str]),
    /// The answers to a test in both orders.
    BothOrders(&'static [&'static str]),
    /// A map.
    Map,
    /// A map and where the object is.
    Place,
    /// A reference map and another one of the same size.
    Maps,
}

/// A metric with its parameters: a function of what it is measured on.
pub enum Measure {
    /// Of a whole curve.
    Curve(Box<dyn Fn(&Curve) -> Measured + Send + Sync>),
    /// Of the curve with the most relevant pixels first, and of that with the least relevant ones first.
    BothOrders(Box<dyn Fn(&Curve, &Curve) -> Measured + Send + Sync>),
    /// Of a map.
    Map(Box<dyn Fn(&Map) -> Measured + Send + Sync>),
    /// Of a map and the boxes around the object, which lie within it.
    Place(Box<dyn Fn(&Map, &Boxes) -> Measured + Send + Sync>),
    /// Of a reference map and another one of the same size.
    Maps(Box<dyn Fn(&Map, &Map) -> Measured + Send + Sync>),
}

impl Measure {
    pub(crate) fn curve(measure: impl Fn(&Curve) -> Measured + Send + Sync + 'static) -> Self {
        Self::Curve(Box::new(measure))
    }

    pub(crate) fn place(measure: impl Fn(&Map, &Boxes) -> Measured + Send + Sync + 'static) -> Self {
        Self::Place(Box::new(measure))
    }

    pub(crate) fn maps(measure: impl Fn(&Map, &Map) -> Measured + Send + Sync + 'static) -> Self {
        Self::Maps(Box::new(measure))
    }
}

impl std::fmt::Debug for Measure {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Measure")
    }
}

impl Metric {
    /// Its own parameters with their defaults; nothing if it has none.
    pub fn parameters(&self) -> String {
        let parameters = Reader::new(self.name).and_then(|mut reader| {
            (self.build)(&mut reader)?;
            Ok(reader.parameters())
        });
        parameters.unwrap_or_else(|error| error.to_string())
    }
}

/// All metrics, in the order in which they are listed and written.
pub fn all() -> impl Iterator<Item = &'static Metric> {
    let curves = [area::METRICS, confidence::METRICS, information::METRICS, crop::METRICS, classic::METRICS];
    curves.into_iter().chain([place::METRICS, agreement::METRICS]).flatten()
}

/// The tests that metrics are made from.
pub fn known_tests() -> Vec<&'static str> {
    let mut tests: Vec<&str> = Vec::new();
    for metric in all() {
        if let Input::Curve(of) | Input::BothOrders(of) = metric.input {
            tests.extend(of.iter().filter(|test| !tests.contains(test)).copied().collect::<Vec<_>>());
        }
    }
    tests
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        let mut names: Vec<&str> = all().map(|metric| metric.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    }

    #[test]
    fn every_metric_builds_what_it_says() {
        for metric in all() {
            let mut reader = Reader::new(metric.name).unwrap();
            let fits = match (metric.build)(&mut reader).unwrap() {
                Measure::Curve(_) => matches!(metric.input, Input::Curve(_)),
                Measure::BothOrders(_) => matches!(metric.input, Input::BothOrders(_)),
                Measure::Map(_) => metric.input == Input::Map,
                Measure::Place(_) => metric.input == Input::Place,
                Measure::Maps(_) => metric.input == Input::Maps,
            };
            assert!(fits, "{}", metric.name);
        }
    }
}
