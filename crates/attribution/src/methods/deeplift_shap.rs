//! DeepLIFT SHAP (Lundberg and Lee 2017, section 4.2): the mean of DeepLIFT's shares over drawn baselines.

use models::Tensor;
use spec::Reader;

use super::deeplift::shares;
use crate::baseline::Baseline;
use crate::batch::{self, Sums};
use crate::method::{Method, Question};
use crate::registry::Entry;

pub(crate) const ENTRY: Entry = Entry {
    name: "deeplift-shap",
    summary: "mean of DeepLIFT over random baselines",
    paper: "Lundberg and Lee 2017",
    cost: "samples (2 F + B)",
    build: |reader: &mut Reader| {
        let samples = reader.take_if("samples", 20, "a positive whole number", |&samples| samples > 0)?;
        let baseline = Baseline::take_drawn(reader)?;
        Ok(Box::new(DeepLiftShap { samples, baseline }))
    },
};

struct DeepLiftShap {
    samples: usize,
    baseline: Baseline,
}

impl Method for DeepLiftShap {
    fn explain(&self, question: &Question<'_>) -> Tensor<4> {
        let mut sums = Sums::new(question.dims()[0]);
        for jobs in batch::batches(question.dims()[0], self.samples, question.batch_size) {
            let x = batch::pictures(&question.images, &jobs);
            let baselines = jobs.iter().map(|job| self.baseline.of(question, &[job.picture], job.sample));
            let baselines = Tensor::cat(baselines.collect(), 0);
            sums.add(&jobs, &shares(question, x, baselines, &batch::targets(question.targets, &jobs)));
        }
        sums.finish() / self.samples as f32
    }
}
