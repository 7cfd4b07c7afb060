//! Do methods differ on the same images? Friedman's test on ranks, as Demšar (JMLR 2006, section 3.2.2) uses it.

use statrs::function::beta::beta_reg;

use crate::concordance::Concordance;

/// Methods ranked on each of `n` images.
#[derive(Debug, Clone, PartialEq)]
pub struct Friedman {
    /// How many images have a number from every method.
    pub n: usize,
    /// How many methods.
    pub k: usize,
    /// The mean rank of each method over the images; 1 is the smallest value.
    pub mean_ranks: Vec<f64>,
    /// Friedman's chi-squared with k - 1 degrees of freedom, corrected for ties.
    pub chi_squared: f64,
    /// Its p-value: how likely so large a value is if no method differs. Too large, thus careful, for few images.
    pub p_chi_squared: f64,
    /// The F of Iman and Davenport (1980) with k - 1 and (k - 1)(n - 1) degrees of freedom: infinite if all images agree.
    pub f: f64,
    /// Its p-value, closer to the truth than that of chi-squared.
    pub p_f: f64,
    pub(crate) concordance: Concordance,
}

/// Ranks the methods on each image, one slice for each method, all of the same images in the same order. Small values get low
/// ranks and equal ones share theirs.
///
/// An image with a NaN is left out. The statistics are NaN for fewer than two methods, without an image, or if each image ties
/// all methods; F also for a single image.
///
/// # Panics
///
/// If the slices differ in length.
pub fn friedman(methods: &[&[f64]]) -> Friedman {
    let images = methods.first().map_or(0, |values| values.len());
    assert!(methods.iter().all(|values| values.len() == images), "methods must have the same images");
    let mut concordance = Concordance::new(methods.len());
    let (mut values, mut ranks) = (vec![0.0; methods.len()], vec![0.0; methods.len()]);
    for image in 0..images {
        for (value, method) in values.iter_mut().zip(methods) {
            *value = method[image];
        }
        if values.iter().all(|value| !value.is_nan()) {
            rank_few(&values, &mut ranks);
            concordance.add(&ranks);
        }
    }
    Friedman::of(concordance)
}

impl Friedman {
    fn of(concordance: Concordance) -> Self {
        let (n, k) = (concordance.rankings, concordance.items());
        let (w, discord) = (concordance.w(), concordance.discord());
        let (f, p_f) = if n < 2 || w.is_nan() {
            (f64::NAN, f64::NAN)
        } else {
            let freedom = (k - 1) as f64;
            ((n - 1) as f64 * w / discord, beta_reg(freedom * (n - 1) as f64 / 2.0, freedom / 2.0, discord))
        };
        Self {
            n,
            k,
            mean_ranks: concordance.mean_ranks(),
            chi_squared: concordance.chi_squared(),
            p_chi_squared: concordance.p_chi_squared(),
            f,
            p_f,
            concordance,
        }
    }
}

/// Average ranks by comparing each value with each: for as few as there are methods, faster than to sort, and for many images
/// in a row without new memory.
fn rank_few(values: &[f64], ranks: &mut [f64]) {
    for (rank, value) in ranks.iter_mut().zip(values) {
        let smaller = values.iter().filter(|&other| other < value).count();
        let equal = values.iter().filter(|&other| other == value).count();
        *rank = smaller as f64 + (equal + 1) as f64 / 2.0;
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::{friedman, rank_few};
    use crate::random::generator;
    use crate::ranks;

    const NAN: f64 = f64::NAN;

    #[test]
    fn few_are_ranked_as_many() {
        for round in 0..100 {
            let mut rng = generator(0, &["rank few"], round);
            let values: Vec<f64> = (0..9).map(|_| f64::from(rng.random_range(-3..3_i32))).collect();
            let mut ranks = vec![0.0; 9];
            rank_few(&values, &mut ranks);
            assert_eq!(ranks, ranks::average(&values));
        }
    }

    /// Three images rank three methods 123, 123, 132: sums 3, 7, 8, so chi-squared = 12 / 36 * 122 - 36 = 14 / 3.
    #[test]
    fn three_by_three_by_hand() {
        let found = friedman(&[&[0.1, 0.2, 0.3], &[0.4, 0.5, 0.9], &[0.7, 0.6, 0.8]]);
        assert_eq!((found.n, found.k), (3, 3));
        assert_eq!(found.mean_ranks, [1.0, 7.0 / 3.0, 8.0 / 3.0]);
        assert!((found.chi_squared - 14.0 / 3.0).abs() < 1e-14);
        assert!((found.p_chi_squared - (-7.0_f64 / 3.0).exp()).abs() < 1e-14);
        assert!((found.f - 2.0 * (14.0 / 3.0) / (6.0 - 14.0 / 3.0)).abs() < 1e-13);
        // F with 2 and 4 degrees of freedom: (1 + F / 2)^-2.
        assert!((found.p_f - (1.0 + found.f / 2.0).powi(-2)).abs() < 1e-14);
    }

    #[test]
    fn agreement_of_all_images_is_certain() {
        let found = friedman(&[&[0.1; 5], &[0.4; 5], &[0.7; 5]]);
        assert_eq!((found.chi_squared, found.f, found.p_f), (10.0, f64::INFINITY, 0.0));
    }

    #[test]
    fn images_with_nan_are_left_out() {
        let found = friedman(&[&[0.1, NAN, 0.3], &[0.4, 0.5, 0.2], &[0.7, 0.6, 0.8]]);
        assert_eq!(found, friedman(&[&[0.1, 0.3], &[0.4, 0.2], &[0.7, 0.8]]));
        assert_eq!(found.n, 2);
    }

    #[test]
    fn nothing_to_tell_is_undefined() {
        let tied = friedman(&[&[1.0, 2.0], &[1.0, 2.0]]);
        assert_eq!(tied.mean_ranks, [1.5, 1.5]);
        assert!(
            tied.chi_squared.is_nan() && tied.p_chi_squared.is_nan() && tied.f.is_nan() && tied.p_f.is_nan()
        );
        let one = friedman(&[&[1.0, 2.0]]);
        assert!(one.chi_squared.is_nan() && one.p_chi_squared.is_nan() && one.p_f.is_nan());
        assert!(friedman(&[]).chi_squared.is_nan());
        let none = friedman(&[&[], &[]]);
        assert!(none.mean_ranks[0].is_nan() && none.p_chi_squared.is_nan());
        let single = friedman(&[&[1.0], &[2.0]]);
        assert!(single.f.is_nan() && single.p_f.is_nan() && single.chi_squared == 1.0);
    }
}
