//! How far a metric tells explanation methods from random maps: rand_dist of the Meaningful Perturbation Metric.
//!
//! The methods' areas under the metric's curve, and that of random maps, are scaled together so that the least is 0
//! and the greatest is 1; rand_dist is the mean distance from random (equations 1 and 2 of the paper, which leave
//! open what is scaled and where the absolute value goes).

use crate::summary::mean;

/// |mean of (scaled area - scaled area of random)|: 0 where the methods lie around random, at most 1.
///
/// `areas` are the methods' without random's. 0 if all are equal to `random`; NaN without a method, or if any area
/// is NaN or infinite.
pub fn rand_dist(areas: &[f64], random: f64) -> f64 {
    mean(&distances(areas, random)).abs()
}

/// The mean of |scaled area - scaled area of random|, the other reading of the equation; never less than
/// [`rand_dist`], and greater where some methods fall on the other side of random.
pub fn rand_dist_inside(areas: &[f64], random: f64) -> f64 {
    let distances: Vec<f64> = distances(areas, random).into_iter().map(f64::abs).collect();
    mean(&distances)
}

/// Signed distances from `random` in units of the range of all areas, in the order given.
fn distances(areas: &[f64], random: f64) -> Vec<f64> {
    if !areas.iter().all(|area| area.is_finite()) {
        return vec![f64::NAN];
    }
    let low = areas.iter().copied().fold(random, f64::min);
    let high = areas.iter().copied().fold(random, f64::max);
    let range = if high == low { 1.0 } else { high - low };
    areas.iter().map(|area| (area - random) / range).collect()
}

#[cfg(test)]
mod tests {
    use super::{rand_dist, rand_dist_inside};

    #[test]
    fn random_is_at_no_distance_from_itself() {
        assert_eq!(rand_dist(&[0.4], 0.4), 0.0);
        assert_eq!(rand_dist_inside(&[0.4, 0.4], 0.4), 0.0);
    }

    #[test]
    fn one_method_is_as_far_as_can_be() {
        assert_eq!(rand_dist(&[0.2], 0.4), 1.0);
        assert_eq!(rand_dist(&[0.9], 0.4), 1.0);
    }

    /// Areas 1, 2, 4 and random 3: scaled 0, 1/3, 1 and 2/3, so distances -2/3, -1/3, 1/3.
    #[test]
    fn the_absolute_value_goes_outside_or_inside() {
        let areas = [1.0, 2.0, 4.0];
        assert!((rand_dist(&areas, 3.0) - 2.0 / 9.0).abs() < 1e-15);
        assert!((rand_dist_inside(&areas, 3.0) - 4.0 / 9.0).abs() < 1e-15);
    }

    #[test]
    fn unit_and_origin_do_not_matter() {
        let scaled = rand_dist(&[10.0 + 100.0, 20.0 + 100.0, 40.0 + 100.0], 30.0 + 100.0);
        assert!((scaled - rand_dist(&[1.0, 2.0, 4.0], 3.0)).abs() < 1e-15);
    }

    #[test]
    fn nothing_to_compare_is_undefined() {
        assert!(rand_dist(&[], 0.5).is_nan());
        assert!(rand_dist(&[0.1, f64::NAN], 0.5).is_nan());
        assert!(rand_dist_inside(&[0.1], f64::NAN).is_nan());
        assert!(rand_dist_inside(&[f64::INFINITY], 0.5).is_nan());
    }
}
