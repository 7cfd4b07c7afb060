//! LIME for images (Ribeiro et al., "Why Should I Trust You?", 2016): random subsets of segments are shown, the rest covered;
//! a ridge regression of the score on which segments were there, with near-complete images weighted more, gives each
//! segment its coefficient.

use models::Tensor;
use models::classifier::Output;
use rand::RngExt;
use spec::Reader;

use crate::baseline::Baseline;
use crate::context::Context;
use crate::linear::{Matrix, ridge_regression};
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};
use crate::segments::Segments;
use crate::subsets::{painted, scores, shown};

pub(crate) const ENTRY: Entry = Entry {
    name: "lime",
    summary: "linear model of the score in the presence of segments",
    paper: "Ribeiro et al. 2016",
    cost: "samples F",
    build: |reader: &mut Reader| {
        let positive = |x: &f64| *x > 0.0 && x.is_finite();
        let samples = reader.take_if("samples", 1000, "a whole number > 1", |&n: &usize| n > 1)?;
        let width = reader.take_if("width", 0.25, "a positive number", positive)?;
        let ridge = reader.take_if("ridge", 1.0, "a positive number", positive)?;
        let segments = Segments::take(reader)?;
        let baseline = Baseline::take(reader)?;
        Ok(Box::new(Lime { samples, width, ridge, segments, baseline }))
    },
};

struct Lime {
    samples: usize,
    /// Of the kernel on the cosine distance from the whole image.
    width: f64,
    ridge: f64,
    segments: Segments,
    baseline: Baseline,
}

impl Method for Lime {
    fn needs(&self) -> Needs {
        Needs::scores().baseline(self.baseline)
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let classifier = context.classifier;
        Ok(explainer(move |request| {
            let maps = (0..request.dims()[0]).map(|image| {
                let (segments, count) = self.segments.of(&request.pixels(classifier, image));
                let subset = |sample: usize| {
                    let mut random = request.random("lime", image, sample);
                    // The first sample is the whole image.
                    (0..count).map(|_| sample == 0 || random.random::<bool>()).collect()
                };
                let subsets: Vec<Vec<bool>> = (0..self.samples).map(subset).collect();
                let scores = scores(
                    classifier,
                    request,
                    image,
                    &segments,
                    shown(&subsets),
                    self.baseline,
                    Output::Probability,
                );
                painted(request, &segments, &self.coefficients(&subsets, &scores))
            });
            Tensor::cat(maps.collect(), 0)
        }))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(self.samples, 0))
    }
}

impl Lime {
    /// Weighted ridge regression with an intercept that is not held back.
    fn coefficients(&self, subsets: &[Vec<bool>], scores: &[f32]) -> Vec<f64> {
        let (n, m) = (subsets.len(), subsets[0].len());
        let weight = |subset: &Vec<bool>| {
            let share = subset.iter().filter(|&&on| on).count() as f64 / m as f64;
            let distance = 1.0 - share.sqrt();
            (-distance * distance / (self.width * self.width)).exp()
        };
        let weights: Vec<f64> = subsets.iter().map(weight).collect();
        let whole: f64 = weights.iter().sum();
        let mean = |value: &dyn Fn(usize) -> f64| (0..n).map(|i| weights[i] * value(i)).sum::<f64>() / whole;
        let on = |i: usize, j: usize| f64::from(u8::from(subsets[i][j]));
        let means: Vec<f64> = (0..m).map(|j| mean(&|i| on(i, j))).collect();
        let level = mean(&|i| f64::from(scores[i]));
        let x = Matrix::from_fn(n, m, |i, j| (on(i, j) - means[j]) * weights[i].sqrt());
        let y: Vec<f64> = (0..n).map(|i| (f64::from(scores[i]) - level) * weights[i].sqrt()).collect();
        ridge_regression(&x, &y, self.ridge)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_score_gives_its_coefficients() {
        let truth = [0.5, -0.2, 0.0, 0.1];
        let subsets: Vec<Vec<bool>> =
            (0..16_u32).map(|i| (0..4).map(|j| i >> j & 1 == 1).collect()).collect();
        let score = |subset: &Vec<bool>| {
            0.3 + subset.iter().zip(truth).filter(|(on, _)| **on).map(|(_, c)| c as f32).sum::<f32>()
        };
        let scores: Vec<f32> = subsets.iter().map(score).collect();
        let lime = Lime {
            samples: 16,
            width: 0.25,
            ridge: 1e-9,
            segments: Segments::Grid(2),
            baseline: Baseline::Zero,
        };
        for (found, truth) in lime.coefficients(&subsets, &scores).into_iter().zip(truth) {
            assert!((found - truth).abs() < 1e-5, "{found} and {truth}");
        }
    }

    /// The package has the root of the paper's kernel.
    #[test]
    fn coefficients_equal_the_package_lime() {
        let (subsets, scores) = crate::subsets::samples();
        let (segments, baseline) = (Segments::Grid(2), Baseline::Zero);
        let lime = Lime { samples: 24, width: 0.25 * 2.0_f64.sqrt(), ridge: 1.0, segments, baseline };
        let found: Vec<f32> = lime.coefficients(&subsets, &scores).into_iter().map(|x| x as f32).collect();
        let expected = testing::golden::array("attribution/more/regressions.npy");
        testing::assert_close(&found, &expected.data[..6], testing::Tolerance::new(1e-6, 1e-6));
    }
}
