//! Partial LRP (Voita et al., "Analyzing Multi-Head Self-Attention", 2019, as Chefer et al. 2021 and Meaningful Perturbation
//! use it): the relevance of the last block's attention, its positive part, mean over heads, row of the class token.

use models::{Classifier, Tensor, Value, relu};
use spec::Reader;

use crate::attention::relprop::{Kind, Relprop};
use crate::attention::{self, class_row, mean_of_heads};
use crate::batch;
use crate::method::{Error, Method, Request};
use crate::registry::Entry;
use crate::walk::one_hot;

pub(crate) const ENTRY: Entry = Entry {
    name: "partial-lrp",
    summary: "relevance of the last block's attention",
    paper: "Voita et al. 2019",
    cost: "1 F + 1 B",
    build: |_: &mut Reader| Ok(Box::new(PartialLrp)),
};

struct PartialLrp;

impl Method for PartialLrp {
    fn explain(&self, request: &Request<'_>) -> Tensor<4> {
        let [n, _, h, w] = request.dims();
        let classifier = request.classifier;
        let last = attention::nodes(classifier).pop().expect("check() found attention");
        let mut rules = Relprop::new(classifier, Kind::Original);
        let maps = batch::batches(n, 1, request.batch_size).map(|jobs| {
            let trace = classifier.network.trace(batch::images(&request.images, &jobs));
            let seed = one_hot(classifier, &batch::targets(request.targets, &jobs));
            let arrived = classifier.network.walk_back(&trace, seed, &[last], &mut rules).remove(0);
            let relevance = arrived.unwrap_or_else(|| trace.value(last).clone().map(|x| x.zeros_like()));
            class_row(mean_of_heads(relu(Value::tensor(relevance))), h, w)
        });
        Tensor::cat(maps.collect(), 0)
    }

    fn check(&self, classifier: &Classifier) -> Result<(), Error> {
        attention::check_grid("partial-lrp", classifier)
    }
}
