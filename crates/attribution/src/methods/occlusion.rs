//! Occlusion (Zeiler and Fergus, 2014): the drop of the class probability when a window is covered; a pixel
//! gets the mean drop of the windows that cover it. The default, 8 x 8 windows side by side over zero (the
//! mean colour), is that of the Coherency study. Windows of several sizes, `window=8+16,stride=4+8`, each give a map, and
//! the mean of these is the result.

use std::fmt::{self, Display};
use std::num::ParseIntError;
use std::ops::Range;
use std::str::FromStr;

use models::classifier::Output;
use models::{Classifier, Tensor, TensorData};
use spec::Reader;

use crate::batch;
use crate::context::Context;
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};

pub(crate) const ENTRY: Entry = Entry {
    name: "occlusion",
    summary: "drop of the probability when a window is covered",
    paper: "Zeiler and Fergus 2014",
    cost: "1 + windows F",
    build: |reader: &mut Reader| {
        let positive = |sizes: &Sizes| sizes.0.iter().all(|&size| size > 0);
        let expected = "positive whole numbers joined by +";
        let window = reader.take_if("window", Sizes(vec![8]), expected, positive)?;
        let fits = |stride: &Sizes| positive(stride) && stride.0.len() == window.0.len();
        let stride =
            reader.take_if("stride", window.clone(), &format!("{expected}, one for each window"), fits)?;
        let windows = window.0.into_iter().zip(stride.0).collect();
        let fill = reader.choose("fill", &[("zero", Fill::Zero), ("black", Fill::Black)])?;
        let output =
            reader.choose("output", &[("probability", Output::Probability), ("logit", Output::Logit)])?;
        Ok(Box::new(Occlusion { windows, fill, output }))
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
    /// The side and the stride of each kind of window.
    windows: Vec<(usize, usize)>,
    fill: Fill,
    output: Output,
}

/// Whole numbers joined by `+`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sizes(Vec<usize>);

impl FromStr for Sizes {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split('+').map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl Display for Sizes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        out.write_str(&words.join("+"))
    }
}

/// A window: its kind, and the rows and columns that it covers.
struct Window {
    kind: usize,
    rows: Range<usize>,
    columns: Range<usize>,
}

impl Method for Occlusion {
    fn needs(&self) -> Needs {
        Needs::scores()
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let classifier = context.classifier;
        Ok(explainer(move |request| {
            let [n, _, h, w] = request.dims();
            let windows = self.windows(h, w);
            // Sample 0 is the image itself, so its score rides in the same batches.
            let samples = 1 + windows.len();
            let mut scores = Vec::with_capacity(n * samples);
            for jobs in batch::batches(n, samples, request.batch_size) {
                let masks = jobs.iter().map(|job| match job.sample {
                    0 => vec![0.0; h * w],
                    sample => windows[sample - 1].mask(h, w),
                });
                let masks = TensorData::new(masks.flatten().collect(), [jobs.len(), 1, h, w]);
                let x = self.cover(classifier, batch::images(&request.images, &jobs), masks);
                let targets = batch::targets(request.targets, &jobs);
                scores.extend(classifier.scores(classifier.logits(x), &targets, self.output));
            }
            let maps = scores.chunks(samples).flat_map(|scores| self.map(scores, &windows, h, w)).collect();
            Tensor::from_data(TensorData::new(maps, [n, 1, h, w]), &request.images.device())
        }))
    }

    fn passes(&self, _: &Context<'_>, [h, w]: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(1 + self.windows(h, w).len(), 0))
    }
}

/// Where windows of a side start along a side of the image: every `stride`, until one reaches the end; the last may be
/// cut.
fn starts(window: usize, stride: usize, side: usize) -> Vec<usize> {
    let last = side.saturating_sub(window).div_ceil(stride);
    (0..=last).map(|i| i * stride).collect()
}

impl Window {
    /// Ones inside the window.
    fn mask(&self, h: usize, w: usize) -> Vec<f32> {
        let mut mask = vec![0.0; h * w];
        for y in self.rows.clone() {
            mask[y * w..][self.columns.clone()].fill(1.0);
        }
        mask
    }
}

impl Occlusion {
    /// All windows of an image, kind by kind.
    fn windows(&self, h: usize, w: usize) -> Vec<Window> {
        let mut all = Vec::new();
        for (kind, &(size, stride)) in self.windows.iter().enumerate() {
            let part = |start: usize, side: usize| start.min(side)..side.min(start + size);
            for top in starts(size, stride, h) {
                let row = starts(size, stride, w).into_iter();
                all.extend(row.map(|left| Window { kind, rows: part(top, h), columns: part(left, w) }));
            }
        }
        all
    }

    fn cover(&self, classifier: &Classifier, x: Tensor<4>, masks: TensorData) -> Tensor<4> {
        let mask = Tensor::<4>::from_data(masks, &x.device());
        let kept = x * (mask.clone().neg() + 1.0);
        match self.fill {
            Fill::Zero => kept,
            Fill::Black => kept + mask * classifier.colour(0.0),
        }
    }

    /// For each kind, the mean drop over the windows that cover each pixel; of all kinds, the mean.
    fn map(&self, scores: &[f64], windows: &[Window], h: usize, w: usize) -> Vec<f32> {
        let mut map = vec![0.0_f64; h * w];
        for kind in 0..self.windows.len() {
            let mut sums = vec![(0.0_f64, 0_u32); h * w];
            for (window, score) in windows.iter().zip(&scores[1..]).filter(|(window, _)| window.kind == kind)
            {
                let drop = scores[0] - score;
                for (y, x) in window.rows.clone().flat_map(|y| window.columns.clone().map(move |x| (y, x))) {
                    let (sum, count) = &mut sums[y * w + x];
                    (*sum, *count) = (*sum + drop, *count + 1);
                }
            }
            // Gaps between windows were never covered: no evidence, zero.
            let means = sums.into_iter().map(|(sum, count)| sum / f64::from(count.max(1)));
            map.iter_mut().zip(means).for_each(|(total, mean)| *total += mean);
        }
        map.into_iter().map(|total| (total / self.windows.len() as f64) as f32).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_reach_the_end_of_a_side() {
        assert_eq!(starts(8, 8, 32), [0, 8, 16, 24]);
        assert_eq!(starts(8, 8, 30), [0, 8, 16, 24]);
        assert_eq!(starts(16, 8, 64), [0, 8, 16, 24, 32, 40, 48]);
        assert_eq!(starts(64, 8, 32), [0]);
    }
}
