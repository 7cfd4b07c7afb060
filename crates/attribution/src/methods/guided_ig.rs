//! Guided integrated gradients (Kapishnikov et al., "Guided Integrated Gradients: An Adaptive Path Method for Removing Noise",
//! 2021, algorithm 1): from the baseline to the image in steps that each cover the same part of the distance, moving
//! the features with the smallest gradients first, none farther from the straight line than `distance` allows.

use models::classifier::Output;
use models::{Classifier, Plain, Tensor, TensorData};
use rayon::prelude::*;
use spec::Reader;

use crate::baseline::Baseline;
use crate::batch;
use crate::context::Context;
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};

pub(crate) const ENTRY: Entry = Entry {
    name: "guided-ig",
    summary: "gradients integrated along a path that moves features with small gradients first",
    paper: "Kapishnikov et al. 2021",
    cost: "steps (F + B)",
    build: |reader: &mut Reader| {
        let part = |x: &f64| *x > 0.0 && *x <= 1.0;
        let steps = reader.take_if("steps", 200, "a positive whole number", |&steps| steps > 0)?;
        let fraction = reader.take_if("fraction", 0.25, "a number in (0, 1]", part)?;
        let distance =
            reader.take_if("distance", 0.02, "a number in [0, 1]", |x: &f64| (0.0..=1.0).contains(x))?;
        let baseline = Baseline::take(reader)?;
        let output =
            reader.choose("output", &[("logit", Output::Logit), ("probability", Output::Probability)])?;
        let path = GuidedPath { steps, fraction, distance, output };
        Ok(Box::new(GuidedIg { path, baseline }))
    },
};

/// How a path is guided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GuidedPath {
    /// Steps, each over the same part of the distance.
    pub steps: usize,
    /// The share of the features, those with the smallest gradients, that move at once.
    pub fraction: f64,
    /// How far a feature may be from the straight line, as a share of its way.
    pub distance: f64,
    /// What the gradients are of.
    pub output: Output,
}

struct GuidedIg {
    path: GuidedPath,
    baseline: Baseline,
}

impl Method for GuidedIg {
    fn needs(&self) -> Needs {
        Needs::network().per_channel().baseline(self.baseline)
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let classifier = context.classifier;
        Ok(explainer(move |request| {
            let maps = batch::batches(request.dims()[0], 1, request.batch_size).map(|jobs| {
                let x = batch::images(&request.images, &jobs);
                let images: Vec<usize> = jobs.iter().map(|job| job.image).collect();
                let baseline = self.baseline.of(classifier, request, &images, 0);
                self.path.attribute(classifier, &x, &baseline, &batch::targets(request.targets, &jobs))
            });
            Tensor::cat(maps.collect(), 0)
        }))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(self.path.steps, self.path.steps))
    }
}

/// The numbers of each image of a batch.
fn rows(x: &Tensor<4>) -> Vec<Vec<f64>> {
    let [_, c, h, w] = x.dims();
    let numbers: Vec<f32> = x.clone().into_data().try_into_vec().expect("images are f32");
    numbers.chunks(c * h * w).map(|row| row.iter().copied().map(f64::from).collect()).collect()
}

/// One image on its way.
struct Path {
    x: Vec<f64>,
    baseline: Vec<f64>,
    at: Vec<f64>,
    attribution: Vec<f64>,
    /// The distance from the baseline to the image, in absolute values.
    length: f64,
}

impl Path {
    fn new(x: Vec<f64>, baseline: Vec<f64>) -> Self {
        let length = x.iter().zip(&baseline).map(|(x, b)| (x - b).abs()).sum();
        Self { at: baseline.clone(), attribution: vec![0.0; x.len()], x, baseline, length }
    }

    /// The point of a feature's straight line at `alpha`.
    fn line(&self, i: usize, alpha: f64) -> f64 {
        self.baseline[i] + (self.x[i] - self.baseline[i]) * alpha
    }

