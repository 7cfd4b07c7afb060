//! The list of all metrics, and how one is found.

use maps::Map;
use pipe::{Boxes, Direction};

use crate::{Curve, agreement, area, confidence, place};

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
    /// What it is measured on, and how.
    pub kind: Kind,
}

/// What a metric is measured on, and how.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// On the answers to a perturbation test.
    Curve {
        /// Name of the test.
        test: &'static str,
        /// The metric of a whole curve.
        measure: fn(&Curve) -> Measured,
    },
    /// On a map and the boxes around the object, with a tolerance in pixels. The boxes lie within the map.
    Place(fn(&Map, &Boxes, f64) -> Measured),
    /// On a reference map and another one of the same size.
    Agreement(fn(&Map, &Map) -> Measured),
}

/// All metrics, in the order in which they are listed and written.
pub fn all() -> impl Iterator<Item = &'static Metric> {
    [area::METRICS, confidence::METRICS, place::METRICS, agreement::METRICS].into_iter().flatten()
}

/// A metric of a curve, with the parameters of one test.
#[derive(Debug)]
pub struct OfTest {
    /// Spec string.
    pub name: String,
    /// Which way it points.
    pub direction: Direction,
    measure: fn(&Curve) -> Measured,
}

impl OfTest {
    /// Measures a curve.
    ///
    /// # Errors
    ///
    /// Why the metric is not defined for it.
    pub fn measure(&self, curve: &Curve) -> Measured {
        (self.measure)(curve)
    }
}

/// The metrics of a test, given by its spec; nothing if no metric is made from it.
///
/// They keep the test's parameters. A test in the order of the least relevant first turns the direction round.
pub fn of_test(test: &str) -> Option<Vec<OfTest>> {
    let (name, parameters) = test.split_at(name_of(test).len());
    let reversed = parameters.split([':', ',']).any(|parameter| parameter == "order=lerf");
    let of_test = |metric: &Metric| match metric.kind {
        Kind::Curve { test, measure } if test == name => Some(OfTest {
            name: format!("{}{parameters}", metric.name),
            direction: if reversed { opposite(metric.direction) } else { metric.direction },
            measure,
        }),
        _ => None,
    };
    let metrics: Vec<OfTest> = all().filter_map(of_test).collect();
    (!metrics.is_empty()).then_some(metrics)
}

/// The tests that metrics are made from.
pub fn known_tests() -> Vec<&'static str> {
    let test = |metric: &Metric| match metric.kind {
        Kind::Curve { test, .. } => Some(test),
        _ => None,
    };
    let mut tests: Vec<&str> = all().filter_map(test).collect();
    tests.dedup();
    tests
}

/// A spec without its parameters.
pub fn name_of(spec: &str) -> &str {
    spec.split(':').next().unwrap_or_default()
}

fn opposite(direction: Direction) -> Direction {
    match direction {
        Direction::Higher => Direction::Lower,
        Direction::Lower => Direction::Higher,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_keeps_the_parameters_of_its_test_and_follows_its_order() {
        let found = |test: &str| -> Vec<(String, Direction)> {
            of_test(test).unwrap().into_iter().map(|metric| (metric.name, metric.direction)).collect()
        };
        let lower = |name: &str| (name.to_owned(), Direction::Lower);
        let higher = |name: &str| (name.to_owned(), Direction::Higher);
        assert_eq!(found("pos:fill=zero"), [lower("pos:fill=zero"), lower("del:fill=zero")]);
        assert_eq!(found("deletion:order=lerf,steps=10"), [higher("deletion:order=lerf,steps=10")]);
        assert_eq!(found("insertion:fill=zero,order=lerf"), [lower("insertion:fill=zero,order=lerf")]);
        assert!(of_test("road").is_none() && of_test("").is_none());
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<&str> = all().map(|metric| metric.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    }
}
