//! One struct for each table that passes between the tools, used by the writer and by the readers.
//!
//! A column's name is the field's name. Changing one breaks every pipeline that names it.

use crate::error::Result;
use crate::{Boxes, Cells, Class, Column, Direction, Extra, Line};

/// A line of a table.
pub trait Row: Sized {
    /// The columns in the order in which they are written.
    const COLUMNS: &'static [Column];

    /// Columns that later stages write: one of the user's own that is called so is carried as `user.NAME` from here on.
    const LATER: &'static [&'static str] = &[];

    /// Takes the row's values from a line.
    ///
    /// # Errors
    ///
    /// If a value is not of its column's type.
    fn read(line: &mut Line<'_>) -> Result<Self>;

    /// Adds the row's values to a line, in the order of [`Row::COLUMNS`], then the columns that it carries.
    fn write(&self, cells: &mut Cells<'_>);
}

/// Declares a row: each field is a column with its type and whether a table must have it.
macro_rules! row {
    ($(#[$doc:meta])* $name:ident {
        $($(#[$field_doc:meta])* $field:ident: $type:ty = $need:ident,)*
    } $($extra:ident)? $(later $later:expr)?) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
            $(/// The columns that this stage does not know and carries through.
            pub $extra: Extra,)?
        }

        impl Row for $name {
            const COLUMNS: &'static [Column] = &[$(Column::$need(stringify!($field))),*];
            $(const LATER: &'static [&'static str] = $later;)?

            fn read(line: &mut Line<'_>) -> Result<Self> {
                Ok(Self { $($field: line.value()?,)* $($extra: line.extra())? })
            }

            fn write(&self, cells: &mut Cells<'_>) {
                $(cells.value(&self.$field);)*
                $(cells.extra(&self.$extra);)?
            }
        }
    };
}

mod comparisons;
mod ranks;

pub use comparisons::{Answer, Power, Preference, Significance};
pub use ranks::{Overall, Separation, Versus};

row! {
    /// An image to explain. `label`, `boxes` and `mask` stay among the carried columns too, so that they reach the scores.
    Image {
        /// Path of the image, as given.
        image: String = filled,
        /// True class.
        label: Option<Class> = carried,
        /// Class to explain, where the table chooses it.
        target: Option<Class> = optional,
        /// Where the object is.
        boxes: Option<Boxes> = carried,
        /// Path of an image or an array that says which pixels are the object's; may be empty.
        mask: String = carried,
    } extra later &[
        "model", "method", "map", "map_index", "reason", "list", "class", "png", "test", "point", "points", "fraction",
        "probability", "predicted", "logit", "mass", "information", "area", "distance", "kept", "kept_index", "relative",
        "logit_distance", "feature_distance", "second", "sample", "explained", "overlap", "metric", "direction", "value", "rank",
    ]
}

row! {
    /// A map that explains an image: what `explain` writes.
    Explained {
        /// Path of the image, as given.
        image: String = required,
        /// Class that is explained; nothing if it is not known, because the image could not be read.
        target: Option<usize> = required,
        /// Classifier as `NAME@HASH`; a bare name, or nothing, if a foreign explainer did not say more.
        model: String = optional,
        /// Spec string of the explanation method and of the steps on its maps.
        method: String = required,
        /// Path of the `.npy` file; empty if there is no map.
        map: String = required,
        /// Row inside a pack; nothing if the file is one map.
        map_index: Option<usize> = optional,
        /// Why there is no map.
        reason: String = optional,
    } extra later &[
        "test", "point", "points", "fraction", "probability", "predicted", "logit", "mass", "information", "area",
        "distance", "kept", "kept_index", "relative", "logit_distance", "feature_distance", "second", "sample", "explained", "overlap", "metric", "direction", "value",
    ]
}

row! {
    /// A map that a method tried before it chose one, by one metric: what `explain --trace` writes.
    Tried {
        /// Path of the image, as given.
        image: String = required,
        /// Class that is explained.
        target: Option<usize> = required,
        /// Classifier.
        model: String = required,
        /// Spec string of the method and of the steps on its maps; what was tried is without the steps.
        method: String = required,
        /// Which map, from 0.
        draw: usize = required,
        /// What it was made from.
        arm: String = required,
        /// The metric, as `score` calls it.
        metric: String = required,
        /// Its value for this map; NaN if there is none.
        score: f64 = required,
        /// The best of the maps so far, by all metrics of the method.
        best_draw: Option<usize> = required,
        /// The value of the metric for that one.
        best: f64 = required,
        /// What chance of success each arm promised when this one was chosen, as `arm:chance arm:chance`; empty where no bandit chose.
        chances: String = required,
        /// Why there is no value.
        reason: String = required,
    } extra
}

