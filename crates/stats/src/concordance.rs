//! Rankings of the same items, added up: what Friedman's test, Conover's and Kendall's W have in common.
//!
//! Ranks are halves, so sums of them and of their squares are exact as far as doubles count, and whether all rankings agree is
//! told without rounding.

use statrs::function::beta::beta_reg;
use statrs::function::gamma::gamma_ur;

/// Sums over rankings of `items` items, each the ranks from 1 to the number of items with ties shared.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Concordance {
    /// How many rankings.
    pub(crate) rankings: usize,
    /// For each item the sum of its ranks' distances from the mean rank.
    deviations: Vec<f64>,
    /// The sum of all squared distances from the mean rank.
    spread: f64,
}

impl Concordance {
    pub(crate) fn new(items: usize) -> Self {
        Self { rankings: 0, deviations: vec![0.0; items], spread: 0.0 }
    }

    pub(crate) fn add(&mut self, ranks: &[f64]) {
        let middle = (self.deviations.len() + 1) as f64 / 2.0;
        for (sum, rank) in self.deviations.iter_mut().zip(ranks) {
            *sum += rank - middle;
            self.spread += (rank - middle).powi(2);
        }
        self.rankings += 1;
    }

    pub(crate) fn items(&self) -> usize {
        self.deviations.len()
    }

    /// The mean rank of each item, NaN without a ranking.
    pub(crate) fn mean_ranks(&self) -> Vec<f64> {
        let middle = (self.items() + 1) as f64 / 2.0;
        self.deviations.iter().map(|sum| middle + sum / self.rankings as f64).collect()
    }

    /// Kendall's W, corrected for ties: 1 if all rankings are equal, 0 if all items have the same mean rank. NaN for fewer than
    /// two items, without a ranking, or where each ranking ties all items.
    pub(crate) fn w(&self) -> f64 {
        self.between() / (self.rankings as f64 * self.spread)
    }

    /// 1 - W, which is not rounded to nothing near agreement.
    pub(crate) fn discord(&self) -> f64 {
        self.residual() / (self.rankings as f64 * self.spread)
    }

    /// Friedman's chi-squared, n (k - 1) W.
    pub(crate) fn chi_squared(&self) -> f64 {
        (self.rankings * self.items().saturating_sub(1)) as f64 * self.w()
    }

    /// How likely a chi-squared at least as large is, by the distribution with k - 1 degrees of freedom.
    pub(crate) fn p_chi_squared(&self) -> f64 {
        match self.chi_squared() {
            undefined if undefined.is_nan() => f64::NAN,
            0.0 => 1.0,
            chi_squared => gamma_ur((self.items() - 1) as f64 / 2.0, chi_squared / 2.0),
        }
    }

    /// The two-sided p-value of Conover's t for two items: |R_i - R_j| / √(2 (n A - Σ R²) / d) with d = (n - 1)(k - 1) degrees of
    /// freedom, where A is the sum of all squared ranks and R are sums of ranks. NaN where no distance tells anything.
    pub(crate) fn p_difference(&self, i: usize, j: usize) -> f64 {
        let freedom = (self.rankings.saturating_sub(1) * self.items().saturating_sub(1)) as f64;
        if freedom == 0.0 || self.spread == 0.0 {
            return f64::NAN;
        }
        let difference = (self.deviations[i] - self.deviations[j]).powi(2);
        // d / (d + t²), in which the degrees of freedom cancel out. Equal rankings may tie two items.
        if difference == 0.0 {
            return 1.0;
        }
        let noise = 2.0 * self.residual();
        beta_reg(freedom / 2.0, 0.5, noise / (noise + difference))
    }

    /// Σ (R - mean R)².
    fn between(&self) -> f64 {
        self.deviations.iter().map(|sum| sum * sum).sum()
    }

    /// n times the sum of squares that the items leave unexplained.
    fn residual(&self) -> f64 {
        (self.rankings as f64 * self.spread - self.between()).max(0.0)
    }
}
