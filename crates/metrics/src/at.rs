//! Which points of a curve a metric is the mean over.

use std::fmt::{self, Display};
use std::str::FromStr;

use stats::summary::mean;

use crate::{Measured, Point};

/// All points, or the one at a fraction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum At {
    /// The mean over all.
    Mean,
    /// The one there.
    Fraction(f64),
}

impl Display for At {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mean => out.write_str("mean"),
            Self::Fraction(fraction) => fraction.fmt(out),
        }
    }
}

impl FromStr for At {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text == "mean" {
            return Ok(Self::Mean);
        }
        let fraction = text.parse().map_err(|_| ())?;
        if (0.0..=1.0).contains(&fraction) { Ok(Self::Fraction(fraction)) } else { Err(()) }
    }
}

impl At {
    /// Takes `at` out of a spec string; all points unless it says otherwise.
    pub(crate) fn take(reader: &mut spec::Reader) -> Result<Self, spec::Error> {
        reader.take_if("at", Self::Mean, "mean or a fraction from 0 to 1", |_| true)
    }

    /// The mean of a value over the points that are meant.
    pub(crate) fn mean(self, points: &[&Point], value: impl Fn(&Point) -> Measured) -> Measured {
        // Fractions pass through text and through sums of steps.
        let meant = |point: &&&Point| match self {
            Self::Mean => true,
            Self::Fraction(fraction) => (point.fraction - fraction).abs() < 1e-6,
        };
        let values: Vec<f64> =
            points.iter().filter(meant).map(|point| value(point)).collect::<Result<_, _>>()?;
        if values.is_empty() {
            return Err(match self {
                Self::Mean => "the curve has no point to measure".to_owned(),
                Self::Fraction(fraction) => format!("the curve has no point at fraction {fraction}"),
            });
        }
        Ok(mean(&values))
    }
}
