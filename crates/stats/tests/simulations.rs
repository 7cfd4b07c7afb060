//! What intervals and tests promise, tried on samples whose truth is known: continuous ones, of a hundred observations. All
//! seeded, so that what passes once always does.

use std::f64::consts::{FRAC_2_PI, PI};

use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use statrs::function::erf::erf;
use stats::correlation::{self, Correlation};
use stats::draws::Draws;
use stats::friedman::friedman;
use stats::interval::{self, Interval};
use stats::random::generator;
use stats::rankings::Rankings;
use stats::resample::Bootstrap;
use stats::summary::quantile;
use stats::{multiple, posthoc, proportion, signed};

/// Observations in a sample.
const N: usize = 100;

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(rng)
}

fn normals(rng: &mut ChaCha8Rng) -> Vec<f64> {
    (0..N).map(|_| normal(rng)).collect()
}

/// The sample that has a correlation of `r` with another one.
fn related(to: &[f64], r: f64, rng: &mut ChaCha8Rng) -> Vec<f64> {
    to.iter().map(|value| r * value + (1.0 - r * r).sqrt() * normal(rng)).collect()
}

/// That an interval holds the truth in 93 to 97 of a hundred samples.
#[track_caller]
fn assert_covers(name: &str, truth: f64, samples: u64, interval: impl Fn(&mut ChaCha8Rng) -> Interval) {
    let holds = |interval: Interval| interval.low <= truth && truth <= interval.high;
    let rng = |sample| generator(16, &["coverage", name], sample);
    let held = (0..samples).filter(|&sample| holds(interval(&mut rng(sample)))).count();
    let coverage = held as f64 / samples as f64;
    println!("{name} at {truth:.3}: {coverage}");
    assert!((0.93..=0.97).contains(&coverage), "{name} at {truth} covers {coverage}");
}

#[test]
fn intervals_of_correlations_cover() {
    type Formula = (fn(&[f64], &[f64]) -> Correlation, fn(&Correlation, f64) -> Interval, fn(f64) -> f64);
    // What the coefficients are of a bivariate normal distribution (Kendall, 1970, chapter 9).
    let formulas: [(&str, Formula); 3] = [
        ("pearson", (correlation::pearson, interval::pearson, |r| r)),
        ("spearman", (correlation::spearman, interval::spearman, |r| 6.0 / PI * (r / 2.0).asin())),
        ("kendall", (correlation::kendall, interval::kendall, |r| FRAC_2_PI * r.asin())),
    ];
    for (name, (of, interval, truth)) in formulas {
        for r in [0.0, -0.4, 0.8] {
            assert_covers(name, truth(r), 2000, |rng| {
                let a = normals(rng);
                let b = related(&a, r, rng);
                interval(&of(&a, &b), 0.95)
            });
        }
    }
}

#[test]
fn intervals_of_partial_correlations_cover() {
    // Both follow the third sample, and share `r` of what is left.
    let samples = |r: f64, rng: &mut ChaCha8Rng| {
        let (given, x) = (normals(rng), normals(rng));
        let y = related(&x, r, rng);
        let with_given = |values: &[f64]| {
            values.iter().zip(&given).map(|(value, given)| value + given).collect::<Vec<_>>()
        };
        (with_given(&x), with_given(&y), given)
    };
    for r in [0.0, 0.5] {
        assert_covers("partial", r, 2000, |rng| {
            let (a, b, given) = samples(r, rng);
            interval::partial(&correlation::partial(&a, &b, &given), 0.95)
        });
    }
}

/// Groups of 30 and 70 whose means lie `shift` apart.
#[test]
fn intervals_of_rank_biserial_correlations_cover() {
    for shift in [0.0, 0.3, 0.8] {
        assert_covers("rank-biserial", erf(shift / 2.0), 2000, |rng| {
            let binary: Vec<f64> = (0..N).map(|at| f64::from(u8::from(at < 30))).collect();
            let values: Vec<f64> = binary.iter().map(|one| shift * one + normal(rng)).collect();
            interval::rank_biserial(&correlation::rank_biserial(&binary, &values), 30, 0.95)
        });
    }
}

#[test]
fn wilson_covers() {
    for p in [0.05, 0.3, 0.5] {
        assert_covers("wilson", p, 4000, |rng| {
            let successes = (0..N).filter(|_| rng.random::<f64>() < p).count();
            proportion::wilson(successes, N, 0.95)
        });
    }
}

#[test]
fn bootstrap_of_the_mean_covers() {
    let bootstrap = Bootstrap { resamples: 400, level: 0.95 };
    assert_covers("bootstrap", 0.5, 1000, |rng| {
        let values: Vec<f64> = (0..N).map(|_| rng.random()).collect();
        bootstrap.mean(&values, rng)
    });
}

/// Two methods measured on the same images: the joint resamples keep the pairs together, or the interval would be too wide.
#[test]
fn joint_bootstrap_of_a_difference_covers() {
    assert_covers("joint bootstrap", 0.3, 1000, |rng| {
        let images = normals(rng);
        let a: Vec<f64> = images.iter().map(|image| image + 0.3 + normal(rng) / 3.0).collect();
        let b: Vec<f64> = images.iter().map(|image| image + normal(rng) / 3.0).collect();
        let means = Draws::new(N, 400, rng.random()).means(&[a, b]);
        let differences: Vec<f64> = means[0].iter().zip(&means[1]).map(|(a, b)| a - b).collect();
        Interval { low: quantile(&differences, 0.025), high: quantile(&differences, 0.975) }
    });
}

