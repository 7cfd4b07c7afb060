//! Of the 95 % intervals of correlations by joint resampling, 93 to 97 % hold the population's coefficient.

use rand::{Rng, RngExt};
use stats::draws::Draws;
use stats::interval::Interval;
use stats::joint::Sample;
use stats::random::generator;
use stats::resample::Bootstrap;
use stats::tau::Tau;

const IMAGES: usize = 100;
/// The correlation of the normal samples.
const R: f64 = 0.6;
/// The standard error of a share of so many rounds is half a per cent.
const ROUNDS: u64 = 2000;
const BOOTSTRAP: Bootstrap = Bootstrap { resamples: 400, level: 0.95 };

/// Two normal samples with correlation [`R`] (Box and Muller, 1958).
fn normal(rng: &mut impl Rng) -> (Vec<f64>, Vec<f64>) {
    let pair = |_| {
        let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
        let (sine, cosine) = (std::f64::consts::TAU * rng.random::<f64>()).sin_cos();
        (radius * cosine, R * radius * cosine + (1.0 - R * R).sqrt() * radius * sine)
    };
    (0..IMAGES).map(pair).unzip()
}

#[track_caller]
fn assert_covers(truth: f64, of: impl Fn(&[f64], &[f64], u64) -> Interval) {
    let holds = |round: &u64| {
        let (a, b) = normal(&mut generator(3, &["coverage"], *round));
        let Interval { low, high } = of(&a, &b, *round);
        low <= truth && truth <= high
    };
    let share = (0..ROUNDS).filter(holds).count() as f64 / ROUNDS as f64;
    assert!((0.93..=0.97).contains(&share), "{share}");
}

/// Spearman's coefficient of the population.
fn rho() -> f64 {
    6.0 / std::f64::consts::PI * (R / 2.0).asin()
}

/// Kendall's.
fn tau() -> f64 {
    2.0 / std::f64::consts::PI * R.asin()
}

#[test]
fn bootstrap_intervals() {
    let percentiles = |round: u64, of: &dyn Fn(&[u8]) -> f64| {
        let draws = Draws::new(IMAGES, BOOTSTRAP.resamples, round);
        BOOTSTRAP.percentiles((0..BOOTSTRAP.resamples).map(|resample| of(draws.counts(resample))).collect())
    };
    for (truth, form) in [(R, Sample::values as fn(&[f64]) -> Sample), (rho(), Sample::ranks)] {
        assert_covers(truth, |a, b, round| {
            let (a, b) = (form(a), form(b));
            percentiles(round, &|counts| a.drawn(counts).correlation(&b.drawn(counts)))
        });
    }
    assert_covers(tau(), |a, b, round| {
        let pairs = Tau::new(a, b);
        percentiles(round, &|counts| pairs.of(counts))
    });
}
