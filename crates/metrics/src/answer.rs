//! Which number of an answer a metric is made from.

use spec::Reader;

use crate::{Curve, Measured, Point};

/// What `score=` in the spec string of a metric chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The probability of the target.
    Probability,
    /// The target's score before the softmax.
    Logit,
    /// 1 where the target has the highest probability, else 0.
    Hit,
}

impl Answer {
    /// Takes `score` out of a spec string.
    pub(crate) fn take(reader: &mut Reader, default: Self) -> Result<Self, spec::Error> {
        let mut choices = [("probability", Self::Probability), ("logit", Self::Logit), ("hit", Self::Hit)];
        choices.sort_by_key(|(_, answer)| *answer != default);
        reader.choose("score", &choices)
    }

    /// The number at one point of a curve.
    pub(crate) fn of(self, at: usize, point: &Point) -> Measured {
        match self {
            Self::Probability => Ok(point.probability),
            Self::Logit => point
                .logit
                .filter(|logit| logit.is_finite())
                .ok_or_else(|| format!("point {at} has no logit")),
            Self::Hit => {
                let hit = point.hit.ok_or_else(|| format!("point {at} has no predicted class"))?;
                Ok(f64::from(u8::from(hit)))
            }
        }
    }

    /// The numbers of a whole curve.
    pub(crate) fn all(self, curve: &Curve) -> Result<Vec<f64>, String> {
        curve.points().iter().enumerate().map(|(at, point)| self.of(at, point)).collect()
    }
}

/// The sum of the map that belongs to a point.
pub(crate) fn mass(at: usize, point: &Point) -> Measured {
    point.mass.filter(|mass| mass.is_finite()).ok_or_else(|| format!("point {at} has no mass"))
}
