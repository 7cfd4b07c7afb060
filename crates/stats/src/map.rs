//! Saliency maps after they were made: which sign counts, smoothing, scaling. Maps are row-major planes of finite numbers.

use crate::summary::quantile;

/// Which sign of a map counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Both, as they are.
    Both,
    /// Magnitudes.
    Magnitude,
    /// Positive values; others become zero.
    Positive,
    /// Magnitudes of negative values; others become zero.
    Negative,
}

impl Sign {
    /// Keeps that part of each value.
    pub fn apply(self, map: &mut [f32]) {
        let part: fn(f32) -> f32 = match self {
            Self::Both => return,
            Self::Magnitude => f32::abs,
            Self::Positive => |x| x.max(0.0),
            Self::Negative => |x| (-x).max(0.0),
        };
        for x in map {
            *x = part(*x);
        }
    }
}

/// A Gaussian blur of `kernel` x `kernel` weights that sum to 1, the plane mirrored about its border pixels (torchvision's
/// `GaussianBlur`; 11 and 5 in the Coherency study, section 4.4).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Blur {
    /// Pixels on a side, an odd number.
    pub kernel: usize,
    /// Standard deviation in pixels.
    pub sigma: f64,
}

impl Blur {
    /// Blurs a plane of `width` columns.
    pub fn apply(self, plane: &mut [f32], width: usize) {
        let weights = self.weights();
        let height = plane.len() / width.max(1);
        let rows: Vec<f64> = (0..plane.len())
            .map(|i| weighted(&weights, i % width, width, |x| f64::from(plane[i - i % width + x])))
            .collect();
        for (i, value) in plane.iter_mut().enumerate() {
            *value = weighted(&weights, i / width, height, |y| rows[y * width + i % width]) as f32;
        }
    }

    fn weights(self) -> Vec<f64> {
        let density = |i: usize| {
            let t = (i as f64 - (self.kernel / 2) as f64) / self.sigma;
            (-t * t / 2.0).exp()
        };
        let all: Vec<f64> = (0..self.kernel).map(density).collect();
        let sum: f64 = all.iter().sum();
        all.into_iter().map(|weight| weight / sum).collect()
    }
}

/// The weighted mean around a place on a line of `size` values.
fn weighted(weights: &[f64], at: usize, size: usize, value: impl Fn(usize) -> f64) -> f64 {
    let place = |k: usize| mirrored((at + k) as isize - (weights.len() / 2) as isize, size);
    weights.iter().enumerate().map(|(k, weight)| weight * value(place(k))).sum()
}

/// The place on a line that a place before or behind it mirrors.
fn mirrored(at: isize, size: usize) -> usize {
    let last = size as isize - 1;
    if last == 0 {
        return 0;
    }
    let at = at.rem_euclid(2 * last);
    at.min(2 * last - at) as usize
}

/// How a map is brought to a known range. Bounds are percentiles, with linear interpolation; what lies beyond is clipped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scale {
    /// `(m - low) / (high - low)`, in 0..1.
    Range {
        /// The percentile that becomes 0.
        low: f64,
        /// The percentile that becomes 1.
        high: f64,
    },
    /// `m` over a percentile of its magnitudes, in -1..1: zero stays zero.
    Largest {
        /// The percentile that becomes 1.
        high: f64,
    },
}

impl Scale {
    /// Scales a map of one image. Where both bounds are equal, what lies above becomes 1, and the rest 0: a constant map is
    /// zero.
    pub fn apply(self, map: &mut [f32]) {
        let percentile = |values: &[f64], p: f64| quantile(values, p / 100.0);
        let values: Vec<f64> = map.iter().map(|&x| f64::from(x)).collect();
        let (low, high, least) = match self {
            Self::Range { low, high } => (percentile(&values, low), percentile(&values, high), 0.0),
            Self::Largest { high } => {
                let sizes: Vec<f64> = values.iter().map(|x| x.abs()).collect();
                (0.0, percentile(&sizes, high), -1.0)
            }
        };
        for (to, x) in map.iter_mut().zip(values) {
            let above = x - low;
            let scaled = if above == 0.0 { 0.0 } else { above / (high - low) };
            *to = scaled.clamp(least, 1.0) as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scaled(scale: Scale, map: &[f32]) -> Vec<f32> {
        let mut map = map.to_vec();
        scale.apply(&mut map);
        map
    }

    #[test]
    fn signs_are_kept_apart() {
        for (sign, expected) in [
            (Sign::Both, [-2.0, 0.0, 3.0]),
            (Sign::Magnitude, [2.0, 0.0, 3.0]),
            (Sign::Positive, [0.0, 0.0, 3.0]),
            (Sign::Negative, [2.0, 0.0, 0.0]),
        ] {
            let mut map = [-2.0, 0.0, 3.0];
            sign.apply(&mut map);
            assert_eq!(map, expected, "{sign:?}");
        }
    }

    #[test]
    fn a_blur_keeps_constants_and_spreads_a_point() {
        let blur = Blur { kernel: 3, sigma: 1.0 };
        let mut flat = [2.0; 12];
        blur.apply(&mut flat, 4);
        assert!(flat.iter().all(|x| (x - 2.0).abs() < 1e-6));
        let mut point = [0.0; 25];
        point[12] = 1.0;
        blur.apply(&mut point, 5);
        assert!((point.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert!(point[12] > point[11] && point[11] == point[7] && point[11] > point[6] && point[10] == 0.0);
        let mut pixel = [3.0];
        Blur { kernel: 11, sigma: 5.0 }.apply(&mut pixel, 1);
        assert!((pixel[0] - 3.0).abs() < 1e-6);
    }

    #[test]
    fn ranges_are_stretched_and_clipped() {
        let all = Scale::Range { low: 0.0, high: 100.0 };
        assert_eq!(scaled(all, &[-1.0, 0.0, 3.0]), [0.0, 0.25, 1.0]);
        assert_eq!(
            scaled(Scale::Range { low: 25.0, high: 75.0 }, &[0.0, 1.0, 2.0, 3.0, 9.0]),
            [0.0, 0.0, 0.5, 1.0, 1.0]
        );
        assert_eq!(scaled(Scale::Largest { high: 100.0 }, &[-4.0, 0.0, 2.0]), [-1.0, 0.0, 0.5]);
        assert_eq!(scaled(Scale::Largest { high: 50.0 }, &[-4.0, 1.0, 2.0]), [-1.0, 0.5, 1.0]);
    }

    #[test]
    fn equal_bounds_leave_what_lies_above() {
        assert_eq!(scaled(Scale::Range { low: 0.0, high: 100.0 }, &[0.7; 3]), [0.0; 3]);
        assert_eq!(
            scaled(Scale::Range { low: 0.0, high: 50.0 }, &[0.0, 0.0, 0.0, 5.0]),
            [0.0, 0.0, 0.0, 1.0]
        );
        assert_eq!(scaled(Scale::Largest { high: 50.0 }, &[0.0, 0.0, 0.0, -5.0]), [0.0, 0.0, 0.0, -1.0]);
    }
}
