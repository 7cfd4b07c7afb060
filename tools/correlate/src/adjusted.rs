//! p-values for as many correlations as were looked at.

use pipe::Correlation;
use stats::multiple::{benjamini_hochberg, holm};

/// Adds the adjusted p-values, over all correlations of one model. Rows are sorted by model.
pub fn adjust(rows: &mut [Correlation]) {
    for family in rows.chunk_by_mut(|a, b| a.model == b.model) {
        let p: Vec<f64> = family.iter().map(|row| row.p_value.unwrap_or(f64::NAN)).collect();
        for ((row, holm), bh) in family.iter_mut().zip(holm(&p)).zip(benjamini_hochberg(&p)) {
            (row.p_holm, row.p_bh) = (Some(holm), Some(bh));
        }
    }
}
