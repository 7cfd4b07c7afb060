//! Images of which some segments are shown, wholly or in part.

use models::classifier::Output;
use models::resize::Resample;
use models::{Classifier, Tensor, TensorData};

use crate::baseline::Baseline;
use crate::request::Request;
use crate::segments::masks;

/// The target's score of an image under each mask `m` of its segments: `m x + (1 - m) b`. Rows are taken as a batch needs
/// them.
pub(crate) fn scores(
    classifier: &Classifier,
    request: &Request<'_>,
    image: usize,
    segments: &[usize],
    mut rows: impl Iterator<Item = Vec<f32>>,
    baseline: Baseline,
    output: Output,
) -> Vec<f32> {
    let x = request.images.clone().narrow(0, image, 1);
    let cover = baseline.of(classifier, request, &[image], 0);
    let mut all = Vec::new();
    loop {
        let batch: Vec<Vec<f32>> = rows.by_ref().take(request.batch_size.max(1)).collect();
        if batch.is_empty() {
            return all;
        }
        let mask = masks(segments, &batch, &x);
        let inputs = cover.clone() + (x.clone() - cover.clone()) * mask;
        let targets = vec![request.targets[image]; batch.len()];
        let scores = classifier.output(classifier.logits(inputs), &targets, output);
        all.extend(scores.into_data().try_into_vec::<f32>().expect("scores are f32"));
    }
}

/// A map `(1, 1, h, w)` in which every pixel has its segment's value.
pub(crate) fn painted(request: &Request<'_>, segments: &[usize], values: &[f64]) -> Tensor<4> {
    let [_, _, h, w] = request.dims();
    let map: Vec<f32> = segments.iter().map(|&segment| values[segment] as f32).collect();
    Tensor::from_data(TensorData::new(map, [1, 1, h, w]), &request.images.device())
}

/// Subsets as masks of zeros and ones.
pub(crate) fn shown(subsets: &[Vec<bool>]) -> impl Iterator<Item = Vec<f32>> {
    subsets.iter().map(|subset| subset.iter().copied().map(number).collect())
}

/// One for what is shown, zero for what is not.
pub(crate) fn number(on: bool) -> f32 {
    f32::from(u8::from(on))
}

/// One number for each cell of a grid as a map `(1, 1, h, w)`, resized bilinearly.
pub(crate) fn grid_map(request: &Request<'_>, grid: usize, values: Vec<f32>) -> Tensor<4> {
    let [_, _, h, w] = request.dims();
    let cells = Tensor::from_data(TensorData::new(values, [1, 1, grid, grid]), &request.images.device());
    Resample::BILINEAR.resize(cells, h, w)
}

/// The subsets of six segments, and their scores, that `testdata/attribution/generate_shap.py` gives to the packages.
#[cfg(test)]
pub(crate) fn samples() -> (Vec<Vec<bool>>, Vec<f32>) {
    let subset = |i: usize| (0..6).map(|j| i == 0 || (37 * i % 64) >> j & 1 == 1).collect();
    let subsets: Vec<Vec<bool>> = (0..24).map(subset).collect();
    let score = |subset: &Vec<bool>| {
        let on = (0..6).filter(|&j| subset[j]).map(|j| (j as f32 + 1.0).powf(1.5) / 7.0);
        on.sum::<f32>().sin()
    };
    let scores = subsets.iter().map(score).collect();
    (subsets, scores)
}
