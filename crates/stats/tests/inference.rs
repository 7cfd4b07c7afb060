//! Tests, effect sizes and measures of agreement against SciPy, statsmodels, scikit-posthocs, krippendorff and pingouin;
//! `testdata/stats/generate_inference.py` made the expected numbers.

mod golden;

use golden::{Number, assert_close, number, numbers};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use stats::agreement::{Ratings, Scale, fleiss_kappa, kendall_w, krippendorff_ordinal};
use stats::correlation::{self, Correlation};
use stats::friedman::{Friedman, friedman};
use stats::interval::{self, Interval};
use stats::signed::{SignedTest, sign, wilcoxon};
use stats::{effect, multiple, posthoc, proportion, summary};

/// Of what is made by a few additions and multiplications.
const ROUNDING: f64 = 1e-12;

/// Relative tolerance of p-values: the distribution functions of statrs are good to ten digits.
const P_TOLERANCE: f64 = 1e-10;

/// Absolute tolerance of p-values of the studentised range, which SciPy integrates to 1e-11.
const RANGE_TOLERANCE: f64 = 1e-10;

fn golden<T: DeserializeOwned>(section: &str) -> Vec<T> {
    golden::cases(include_str!("../../../testdata/stats/inference.json"), section)
}

fn slices<T>(rows: &[Vec<T>]) -> Vec<&[T]> {
    rows.iter().map(Vec::as_slice).collect()
}

fn rows(table: &[Vec<Number>]) -> Vec<Vec<f64>> {
    table.iter().map(|row| numbers(row)).collect()
}

#[track_caller]
fn assert_all_close(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (found, expected) in found.iter().zip(expected) {
        assert_close(*found, *expected, tolerance, what);
    }
}

#[track_caller]
fn assert_p(found: f64, expected: f64, what: &str) {
    // Near the least double there are no ten digits.
    assert_close(found, expected, P_TOLERANCE * expected + f64::MIN_POSITIVE, what);
}

#[derive(Deserialize)]
struct Sample {
    values: Vec<f64>,
    sum: f64,
    mean: f64,
}

/// Against `math.fsum`, which rounds once.
#[test]
fn sums_agree_with_python() {
    for case in golden::<Sample>("sums") {
        assert_eq!(summary::sum(&case.values), case.sum);
        assert_close(summary::mean(&case.values), case.mean, f64::EPSILON * case.mean.abs(), "mean");
    }
}

#[derive(Deserialize)]
struct Multiple {
    p: Vec<f64>,
    holm: Vec<f64>,
    benjamini_hochberg: Vec<f64>,
}

#[test]
fn adjusted_p_values_agree_with_statsmodels() {
    for case in golden::<Multiple>("multiple") {
        assert_all_close(&multiple::holm(&case.p), &case.holm, ROUNDING, "Holm");
        let found = multiple::benjamini_hochberg(&case.p);
        assert_all_close(&found, &case.benjamini_hochberg, ROUNDING, "Benjamini-Hochberg");
    }
}

#[derive(Deserialize)]
struct Proportion {
    successes: usize,
    n: usize,
    p: f64,
    low: f64,
    high: f64,
    p_value: f64,
}

#[test]
fn proportions_agree_with_statsmodels_and_scipy() {
    for case in golden::<Proportion>("proportions") {
        let what = format!("{} of {}", case.successes, case.n);
        let Interval { low, high } = proportion::wilson(case.successes, case.n, 0.95);
        assert_close(low, case.low, ROUNDING, &what);
        assert_close(high, case.high, ROUNDING, &what);
        let p_value = proportion::binomial_test(case.successes, case.n, case.p);
        assert_p(p_value, case.p_value, &what);
    }
}

#[derive(Deserialize)]
struct Blocks {
    name: String,
    methods: Vec<Vec<f64>>,
    mean_ranks: Vec<f64>,
    chi_squared: f64,
    p_chi_squared: f64,
    f: f64,
    p_f: f64,
    nemenyi: Vec<Vec<f64>>,
    conover: Vec<Vec<f64>>,
    w: f64,
}

