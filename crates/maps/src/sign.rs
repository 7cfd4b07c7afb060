//! Which sign of a map counts.

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

#[cfg(test)]
mod tests {
    use super::*;

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
}
