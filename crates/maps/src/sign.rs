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
        for x in map {
            *x = self.part(f64::from(*x)) as f32;
        }
    }

    /// That part of one value; it is as precise as the value.
    pub fn part(self, x: f64) -> f64 {
        match self {
            Self::Both => x,
            Self::Magnitude => x.abs(),
            Self::Positive => x.max(0.0),
            Self::Negative => (-x).max(0.0),
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
