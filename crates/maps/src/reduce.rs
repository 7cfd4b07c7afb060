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
    /// Sums run over the channels in order, in single precision: the numbers are those of the same step on a device.
    pub fn apply(self, values: Vec<f32>, pixels: usize) -> Vec<f32> {
        let channels = values.len() / pixels.max(1);
        if channels <= 1 {
            return values;
        }
        let part: fn(f32) -> f32 = match self {
            Self::Sum => |x| x,
            Self::Abs | Self::Max => f32::abs,
            Self::PositiveMean => |x| x.max(0.0),
        };
        let join: fn(f32, f32) -> f32 = if self == Self::Max { f32::max } else { |a, b| a + b };
        let mut joined: Vec<f32> = values[..pixels].iter().map(|&x| part(x)).collect();
        for plane in values[pixels..].chunks(pixels) {
            joined.iter_mut().zip(plane).for_each(|(all, &x)| *all = join(*all, part(x)));
        }
        if self == Self::PositiveMean {
            for x in &mut joined {
                *x /= channels as f32;
            }
        }
        joined
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_joined_pixel_by_pixel() {
        let channels = [1.0, -2.0, -4.0, 0.0, 6.0, 0.5];
        for (reduce, expected) in [
            (Reduce::Sum, [3.0, -1.5]),
            (Reduce::Abs, [11.0, 2.5]),
            (Reduce::Max, [6.0, 2.0]),
            (Reduce::PositiveMean, [7.0 / 3.0, 0.5 / 3.0]),
        ] {
            assert_eq!(reduce.apply(channels.to_vec(), 2), expected, "{reduce:?}");
            assert_eq!(reduce.apply(vec![-1.0, 2.0], 2), [-1.0, 2.0], "{reduce:?}");
        }
    }
}
