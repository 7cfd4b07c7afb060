//! From the target's logit back to the image under a rule for each operation.

use models::network::walk::{PropagationRule, Trace};
use models::{Classifier, Graph, Tensor, TensorData, Value};

use crate::batch;
use crate::request::Request;

/// 1 at each image's class in the shape of the scores of a run, `(n, classes)`.
pub(crate) fn one_hot(classifier: &Classifier, trace: &Trace, targets: &[usize]) -> Value {
    let classes = trace.value(classifier.network.graph().output()).shape()[1];
    let mut seed = vec![0.0_f32; targets.len() * classes];
    for (row, &target) in targets.iter().enumerate() {
        seed[row * classes + target] = 1.0;
    }
    Value::new(Tensor::<2>::from_data(TensorData::new(seed, [targets.len(), classes]), &classifier.device))
}

/// What arrives at the images when the target's logit gets 1 and a rule walks back, in batches.
pub(crate) fn walk(
    classifier: &Classifier,
    request: &Request<'_>,
    rule: &mut dyn PropagationRule,
) -> Tensor<4> {
    batch::each(request, |x, targets| {
        let trace = classifier.network.trace(x);
        let seed = one_hot(classifier, &trace, targets);
        let arrived = classifier.network.walk_back(&trace, seed, &[Graph::INPUT], rule).remove(0);
        arrived.unwrap_or_else(|| trace.value(Graph::INPUT).clone().map(|x| x.zeros_like())).tensor()
    })
}
