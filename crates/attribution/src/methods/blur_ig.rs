//! Blur integrated gradients (Xu et al., "Attribution in Scale and Space", 2020, equation 5): gradients integrated along the
//! images between the strongest blur and the image itself, times the change that a little less blur makes.

use models::classifier::Output;
use models::{Plain, Tensor};
use spec::Reader;

use crate::batch::{self, Sums};
use crate::context::Context;
use crate::gaussian::{self, Edge, scipy_radius};
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};

pub(crate) const ENTRY: Entry = Entry {
    name: "blur-ig",
    summary: "gradients integrated from a blurred image to the image",
    paper: "Xu et al. 2020",
    cost: "steps (F + B)",
    build: |reader: &mut Reader| {
        let positive = |x: &f64| *x > 0.0 && x.is_finite();
        let steps = reader.take_if("steps", 100, "a positive whole number", |&steps| steps > 0)?;
        let sigma = reader.take_if("sigma", 50.0, "a positive number", positive)?;
        let difference = reader.take_if("difference", 0.01, "a positive number", positive)?;
        let spacing = reader.choose("spacing", &[("linear", Spacing::Linear), ("sqrt", Spacing::Sqrt)])?;
        let output =
            reader.choose("output", &[("logit", Output::Logit), ("probability", Output::Probability)])?;
        Ok(Box::new(BlurIg { steps, sigma, difference, spacing, output }))
    },
};

/// How the blurs lie between none and the strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spacing {
    Linear,
    Sqrt,
}

struct BlurIg {
    steps: usize,
    sigma: f64,
    /// The step of the numerical derivative by sigma.
    difference: f64,
    spacing: Spacing,
    output: Output,
}

impl Method for BlurIg {
    fn needs(&self) -> Needs {
        Needs::network().per_channel()
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let classifier = context.classifier;
        Ok(explainer(move |request| {
            let n = request.dims()[0];
            let mut sums = Sums::new(n);
            for jobs in batch::batches(n, self.steps, request.batch_size) {
                let (mut inputs, mut changes) = (Vec::new(), Vec::new());
                for &job in &jobs {
                    let x = request.images.clone().narrow(0, job.image, 1);
                    let sigma = self.at(job.sample);
                    let blurred = blur(x.clone(), sigma);
                    let change = blur(x, sigma + self.difference) - blurred.clone();
                    let weight = (self.at(job.sample + 1) - sigma) / self.difference;
                    inputs.push(blurred);
                    changes.push(change * -weight);
                }
                let targets = batch::targets(request.targets, &jobs);
                let inputs = Tensor::cat(inputs, 0);
                let (gradient, _) = classifier.input_gradient(inputs, &targets, self.output, &mut Plain);
                sums.add(&jobs, &(gradient * Tensor::cat(changes, 0)));
            }
            sums.finish()
        }))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(self.steps, self.steps))
    }
}

impl BlurIg {
    fn at(&self, step: usize) -> f64 {
        let part = step as f64 / self.steps as f64;
        match self.spacing {
            Spacing::Linear => part * self.sigma,
            Spacing::Sqrt => (part * self.sigma).sqrt(),
        }
    }
}

fn blur(x: Tensor<4>, sigma: f64) -> Tensor<4> {
    gaussian::blur(x, sigma, scipy_radius(sigma), Edge::Zero)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Request;
    use crate::tiny::{self, numbers, wave};

    /// Invariant 3.
    #[test]
    fn the_sum_is_the_difference_from_the_blurred_image() {
        let (classifier, x) = (tiny::cam(&wave(108, 0.23), &wave(8, 3.1)), tiny::image(16));
        let request = Request {
            images: x.clone(),
            targets: &[1],
            keys: &["a".into()],
            seed: 0,
            batch_size: 100,
            baselines: None,
        };
        let map = tiny::explain("blur-ig:sigma=3,steps=300", &classifier, &request).unwrap();
        let logit = |x| numbers(classifier.output(classifier.logits(x), &[1], Output::Logit))[0];
        let difference = logit(x.clone()) - logit(blur(x, 3.0));
        let sum: f32 = numbers(map).iter().sum();
        assert!((sum - difference).abs() < 2e-2 * difference.abs(), "{sum} is not {difference}");
    }
}
