//! What must hold for any sample, on many random ones with ties.

use rand::RngExt;
use stats::correlation::{Correlation, kendall, pearson, point_biserial, spearman};
use stats::random::generator;
use stats::separation::{rand_dist, rand_dist_inside};
use stats::{curve, interval, ranks};

type Coefficient = fn(&[f64], &[f64]) -> Correlation;

const COEFFICIENTS: [Coefficient; 3] = [pearson, spearman, kendall];

/// Two samples of 2 to 60 small integers, so that ties, constants and NaN all occur.
fn samples(round: u64) -> (Vec<f64>, Vec<f64>) {
    let mut rng = generator(0, &["properties"], round);
    let n = rng.random_range(2..60_u32);
    let width = rng.random_range(1..40_i32);
    let mut sample = || -> Vec<f64> {
        (0..n)
            .map(|_| match rng.random_range(0..=width) {
                0 => f64::NAN,
                value => f64::from(value - width / 2),
            })
            .collect()
    };
    (sample(), sample())
}

fn same(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance || a.is_nan() && b.is_nan()
}

#[test]
fn coefficients_lie_between_minus_one_and_one() {
    for round in 0..500 {
        let (a, b) = samples(round);
        for of in COEFFICIENTS {
            let found = of(&a, &b);
            assert!(found.coefficient.abs() <= 1.0 || found.coefficient.is_nan(), "{round}: {found:?}");
            assert!((0.0..=1.0).contains(&found.p_value) || found.p_value.is_nan(), "{round}: {found:?}");
        }
    }
}

#[test]
fn coefficients_are_symmetric_and_change_sign_with_a_sample() {
    for round in 0..500 {
        let (a, b) = samples(round);
        let negative: Vec<f64> = a.iter().map(|a| -a).collect();
        for of in COEFFICIENTS {
            assert!(same(of(&a, &b).coefficient, of(&b, &a).coefficient, 0.0), "{round}");
            assert!(same(of(&a, &b).p_value, of(&b, &a).p_value, 1e-12), "{round}");
            assert!(same(of(&negative, &b).coefficient, -of(&a, &b).coefficient, 1e-15), "{round}");
        }
    }
}

#[test]
fn rank_coefficients_ignore_monotone_maps() {
    for round in 0..500 {
        let (a, b) = samples(round);
        let bent: Vec<f64> = a.iter().map(|a| (a / 3.0).exp() - 2.0).collect();
        for of in [spearman, kendall] {
            assert!(same(of(&a, &b).coefficient, of(&bent, &b).coefficient, 0.0), "{round}");
        }
    }
}

/// The formula in the textbooks: (mean of the ones - mean of the zeros) / deviation * √(share * (1 - share)).
#[test]
fn point_biserial_is_the_textbook_formula() {
    for round in 0..500 {
        let (a, b) = samples(round);
        let known: Vec<(f64, f64)> = a.into_iter().zip(b).filter(|(a, b)| !(a * b).is_nan()).collect();
        let (ones, values): (Vec<f64>, Vec<f64>) =
            known.iter().map(|&(a, b)| (f64::from(u8::from(a > 0.0)), b)).unzip();
        let mean_where = |one: f64| {
            let chosen: Vec<f64> =
                ones.iter().zip(&values).filter(|pair| *pair.0 == one).map(|pair| *pair.1).collect();
            stats::summary::mean(&chosen)
        };
        let (share, mean) = (stats::summary::mean(&ones), stats::summary::mean(&values));
        let squares: Vec<f64> = values.iter().map(|value| (value - mean).powi(2)).collect();
        let expected = (mean_where(1.0) - mean_where(0.0)) / stats::summary::mean(&squares).sqrt()
            * (share * (1.0 - share)).sqrt();
        let found = point_biserial(&ones, &values).coefficient;
        assert!(same(found, expected, 1e-12) || !expected.is_finite(), "{round}: {found} {expected}");
    }
}

#[test]
fn ranks_sum_to_the_triangle_number() {
    for round in 0..500 {
        let (values, _) = samples(round);
        let ranked: Vec<f64> = ranks::average(&values).into_iter().filter(|rank| !rank.is_nan()).collect();
        let n = ranked.len() as f64;
        assert_eq!(ranked.iter().sum::<f64>(), n * (n + 1.0) / 2.0, "{round}");
    }
}

#[test]
fn orders_are_permutations_that_sort() {
    for round in 0..500 {
        let (values, _) = samples(round);
        let order = ranks::descending(&values);
        let mut positions = order.clone();
        positions.sort_unstable();
        assert!(positions.into_iter().eq(0..values.len()), "{round}");
        for pair in order.windows(2) {
            let (x, y) = (values[pair[0]], values[pair[1]]);
            let tied = x == y || x.is_nan() && y.is_nan();
            assert!(x > y || y.is_nan() && !x.is_nan() || tied && pair[0] < pair[1], "{round}");
        }
        let negative: Vec<f64> = values.iter().map(|value| -value).collect();
        assert_eq!(ranks::ascending(&negative), order, "{round}");
    }
}

#[test]
fn intervals_hold_their_coefficient() {
    for round in 0..500 {
        let (a, b) = samples(round);
        let found = [
            (pearson(&a, &b), interval::pearson(&pearson(&a, &b), 0.95)),
            (spearman(&a, &b), interval::spearman(&spearman(&a, &b), 0.95)),
            (kendall(&a, &b), interval::kendall(&kendall(&a, &b), 0.95)),
        ];
        for (of, within) in found {
            let undefined = of.coefficient.is_nan() && within.low.is_nan() && within.high.is_nan();
            let slack = 1e-12; // The way to the artanh scale and back rounds.
            let holds = within.low <= of.coefficient + slack && of.coefficient - slack <= within.high;
            assert!(
                undefined || holds && within.low >= -1.0 && within.high <= 1.0,
                "{round}: {of:?} {within:?}"
            );
        }
    }
}

#[test]
fn a_curve_may_be_cut_anywhere() {
    for round in 0..100 {
        let mut rng = generator(1, &["curve"], round);
        let mut x = 0.0;
        let points: Vec<(f64, f64)> = (0..20)
            .map(|_| {
                x += rng.random::<f64>();
                (x, rng.random::<f64>())
            })
            .collect();
        let cut = rng.random_range(1..19_usize);
        let parts = curve::area(&points[..=cut]).unwrap() + curve::area(&points[cut..]).unwrap();
        assert!((curve::area(&points).unwrap() - parts).abs() < 1e-12, "{round}");
        assert!((0.0..=1.0).contains(&curve::mean_height(&points).unwrap()), "{round}");
    }
}

#[test]
fn separation_lies_between_zero_and_one() {
    for round in 0..500 {
        let (values, _) = samples(round);
        let areas: Vec<f64> = values.into_iter().filter(|value| !value.is_nan()).collect();
        let Some((&random, areas)) = areas.split_first() else { continue };
        let (outside, inside) = (rand_dist(areas, random), rand_dist_inside(areas, random));
        if areas.is_empty() {
            assert!(outside.is_nan() && inside.is_nan(), "{round}");
        } else {
            assert!(
                0.0 <= outside && outside <= inside + 1e-15 && inside <= 1.0,
                "{round}: {outside} {inside}"
            );
        }
    }
}