row! {
    /// The classifier's answer to one perturbed image: what `perturb` writes.
    Response {
        /// Path of the image, as given.
        image: String = required,
        /// Class that is explained; nothing if it is not known, because the image could not be read.
        target: Option<usize> = required,
        /// Classifier.
        model: String = optional,
        /// Spec string of the explanation method.
        method: String = required,
        /// Spec string of the perturbation test.
        test: String = required,
        /// How much of the image is perturbed, from 0 to 1; NaN if there is no curve.
        fraction: f64 = required,
        /// Probability of the target class.
        probability: f64 = required,
        /// Class with the highest probability.
        predicted: Option<usize> = required,
        /// Place on the curve, from 0; nothing if a foreign stage did not count.
        point: Option<usize> = optional,
        /// Number of points of the whole curve.
        points: Option<usize> = optional,
        /// Path of the `.npy` file of the map.
        map: String = optional,
        /// Row inside a pack; nothing if the file is one map.
        map_index: Option<usize> = optional,
        /// Why there is no curve: then this is the test's only row.
        reason: String = optional,
        /// Score of the target class before the softmax.
        logit: Option<f64> = optional,
        /// Sum of the map over the pixels that this point perturbs and the point before it did not; or over all of them,
        /// where each point stands for itself; of noise and squares the sum of the map times the change of the input.
        mass: Option<f64> = optional,
        /// Size of what is shown, in the test's own unit.
        information: Option<f64> = optional,
        /// Share of the pixels that are shown as they are, or within the crop.
        area: Option<f64> = optional,
        /// How far what is shown is from the clean image, in the test's own unit.
        distance: Option<f64> = optional,
    } extra later &["metric", "direction", "value"]
}

row! {
    /// One metric of one map: what `score` writes.
    Score {
        /// Path of the image, as given.
        image: String = required,
        /// Class that is explained; nothing if it is not known, because the image could not be read.
        target: Option<usize> = required,
        /// Classifier.
        model: String = optional,
        /// Spec string of the explanation method.
        method: String = required,
        /// Spec string of the metric.
        metric: String = required,
        /// Which way the metric points.
        direction: Direction = required,
        /// The metric's value; NaN if it is not defined here.
        value: f64 = required,
        /// Why the value is not defined.
        reason: String = optional,
    } extra
}

row! {
    /// How far two metrics agree: what `correlate` writes.
    Correlation {
        /// Classifier; `mean` over classifiers.
        model: String = optional,
        /// Spec string of the explanation method; `mean` over methods.
        method: String = required,
        /// First metric.
        metric_a: String = required,
        /// Second metric.
        metric_b: String = required,
        /// Which coefficient: `spearman`, `pearson` and so on.
        coefficient: String = required,
        /// The coefficient's value.
        correlation: f64 = required,
        /// Lower end of the confidence interval.
        ci_low: Option<f64> = optional,
        /// Upper end of the confidence interval.
        ci_high: Option<f64> = optional,
        /// Probability of a coefficient at least as far from 0 if the metrics were unrelated.
        p_value: Option<f64> = optional,
        /// Number of pairs.
        n: usize = required,
        /// The p-value after Holm, over all correlations of the model.
        p_holm: Option<f64> = optional,
        /// The p-value after Benjamini and Hochberg, over all correlations of the model.
        p_bh: Option<f64> = optional,
    }
}

row! {
    /// A method's place by one metric: what `rank` writes.
    Rank {
        /// Classifier.
        model: String = optional,
        /// Spec string of the metric.
        metric: String = required,
        /// Which way the metric points.
        direction: Direction = required,
        /// Spec string of the explanation method.
        method: String = required,
        /// Number of images.
        n: usize = required,
        /// Mean of the metric over the images.
        mean: f64 = required,
        /// Lower end of the mean's confidence interval.
        ci_low: Option<f64> = optional,
        /// Upper end of the mean's confidence interval.
        ci_high: Option<f64> = optional,
        /// 1 for the best method; equal means share the mean of their places.
        rank: f64 = required,
        /// Median of the metric over the images.
        median: Option<f64> = optional,
        /// Lower end of the rank's confidence interval.
        rank_low: Option<f64> = optional,
        /// Upper end of the rank's confidence interval.
        rank_high: Option<f64> = optional,
        /// Share of resamples in which the method is the best one.
        p_best: Option<f64> = optional,
        /// Share of images for which the method is the best one.
        win_rate: Option<f64> = optional,
    }
}

row! {
    /// How the relevance of a method's maps is spread, at one place: what `score --density` writes.
    Density {
        /// Classifier.
        model: String = optional,
        /// Spec string of the explanation method.
        method: String = required,
        /// The place, from 0, a map's least value, to 1, its highest.
        relevance: f64 = required,
        /// The share of the values at the place, for a length of 1.
        density: f64 = required,
        /// Number of maps.
        maps: usize = required,
    }
}
