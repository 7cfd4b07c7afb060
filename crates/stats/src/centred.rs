//! The product-moment correlation of samples that are centred once and correlated with many others.

use crate::ranks;
use crate::summary::mean;

/// A sample without NaN, less its mean.
#[derive(Clone, Debug)]
pub struct Centred {
    /// Scaled by a power of two, which rounds nothing, so that no square overflows.
    deviations: Vec<f64>,
    /// The sum of their squares; NaN for a constant sample, which correlates with nothing.
    squares: f64,
}

impl Centred {
    /// The values less their mean: their correlation is Pearson's.
    pub fn new(values: &[f64]) -> Self {
        let deviations = centred(values);
        let squares = if is_constant(values) { f64::NAN } else { dot(&deviations, &deviations) };
        Self { deviations, squares }
    }

    /// The average ranks less their mean: their correlation is Spearman's.
    pub fn ranks(values: &[f64]) -> Self {
        Self::new(&ranks::average(values))
    }

    /// The product-moment correlation with another sample of the same observations; NaN where it is undefined: a
    /// constant sample, fewer than two values, or infinite ones.
    ///
    /// # Panics
    ///
    /// If the samples differ in length.
    pub fn correlation(&self, other: &Self) -> f64 {
        assert_eq!(self.deviations.len(), other.deviations.len(), "samples of one length are correlated");
        let product = dot(&self.deviations, &other.deviations);
        // The root of a product, not the product of roots: perfect agreement comes out as exactly one.
        (product / (self.squares * other.squares).sqrt()).clamp(-1.0, 1.0)
    }

    /// The deviations from the mean, on a scale that is a power of two.
    pub(crate) fn into_deviations(self) -> Vec<f64> {
        self.deviations
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Asked of the values, since rounding may give the deviations of a constant from its mean a spread.
fn is_constant(values: &[f64]) -> bool {
    values.windows(2).all(|pair| pair[0] == pair[1])
}

fn centred(values: &[f64]) -> Vec<f64> {
    let mean = mean(values);
    let largest = values.iter().fold(0.0, |largest: f64, value| largest.max((value - mean).abs()));
    let scale = largest.log2().floor().exp2();
    values.iter().map(|value| (value - mean) / scale).collect()
}

#[cfg(test)]
mod tests {
    use super::Centred;
    use crate::correlation::{pearson, spearman};
    use crate::random::generator;
    use rand::RngExt;

    #[test]
    fn centring_once_changes_no_bit() {
        let mut rng = generator(0, &["centred"], 0);
        let mut sample =
            || -> Vec<f64> { (0..501).map(|_| f64::from(rng.random_range(-40..40_i32)) * 0.37).collect() };
        let samples: Vec<Vec<f64>> = (0..5).map(|_| sample()).collect();
        for (a, b) in samples.iter().flat_map(|a| samples.iter().map(move |b| (a, b))) {
            let found = Centred::new(a).correlation(&Centred::new(b));
            assert_eq!(found.to_bits(), pearson(a, b).coefficient.to_bits());
            let found = Centred::ranks(a).correlation(&Centred::ranks(b));
            assert_eq!(found.to_bits(), spearman(a, b).coefficient.to_bits());
        }
    }

    #[test]
    fn a_constant_correlates_with_nothing() {
        let (flat, slope) = (Centred::new(&[0.1; 5]), Centred::new(&[1.0, 2.0, 3.0, 4.0, 5.0]));
        assert!(flat.correlation(&slope).is_nan() && slope.correlation(&flat).is_nan());
        assert!(Centred::new(&[]).correlation(&Centred::new(&[])).is_nan());
        assert_eq!(slope.correlation(&slope), 1.0);
    }
}
