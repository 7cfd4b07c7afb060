//! Metrics of maps against Quantus, scikit-learn, scikit-image and saliencytools; `testdata/metrics/generate.py` made the expected
//! numbers and says which program each is of.

use maps::{Map, Mask};
use metrics::{Measure, Measured, ParsedMetric, Truth};

const SIZE: [usize; 2] = [32, 40];

/// Spec, maps, number.
type Entries = Vec<(String, String, f64)>;

#[derive(serde::Deserialize)]
struct Golden {
    alone: Entries,
    placed: Entries,
    pairs: Entries,
}

fn golden() -> Golden {
    testing::golden::json("metrics/toolkits.json")
}

fn map(name: &str) -> Map {
    let value = |at: usize| {
        let noise = ((7919 * at + 13) % 1009) as f64 / 1009.0;
        let (i, j) = ((at / SIZE[1]) as f64, (at % SIZE[1]) as f64);
        match name {
            "noise" => noise,
            "signed" => noise - 0.4,
            "smooth" => 1.0 / (1.0 + ((i - 12.0).powi(2) + (j - 22.0).powi(2)) / 50.0) + 0.02 * noise,
            "ties" => (at * at % 31 / 4) as f64 / 8.0,
            "sparse" => (noise - 0.9).max(0.0),
            _ => panic!("{name}"),
        }
    };
    Map::from_plane(SIZE, (0..SIZE[0] * SIZE[1]).map(value).collect()).unwrap()
}

fn object() -> Truth {
    let inside = |at: usize| {
        let (i, j) = ((at / SIZE[1]) as f64, (at % SIZE[1]) as f64);
        (i - 14.0).powi(2) / 64.0 + (j - 20.0).powi(2) / 100.0 <= 1.0
    };
    let mask = Mask::new(SIZE, (0..SIZE[0] * SIZE[1]).map(inside).collect()).unwrap();
    Truth::of_mask(mask, None, SIZE).unwrap()
}

/// Quantus adds 1e-7 to each value before it takes the Gini coefficient, and 1e-12 within the logarithm of the entropy.
fn tolerance(spec: &str) -> f64 {
    match spec {
        "gini" => 2e-6,
        "entropy" | "attribution-localisation" | "relevance-mass" => 1e-8,
        _ => 1e-10,
    }
}

fn compare(entries: &Entries, measured: impl Fn(&ParsedMetric, &str) -> Measured) {
    assert!(entries.len() > 20);
    for (spec, maps, expected) in entries {
        let metric = ParsedMetric::parse(spec).unwrap();
        let value = measured(&metric, maps).unwrap_or_else(|reason| panic!("{spec} of {maps}: {reason}"));
        let far = (value - expected).abs() / expected.abs().max(1.0);
        assert!(far <= tolerance(spec), "{spec} of {maps}: {value}, where {expected} is expected");
    }
}

#[test]
fn maps_alone_are_measured_as_by_quantus_and_numpy() {
    compare(&golden().alone, |metric, name| {
        let Measure::Map(measure) = &metric.measure else { panic!("{}", metric.metric.name) };
        measure(&map(name))
    });
}

#[test]
fn maps_and_truth_are_measured_as_by_quantus_and_scikits() {
    let object = object();
    compare(&golden().placed, |metric, name| {
        let Measure::Place(measure) = &metric.measure else { panic!("{}", metric.metric.name) };
        measure(&map(name), &object)
    });
}

#[test]
fn two_maps_are_measured_as_by_scikit_image_and_saliencytools() {
    compare(&golden().pairs, |metric, names| {
        let Measure::Maps(measure) = &metric.measure else { panic!("{}", metric.metric.name) };
        let (reference, other) = names.split_once(' ').unwrap();
        measure(&map(reference), &map(other))
    });
}