/// Rankings of five methods by so many images, the methods as far apart as `spread` says and each image with its own opinion.
fn rankings(images: usize, spread: f64, rng: &mut ChaCha8Rng) -> Rankings {
    let mut rankings = Rankings::new(5);
    for _ in 0..images {
        rankings.add(&std::array::from_fn::<f64, 5, _>(|method| spread * method as f64 + normal(rng)));
    }
    rankings
}

/// An agreement of the rankings of a sample, its interval from the draws of its images.
fn assert_covers_agreement(name: &str, spread: f64, truth: f64, of: impl Fn(&Rankings, &[u8]) -> f64) {
    let bootstrap = Bootstrap { resamples: 400, level: 0.95 };
    assert_covers(name, truth, 1500, |rng| {
        let rankings = rankings(N, spread, rng);
        let draws = Draws::new(N, bootstrap.resamples, rng.random());
        let values = (0..draws.resamples()).map(|resample| of(&rankings, draws.counts(resample)));
        bootstrap.percentiles(values.collect())
    });
}

#[test]
fn agreement_of_rankings_covers() {
    // With 6,000 samples of 1,000 resamples: 0.942 to 0.955.
    for spread in [0.2, 1.0] {
        let many = rankings(100_000, spread, &mut generator(16, &["agreement"], 0));
        let each = vec![1; many.len()];
        // Of so many rankings W is the mean correlation of two of them; of a hundred each is compared with itself as well.
        let correlation = many.kendall_w(&each);
        let w = correlation + (1.0 - correlation) / N as f64;
        assert_covers_agreement("kendall-w", spread, w, Rankings::kendall_w);
        assert_covers_agreement("alpha", spread, many.alpha(&each), Rankings::alpha);
    }
}

/// How often a test of all pairs finds a difference that is none, among methods of which the first one may stand out. The images
/// are of unequal difficulty, as images are.
#[track_caller]
fn assert_holds_the_error(name: &str, test: impl Fn(&[&[f64]]) -> Vec<Vec<f64>>) {
    const TRIALS: u64 = 1000;
    for shift in [0.0, 1.0] {
        let false_alarm = |trial: &u64| {
            let mut rng = generator(16, &["false alarms", name], *trial);
            let images = normals(&mut rng);
            let method = |at: usize, rng: &mut ChaCha8Rng| -> Vec<f64> {
                let better = if at == 0 { shift } else { 0.0 };
                images.iter().map(|image| image + better + normal(rng)).collect()
            };
            let methods: Vec<Vec<f64>> = (0..5).map(|at| method(at, &mut rng)).collect();
            let p = test(&methods.iter().map(Vec::as_slice).collect::<Vec<_>>());
            let first_equal = usize::from(shift != 0.0);
            (first_equal..5).any(|i| (first_equal..i).any(|j| p[i][j] <= 0.05))
        };
        let rate = (0..TRIALS).filter(false_alarm).count() as f64 / TRIALS as f64;
        println!("{name}, first method better by {shift}: {rate}");
        // Three standard deviations of a rate of 0.05.
        let allowed = 0.05 + 3.0 * (0.05 * 0.95 / TRIALS as f64).sqrt();
        assert!(rate <= allowed, "{name} with a shift of {shift}: false alarms in {rate}");
    }
}

/// Adjusts the p-values of all pairs.
fn holm(p_value: impl Fn(usize, usize) -> f64, k: usize) -> Vec<Vec<f64>> {
    let pairs: Vec<(usize, usize)> = (0..k).flat_map(|i| (0..i).map(move |j| (i, j))).collect();
    let raw: Vec<f64> = pairs.iter().map(|&(i, j)| p_value(i, j)).collect();
    let mut square = vec![vec![1.0; k]; k];
    for (&(i, j), p) in pairs.iter().zip(multiple::holm(&raw)) {
        (square[i][j], square[j][i]) = (p, p);
    }
    square
}

#[test]
fn nemenyi_holds_the_family_wise_error() {
    // Its p-values take an integral each; where they are at most 0.05 is known beforehand.
    let critical = posthoc::critical_difference(5, N, 0.05);
    assert_holds_the_error("nemenyi", |methods| {
        let ranks = friedman(methods).mean_ranks;
        let p_value = |a: &f64, b: &f64| f64::from(u8::from((a - b).abs() < critical));
        ranks.iter().map(|a| ranks.iter().map(|b| p_value(a, b)).collect()).collect()
    });
}

#[test]
fn conover_holds_the_family_wise_error() {
    assert_holds_the_error("conover", |methods| {
        let p = posthoc::conover(&friedman(methods));
        holm(|i, j| p[i][j], methods.len())
    });
}

#[test]
fn wilcoxon_holds_the_family_wise_error() {
    assert_holds_the_error("wilcoxon", |methods| {
        holm(|i, j| signed::wilcoxon(methods[i], methods[j]).p_value, methods.len())
    });
}
