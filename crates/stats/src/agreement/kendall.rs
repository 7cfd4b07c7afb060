//! Kendall's W (Rank Correlation Methods, 1970, chapter 6).

use crate::concordance::Concordance;
use crate::ranks;

/// The agreement of raters that rank the same items.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KendallW {
    /// From 0, no item is preferred, to 1, all rankings are equal; corrected for ties.
    pub w: f64,
    /// Friedman's: raters (items - 1) W, with items - 1 degrees of freedom.
    pub chi_squared: f64,
    /// Its p-value: how likely so large a value is if each rater ranks at random. Rough for fewer than eight items.
    pub p_value: f64,
    /// How many items every rater has a number for.
    pub items: usize,
    /// How many raters.
    pub raters: usize,
}

/// W of the ranks that each rater gives to the items, one slice for each rater, all of the same items in the same order.
///
/// An item with a NaN is left out. NaN for fewer than two items, without a rater, or if each rater ties all items. A rater who
/// ties all items counts like the others, but prefers nothing.
///
/// # Panics
///
/// If the slices differ in length.
pub fn kendall_w(raters: &[&[f64]]) -> KendallW {
    let items = raters.first().map_or(0, |values| values.len());
    assert!(raters.iter().all(|values| values.len() == items), "raters must have the same items");
    let rated: Vec<usize> =
        (0..items).filter(|&item| raters.iter().all(|values| !values[item].is_nan())).collect();
    let mut concordance = Concordance::new(rated.len());
    for values in raters {
        concordance.add(&ranks::average(&rated.iter().map(|&item| values[item]).collect::<Vec<_>>()));
    }
    KendallW {
        w: concordance.w(),
        chi_squared: concordance.chi_squared(),
        p_value: concordance.p_chi_squared(),
        items: rated.len(),
        raters: raters.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::kendall_w;
    use crate::friedman::friedman;

    /// Rank sums 4, 6, 8: W = 12 * 8 / (9 * 24).
    #[test]
    fn three_by_three_by_hand() {
        let found = kendall_w(&[&[1.0, 2.0, 3.0], &[10.0, 20.0, 30.0], &[0.2, 0.2, 0.2]]);
        assert_eq!((found.items, found.raters), (3, 3));
        let found = kendall_w(&[&[1.0, 2.0, 3.0], &[1.0, 3.0, 2.0], &[2.0, 1.0, 3.0]]);
        assert!((found.w - 4.0 / 9.0).abs() < 1e-15, "{found:?}");
        assert!((found.p_value - (-4.0_f64 / 3.0).exp()).abs() < 1e-14);
    }

    #[test]
    fn images_that_rank_methods_are_friedmans() {
        let images: [&[f64]; 3] = [&[0.3, 0.1, 0.1, 0.9], &[0.2, 0.5, 0.1, 0.5], &[0.3, 0.2, 0.1, 0.8]];
        let methods: Vec<Vec<f64>> =
            (0..4).map(|at| images.iter().map(|image| image[at]).collect()).collect();
        let of_methods = friedman(&methods.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let found = kendall_w(&images);
        assert_eq!((found.chi_squared, found.p_value), (of_methods.chi_squared, of_methods.p_chi_squared));
    }

    #[test]
    fn ends_and_nonsense() {
        assert_eq!(kendall_w(&[&[1.0, 2.0], &[1.0, 2.0]]).w, 1.0);
        assert_eq!(kendall_w(&[&[1.0, 2.0], &[2.0, 1.0]]).w, 0.0);
        assert_eq!(kendall_w(&[&[1.0, 2.0], &[2.0, 1.0]]).p_value, 1.0);
        assert!(kendall_w(&[]).w.is_nan() && kendall_w(&[&[1.0]]).w.is_nan());
        assert!(kendall_w(&[&[1.0, 1.0]]).p_value.is_nan());
        let with_nan = kendall_w(&[&[1.0, f64::NAN, 2.0], &[1.0, 0.0, 2.0]]);
        assert_eq!((with_nan.w, with_nan.items), (1.0, 2));
    }
}
