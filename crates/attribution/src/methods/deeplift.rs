//! DeepLIFT with the rescale rule (Shrikumar et al. 2017): `(x - b) * m`, where the multipliers `m` share the difference of
//! the target's logit from that at a baseline `b` among the pixels. Shares sum to that difference.

use models::{Classifier, Graph, Tensor, Value};
use spec::Reader;

use crate::baseline::Baseline;
use crate::batch;
use crate::context::Context;
use crate::lrp::rescale::Rescale;
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};
use crate::walk::one_hot;

pub(crate) const ENTRY: Entry = Entry {
    name: "deeplift",
    summary: "the score's difference from a baseline, shared by the rescale rule",
    paper: "Shrikumar et al. 2017",
    cost: "2 F + 1 B",
    build: |reader: &mut Reader| Ok(Box::new(DeepLift { baseline: Baseline::take(reader)? })),
};

struct DeepLift {
    baseline: Baseline,
}

impl Method for DeepLift {
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
                shares(classifier, x, baseline, &batch::targets(request.targets, &jobs))
            });
            Tensor::cat(maps.collect(), 0)
        }))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(2, 1))
    }
}

/// The shares of each pixel of `x` in the logit's difference from that at the baselines.
pub(crate) fn shares(
    classifier: &Classifier,
    x: Tensor<4>,
    baseline: Tensor<4>,
    targets: &[usize],
) -> Tensor<4> {
    let network = &classifier.network;
    let (trace, reference) = (network.trace(x.clone()), network.trace(baseline.clone()));
    let mut rescale = Rescale { baseline: reference };
    let seed = one_hot(classifier, &trace, targets);
    let multipliers = network.walk_back(&trace, seed, &[Graph::INPUT], &mut rescale).remove(0);
    let multipliers = multipliers.unwrap_or_else(|| Value::new(x.zeros_like()));
    (x - baseline) * multipliers.tensor::<4>()
}
