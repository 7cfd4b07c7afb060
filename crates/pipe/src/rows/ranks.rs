//! What else `rank` writes about methods and their images.

use super::Row;
use crate::error::Result;
use crate::{Cells, Column, Direction, Line};

row! {
    /// Two methods against each other by one metric: what `rank --pairs` writes.
    Versus {
        /// Classifier.
        model: String = optional,
        /// Spec string of the metric.
        metric: String = required,
        /// Which way the metric points.
        direction: Direction = required,
        /// Spec string of the first method.
        method_a: String = required,
        /// Spec string of the second method.
        method_b: String = required,
        /// Number of images for which both have a number.
        n: usize = required,
        /// Mean of the first method less that of the second.
        difference: f64 = required,
        /// Lower end of the difference's confidence interval.
        ci_low: Option<f64> = optional,
        /// Upper end of the difference's confidence interval.
        ci_high: Option<f64> = optional,
        /// Share of resamples in which the first method is better, half of those where both are equal included.
        p_better: Option<f64> = optional,
        /// Share of images for which the first method is better, half of those where both are equal included.
        win_rate: f64 = required,
        /// Lower end of the share's confidence interval.
        win_low: Option<f64> = optional,
        /// Upper end of the share's confidence interval.
        win_high: Option<f64> = optional,
    }
}

row! {
    /// A method's mean rank over metrics: what `rank --overall` writes.
    Overall {
        /// Classifier.
        model: String = optional,
        /// Spec string of the explanation method.
        method: String = required,
        /// Number of metrics.
        metrics: usize = required,
        /// Mean of the ranks by each metric.
        mean_rank: f64 = required,
        /// Lower end of the mean rank's confidence interval.
        ci_low: Option<f64> = optional,
        /// Upper end of the mean rank's confidence interval.
        ci_high: Option<f64> = optional,
        /// 1 for the least mean rank; equal ones share the mean of their places.
        rank: f64 = required,
        /// Share of resamples in which the mean rank is the least.
        p_best: Option<f64> = optional,
    }
}

row! {
    /// How far one metric tells methods from random maps: what `rank --separation` writes.
    Separation {
        /// Classifier.
        model: String = optional,
        /// Spec string of the metric.
        metric: String = required,
        /// The absolute value of the mean distance from random.
        rand_dist: f64 = required,
        /// The mean of the absolute distances.
        rand_dist_inside: f64 = required,
        /// Number of methods, without the random maps.
        n: usize = required,
        /// Lower end of the confidence interval of `rand_dist`.
        rand_dist_low: Option<f64> = optional,
        /// Upper end of the confidence interval of `rand_dist`.
        rand_dist_high: Option<f64> = optional,
        /// Lower end of the confidence interval of `rand_dist_inside`.
        rand_dist_inside_low: Option<f64> = optional,
        /// Upper end of the confidence interval of `rand_dist_inside`.
        rand_dist_inside_high: Option<f64> = optional,
    }
}
