//! How values of 0 to 1 are spread: a kernel density estimate on a fine grid.

/// Grid points; at a bandwidth of 0.05 the density differs by less than 1e-4 from that of the values themselves.
const CELLS: usize = 1024;

/// A Gaussian kernel density estimate of any number of values in 0..1. Each value is shared out between the two grid points
/// beside it, in proportion to how near they are, so that the memory does not grow with the values.
#[derive(Clone, Debug, PartialEq)]
pub struct Density {
    weights: Vec<f64>,
    values: u64,
}

impl Default for Density {
    fn default() -> Self {
        Self { weights: vec![0.0; CELLS + 1], values: 0 }
    }
}

impl Density {
    /// Adds a value; one outside 0..1 is added at the nearer end.
    pub fn add(&mut self, value: f64) {
        let place = value.clamp(0.0, 1.0) * CELLS as f64;
        let (cell, part) =
            ((place as usize).min(CELLS - 1), place - ((place as usize).min(CELLS - 1)) as f64);
        self.weights[cell] += 1.0 - part;
        self.weights[cell + 1] += part;
        self.values += 1;
    }

    /// The number of values.
    pub fn count(&self) -> u64 {
        self.values
    }

    /// The density at a place, of Gaussian kernels with this standard deviation; NaN without values. Nothing is done about the
    /// ends: part of a kernel at 0 lies below 0.
    pub fn at(&self, place: f64, bandwidth: f64) -> f64 {
        let kernel = |cell: usize| (-((place - cell as f64 / CELLS as f64) / bandwidth).powi(2) / 2.0).exp();
        let sum: f64 = self.weights.iter().enumerate().map(|(cell, weight)| weight * kernel(cell)).sum();
        sum / (self.values as f64 * bandwidth * std::f64::consts::TAU.sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_density_is_the_sum_of_kernels() {
        let values: Vec<f64> = (0..500_u32).map(|i| f64::from(i * i % 997) / 996.0).collect();
        let mut density = Density::default();
        for &value in &values {
            density.add(value);
        }
        assert_eq!(density.count(), 500);
        for place in (0..100).map(|i| f64::from(i) / 99.0) {
            let kernel = |value: &f64| (-((place - value) / 0.05).powi(2) / 2.0).exp();
            let exact =
                values.iter().map(kernel).sum::<f64>() / (500.0 * 0.05 * std::f64::consts::TAU.sqrt());
            assert!((density.at(place, 0.05) - exact).abs() < 1e-4, "{place}");
        }
    }

    #[test]
    fn the_ends_are_inside_and_nothing_has_no_density() {
        let mut ends = Density::default();
        for value in [0.0, 1.0, -1e-9, 1.0 + 1e-9] {
            ends.add(value);
        }
        assert!((ends.at(0.0, 0.05) - ends.at(1.0, 0.05)).abs() < 1e-12);
        assert!(Density::default().at(0.5, 0.05).is_nan());
    }
}
