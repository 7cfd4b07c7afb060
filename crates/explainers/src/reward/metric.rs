//! One metric of a map, computed in process.

use maps::Map;
use metrics::{Curve, Input, Measure, Measured, OfTest, ParsedMetric, Point, Selection};
use perturbation::{CurvePoint, Measures, ParsedTest, TESTS};
use pipe::Direction;
use spec::Error;

/// A metric of the curves of some tests, or of a map alone.
pub(crate) struct Metric {
    /// As `score` calls it.
    pub(crate) name: String,
    /// Which way it points.
    pub(crate) direction: Direction,
    /// The tests that it is made from: none, one, or one in both orders.
    pub(crate) tests: Vec<ParsedTest>,
    measure: Measure,
}

impl Metric {
    /// Reads the spec of a metric; of several tests that it can be made from, the first one that has its parameters is done.
    ///
    /// # Errors
    /// If there is no such metric, or it needs more than a map and the classifier's answers.
    pub(crate) fn parse(spec: &str) -> Result<Self, Error> {
        let parsed = ParsedMetric::parse(spec)?;
        let test = match parsed.metric.input {
            Input::Map => {
                let (name, direction) = (parsed.name(""), parsed.metric.direction);
                return Ok(Self { name, direction, tests: Vec::new(), measure: parsed.measure });
            }
            Input::Curve(_) | Input::BothOrders(_) => first_test(&parsed)?,
            Input::Again(_) | Input::Joined(..) => {
                return Err(refused(spec, "made from explanations of what is shown (explain --again)"));
            }
            Input::Place => return Err(refused(spec, "measured on a map and where the object is")),
            Input::Maps => return Err(refused(spec, "measured on two maps")),
        };
        if test.generator().is_some() {
            return Err(refused(spec, "made from a test that needs a generator, which only perturb has"));
        }
        // The parameters of the test in their canonical form, as they stand in tables.
        let parameters = test.spec().split_once(':').map_or("", |(_, parameters)| parameters);
        Self::of(&parsed.name(parameters), test)
    }

    fn of(name: &str, test: ParsedTest) -> Result<Self, Error> {
        let selection = Selection::new(&[name.to_owned()], str::to_owned)?;
        let one = |found: Vec<OfTest<'_>>| found.first().map(|found| (found.name.clone(), found.direction));
        let of_curve = one(selection.of_test(test.spec()));
        let of_both = one(selection.of_both_orders(test.spec()));
        let (mut tests, both) = (vec![test], of_curve.is_none());
        let (name, direction) = of_curve
            .or(of_both)
            .ok_or_else(|| refused(name, &format!("not made from the test {}", tests[0].spec())))?;
        if both {
            tests.push(in_the_other_order(tests[0].spec())?);
        }
        let measure = ParsedMetric::parse(&name)?.measure;
        Ok(Self { name, direction, tests, measure })
    }

    /// The value for a map, given the answers to each of its tests.
    pub(crate) fn value(&self, map: &Result<Map, String>, curves: &[&Result<Curve, String>]) -> Measured {
        let curve = |at: usize| curves[at].as_ref().map_err(Clone::clone);
        let value = match &self.measure {
            Measure::Curve(measure) => measure(curve(0)?),
            Measure::BothOrders(measure) => measure(curve(0)?, curve(1)?),
            Measure::Map(measure) => measure(map.as_ref().map_err(Clone::clone)?),
            _ => Err("it is not measured in process".to_owned()),
        }?;
        if value.is_nan() { Err("it is not a number".to_owned()) } else { Ok(value) }
    }

    /// Whether it says yes or no of each map: 100 or 0.
    pub(crate) fn is_binary(&self) -> bool {
        metrics::name_of(&self.name) == "pic"
    }

    /// How good a value is: higher is better.
    pub(crate) fn goodness(&self, value: f64) -> f64 {
        if self.direction == Direction::Higher { value } else { -value }
    }
}

/// The first of a metric's tests that has its parameters.
fn first_test(metric: &ParsedMetric) -> Result<ParsedTest, Error> {
    let mut found = metric.tests().into_iter().map(|test| ParsedTest::parse(&test, &[TESTS]));
    let first = found.next().unwrap_or_else(|| Err(refused(metric.metric.name, "made from no test")));
    match first {
        Ok(test) => Ok(test),
        Err(error) => found.find_map(Result::ok).ok_or(error),
    }
}

fn in_the_other_order(test: &str) -> Result<ParsedTest, Error> {
    let separator = if test.contains(':') { ',' } else { ':' };
    ParsedTest::parse(&format!("{test}{separator}order=lerf"), &[TESTS])
}

/// A metric that cannot be a reward.
fn refused(spec: &str, what: &str) -> Error {
    let name = metrics::name_of(spec).to_owned();
    Error::Unfit { name, reason: format!("is {what}, and no map can be chosen by it here") }
}

/// The answers to a test, as they would stand in a table of `perturb`.
///
/// # Errors
/// Why they are no curve.
pub(crate) fn curve(points: &[CurvePoint], target: usize) -> Result<Curve, String> {
    let of = points.len();
    let point = |(place, point): (usize, &CurvePoint)| {
        let CurvePoint { fraction, probability, logit, predicted, measures } = *point;
        let Measures { information, area, distance, mass } = measures;
        Point {
            place: Some(place),
            of: Some(of),
            fraction,
            probability: pipe::from_f32(probability),
            predicted: Some(predicted),
            logit: logit.is_finite().then(|| pipe::from_f32(logit)),
            mass: mass.map(|mass| pipe::from_f32(mass as f32)),
            information,
            area,
            distance,
            hit: Some(predicted == target),
            ..Point::default()
        }
    };
    Curve::new(points.iter().enumerate().map(point).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(spec: &str) -> (String, Direction, Vec<String>) {
        let Metric { name, direction, tests, .. } =
            Metric::parse(spec).unwrap_or_else(|error| panic!("{error}"));
        (name, direction, tests.iter().map(|test| test.spec().to_owned()).collect())
    }

    #[test]
    fn a_metric_knows_its_tests_and_its_direction() {
        let (lower, higher) = (Direction::Lower, Direction::Higher);
        let found = |name: &str, direction, tests: &[&str]| {
            (name.to_owned(), direction, tests.iter().map(|&test| test.to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(parsed("pos"), found("pos", lower, &["pos"]));
        assert_eq!(parsed("del:steps=5"), found("del:steps=5", lower, &["pos:steps=5"]));
        assert_eq!(
            parsed("insertion:order=lerf"),
            found("insertion:order=lerf", lower, &["insertion:order=lerf"])
        );
        assert_eq!(
            parsed("drop-in-deletion"),
            found("drop-in-deletion:invert=true", higher, &["mask:invert=true"])
        );
        assert_eq!(parsed("gini").2, [""; 0]);
        let both = metrics::all().find(|metric| matches!(metric.input, Input::BothOrders(_))).unwrap().name;
        let (_, _, tests) = parsed(both);
        assert_eq!((tests.len(), tests[1].ends_with("order=lerf")), (2, true));
    }

    /// Every metric can be a reward or says why not.
    #[test]
    fn every_metric_is_taken_or_refused() {
        let mut taken = 0;
        for metric in metrics::all() {
            match Metric::parse(metric.name) {
                Ok(parsed) => {
                    taken += 1;
                    assert_eq!(Metric::parse(&parsed.name).map(|again| again.name), Ok(parsed.name));
                }
                Err(error) => assert!(error.to_string().contains("no map can be chosen by it"), "{error}"),
            }
        }
        assert!(taken > 40, "{taken}");
    }
}
