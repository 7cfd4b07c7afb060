//! Occlusion (Zeiler and Fergus, 2014): the drop of the class probability when a window is covered; a pixel
//! gets the mean drop of the windows that cover it. The default, 8 x 8 windows side by side over zero (the
//! mean colour), is that of the Coherency study.

use models::classifier::Output;
use models::{Tensor, TensorData};
use spec::Reader;

use crate::batch;
use crate::method::{Method, Question};
use crate::registry::Entry;

pub(crate) const ENTRY: Entry = Entry {
    name: "occlusion",
    summary: "drop of the probability when a window is covered",
    paper: "Zeiler and Fergus 2014",
    cost: "1 + windows F",
    build: |reader: &mut Reader| {
        let positive = |&n: &usize| n > 0;
        let window = reader.take_if("window", 8, "a positive whole number", positive)?;
        let stride = reader.take_if("stride", window, "a positive whole number", positive)?;
        let fill = reader.choose("fill", &[("zero", Fill::Zero), ("black", Fill::Black)])?;
        let output =
            reader.choose("output", &[("probability", Output::Probability), ("logit", Output::Logit)])?;
        Ok(Box::new(Occlusion { window, stride, fill, output }))
    },
};

/// What covers a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fill {
    /// Zero in normalised space: the mean colour of the data set.
    Zero,
    /// Black pixels.
    Black,
}

struct Occlusion {
    window: usize,
    stride: usize,
    fill: Fill,
    output: Output,
}

impl Method for Occlusion {
    fn explain(&self, question: &Question<'_>) -> Tensor<4> {
        let [n, _, h, w] = question.dims();
        let (tops, lefts) = (self.starts(h), self.starts(w));
        // Sample 0 is the picture itself, so its score rides in the same batches.
        let samples = 1 + tops.len() * lefts.len();
        let window = |sample: usize| (tops[(sample - 1) / lefts.len()], lefts[(sample - 1) % lefts.len()]);
        let mut scores = Vec::with_capacity(n * samples);
        for jobs in batch::batches(n, samples, question.batch_size) {
            let masks = jobs.iter().map(|job| match job.sample {
                0 => vec![0.0; h * w],
                sample => self.mask(window(sample), h, w),
            });
            let masks = TensorData::new(masks.flatten().collect(), [jobs.len(), 1, h, w]);
            let x = self.cover(question, batch::pictures(&question.images, &jobs), masks);
            let targets = batch::targets(question.targets, &jobs);
            let classifier = question.classifier;
            let score = classifier.output(classifier.logits(x), &targets, self.output);
            scores.extend(score.into_data().try_into_vec::<f32>().expect("scores are f32"));
        }
        let maps = scores.chunks(samples).flat_map(|scores| self.map(scores, window, h, w)).collect();
        Tensor::from_data(TensorData::new(maps, [n, 1, h, w]), &question.images.device())
    }

    fn is_black_box(&self) -> bool {
        true
    }
}

impl Occlusion {
    /// Where windows start along a side: every `stride`, until one reaches the end; the last may be cut.
    fn starts(&self, side: usize) -> Vec<usize> {
        let last = side.saturating_sub(self.window).div_ceil(self.stride);
        (0..=last).map(|i| i * self.stride).collect()
    }

    fn rows(&self, start: usize, side: usize) -> std::ops::Range<usize> {
        start.min(side)..side.min(start + self.window)
    }

    /// Ones inside the window.
    fn mask(&self, (top, left): (usize, usize), h: usize, w: usize) -> Vec<f32> {
        let mut mask = vec![0.0; h * w];
        for y in self.rows(top, h) {
            mask[y * w..][self.rows(left, w)].fill(1.0);
        }
        mask
    }

    fn cover(&self, question: &Question<'_>, x: Tensor<4>, masks: TensorData) -> Tensor<4> {
        let mask = Tensor::<4>::from_data(masks, &x.device());
        let kept = x * (mask.clone().neg() + 1.0);
        match self.fill {
            Fill::Zero => kept,
            Fill::Black => kept + mask * question.classifier.colour(0.0),
        }
    }

    /// The mean drop over the windows that cover each pixel.
    fn map(&self, scores: &[f32], window: impl Fn(usize) -> (usize, usize), h: usize, w: usize) -> Vec<f32> {
        let mut sums = vec![0.0_f64; h * w];
        let mut counts = vec![0_u32; h * w];
        for sample in 1..scores.len() {
            let (top, left) = window(sample);
            let drop = f64::from(scores[0] - scores[sample]);
            for y in self.rows(top, h) {
                for x in self.rows(left, w) {
                    sums[y * w + x] += drop;
                    counts[y * w + x] += 1;
                }
            }
        }
        // Gaps between windows were never covered: no evidence, zero.
        sums.iter().zip(counts).map(|(sum, count)| (sum / f64::from(count.max(1))) as f32).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_reach_the_end_of_a_side() {
        let starts = |window, stride, side| {
            Occlusion { window, stride, fill: Fill::Zero, output: Output::Logit }.starts(side)
        };
        assert_eq!(starts(8, 8, 32), [0, 8, 16, 24]);
        assert_eq!(starts(8, 8, 30), [0, 8, 16, 24]);
        assert_eq!(starts(16, 8, 64), [0, 8, 16, 24, 32, 40, 48]);
        assert_eq!(starts(64, 8, 32), [0]);
    }
}
