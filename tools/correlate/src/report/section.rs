//! The correlations of one model, as a report looks them up.

use std::collections::{BTreeMap, BTreeSet};

use pipe::Correlation;

use super::markdown::percent;
use crate::chosen::bare;

/// The correlations of one model.
pub struct Section<'a> {
    /// Classifier; may be empty.
    pub model: &'a str,
    /// The methods, sorted.
    pub methods: Vec<&'a str>,
    /// All metrics, sorted.
    pub metrics: Vec<&'a str>,
    /// Pairs of metrics, sorted.
    pub pairs: Vec<(&'a str, &'a str)>,
    /// Confidence level of the intervals.
    pub level: f64,
    rows: BTreeMap<(&'a str, &'a str, &'a str), &'a Correlation>,
    means: BTreeMap<(&'a str, &'a str), &'a Correlation>,
}

/// One section for each model.
pub fn sections<'a>(rows: &'a [Correlation], means: &'a [Correlation], level: f64) -> Vec<Section<'a>> {
    rows.chunk_by(|a, b| a.model == b.model).map(|rows| Section::new(rows, means, level)).collect()
}

impl<'a> Section<'a> {
    fn new(rows: &'a [Correlation], means: &'a [Correlation], level: f64) -> Self {
        let pair = |row: &'a Correlation| (&*row.metric_a, &*row.metric_b);
        let model = &*rows[0].model;
        let methods: BTreeSet<&str> = rows.iter().map(|row| &*row.method).collect();
        let pairs: BTreeSet<(&str, &str)> = rows.iter().map(pair).collect();
        let metrics: BTreeSet<&str> = pairs.iter().flat_map(|(a, b)| [*a, *b]).collect();
        Self {
            model,
            methods: methods.into_iter().collect(),
            metrics: metrics.into_iter().collect(),
            pairs: pairs.into_iter().collect(),
            level,
            rows: rows.iter().map(|row| ((&*row.method, &*row.metric_a, &*row.metric_b), row)).collect(),
            means: means.iter().filter(|row| row.model == *model).map(|row| (pair(row), row)).collect(),
        }
    }

    /// A method's correlation of a pair; nothing if it lacks one of the metrics.
    pub fn row<'s>(&'s self, method: &'s str, (a, b): (&'s str, &'s str)) -> Option<&'s Correlation> {
        self.rows.get(&(method, a, b)).copied()
    }

    /// The mean of a pair over the methods.
    pub fn mean<'s>(&'s self, pair: (&'s str, &'s str)) -> Option<&'s Correlation> {
        self.means.get(&pair).copied()
    }

    /// What a table is about: its coefficients, images and interval.
    pub fn caption(&self, pairs: &[(&str, &str)]) -> String {
        let rows =
            || self.methods.iter().flat_map(|method| pairs.iter().filter_map(|pair| self.row(method, *pair)));
        let coefficients: BTreeSet<&str> = rows().map(|row| &*row.coefficient).collect();
        let coefficients: Vec<&str> = coefficients.into_iter().collect();
        let (least, most) =
            rows().fold((usize::MAX, 0), |(least, most), row| (least.min(row.n), most.max(row.n)));
        let images = if least < most { format!("{least} to {most}") } else { most.to_string() };
        let level = percent(self.level);
        format!(
            "Correlations ({}) over {images} images, positive where the metrics agree; intervals of {level}.",
            coefficients.join(", ")
        )
    }

    /// A headline, with the model if it has a name.
    pub fn headline(&self, text: &str) -> String {
        let of = if self.model.is_empty() { String::new() } else { format!(", {}", self.model) };
        format!("\n## {text}{of}\n\n")
    }

    /// A metric's shortest unambiguous name: bare if there is one configuration of it.
    pub fn label<'s>(&self, metric: &'s str) -> &'s str {
        let name = bare(metric);
        let is_alone = self.metrics.iter().filter(|other| bare(other) == name).count() == 1;
        if is_alone { name } else { metric }
    }
}
