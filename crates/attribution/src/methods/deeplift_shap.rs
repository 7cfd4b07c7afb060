//! DeepLIFT SHAP (Lundberg and Lee 2017, section 4.2): the mean of DeepLIFT's shares over drawn baselines.

use models::Tensor;
use spec::Reader;

use super::deeplift::shares;
use crate::baseline::Baseline;
use crate::batch::{self, Sums};
use crate::context::Context;
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};

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
    fn needs(&self) -> Needs {
        Needs::network().per_channel().baseline(self.baseline)
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let classifier = context.classifier;
        Ok(explainer(move |request| {
            let mut sums = Sums::new(request.dims()[0]);
            for jobs in batch::batches(request.dims()[0], self.samples, request.batch_size) {
                let x = batch::images(&request.images, &jobs);
                let baselines =
                    jobs.iter().map(|job| self.baseline.of(classifier, request, &[job.image], job.sample));
                let baselines = Tensor::cat(baselines.collect(), 0);
                sums.add(&jobs, &shares(classifier, x, baselines, &batch::targets(request.targets, &jobs)));
            }
            sums.finish() / self.samples as f32
        }))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(2 * self.samples, self.samples))
    }
}
