//! A map in a known range.

use stats::summary::quantile;

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
