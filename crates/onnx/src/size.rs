//! Integers of shape arithmetic, known up to the number of images.

use std::cmp::Ordering;

/// `image n + batch N + constant`, where `N` is the number of images and `n` counts them from 0.
///
/// A file computes shapes from shapes (`Shape`, `Gather`, `Mul`, `Concat`, ...). Carried out on such forms,
/// that arithmetic leaves the number of images open, whatever it was when the file was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// How often the image's own index counts.
    pub image: i64,
    /// How often the number of images counts.
    pub batch: i64,
    /// What is added.
    pub constant: i64,
}

impl From<i64> for Size {
    fn from(constant: i64) -> Self {
        Self { constant, ..Self::default() }
    }
}

impl From<bool> for Size {
    fn from(truth: bool) -> Self {
        Self::from(i64::from(truth))
    }
}

const OVERFLOW: &str = "a whole number is too large";
const DEPENDS: &str = "what it computes depends on the number of images";

impl Size {
    /// `times N`.
    pub fn batch(times: i64) -> Self {
        Self { batch: times, ..Self::default() }
    }

    /// The number, if it is the same for any number of images.
    pub fn plain(self) -> Result<i64, String> {
        if self.image == 0 && self.batch == 0 { Ok(self.constant) } else { Err(DEPENDS.into()) }
    }

    fn map(self, f: impl Fn(i64) -> Option<i64>) -> Result<Self, String> {
        let form =
            || Some(Self { image: f(self.image)?, batch: f(self.batch)?, constant: f(self.constant)? });
        form().ok_or_else(|| OVERFLOW.into())
    }

    /// The sum.
    pub fn plus(self, other: Self) -> Result<Self, String> {
        let sum = || {
            Some(Self {
                image: self.image.checked_add(other.image)?,
                batch: self.batch.checked_add(other.batch)?,
                constant: self.constant.checked_add(other.constant)?,
            })
        };
        sum().ok_or_else(|| OVERFLOW.into())
    }

    /// The difference.
    pub fn minus(self, other: Self) -> Result<Self, String> {
        self.plus(other.map(i64::checked_neg)?)
    }

    /// The product; one of the two must be a plain number.
    pub fn times(self, other: Self) -> Result<Self, String> {
        let (form, factor) =
            if let Ok(factor) = other.plain() { (self, factor) } else { (other, self.plain()?) };
        form.map(|part| part.checked_mul(factor))
    }

    /// The quotient without its remainder, as ONNX divides integers.
    pub fn over(self, other: Self) -> Result<Self, String> {
        if let (Ok(a), Ok(b)) = (self.plain(), other.plain()) {
            return a.checked_div(b).map(Self::from).ok_or_else(|| format!("{a} is divided by {b}"));
        }
        let forms = [(self.image, other.image), (self.batch, other.batch), (self.constant, other.constant)];
        if let Ok(divisor) = other.plain() {
            let exact = divisor != 0 && forms.iter().all(|(part, _)| part.checked_rem(divisor) == Some(0));
            return if exact { self.map(|part| part.checked_div(divisor)) } else { Err(DEPENDS.into()) };
        }
        // A multiple of the same form: k (a N + b) / (a N + b).
        let ratio = self.batch.checked_div(other.batch).unwrap_or(0);
        let exact = forms.iter().all(|(part, divisor)| divisor.checked_mul(ratio) == Some(*part));
        if exact { Ok(Self::from(ratio)) } else { Err(DEPENDS.into()) }
    }

    /// The remainder with the sign of the divisor, as in Python.
    pub fn modulo(self, other: Self) -> Result<Self, String> {
        let (a, b) = (self.plain()?, other.plain()?);
        let rest = a.checked_rem(b).ok_or_else(|| format!("{a} is divided by {b}"))?;
        Ok(Self::from(if rest != 0 && (rest < 0) != (b < 0) { rest + b } else { rest }))
    }

    /// How two numbers compare, if that is so for any number of images from 1.
    pub fn compare(self, other: Self) -> Result<Ordering, String> {
        let Self { image, batch, constant } = self.minus(other)?;
        let at_one = batch.checked_add(constant).ok_or(OVERFLOW)?;
        match (image, batch.signum(), at_one.signum()) {
            (0, 0, sign) => Ok(sign.cmp(&0)),
            (0, 1, 1) => Ok(Ordering::Greater),
            (0, -1, -1) => Ok(Ordering::Less),
            _ => Err(DEPENDS.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(batch: i64, constant: i64) -> Size {
        Size { batch, constant, ..Size::default() }
    }

    #[test]
    fn shapes_are_computed_for_any_number_of_images() {
        let n = Size::batch(1);
        assert_eq!(n.times(Size::from(12)), Ok(Size::batch(12)));
        assert_eq!(Size::batch(12).over(Size::from(3)), Ok(Size::batch(4)));
        assert_eq!(Size::batch(12).over(n), Ok(Size::from(12)));
        assert_eq!(form(4, 2).over(form(2, 1)), Ok(Size::from(2)));
        assert_eq!(Size::from(-7).over(Size::from(2)), Ok(Size::from(-3)));
        assert_eq!(Size::from(-7).modulo(Size::from(2)), Ok(Size::from(1)));
    }

    #[test]
    fn comparisons_hold_for_any_number_of_images_or_are_errors() {
        let n = Size::batch(1);
        assert_eq!(n.compare(Size::from(-1)), Ok(Ordering::Greater));
        assert_eq!(n.compare(n), Ok(Ordering::Equal));
        assert_eq!(Size::from(3).compare(Size::from(4)), Ok(Ordering::Less));
        assert!(n.compare(Size::from(1)).is_err());
    }

    #[test]
    fn what_cannot_be_computed_is_an_error() {
        let (n, most) = (Size::batch(1), Size::from(i64::MAX));
        assert!(n.times(n).is_err());
        assert!(n.over(Size::from(2)).is_err());
        assert!(n.over(Size::from(0)).is_err());
        assert!(Size::from(1).over(Size::from(0)).is_err());
        assert!(Size::from(1).modulo(Size::from(0)).is_err());
        assert!(Size::from(i64::MIN).over(Size::from(-1)).is_err());
        assert!(most.plus(Size::from(1)).is_err());
        assert!(most.times(Size::from(2)).is_err());
        assert!(Size::from(i64::MIN).minus(most).is_err());
    }
}
