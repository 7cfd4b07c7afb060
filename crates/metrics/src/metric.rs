//! What a metric is, and the list of all.

use maps::Map;
use pipe::Direction;
use spec::Reader;

use crate::{
    Curve, Truth, again, agreement, area, changes, classic, coherency, confidence, consistency, crop,
    distance, enough, infidelity, information, irof, likeness, name_of, place, recognised, region, retrieval,
    road, segmentation, shape, single, sparsity, ssim, stratified, subset, texture,
};

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
    /// The answers to a perturbation test: one of these. One with a parameter, `insertion:order=lerf`, is a test that has it,
    /// and the direction is that of this test, whichever order it names.
    Curve(&'static [&'static str]),
    /// The answers to a test in both orders.
    BothOrders(&'static [&'static str]),
    /// The answers to a test, one of these, and the maps of what it showed: `explain --again`.
    Again(&'static [&'static str]),
    /// The same of the first test, and the answers to the second one in both orders.
    Joined(&'static str, &'static str),
    /// A map.
    Map,
    /// A map and where the object is.
    Place,
    /// A reference map and another one of the same size.
    Maps,
}

/// A function of two things.
type OfTwo<A, B> = Box<dyn Fn(&A, &B) -> Measured + Send + Sync>;

/// What there is of a test whose images were explained again.
#[derive(Clone, Copy, Debug)]
pub struct Explanations<'a> {
    /// The answers.
    pub curve: &'a Curve,
    /// The map of each point; the first is that of the clean image.
    pub maps: &'a [Map],
    /// The map of the clean image that explains its second class, if it is known.
    pub second: Option<&'a Map>,
    /// The test's spec.
    pub test: &'a str,
}

/// A function of explanations.
type OfMaps = Box<dyn Fn(&Explanations<'_>) -> Measured + Send + Sync>;

/// A function of explanations, and of the curves of another test: the most relevant pixels first, the least relevant ones first.
type OfBoth = Box<dyn Fn(&Explanations<'_>, [&Curve; 2]) -> Measured + Send + Sync>;

/// A metric with its parameters: a function of what it is measured on.
pub enum Measure {
    /// Of a whole curve.
    Curve(Box<dyn Fn(&Curve) -> Measured + Send + Sync>),
    /// Of the curve with the most relevant pixels first, and of that with the least relevant ones first.
    BothOrders(OfTwo<Curve, Curve>),
    /// Of a curve and a map for each of its points; the first is that of the clean image.
    Again(OfMaps),
    /// Of the same, and of another test's curves.
    Joined(OfBoth),
    /// Of a map.
    Map(Box<dyn Fn(&Map) -> Measured + Send + Sync>),
    /// Of a map and where the object is in it.
    Place(OfTwo<Map, Truth>),
    /// Of a reference map and another one of the same size.
    Maps(OfTwo<Map, Map>),
}

impl Measure {
    pub(crate) fn curve(measure: impl Fn(&Curve) -> Measured + Send + Sync + 'static) -> Self {
        Self::Curve(Box::new(measure))
    }

    pub(crate) fn both_orders(measure: impl Fn(&Curve, &Curve) -> Measured + Send + Sync + 'static) -> Self {
        Self::BothOrders(Box::new(measure))
    }

    pub(crate) fn again(measure: impl Fn(&Explanations<'_>) -> Measured + Send + Sync + 'static) -> Self {
        Self::Again(Box::new(move |explained| finite(measure(explained))))
    }

    pub(crate) fn joined(
        measure: impl Fn(&Explanations<'_>, [&Curve; 2]) -> Measured + Send + Sync + 'static,
    ) -> Self {
        Self::Joined(Box::new(move |explained, curves| finite(measure(explained, curves))))
    }

    pub(crate) fn map(measure: impl Fn(&Map) -> Measured + Send + Sync + 'static) -> Self {
        Self::Map(Box::new(move |map| finite(measure(map))))
    }

    /// A truth without a pixel makes nothing of any map.
    pub(crate) fn place(measure: impl Fn(&Map, &Truth) -> Measured + Send + Sync + 'static) -> Self {
        Self::Place(Box::new(move |map, truth| {
            truth.check(map)?;
            finite(measure(map, truth))
        }))
    }

    pub(crate) fn maps(measure: impl Fn(&Map, &Map) -> Measured + Send + Sync + 'static) -> Self {
        Self::Maps(Box::new(move |a, b| finite(measure(a, b))))
    }
}

/// Sums of numbers near the largest doubles are none.
fn finite(measured: Measured) -> Measured {
    measured.and_then(
        |value| if value.is_finite() { Ok(value) } else { Err("its sums are too large".to_owned()) },
    )
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
    [
        area::METRICS,
        confidence::METRICS,
        information::METRICS,
        crop::METRICS,
        classic::METRICS,
        irof::METRICS,
        road::METRICS,
        region::METRICS,
        shape::METRICS,
        changes::METRICS,
        enough::METRICS,
        subset::METRICS,
        single::METRICS,
        infidelity::METRICS,
        again::METRICS,
        consistency::METRICS,
        coherency::METRICS,
        stratified::METRICS,
        recognised::METRICS,
        sparsity::METRICS,
        texture::METRICS,
        place::METRICS,
        retrieval::METRICS,
        segmentation::METRICS,
        agreement::METRICS,
        distance::METRICS,
        ssim::METRICS,
        likeness::METRICS,
    ]
    .into_iter()
    .flatten()
}

/// The tests that metrics are made from.
pub fn known_tests() -> Vec<&'static str> {
    let mut tests: Vec<&str> = Vec::new();
    for metric in all() {
        if let Input::Curve(of) | Input::BothOrders(of) | Input::Again(of) = metric.input {
            let of = of.iter().map(|test| name_of(test));
            tests.extend(of.filter(|test| !tests.contains(test)).collect::<Vec<_>>());
        }
    }
    tests
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::ParsedMetric;

    fn measure(spec: &str) -> Measure {
        ParsedMetric::parse(spec).unwrap().measure
    }

    /// A metric of a test and the maps of what it showed.
    pub fn again(spec: &str, curve: &Curve, maps: &[Map]) -> Measured {
        let Measure::Again(measure) = measure(spec) else { panic!("{spec}") };
        measure(&Explanations { curve, maps, second: None, test: "" })
    }

    /// A metric of a curve.
    pub fn curved(spec: &str, curve: &Curve) -> Measured {
        let Measure::Curve(measure) = measure(spec) else { panic!("{spec}") };
        measure(curve)
    }

    /// A metric of a map.
    pub fn alone(spec: &str, map: &Map) -> Measured {
        let Measure::Map(measure) = measure(spec) else { panic!("{spec}") };
        measure(map)
    }

    /// A metric of a map and the truth.
    pub fn placed(spec: &str, map: &Map, truth: &Truth) -> Measured {
        let Measure::Place(measure) = measure(spec) else { panic!("{spec}") };
        measure(map, truth)
    }

    /// A metric of a reference and a map.
    pub fn compared(spec: &str, reference: &Map, map: &Map) -> Measured {
        let Measure::Maps(measure) = measure(spec) else { panic!("{spec}") };
        measure(reference, map)
    }

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
                Measure::Again(_) => matches!(metric.input, Input::Again(_)),
                Measure::Joined(_) => matches!(metric.input, Input::Joined(..)),
                Measure::Map(_) => metric.input == Input::Map,
                Measure::Place(_) => metric.input == Input::Place,
                Measure::Maps(_) => metric.input == Input::Maps,
            };
            assert!(fits, "{}", metric.name);
        }
    }
}