    /// Moves a feature and books its part of the score.
    fn move_to(&mut self, i: usize, to: f64, gradient: &[f64]) {
        self.attribution[i] += (to - self.at[i]) * gradient[i];
        self.at[i] = to;
    }

    fn left(&self) -> f64 {
        self.at.iter().zip(&self.x).map(|(at, x)| (at - x).abs()).sum()
    }
}

impl GuidedPath {
    /// What the way from each baseline to its image adds to the output, `(n, c, h, w)` as both are.
    pub fn attribute(
        &self,
        classifier: &Classifier,
        x: &Tensor<4>,
        baseline: &Tensor<4>,
        targets: &[usize],
    ) -> Tensor<4> {
        let ends = rows(x).into_iter().zip(rows(baseline));
        let mut paths: Vec<Path> = ends.map(|(x, b)| Path::new(x, b)).collect();
        for step in 0..self.steps {
            let at = paths.iter().flat_map(|path| path.at.iter().map(|&v| v as f32)).collect();
            let at = Tensor::from_data(TensorData::new(at, x.dims()), &x.device());
            let (gradient, _) = classifier.input_gradient(at, targets, self.output, &mut Plain);
            paths
                .par_iter_mut()
                .zip(rows(&gradient))
                .for_each(|(path, gradient)| self.walk(path, &gradient, step));
        }
        let maps =
            paths.into_iter().flat_map(|path| path.attribution.into_iter().map(|v| v as f32)).collect();
        Tensor::from_data(TensorData::new(maps, x.dims()), &x.device())
    }

    /// One step: until the distance that is left is what it should be.
    fn walk(&self, path: &mut Path, gradient: &[f64], step: usize) {
        if path.length == 0.0 {
            return;
        }
        let alpha = (step + 1) as f64 / self.steps as f64;
        let (least, most) = ((alpha - self.distance).max(0.0), (alpha + self.distance).min(1.0));
        let target = path.length * (1.0 - alpha);
        loop {
            catch_up(path, gradient, least);
            let left = path.left();
            if (left - target).abs() <= 1e-9 * left.abs().max(target.abs()).max(1.0) {
                return;
            }
            let movable = self.movable(path, gradient, most);
            let room: f64 = movable.iter().map(|&i| (path.at[i] - path.line(i, most)).abs()).sum();
            let share = if room > 0.0 { (left - target) / room } else { f64::INFINITY };
            for &i in &movable {
                let end = path.line(i, most);
                let to = if share > 1.0 { end } else { path.at[i] + share * (end - path.at[i]) };
                path.move_to(i, to, gradient);
            }
            if share <= 1.0 || movable.is_empty() {
                return;
            }
        }
    }

    /// Features that may still move in this step and have the smallest gradients of all.
    fn movable(&self, path: &Path, gradient: &[f64], most: f64) -> Vec<usize> {
        let size = |i: usize| {
            if path.at[i] == path.line(i, most) { f64::INFINITY } else { gradient[i].abs() }
        };
        let sizes: Vec<f64> = (0..path.x.len()).map(size).collect();
        let mut sorted = sizes.clone();
        let rank = (self.fraction * (sizes.len() - 1) as f64) as usize;
        let (_, threshold, _) = sorted.select_nth_unstable_by(rank, f64::total_cmp);
        let threshold = *threshold;
        (0..sizes.len()).filter(|&i| sizes[i] <= threshold && sizes[i].is_finite()).collect()
    }
}

/// Features that lag behind the slowest that is allowed.
fn catch_up(path: &mut Path, gradient: &[f64], least: f64) {
    for i in 0..path.x.len() {
        let whole = path.x[i] - path.baseline[i];
        if whole != 0.0 && (path.at[i] - path.baseline[i]) / whole < least {
            let to = path.line(i, least);
            path.move_to(i, to, gradient);
        }
    }
}
