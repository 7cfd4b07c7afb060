//! From colour channels to one plane.

/// How the channels of a map are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reduce {
    /// The signed sum.
    Sum,
    /// The sum of magnitudes.
    Abs,
    /// The largest magnitude.
    Max,
    /// The mean of the positive parts.
    PositiveMean,
}

impl Reduce {
    /// Joins the planes of `values`, (C, `pixels`) in C order, to one. A single plane stays as it is: a map without
    /// channels has nothing to join, and its sign is not touched.
    ///
    /// Sums run over the channels in order. Where every value is one of single precision, so is every sum: the numbers are
    /// those of the same step on a device, whatever the values were stored as.
    pub fn apply(self, values: Vec<f64>, pixels: usize) -> Vec<f64> {
        let channels = values.len() / pixels.max(1);
        if channels <= 1 {
            return values;
        }
        // Of two singles, the double sum or quotient rounded to single is the single sum or quotient.
        let round: fn(f64) -> f64 = if values.iter().all(|&x| is_single(x)) { single } else { |x| x };
        let part: fn(f64) -> f64 = match self {
            Self::Sum => |x| x,
            Self::Abs | Self::Max => f64::abs,
            Self::PositiveMean => |x| x.max(0.0),
        };
        let join: fn(f64, f64) -> f64 = if self == Self::Max { f64::max } else { |a, b| a + b };
        let mut joined: Vec<f64> = values[..pixels].iter().map(|&x| part(x)).collect();
        for plane in values[pixels..].chunks(pixels) {
            joined.iter_mut().zip(plane).for_each(|(all, &x)| *all = round(join(*all, part(x))));
        }
        if self == Self::PositiveMean {
            for x in &mut joined {
                *x = round(*x / channels as f64);
            }
        }
        joined
    }
}

fn single(x: f64) -> f64 {
    f64::from(x as f32)
}

fn is_single(x: f64) -> bool {
    single(x) == x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_as_precise_as_their_values() {
        // 2^24 + 1 is no single.
        let large = f64::from(1 << 24);
        assert_eq!(Reduce::Sum.apply(vec![large, 1.0], 1), [large]);
        assert_eq!(Reduce::Sum.apply(vec![large, 1.1], 1), [large + 1.1]);
    }

    #[test]
    fn channels_are_joined_pixel_by_pixel() {
        let channels = [1.0, -2.0, -4.0, 0.0, 6.0, 0.5];
        for (reduce, expected) in [
            (Reduce::Sum, [3.0, -1.5]),
            (Reduce::Abs, [11.0, 2.5]),
            (Reduce::Max, [6.0, 2.0]),
            (Reduce::PositiveMean, [7.0_f32 / 3.0, 0.5_f32 / 3.0].map(f64::from)),
        ] {
            assert_eq!(reduce.apply(channels.to_vec(), 2), expected, "{reduce:?}");
            assert_eq!(reduce.apply(vec![-1.0, 2.0], 2), [-1.0, 2.0], "{reduce:?}");
        }
    }
}
