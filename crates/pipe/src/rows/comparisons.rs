//! What `rank` writes about pairs of methods, and the answers of people that it reads.

use super::{Line, Row};
use crate::error::Result;
use crate::{Cells, Column, Direction};

row! {
    /// Two methods by one metric, and whether they differ: what `rank --significance` writes.
    Significance {
        /// Classifier.
        model: String = optional,
        /// Spec string of the metric.
        metric: String = required,
        /// Which way the metric points.
        direction: Direction = required,
        /// First method.
        method_a: String = required,
        /// Second method.
        method_b: String = required,
        /// Number of images.
        n: usize = required,
        /// Mean over the images of the first method's rank among all methods; 1 is the best.
        mean_rank_a: f64 = required,
        /// The same of the second method.
        mean_rank_b: f64 = required,
        /// Friedman's statistic of all methods.
        chi_square: f64 = required,
        /// Its p-value.
        p_friedman: f64 = required,
        /// The statistic of Iman and Davenport of all methods.
        f_statistic: f64 = required,
        /// Its p-value.
        p_iman_davenport: f64 = required,
        /// Difference of mean ranks from which on two methods differ by Nemenyi's test.
        critical_difference: f64 = required,
        /// The cliques that have both methods, `1;2`: methods of a clique do not differ by Nemenyi's test.
        cliques: String = required,
        /// p-value of Nemenyi's test.
        p_nemenyi: f64 = required,
        /// p-value of Conover's test, adjusted over the pairs.
        p_conover: f64 = required,
        /// p-value of Wilcoxon's signed-rank test, adjusted over the pairs.
        p_wilcoxon: f64 = required,
        /// p-value of the sign test, adjusted over the pairs.
        p_sign: f64 = required,
        /// Matched-pairs rank-biserial correlation; positive where the first method is better.
        rank_biserial: f64 = required,
        /// Cohen's d of the differences; positive where the first method is better.
        cohen_d: f64 = required,
        /// Share of the images on which the first method is better; equal ones count half.
        win_rate: f64 = required,
        /// Whether the adjusted signed-rank test tells the two apart.
        significant: bool = required,
    }
}

row! {
    /// How often so many images would tell two methods apart: what `rank --power` writes.
    Power {
        /// Classifier.
        model: String = optional,
        /// Spec string of the metric.
        metric: String = required,
        /// Which way the metric points.
        direction: Direction = required,
        /// First method.
        method_a: String = required,
        /// Second method.
        method_b: String = required,
        /// Number of images that are drawn from.
        images: usize = required,
        /// Number of images that are drawn.
        n: usize = required,
        /// Share of the draws in which the two differ.
        power: f64 = required,
        /// Number of images that has the power that is asked for; NaN where none of those tried has.
        needed: f64 = required,
    }
}

row! {
    /// One participant's answer to one question: what `rank --study` reads.
    Answer {
        /// Who answered.
        participant: String = required,
        /// What the answer counts for, such as the model and the baseline.
        group: String = required,
        /// Path of the image, or another name of the question.
        image: String = required,
        /// The method whose preference rate is asked for.
        method_a: String = required,
        /// The other method.
        method_b: String = required,
        /// The one that was chosen; empty without an answer.
        chosen: String = required,
    }
}

row! {
    /// What the participants of a study prefer, and whether they agree: what `rank --study` writes.
    Preference {
        /// What the answers count for; `all` of all together.
        group: String = required,
        /// Number of answers.
        n: usize = required,
        /// Number of participants who answered.
        participants: usize = required,
        /// Number of images with an answer.
        images: usize = required,
        /// Share of the answers that are for the first method.
        preference: f64 = required,
        /// Lower end of Wilson's interval of the share.
        ci_low: f64 = required,
        /// Upper end of Wilson's interval of the share.
        ci_high: f64 = required,
        /// Exact binomial test against one half.
        p_value: f64 = required,
        /// Lower end of the interval of the share that resamples the images.
        images_low: f64 = required,
        /// Upper end of the interval of the share that resamples the images.
        images_high: f64 = required,
        /// Fleiss' kappa.
        kappa: f64 = required,
        /// Lower end of the interval of kappa that resamples the images.
        kappa_low: f64 = required,
        /// Upper end of the interval of kappa that resamples the images.
        kappa_high: f64 = required,
        /// Mean of the groups' kappa.
        kappa_mean: Option<f64> = optional,
        /// Standard deviation of the groups' kappa.
        kappa_sd: Option<f64> = optional,
    }
}
