//! DeepLIFT with the rescale rule (Shrikumar et al. 2017): `(x - b) * m`, where the multipliers `m` share the difference of
//! the target's logit from that at a baseline `b` among the pixels. Shares sum to that difference.

use models::{Graph, Tensor, Value};
use spec::Reader;

use crate::baseline::Baseline;
use crate::batch;
use crate::lrp::rescale::Rescale;
use crate::method::{Method, Request};
use crate::registry::Entry;
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
    fn explain(&self, request: &Request<'_>) -> Tensor<4> {
        let maps = batch::batches(request.dims()[0], 1, request.batch_size).map(|jobs| {
            let x = batch::images(&request.images, &jobs);
            let images: Vec<usize> = jobs.iter().map(|job| job.image).collect();
            let baseline = self.baseline.of(request, &images, 0);
            shares(request, x, baseline, &batch::targets(request.targets, &jobs))
        });
        Tensor::cat(maps.collect(), 0)
    }
}

/// The shares of each pixel of `x` in the logit's difference from that at the baselines.
pub(crate) fn shares(
    request: &Request<'_>,
    x: Tensor<4>,
    baseline: Tensor<4>,
    targets: &[usize],
) -> Tensor<4> {
    let network = &request.classifier.network;
    let (trace, reference) = (network.trace(x.clone()), network.trace(baseline.clone()));
    let mut rescale = Rescale { baseline: reference };
    let seed = one_hot(request.classifier, targets);
    let multipliers = network.walk_back(&trace, seed, &[Graph::INPUT], &mut rescale).remove(0);
    let multipliers = multipliers.unwrap_or_else(|| Value::new(x.zeros_like()));
    (x - baseline) * multipliers.tensor::<4>()
}