#[test]
fn friedman_agrees_with_scipy() {
    for case in golden::<Blocks>("friedman") {
        let found = friedman(&slices(&case.methods));
        assert_all_close(&found.mean_ranks, &case.mean_ranks, ROUNDING, &case.name);
        assert_close(found.chi_squared, case.chi_squared, ROUNDING * case.chi_squared.max(1.0), &case.name);
        assert_p(found.p_chi_squared, case.p_chi_squared, &case.name);
        assert_close(found.f, case.f, ROUNDING * case.f.max(1.0), &case.name);
        assert_p(found.p_f, case.p_f, &case.name);
        assert_close(kendall_w(&slices(&transposed(&case.methods))).w, case.w, ROUNDING, &case.name);
    }
}

fn transposed(table: &[Vec<f64>]) -> Vec<Vec<f64>> {
    (0..table[0].len()).map(|at| table.iter().map(|row| row[at]).collect()).collect()
}

/// Sections 3.2.2 and 3.2.3 of the paper. Its chi-squared of 9.28 takes no account of ties, and its F follows from it.
#[test]
fn friedman_is_the_example_of_demsar() {
    let case = golden::<Blocks>("friedman").swap_remove(0);
    let Friedman { n, k, mean_ranks, .. } = friedman(&slices(&case.methods));
    assert_eq!((n, k), (14, 4));
    assert_all_close(&mean_ranks, &[3.143, 2.000, 2.893, 1.964], 0.0006, "mean ranks");
    let squares: f64 = mean_ranks.iter().map(|rank| rank * rank).sum();
    let uncorrected = 12.0 * 14.0 / 20.0 * (squares - 25.0);
    assert_close(uncorrected, 9.28, 0.005, "chi-squared");
    assert_close(13.0 * uncorrected / (14.0 * 3.0 - uncorrected), 3.69, 0.005, "F");
    // CD 1.25 at 0.05 and 1.12 at 0.10, printed from rounded q.
    assert_close(posthoc::critical_difference(4, 14, 0.05), 1.25, 0.005, "CD");
    let cd = posthoc::critical_difference(4, 14, 0.10);
    assert_close(cd, 1.12, 0.005, "CD");
    // "C4.5+m and C4.5+m+cf are better than C4.5 at 0.10": its groups there.
    let cliques = posthoc::cliques(&mean_ranks, |i, j| (mean_ranks[i] - mean_ranks[j]).abs() >= cd);
    assert_eq!(cliques, [vec![3, 1, 2], vec![2, 0]]);
}

#[test]
fn posthoc_tests_agree_with_scikit_posthocs() {
    for case in golden::<Blocks>("friedman") {
        let found = friedman(&slices(&case.methods));
        for (found, expected) in posthoc::nemenyi(&found).iter().zip(&case.nemenyi) {
            assert_all_close(found, expected, RANGE_TOLERANCE, &case.name);
        }
        for (found, expected) in posthoc::conover(&found).iter().flatten().zip(case.conover.iter().flatten())
        {
            assert_p(*found, *expected, &case.name);
        }
    }
}

#[derive(Deserialize)]
struct CriticalDifference {
    k: usize,
    n: usize,
    alpha: f64,
    expected: f64,
}

#[test]
fn critical_differences_agree_with_scipy() {
    for CriticalDifference { k, n, alpha, expected } in golden("critical_differences") {
        let found = posthoc::critical_difference(k, n, alpha);
        assert_close(found, expected, 1e-8 * expected, &format!("{k} at {alpha}"));
    }
}

#[derive(Deserialize)]
struct Signed {
    statistic: f64,
    p_value: f64,
    n: usize,
}

#[derive(Deserialize)]
struct Pair {
    name: String,
    a: Vec<f64>,
    b: Vec<f64>,
    wilcoxon: Signed,
    sign: Signed,
    cohen_d: Number,
    rank_biserial_pairs: f64,
    cliff_delta: f64,
    common_language: f64,
}

#[test]
fn signed_tests_agree_with_scipy_and_statsmodels() {
    for case in golden::<Pair>("signed") {
        let check = |found: SignedTest, expected: &Signed| {
            assert_eq!((found.statistic, found.n), (expected.statistic, expected.n), "{}", case.name);
            assert_p(found.p_value, expected.p_value, &case.name);
        };
        check(wilcoxon(&case.a, &case.b), &case.wilcoxon);
        check(sign(&case.a, &case.b), &case.sign);
    }
}

