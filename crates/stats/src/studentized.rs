//! The range of k standard normal numbers: the studentised range with infinite degrees of freedom (Tukey, 1953).

use statrs::function::erf::erfc;
use std::f64::consts::{FRAC_1_SQRT_2, TAU};

/// The step of the trapezoidal rule. It converges faster than any power of the step on a smooth integrand that vanishes at both
/// ends.
const STEP: f64 = 1.0 / 16.0;

/// So large a range has a probability that no double holds.
const LARGEST: f64 = 80.0;

/// Beyond so many standard deviations the normal density adds nothing.
const REACH: f64 = 9.0;

/// How likely a range of more than `q` is: k ∫ φ(z) (Φ(z)^(k-1) - (Φ(z) - Φ(z - q))^(k-1)) dz, over the largest number z.
///
/// 1 for no or a negative `q`; NaN for fewer than two numbers. Small probabilities keep their digits, since nothing is
/// subtracted from one.
pub(crate) fn sf(q: f64, k: usize) -> f64 {
    if k < 2 || q.is_nan() {
        return f64::NAN;
    }
    if q <= 0.0 {
        return 1.0;
    }
    if q > LARGEST {
        return 0.0;
    }
    let others = (k - 1) as f64;
    // The density of the largest less that of the cases in which all others lie within q below it.
    let integrand = |z: f64| {
        let (below, far) = (phi(z), phi(z - q));
        let some_far = -(others * (-far / below).ln_1p()).exp_m1();
        (-z * z / 2.0).exp() * below.powf(others) * some_far
    };
    // For a large q and few numbers the mass lies around q / 2.
    let steps = ((2.0 * REACH + q / 2.0) / STEP).ceil() as usize;
    let sum: f64 = (0..=steps).map(|at| integrand(at as f64 * STEP - REACH)).sum();
    (k as f64 * STEP / TAU.sqrt() * sum).min(1.0)
}

/// The `q` that a range exceeds with a probability of `alpha`, by bisection; NaN for an `alpha` outside (0, 1) or fewer than
/// two numbers.
pub(crate) fn critical(k: usize, alpha: f64) -> f64 {
    if k < 2 || !(alpha > 0.0 && alpha < 1.0) {
        return f64::NAN;
    }
    let (mut low, mut high) = (0.0, LARGEST);
    while high - low > 1e-13 * high {
        let middle = f64::midpoint(low, high);
        if sf(middle, k) > alpha { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// The normal distribution function.
fn phi(z: f64) -> f64 {
    erfc(-z * FRAC_1_SQRT_2) / 2.0
}

#[cfg(test)]
mod tests {
    use statrs::function::erf::erfc;

    use super::{critical, sf};

    /// The difference of two has the standard deviation √2.
    #[test]
    fn the_range_of_two_is_half_a_normal_number() {
        for q in [0.01, 0.5, 1.0, 3.0, 8.0, 20.0, 40.0] {
            let expected = erfc(q / 2.0);
            assert!((sf(q, 2) - expected).abs() < 1e-9 * expected, "{q}: {} {expected}", sf(q, 2));
        }
    }

    #[test]
    fn ends_and_nonsense() {
        assert_eq!((sf(0.0, 5), sf(-1.0, 5), sf(f64::INFINITY, 5)), (1.0, 1.0, 0.0));
        assert!(sf(1.0, 1).is_nan() && sf(f64::NAN, 3).is_nan());
        assert!(critical(1, 0.05).is_nan() && critical(3, 0.0).is_nan() && critical(3, f64::NAN).is_nan());
    }

    #[test]
    fn critical_values_have_their_probability() {
        for (k, alpha) in [(2, 0.1), (3, 0.05), (10, 0.05), (100, 0.001), (500, 0.5)] {
            assert!((sf(critical(k, alpha), k) - alpha).abs() < 1e-12 * alpha.max(0.1), "{k} {alpha}");
        }
    }
}
