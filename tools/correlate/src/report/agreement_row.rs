//! What the report `agreement` writes as rows.

use pipe::{Cells, Column, Error, Line, Row};

/// How far images agree by one metric, or two metrics with each other, on the ranking of methods.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreement {
    /// Classifier.
    pub model: String,
    /// The metric, or the first of two.
    pub metric_a: String,
    /// The second metric; nothing for the agreement of images.
    pub metric_b: String,
    /// `krippendorff-alpha` and `kendall-w` of images, `kendall` and `spearman` of metrics.
    pub statistic: String,
    /// The statistic's value.
    pub value: f64,
    /// Lower end of the confidence interval.
    pub ci_low: f64,
    /// Upper end of the confidence interval.
    pub ci_high: f64,
    /// Number of methods that are ranked.
    pub methods: usize,
    /// Number of images; of two metrics, the lesser.
    pub images: usize,
}

impl Row for Agreement {
    const COLUMNS: &'static [Column] = &[
        Column::optional("model"),
        Column::required("metric_a"),
        Column::optional("metric_b"),
        Column::required("statistic"),
        Column::required("value"),
        Column::required("ci_low"),
        Column::required("ci_high"),
        Column::required("methods"),
        Column::required("images"),
    ];

    fn read(line: &mut Line<'_>) -> Result<Self, Error> {
        Ok(Self {
            model: line.value()?,
            metric_a: line.value()?,
            metric_b: line.value()?,
            statistic: line.value()?,
            value: line.value()?,
            ci_low: line.value()?,
            ci_high: line.value()?,
            methods: line.value()?,
            images: line.value()?,
        })
    }

    fn write(&self, cells: &mut Cells<'_>) {
        cells.value(&self.model);
        cells.value(&self.metric_a);
        cells.value(&self.metric_b);
        cells.value(&self.statistic);
        cells.value(&self.value);
        cells.value(&self.ci_low);
        cells.value(&self.ci_high);
        cells.value(&self.methods);
        cells.value(&self.images);
    }
}