#[test]
fn effect_sizes_agree_with_pingouin() {
    for Pair { name, a, b, cohen_d, rank_biserial_pairs, cliff_delta, common_language, .. } in
        golden("signed")
    {
        assert_close(effect::cohen_d(&a, &b), number(cohen_d), ROUNDING, &name);
        assert_close(effect::rank_biserial_pairs(&a, &b), rank_biserial_pairs, ROUNDING, &name);
        assert_close(effect::cliff_delta(&a, &b), cliff_delta, ROUNDING, &name);
        assert_close(effect::common_language(&a, &b), common_language, ROUNDING, &name);
    }
}

#[derive(Deserialize)]
struct Concordance {
    raters: Vec<Vec<f64>>,
    w: f64,
    chi_squared: f64,
    p_value: f64,
}

#[test]
fn kendall_w_agrees_with_pingouin() {
    for case in golden::<Concordance>("concordance") {
        let found = kendall_w(&slices(&case.raters));
        assert_close(found.w, case.w, ROUNDING, "W");
        assert_close(
            found.chi_squared,
            case.chi_squared,
            ROUNDING * case.chi_squared.max(1.0),
            "chi-squared",
        );
        assert_p(found.p_value, case.p_value, "p of W");
    }
}

#[derive(Deserialize)]
struct Alpha {
    raters: Vec<Vec<Number>>,
    ordinal: f64,
    interval: f64,
}

#[test]
fn alpha_agrees_with_krippendorff() {
    for case in golden::<Alpha>("alphas") {
        let raters = rows(&case.raters);
        let ratings = Ratings::new(&slices(&raters));
        assert_close(krippendorff_ordinal(&slices(&raters)), case.ordinal, ROUNDING, "ordinal");
        assert_close(ratings.alpha(Scale::Interval, 0..ratings.units()), case.interval, ROUNDING, "interval");
    }
}

#[derive(Deserialize)]
struct Kappa {
    counts: Vec<Vec<usize>>,
    kappa: Number,
}

#[test]
fn kappa_agrees_with_statsmodels() {
    for case in golden::<Kappa>("kappas") {
        assert_close(fleiss_kappa(&case.counts), number(case.kappa), ROUNDING, "kappa");
    }
}

#[derive(Deserialize)]
struct Expected {
    coefficient: Number,
    p_value: Number,
    n: usize,
    low: Number,
    high: Number,
}

#[track_caller]
fn assert_correlation(found: Correlation, interval: Interval, expected: &Expected, what: &str) {
    assert_eq!(found.n, expected.n, "{what}");
    assert_close(found.coefficient, number(expected.coefficient), ROUNDING, what);
    assert_p(found.p_value, number(expected.p_value), what);
    assert_close(interval.low, number(expected.low), ROUNDING, what);
    assert_close(interval.high, number(expected.high), ROUNDING, what);
}

#[derive(Deserialize)]
struct Partial {
    a: Vec<f64>,
    b: Vec<f64>,
    given: Vec<f64>,
    pearson: Expected,
    spearman: Expected,
}

#[test]
fn partial_correlations_agree_with_pingouin() {
    for case in golden::<Partial>("partials") {
        let found = correlation::partial(&case.a, &case.b, &case.given);
        assert_correlation(found, interval::partial(&found, 0.95), &case.pearson, "Pearson");
        let found = correlation::partial_spearman(&case.a, &case.b, &case.given);
        assert_correlation(found, interval::partial_spearman(&found, 0.95), &case.spearman, "Spearman");
    }
}

#[derive(Deserialize)]
struct RankBiserial {
    binary: Vec<f64>,
    values: Vec<f64>,
    ones: usize,
    #[serde(flatten)]
    expected: Expected,
}

#[test]
fn rank_biserial_agrees_with_pingouin_and_scipy() {
    for RankBiserial { binary, values, ones, expected } in golden("rank_biserials") {
        let found = correlation::rank_biserial(&binary, &values);
        let interval = interval::rank_biserial(&found, ones, 0.95);
        assert_correlation(found, interval, &expected, &format!("{ones} of {}", values.len()));
    }
}
