//! SmoothGrad (Smilkov et al., 2017): the mean of signed gradients at noisy copies of the picture.

use models::classifier::Output;
use models::{Plain, Tensor, TensorData};
use rand::RngExt;
use rand_distr::StandardNormal;
use spec::Reader;

use crate::batch::{self, Job, Sums};
use crate::method::{Method, Question};
use crate::registry::Entry;

pub(crate) const ENTRY: Entry = Entry {
    name: "smoothgrad",
    summary: "mean gradient over noisy copies of the picture",
    paper: "Smilkov et al. 2017",
    cost: "samples (F + B)",
    build: |reader: &mut Reader| {
        let samples = reader.take_if("samples", 50, "a positive whole number", |&samples| samples > 0)?;
        let finite = |&noise: &f32| noise >= 0.0 && noise.is_finite();
        let noise = reader.take_if("noise", 0.15, "a number >= 0", finite)?;
        let scale = reader.choose("scale", &[("range", Scale::Range), ("absolute", Scale::Absolute)])?;
        Ok(Box::new(SmoothGrad { samples, noise, scale }))
    },
};

/// The unit of the noise's standard deviation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scale {
    /// The range (max - min) of the normalised picture.
    Range,
    /// Normalised values as they are.
    Absolute,
}

struct SmoothGrad {
    samples: usize,
    noise: f32,
    scale: Scale,
}

impl Method for SmoothGrad {
    fn explain(&self, question: &Question<'_>) -> Tensor<4> {
        let deviations = self.deviations(question);
        smoothgrad(question, self.samples, |job| {
            let count = question.dims()[1..].iter().product();
            let normal = question.random("smoothgrad", job.picture, job.sample).sample_iter(StandardNormal);
            normal.take(count).map(|z: f32| z * deviations[job.picture]).collect()
        })
    }
}

impl SmoothGrad {
    fn deviations(&self, question: &Question<'_>) -> Vec<f32> {
        let [n, ..] = question.dims();
        if self.scale == Scale::Absolute {
            return vec![self.noise; n];
        }
        let flat: Tensor<2> = question.images.clone().flatten(1, 3);
        let range = flat.clone().max_dim(1) - flat.min_dim(1);
        let range: Vec<f32> = range.into_data().try_into_vec().expect("pictures are f32");
        range.into_iter().map(|range| range * self.noise).collect()
    }
}

/// The mean gradient at `x + noise(job)`.
fn smoothgrad(question: &Question<'_>, samples: usize, noise: impl Fn(Job) -> Vec<f32>) -> Tensor<4> {
    let [n, c, h, w] = question.dims();
    let mut sums = Sums::new(n);
    for jobs in batch::batches(n, samples, question.batch_size) {
        let noise: Vec<f32> = jobs.iter().flat_map(|&job| noise(job)).collect();
        let noise = TensorData::new(noise, [jobs.len(), c, h, w]);
        let x = batch::pictures(&question.images, &jobs);
        let x = x.clone() + Tensor::from_data(noise, &x.device());
        let targets = batch::targets(question.targets, &jobs);
        let (gradient, _) = question.classifier.input_gradient(x, &targets, Output::Logit, &mut Plain);
        sums.add(&jobs, &gradient);
    }
    sums.finish() / samples as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tiny::{self, RESNETS, TARGETS, numbers};
    use testing::{Tolerance, assert_close, golden};

    #[test]
    fn the_mean_over_given_noise_equals_captum() {
        let noise = golden::array("attribution/smoothgrad_noise.npy").data;
        let noise: Vec<&[f32]> = noise.chunks(3 * 64 * 64).collect();
        for network in RESNETS {
            let question = Question {
                classifier: &tiny::resnet(network, &[]),
                images: tiny::pictures(),
                targets: &TARGETS,
                names: &tiny::names(),
                seed: 0,
                batch_size: 5,
            };
            let maps = smoothgrad(&question, noise.len(), |job| noise[job.sample].to_vec());
            let expected = golden::array(format!("attribution/{network}/smoothgrad.npy"));
            assert_close(&numbers(maps), &expected.data, Tolerance::new(f64::INFINITY, 5e-4));
        }
    }

    #[test]
    fn noise_is_in_the_unit_that_was_asked_for() {
        let classifier = tiny::resnet("tiny_basic", &[]);
        let question = Question {
            classifier: &classifier,
            images: tiny::pictures(),
            targets: &TARGETS,
            names: &tiny::names(),
            seed: 0,
            batch_size: 1,
        };
        let deviations = |scale| SmoothGrad { samples: 1, noise: 0.5, scale }.deviations(&question);
        assert_eq!(deviations(Scale::Absolute), [0.5, 0.5]);
        let pixels = numbers(question.images.clone());
        let expected: Vec<f32> = pixels
            .chunks(3 * 64 * 64)
            .map(|x| {
                0.5 * (x.iter().copied().fold(f32::MIN, f32::max)
                    - x.iter().copied().fold(f32::MAX, f32::min))
            })
            .collect();
        assert_eq!(deviations(Scale::Range), expected);
    }
}
