//! Gradient SHAP and expected gradients (Lundberg and Lee 2017; Erion et al., "Improving performance of deep learning models
//! with axiomatic attribution priors and expected gradients", 2021, equation 4): the mean of
//! `(x' - b) * df_y/dx (b + a (x' - b))` over positions `a` uniform in 0..1, noisy pictures `x'` and drawn baselines `b`.
//!
//! Expected gradients have no noise and draw a fresh baseline every time; Gradient SHAP (Captum) adds noise and draws
//! from a set. `baseline=zero,x` of Meaningful Perturbation, half of whose samples are the picture itself, is `mpm=true`.

use models::classifier::Output;
use models::{Plain, Tensor, TensorData};
use rand::RngExt;
use rand_distr::StandardNormal;
use spec::Reader;

use crate::baseline::Baseline;
use crate::batch::{self, Job, Sums};
use crate::method::{Method, Question};
use crate::registry::Entry;

pub(crate) const SHAP: Entry = Entry {
    name: "gradient-shap",
    summary: "mean of gradients times differences between noisy pictures and drawn baselines",
    paper: "Lundberg and Lee 2017",
    cost: "samples (F + B)",
    build: |reader: &mut Reader| {
        let samples = reader.take_if("samples", 5, "a positive whole number", |&samples| samples > 0)?;
        let noise = reader.take_if("noise", 0.0, "a number >= 0", |x: &f32| *x >= 0.0 && x.is_finite())?;
        let baseline = Baseline::take(reader)?;
        let mpm = reader.take("mpm", false)?;
        Ok(Box::new(GradientShap { name: "gradient-shap", samples, noise, baseline, mpm }))
    },
};

pub(crate) const EXPECTED: Entry = Entry {
    name: "expected-gradients",
    summary: "mean of gradients times differences from random baselines",
    paper: "Erion et al. 2021",
    cost: "samples (F + B)",
    build: |reader: &mut Reader| {
        let samples = reader.take_if("samples", 200, "a positive whole number", |&samples| samples > 0)?;
        let baseline =
            reader.choose("baseline", &[("uniform", Baseline::Uniform), ("normal", Baseline::Normal)])?;
        Ok(Box::new(GradientShap { name: "expected-gradients", samples, noise: 0.0, baseline, mpm: false }))
    },
};

struct GradientShap {
    name: &'static str,
    samples: usize,
    noise: f32,
    baseline: Baseline,
    /// Baselines are drawn from the given one and the picture itself.
    mpm: bool,
}

/// What is drawn for one sample.
pub(crate) struct Draw {
    /// Added to the picture.
    pub(crate) noise: Vec<f32>,
    /// The position between baseline and picture.
    pub(crate) along: f32,
    /// Whether the picture is its own baseline.
    pub(crate) own: bool,
}

impl Method for GradientShap {
    fn explain(&self, question: &Question<'_>) -> Tensor<4> {
        let count = question.dims()[1..].iter().product();
        explain(question, self.samples, self.baseline, |job| {
            let mut random = question.random(self.name, job.picture, job.sample);
            let along = random.random();
            let own = self.mpm && random.random();
            let normal = random.sample_iter::<f32, _>(StandardNormal).take(count);
            let noise =
                if self.noise == 0.0 { vec![0.0; count] } else { normal.map(|z| z * self.noise).collect() };
            Draw { noise, along, own }
        })
    }
}

fn explain(
    question: &Question<'_>,
    samples: usize,
    baseline: Baseline,
    draw: impl Fn(Job) -> Draw,
) -> Tensor<4> {
    let [n, c, h, w] = question.dims();
    let mut sums = Sums::new(n);
    for jobs in batch::batches(n, samples, question.batch_size) {
        let draws: Vec<Draw> = jobs.iter().map(|&job| draw(job)).collect();
        let noise = draws.iter().flat_map(|draw| draw.noise.iter().copied()).collect();
        let x = batch::pictures(&question.images, &jobs);
        let noisy = x.clone() + Tensor::from_data(TensorData::new(noise, [jobs.len(), c, h, w]), &x.device());
        let baselines = jobs.iter().map(|job| baseline.of(question, &[job.picture], job.sample));
        let own = batch::numbers(draws.iter().map(|draw| f32::from(u8::from(draw.own))).collect(), &x);
        let baselines = Tensor::cat(baselines.collect(), 0) * (own.clone().neg() + 1.0) + x * own;
        let step = noisy - baselines.clone();
        let along = batch::numbers(draws.iter().map(|draw| draw.along).collect(), &step);
        let at = baselines + step.clone() * along;
        let targets = batch::targets(question.targets, &jobs);
        let (gradient, _) = question.classifier.input_gradient(at, &targets, Output::Logit, &mut Plain);
        sums.add(&jobs, &(gradient * step));
    }
    sums.finish() / samples as f32
}
