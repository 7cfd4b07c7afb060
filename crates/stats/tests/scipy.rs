//! Against SciPy and NumPy; `testdata/stats/generate.py` made the expected numbers.

mod golden;

use golden::{Number, assert_close, number, numbers};
use rand::Rng;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use stats::correlation::{self, Correlation};
use stats::interval::{self, Interval};
use stats::{curve, random, ranks, separation, summary};

/// Relative to the larger of one and the number expected.
const TOLERANCE: f64 = 1e-12;

/// Relative tolerance of p-values: the complementary error function of statrs is good to ten digits.
const P_TOLERANCE: f64 = 2e-10;

#[derive(Deserialize)]
struct Correlations {
    name: String,
    a: Vec<Number>,
    b: Vec<Number>,
    pearson: Expected,
    spearman: Expected,
    kendall: Expected,
    point_biserial: Option<Expected>,
}

#[derive(Deserialize)]
struct Expected {
    coefficient: Number,
    p_value: Number,
    n: usize,
    low: Number,
    high: Number,
}

#[derive(Deserialize)]
struct Ranking {
    values: Vec<Number>,
    ranks: Vec<Number>,
    descending: Vec<usize>,
    ascending: Vec<usize>,
}

#[derive(Deserialize)]
struct Quantile {
    values: Vec<Number>,
    q: f64,
    expected: f64,
}

#[derive(Deserialize)]
struct Curve {
    x: Vec<f64>,
    y: Vec<f64>,
    area: f64,
    mean_height: f64,
}

#[derive(Deserialize)]
struct Separation {
    areas: Vec<f64>,
    random: f64,
    rand_dist: f64,
    inside: f64,
}

#[derive(Deserialize)]
struct Generator {
    seed: u64,
    key: Vec<String>,
    draw: u64,
    words: Vec<u64>,
}

fn golden<T: DeserializeOwned>(section: &str) -> Vec<T> {
    golden::cases(include_str!("../../../testdata/stats/scipy.json"), section)
}

#[track_caller]
fn assert_correlation(found: Correlation, interval: Interval, expected: &Expected, p_slack: f64, what: &str) {
    let coefficient = number(expected.coefficient);
    assert_eq!(found.n, expected.n, "{what}");
    assert_close(found.coefficient, coefficient, TOLERANCE, what);
    assert_close(found.p_value, number(expected.p_value), p_slack, what);
    // Near one a rounding of the coefficient moves its artanh.
    let slack = if coefficient.abs() > 0.999_999 { 1e-7 } else { TOLERANCE };
    assert_close(interval.low, number(expected.low), slack, what);
    assert_close(interval.high, number(expected.high), slack, what);
}

/// Student's p goes as the (n - 2) / 2-th power of 1 - r², which rounds coarsely where r is near one.
fn student_slack(found: &Correlation, expected: &Expected) -> f64 {
    let room = (1.0 - found.coefficient) * (1.0 + found.coefficient);
    let rounding = found.n as f64 * 4.0 * f64::EPSILON / room;
    if room < 1e-12 { 1e-7 } else { number(expected.p_value) * (P_TOLERANCE + rounding) }
}

#[test]
fn correlations_agree_with_scipy() {
    for case in golden::<Correlations>("correlations") {
        let (a, b) = (numbers(&case.a), numbers(&case.b));
        let check =
            |found: Correlation, interval: fn(&Correlation, f64) -> Interval, expected: &Expected, what| {
                let slack = student_slack(&found, expected);
                let what = format!("{what} of {}", case.name);
                assert_correlation(found, interval(&found, 0.95), expected, slack, &what);
            };
        check(correlation::pearson(&a, &b), interval::pearson, &case.pearson, "pearson");
        check(correlation::spearman(&a, &b), interval::spearman, &case.spearman, "spearman");
        if let Some(expected) = &case.point_biserial {
            check(correlation::point_biserial(&a, &b), interval::pearson, expected, "point-biserial");
        }
    }
}

#[test]
fn kendall_agrees_with_scipy() {
    for case in golden::<Correlations>("correlations") {
        let found = correlation::kendall(&numbers(&case.a), &numbers(&case.b));
        let slack = P_TOLERANCE * number(case.kendall.p_value);
        assert_correlation(found, interval::kendall(&found, 0.95), &case.kendall, slack, &case.name);
    }
}

#[test]
fn ranks_agree_with_scipy() {
    for case in golden::<Ranking>("rankings") {
        let values = numbers(&case.values);
        let found = ranks::average(&values);
        assert_eq!(found.len(), case.ranks.len());
        for (found, expected) in found.into_iter().zip(numbers(&case.ranks)) {
            assert_close(found, expected, 0.0, "rank");
        }
        assert_eq!(ranks::descending(&values), case.descending);
        assert_eq!(ranks::ascending(&values), case.ascending);
    }
}

#[test]
fn quantiles_agree_with_numpy() {
    for case in golden::<Quantile>("quantiles") {
        let found = summary::quantile(&numbers(&case.values), case.q);
        assert_close(found, case.expected, TOLERANCE, "quantile");
    }
}

#[test]
fn curves_agree_with_numpy() {
    for case in golden::<Curve>("curves") {
        let points: Vec<(f64, f64)> = case.x.into_iter().zip(case.y).collect();
        assert_close(curve::area(&points).unwrap(), case.area, TOLERANCE, "area");
        assert_close(curve::mean_height(&points).unwrap(), case.mean_height, TOLERANCE, "mean height");
    }
}

#[test]
fn separations_agree_with_numpy() {
    for case in golden::<Separation>("separations") {
        let (outside, inside) = (
            separation::rand_dist(&case.areas, case.random),
            separation::rand_dist_inside(&case.areas, case.random),
        );
        assert_close(outside, case.rand_dist, TOLERANCE, "rand_dist");
        assert_close(inside, case.inside, TOLERANCE, "rand_dist_inside");
    }
}

/// The generator's algorithm, written again in Python.
#[test]
fn generators_agree_with_python() {
    for case in golden::<Generator>("generators") {
        let key: Vec<&str> = case.key.iter().map(String::as_str).collect();
        let mut rng = random::generator(case.seed, &key, case.draw);
        let found: Vec<u64> = case.words.iter().map(|_| rng.next_u64()).collect();
        assert_eq!(found, case.words, "{key:?}");
    }
}
