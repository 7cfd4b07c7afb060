//! Gradient SHAP and expected gradients (Lundberg and Lee 2017; Erion et al., "Improving performance of deep learning models
//! with axiomatic attribution priors and expected gradients", 2021, equation 4): the mean of
//! `(x' - b) * df_y/dx (b + a (x' - b))` over positions `a` uniform in 0..1, noisy images `x'` and drawn baselines `b`.
//!
//! Expected gradients have no noise and draw a fresh baseline every time; Gradient SHAP (Captum) adds noise and draws
//! from a set. The baselines `0, x` of Meaningful Perturbation, half of whose samples are the image itself, is `mix-input=true`.

use models::classifier::Output;
use models::{Classifier, Plain, Tensor, TensorData};
use rand::RngExt;
use rand_distr::StandardNormal;
use spec::Reader;

use crate::baseline::Baseline;
use crate::batch::{self, Job, Sums};
use crate::context::Context;
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};
use crate::request::Request;

pub(crate) const SHAP: Entry = Entry {
    name: "gradient-shap",
    summary: "mean of gradients times differences between noisy images and drawn baselines",
    paper: "Lundberg and Lee 2017",
    cost: "samples (F + B)",
    build: |reader: &mut Reader| {
        let samples = reader.take_if("samples", 5, "a positive whole number", |&samples| samples > 0)?;
        let noise = reader.take_if("noise", 0.0, "a number >= 0", |x: &f32| *x >= 0.0 && x.is_finite())?;
        let baseline = Baseline::take(reader)?;
        let mix_input = reader.take("mix-input", false)?;
        Ok(Box::new(GradientShap { name: "gradient-shap", samples, noise, baseline, mix_input }))
    },
};

pub(crate) const EXPECTED: Entry = Entry {
    name: "expected-gradients",
    summary: "mean of gradients times differences from random baselines",
    paper: "Erion et al. 2021",
    cost: "samples (F + B)",
    build: |reader: &mut Reader| {
        let samples = reader.take_if("samples", 200, "a positive whole number", |&samples| samples > 0)?;
        let baseline = Baseline::take_drawn(reader)?;
        Ok(Box::new(GradientShap {
            name: "expected-gradients",
            samples,
            noise: 0.0,
            baseline,
            mix_input: false,
        }))
    },
};

struct GradientShap {
    name: &'static str,
    samples: usize,
    noise: f32,
    baseline: Baseline,
    /// Baselines are drawn from the given one and the image itself.
    mix_input: bool,
}

/// What is drawn for one sample.
struct Draw {
    /// Added to the image.
    noise: Vec<f32>,
    /// The position between baseline and image.
    along: f32,
    /// `(1, 3, h, w)`.
    baseline: Tensor<4>,
}

impl Method for GradientShap {
    fn needs(&self) -> Needs {
        Needs::network().per_channel().baseline(self.baseline)
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let classifier = context.classifier;
        Ok(explainer(move |request| {
            let count = request.dims()[1..].iter().product();
            explain(classifier, request, self.samples, |job| {
                let mut random = request.random(self.name, job.image, job.sample);
                let along = random.random();
                let baseline = if self.mix_input && random.random() {
                    request.images.clone().narrow(0, job.image, 1)
                } else {
                    self.baseline.of(classifier, request, &[job.image], job.sample)
                };
                let normal = random.sample_iter::<f32, _>(StandardNormal).take(count);
                let noise = if self.noise == 0.0 {
                    vec![0.0; count]
                } else {
                    normal.map(|z| z * self.noise).collect()
                };
                Draw { noise, along, baseline }
            })
        }))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(self.samples, self.samples))
    }
}

fn explain(
    classifier: &Classifier,
    request: &Request<'_>,
    samples: usize,
    draw: impl Fn(Job) -> Draw,
) -> Tensor<4> {
    let [n, c, h, w] = request.dims();
    let mut sums = Sums::new(n);
    for jobs in batch::batches(n, samples, request.batch_size) {
        let draws: Vec<Draw> = jobs.iter().map(|&job| draw(job)).collect();
        let noise = draws.iter().flat_map(|draw| draw.noise.iter().copied()).collect();
        let x = batch::images(&request.images, &jobs);
        let noise = Tensor::from_data(TensorData::new(noise, [jobs.len(), c, h, w]), &x.device());
        let baselines = Tensor::cat(draws.iter().map(|draw| draw.baseline.clone()).collect(), 0);
        let step = x + noise - baselines.clone();
        let along = batch::numbers(draws.iter().map(|draw| draw.along).collect(), &step);
        let at = baselines + step.clone() * along;
        let targets = batch::targets(request.targets, &jobs);
        let (gradient, _) = classifier.input_gradient(at, &targets, Output::Logit, &mut Plain);
        sums.add(&jobs, &(gradient * step));
    }
    sums.finish() / samples as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tiny::{self, RESNETS, numbers};
    use testing::{Tolerance, golden};

    /// The draws of `testdata/attribution/generate_shap.py`: four samples, the noise and the baselines out of the noise
    /// that SmoothGrad is given.
    fn given(request: &Request<'_>, noise: &[f32], with_noise: bool, job: Job) -> Draw {
        let size = 3 * 64 * 64;
        let part = |i: usize| noise[i * size..][..size].to_vec();
        let baseline = TensorData::new(part(4 + (job.sample + job.image) % 4), [1, 3, 64, 64]);
        let flat = (job.image * 4 + job.sample) as f32;
        Draw {
            noise: if with_noise { part(job.sample) } else { vec![0.0; size] },
            along: (flat * 0.375 + 0.125) % 1.0,
            baseline: Tensor::from_data(baseline, &request.images.device()),
        }
    }

    #[test]
    fn means_over_given_draws_equal_captum() {
        let noise = golden::array("attribution/smoothgrad_noise.npy").data;
        for network in RESNETS {
            let classifier = tiny::resnet(network, &[]);
            let request = tiny::request(3);
            for (name, with_noise) in [("gradient-shap", true), ("expected-gradients", false)] {
                let maps = explain(&classifier, &request, 4, |job| given(&request, &noise, with_noise, job));
                let expected = golden::array(format!("attribution/more/{network}.{name}.npy"));
                let kept = numbers(maps.slice(models::s![.., .., ..;5, ..;3]));
                let close =
                    testing::compare::close(&kept, &expected.data, Tolerance::new(f64::INFINITY, 5e-4));
                close.unwrap_or_else(|error| panic!("{name} on {network}: {error}"));
            }
        }
    }
}
