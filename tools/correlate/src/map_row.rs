//! The table that `--maps` writes.

use pipe::{Cells, Column, Error, Line, Row};

/// How far two maps of one image agree.
pub struct MapCorrelation {
    pub image: String,
    pub target: usize,
    pub model: String,
    pub method: String,
    pub coefficient: String,
    pub correlation: f64,
    pub n: usize,
}

impl Row for MapCorrelation {
    const COLUMNS: &'static [Column] = &[
        Column::required("image"),
        Column::required("target"),
        Column::optional("model"),
        Column::required("method"),
        Column::required("coefficient"),
        Column::required("correlation"),
        Column::required("n"),
    ];

    fn read(line: &mut Line<'_>) -> Result<Self, Error> {
        Ok(Self {
            image: line.value()?,
            target: line.value()?,
            model: line.value()?,
            method: line.value()?,
            coefficient: line.value()?,
            correlation: line.value()?,
            n: line.value()?,
        })
    }

    fn write(&self, cells: &mut Cells<'_>) {
        cells.value(&self.image);
        cells.value(&self.target);
        cells.value(&self.model);
        cells.value(&self.method);
        cells.value(&self.coefficient);
        cells.value(&self.correlation);
        cells.value(&self.n);
    }
}
