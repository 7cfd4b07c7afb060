//! The means of the correlations over the methods.

use std::collections::BTreeMap;

use pipe::Correlation;
use stats::interval::Interval;
use stats::random::generator;
use stats::summary::mean;

use crate::args::Args;

/// What stands for the method in a mean's row.
pub const MEAN: &str = "mean";

/// Correlations of the methods, by model, metrics and coefficient.
#[derive(Default)]
pub struct Means(BTreeMap<(String, String, String, String), Vec<f64>>);

impl Means {
    /// Of all rows.
    pub fn of(rows: &[Correlation]) -> Self {
        let mut means = Self::default();
        for row in rows {
            let key =
                (row.model.clone(), row.metric_a.clone(), row.metric_b.clone(), row.coefficient.clone());
            let values = means.0.entry(key).or_default();
            values.extend(Some(row.correlation).filter(|value| !value.is_nan()));
        }
        means
    }

    /// One row for each pair of metrics of a model, its interval from resampled methods.
    pub fn rows(self, args: &Args) -> impl Iterator<Item = Correlation> {
        self.0.into_iter().map(move |((model, metric_a, metric_b, coefficient), values)| {
            let mut rng =
                generator(args.resampling.seed, &["correlate mean", &model, &metric_a, &metric_b], 0);
            let Interval { low, high } = args.resampling.bootstrap().mean(&values, &mut rng);
            Correlation {
                model,
                method: MEAN.to_owned(),
                metric_a,
                metric_b,
                coefficient,
                correlation: mean(&values),
                ci_low: Some(low).filter(|low| !low.is_nan()),
                ci_high: Some(high).filter(|high| !high.is_nan()),
                p_value: None,
                n: values.len(),
                p_holm: None,
                p_bh: None,
            }
        })
    }
}
