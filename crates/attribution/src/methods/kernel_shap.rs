//! Kernel SHAP (Lundberg and Lee, "A Unified Approach to Interpreting Model Predictions", 2017, theorem 2): Shapley values of
//! segments by a regression on sampled subsets whose sizes are drawn by the Shapley kernel; values sum to the difference
//! between the whole image's score and the covered one's. Each subset comes with its complement.

use models::Tensor;
use models::classifier::Output;
use rand::RngExt;
use rand::seq::index;
use spec::Reader;

use crate::baseline::Baseline;
use crate::context::Context;
use crate::linear::{Matrix, ridge_regression};
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};
use crate::request::Request;
use crate::segments::Segments;
use crate::subsets::{painted, scores, shown};

pub(crate) const ENTRY: Entry = Entry {
    name: "kernel-shap",
    summary: "Shapley values of segments from sampled subsets",
    paper: "Lundberg and Lee 2017",
    cost: "2 + samples F",
    build: |reader: &mut Reader| {
        let samples =
            reader.take_if("samples", 1000, "a positive even number", |&n: &usize| n > 0 && n % 2 == 0)?;
        let segments = Segments::take(reader)?;
        let baseline = Baseline::take(reader)?;
        let output =
            reader.choose("output", &[("probability", Output::Probability), ("logit", Output::Logit)])?;
        Ok(Box::new(KernelShap { samples, segments, baseline, output }))
    },
};

struct KernelShap {
    samples: usize,
    segments: Segments,
    baseline: Baseline,
    output: Output,
}

impl Method for KernelShap {
    fn needs(&self) -> Needs {
        Needs::scores().baseline(self.baseline)
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let classifier = context.classifier;
        Ok(explainer(move |request| {
            let maps = (0..request.dims()[0]).map(|image| {
                let (segments, count) = self.segments.of(&request.pixels(classifier, image));
                let mut subsets = vec![vec![false; count], vec![true; count]];
                for pair in 0..self.samples / 2 {
                    let subset = drawn(request, image, pair, count);
                    let complement = subset.iter().map(|on| !on).collect();
                    subsets.extend([subset, complement]);
                }
                let scores = scores(
                    classifier,
                    request,
                    image,
                    &segments,
                    shown(&subsets),
                    self.baseline,
                    self.output,
                );
                painted(request, &segments, &values(&subsets, &scores))
            });
            Tensor::cat(maps.collect(), 0)
        }))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(self.samples + 2, 0))
    }
}

/// A subset whose size `k` has the probability of the Shapley kernel summed over all subsets of that size,
/// `1 / (k (m - k))` in proportion.
fn drawn(request: &Request<'_>, image: usize, pair: usize, count: usize) -> Vec<bool> {
    let mut random = request.random("kernel-shap", image, pair);
    let mut subset = vec![false; count];
    if count < 2 {
        return subset;
    }
    let weight = |k: usize| 1.0 / (k * (count - k)) as f64;
    let mut left = random.random::<f64>() * (1..count).map(weight).sum::<f64>();
    let size = (1..count).find(|&k| {
        left -= weight(k);
        left <= 0.0
    });
    for i in index::sample(&mut random, count, size.unwrap_or(count - 1)) {
        subset[i] = true;
    }
    subset
}

/// The values from the scores of the subsets; the first subset is empty, the second whole. Subsets are drawn by the kernel,
/// so all weigh the same. The last value follows from the sum.
fn values(subsets: &[Vec<bool>], scores: &[f32]) -> Vec<f64> {
    let (m, empty) = (subsets[0].len(), f64::from(scores[0]));
    let gain = f64::from(scores[1]) - empty;
    if m < 2 {
        return vec![gain; m];
    }
    let rows = &subsets[2..];
    let on = |subset: &[bool], j: usize| f64::from(u8::from(subset[j]));
    let x = Matrix::from_fn(rows.len(), m - 1, |i, j| on(&rows[i], j) - on(&rows[i], m - 1));
    let target = |(i, row): (usize, &Vec<bool>)| f64::from(scores[2 + i]) - empty - on(row, m - 1) * gain;
    let y: Vec<f64> = rows.iter().enumerate().map(target).collect();
    // A ridge too small to matter: with too few samples for so many segments, the smallest values that fit.
    let mut values = ridge_regression(&x, &y, 1e-9 * rows.len() as f64);
    values.push(gain - values.iter().sum::<f64>());
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All subsets but the trivial ones, each as often as its kernel weight says.
    #[test]
    fn all_subsets_give_the_shapley_values_of_a_product() {
        // v(S) = 1 if 0 and 1 are in S, plus 0.5 if 2 is: values 1/2, 1/2, 1/2, and 0 for 3.
        let score = |s: &Vec<bool>| f32::from(u8::from(s[0] && s[1])) + 0.5 * f32::from(u8::from(s[2]));
        let mut subsets = vec![vec![false; 4], vec![true; 4]];
        for i in 1..15_u32 {
            let subset: Vec<bool> = (0..4).map(|j| i >> j & 1 == 1).collect();
            // Kernel weights of sizes 1, 2, 3 of 4: 1/4, 1/8, 1/4.
            let times = if i.count_ones() == 2 { 1 } else { 2 };
            subsets.extend(vec![subset; times]);
        }
        let scores: Vec<f32> = subsets.iter().map(score).collect();
        for (found, truth) in values(&subsets, &scores).into_iter().zip([0.5, 0.5, 0.5, 0.0]) {
            assert!((found - truth).abs() < 1e-6, "{found} and {truth}");
        }
    }

    #[test]
    fn values_equal_the_package_shap() {
        let (mut subsets, mut scores) = crate::subsets::samples();
        (subsets[0], scores[0]) = (vec![true; 6], 0.9);
        subsets.insert(0, vec![false; 6]);
        scores.insert(0, 0.2);
        let found: Vec<f32> = values(&subsets, &scores).into_iter().map(|x| x as f32).collect();
        let expected = testing::golden::array("attribution/more/regressions.npy");
        testing::assert_close(&found, &expected.data[6..], testing::Tolerance::new(1e-5, 1e-5));
    }
}
