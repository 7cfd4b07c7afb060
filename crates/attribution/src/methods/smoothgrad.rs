//! SmoothGrad (Smilkov et al., "SmoothGrad: removing noise by adding noise", 2017): the mean of signed gradients at noisy copies
//! of the image. SquareGrad (Hooker et al., "A Benchmark for Interpretability Methods", 2019) is the mean of their squares, and
//! VarGrad (Adebayo et al., "Local Explanation Methods for Deep Neural Networks Lack Sensitivity to Parameter Values", 2018) their
//! variance.
//!
//! `preset` names published settings: the paper's (50 samples, 0.15 of the image's range), those of the Coherency study
//! (10 samples, 0.1 in normalised values) and of the authors' library (25 samples).

use models::classifier::Output;
use models::{Classifier, Plain, Tensor, TensorData};
use rand::RngExt;
use rand_distr::StandardNormal;
use spec::Reader;

use crate::batch::{self, Job, Sums};
use crate::context::Context;
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};
use crate::noise::{self, Scale};
use crate::request::Request;

pub(crate) const SMOOTH: Entry = Entry {
    name: "smoothgrad",
    summary: "mean gradient over noisy copies of the image",
    paper: "Smilkov et al. 2017",
    cost: "samples (F + B)",
    build: |reader: &mut Reader| read(reader, Statistic::Mean),
};

pub(crate) const SQUARE: Entry = Entry {
    name: "squaregrad",
    summary: "mean squared gradient over noisy copies of the image",
    paper: "Hooker et al. 2019",
    cost: "samples (F + B)",
    build: |reader: &mut Reader| read(reader, Statistic::Square),
};

pub(crate) const VARIANCE: Entry = Entry {
    name: "vargrad",
    summary: "variance of the gradient over noisy copies of the image",
    paper: "Adebayo et al. 2018",
    cost: "samples (F + B)",
    build: |reader: &mut Reader| read(reader, Statistic::Variance),
};

fn read(reader: &mut Reader, statistic: Statistic) -> Result<Box<dyn Method>, spec::Error> {
    let presets = [
        ("paper", (50, 0.15, Scale::Range)),
        ("coherency", (10, 0.1, Scale::Absolute)),
        ("pair", (25, 0.15, Scale::Range)),
    ];
    let (samples, noise, scale) = reader.choose("preset", &presets)?;
    let samples = reader.take_if("samples", samples, "a positive whole number", |&samples| samples > 0)?;
    let noise = noise::take(reader, noise)?;
    let mut scales = [("range", Scale::Range), ("absolute", Scale::Absolute)];
    scales.sort_by_key(|(_, known)| *known != scale);
    let scale = reader.choose("scale", &scales)?;
    Ok(Box::new(SmoothGrad { statistic, samples, noise, scale }))
}

/// What is taken of the gradients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Statistic {
    Mean,
    Square,
    Variance,
}

struct SmoothGrad {
    statistic: Statistic,
    samples: usize,
    noise: f32,
    scale: Scale,
}

impl Method for SmoothGrad {
    fn needs(&self) -> Needs {
        Needs::network().per_channel()
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let classifier = context.classifier;
        Ok(explainer(move |request| {
            let deviations = noise::deviations(request, self.noise, self.scale);
            statistic(classifier, request, self.statistic, self.samples, |job| {
                let count = request.dims()[1..].iter().product();
                let normal = request.random("smoothgrad", job.image, job.sample).sample_iter(StandardNormal);
                normal.take(count).map(|z: f32| z * deviations[job.image]).collect()
            })
        }))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(self.samples, self.samples))
    }
}

/// A statistic of the gradients at `x + noise(job)`.
fn statistic(
    classifier: &Classifier,
    request: &Request<'_>,
    statistic: Statistic,
    samples: usize,
    noise: impl Fn(Job) -> Vec<f32>,
) -> Tensor<4> {
    let [n, c, h, w] = request.dims();
    let (mut sums, mut squares) = (Sums::new(n), Sums::new(n));
    for jobs in batch::batches(n, samples, request.batch_size) {
        let noise: Vec<f32> = jobs.iter().flat_map(|&job| noise(job)).collect();
        let noise = TensorData::new(noise, [jobs.len(), c, h, w]);
        let x = batch::images(&request.images, &jobs);
        let x = x.clone() + Tensor::from_data(noise, &x.device());
        let targets = batch::targets(request.targets, &jobs);
        let (gradient, _) = classifier.input_gradient(x, &targets, Output::Logit, &mut Plain);
        if statistic != Statistic::Mean {
            squares.add(&jobs, &(gradient.clone() * gradient.clone()));
        }
        if statistic != Statistic::Square {
            sums.add(&jobs, &gradient);
        }
    }
    let mean = |sums: Sums| sums.finish() / samples as f32;
    match statistic {
        Statistic::Mean => mean(sums),
        Statistic::Square => mean(squares),
        Statistic::Variance => {
            let first = mean(sums);
            (mean(squares) - first.clone() * first).clamp_min(0.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tiny::{self, RESNETS, numbers};
    use testing::{Tolerance, assert_close, golden};

    #[test]
    fn statistics_over_given_noise_equal_captum() {
        let noise = golden::array("attribution/smoothgrad_noise.npy").data;
        let noise: Vec<&[f32]> = noise.chunks(3 * 64 * 64).collect();
        for network in RESNETS {
            let classifier = tiny::resnet(network, &[]);
            let request = tiny::request(5);
            let given =
                |kind| statistic(&classifier, &request, kind, noise.len(), |job| noise[job.sample].to_vec());
            let expected = golden::array(format!("attribution/{network}/smoothgrad.npy"));
            let close = Tolerance::new(f64::INFINITY, 5e-4);
            assert_close(&numbers(given(Statistic::Mean)), &expected.data, close);
            for (kind, name) in [(Statistic::Square, "squaregrad"), (Statistic::Variance, "vargrad")] {
                let expected = golden::array(format!("attribution/more/{network}.{name}.npy"));
                let kept = numbers(given(kind).slice(models::s![.., .., ..;5, ..;3]));
                assert_close(&kept, &expected.data, close);
            }
        }
    }

    #[test]
    fn noise_is_in_the_unit_that_was_asked_for() {
        let request = tiny::request(1);
        let deviations = |scale| noise::deviations(&request, 0.5, scale);
        assert_eq!(deviations(Scale::Absolute), [0.5, 0.5]);
        let pixels = numbers(request.images.clone());
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
