//! Paths from a baseline image to the image: the straight line of integrated gradients, the path of guided integrated gradients, and
//! that of blur integrated gradients, which goes through `b + G_s * (x - b)` (from a zero baseline it is the published one).

use attribution::{GuidedPath, Request};
use models::classifier::Output;
use models::{Classifier, Plain, Tensor};

use super::{At, Space, along, select};
use crate::bee::arms::blur::blurred;

/// The blur at the far end of the path, and the step of the derivative by it, as of `blur-ig`.
const SIGMA: f64 = 50.0;
const DIFFERENCE: f64 = 0.01;

/// Which way a path goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::bee) enum Way {
    Straight,
    Blurred,
    Guided,
}

/// The image itself.
pub(in crate::bee) struct Pixels<'a> {
    classifier: &'a Classifier,
    way: Way,
    steps: usize,
    images: Option<Tensor<4>>,
}

impl<'a> Pixels<'a> {
    /// Paths of `steps` points.
    pub(in crate::bee) fn new(classifier: &'a Classifier, way: Way, steps: usize) -> Self {
        Self { classifier, way, steps, images: None }
    }

    fn gradient(&self, at: Tensor<4>, targets: &[usize]) -> Tensor<4> {
        self.classifier.input_gradient(at, targets, Output::Logit, &mut Plain).0
    }

    /// `-(s_{i+1} - s_i) d(G_s * (x - b))/ds * df_y/dx (b + G_s * (x - b))` with `s_i = 50 i / n`.
    fn blurred(&self, points: &[At], targets: &[usize], way: Tensor<4>, baselines: Tensor<4>) -> Tensor<4> {
        let sigma = |step: usize| step as f64 * SIGMA / self.steps as f64;
        let (mut at, mut changes) = (Vec::new(), Vec::new());
        for (row, point) in points.iter().enumerate() {
            let one = way.clone().narrow(0, row, 1);
            let less = blurred(one.clone(), sigma(point.step));
            let weight = (sigma(point.step + 1) - sigma(point.step)) / DIFFERENCE;
            changes.push((blurred(one, sigma(point.step) + DIFFERENCE) - less.clone()) * -weight);
            at.push(less);
        }
        self.gradient(baselines + Tensor::cat(at, 0), targets) * Tensor::cat(changes, 0)
    }
}

impl Space for Pixels<'_> {
    fn name(&self) -> &'static str {
        "pixels"
    }

    fn take(&mut self, request: &Request<'_>) -> Tensor<4> {
        self.images = Some(request.images.clone());
        request.images.clone()
    }

    fn values(&self, images: &Tensor<4>, _: usize) -> Tensor<4> {
        images.clone()
    }

    /// A guided path is one: each of its points depends on those before.
    fn points(&self) -> usize {
        if self.way == Way::Guided { 1 } else { self.steps }
    }

    fn parts(&self, points: &[At], targets: &[usize], baselines: Tensor<4>) -> Tensor<4> {
        let images = self.images.as_ref().expect("images are taken before paths");
        let rows: Vec<usize> = points.iter().map(|point| point.image).collect();
        let x = select(images, &rows);
        let way = x.clone() - baselines.clone();
        let parts = match self.way {
            Way::Straight => {
                let at = baselines + way.clone() * along(points, self.steps, &way);
                self.gradient(at, targets) * way / self.steps as f32
            }
            Way::Blurred => self.blurred(points, targets, way, baselines),
            Way::Guided => {
                // As the authors call it: no feature is held near the straight line.
                let path =
                    GuidedPath { steps: self.steps, fraction: 0.5, distance: 1.0, output: Output::Logit };
                path.attribute(self.classifier, &x, &baselines, targets)
            }
        };
        parts.sum_dim(1)
    }
}
