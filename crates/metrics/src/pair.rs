//! What measures of two maps begin with: one size, and one sign and one scale where that is asked for.

use maps::{Map, Sign};
use spec::Reader;

use crate::sparsity::unit;

/// What is done to each of two maps before they are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scaling {
    /// Nothing.
    None,
    /// Each is moved to 0..1.
    MinMax,
    /// Each is divided by its largest absolute value.
    Largest,
}

impl Scaling {
    pub(crate) fn take(reader: &mut Reader) -> Result<Self, spec::Error> {
        reader.choose("scale", &[("none", Self::None), ("min-max", Self::MinMax), ("max", Self::Largest)])
    }

    /// The values of both maps.
    ///
    /// # Errors
    /// If the maps have two sizes, or one cannot be scaled.
    pub(crate) fn apply(self, a: &Map, b: &Map) -> Result<[Vec<f64>; 2], String> {
        check_sizes(a, b)?;
        Ok([self.scaled(a)?, self.scaled(b)?])
    }

    fn scaled(self, map: &Map) -> Result<Vec<f64>, String> {
        match self {
            Self::None => Ok(map.values().to_vec()),
            Self::MinMax => unit(map).map_err(|_| "a map is constant".to_owned()),
            Self::Largest => {
                let (low, high) = map.range();
                let largest = high.max(-low);
                if largest == 0.0 {
                    return Err("a map is zero everywhere".to_owned());
                }
                Ok(map.values().iter().map(|value| value / largest).collect())
            }
        }
    }
}

/// Whether magnitudes are compared, and not values as they are signed.
pub(crate) fn take_sign(reader: &mut Reader) -> Result<Sign, spec::Error> {
    reader.choose("sign", &[("both", Sign::Both), ("absolute", Sign::Magnitude)])
}

/// Both maps with one sign.
pub(crate) fn signed(a: &Map, b: &Map, sign: Sign) -> [Map; 2] {
    [a, b].map(|map| map.clone().signed(sign))
}

/// The least and the greatest value of both.
pub(crate) fn joint_range(a: &[f64], b: &[f64]) -> (f64, f64) {
    let all = || a.iter().chain(b).copied();
    (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max))
}

pub(crate) fn check_sizes(a: &Map, b: &Map) -> Result<(), String> {
    if a.size() == b.size() {
        return Ok(());
    }
    let ([height_a, width_a], [height_b, width_b]) = (a.size(), b.size());
    Err(format!("the maps are {height_a} x {width_a} and {height_b} x {width_b} pixels"))
}
