//! Guided backpropagation (Springenberg et al., "Striving for Simplicity", 2015): the input gradient with
//! negative gradients stopped at every ReLU.

use models::network::guided::Guided;
use models::{Classifier, Tensor};

use super::gradient::input_gradient;
use crate::method::{Error, Method, Request};
use crate::registry::Entry;

pub(crate) const ENTRY: Entry = Entry {
    name: "guided-backprop",
    summary: "input gradient with negative gradients stopped at every ReLU",
    paper: "Springenberg et al. 2015",
    cost: "1 F + 1 B",
    build: |_| Ok(Box::new(GuidedBackprop)),
};

struct GuidedBackprop;

impl Method for GuidedBackprop {
    fn explain(&self, request: &Request<'_>) -> Tensor<4> {
        input_gradient(request, &mut Guided)
    }

    fn check(&self, classifier: &Classifier) -> Result<(), Error> {
        check_relu("guided-backprop", classifier)
    }
}

/// An error where a network has no ReLU, and the method would be the plain gradient.
pub(crate) fn check_relu(method: &str, classifier: &Classifier) -> Result<(), Error> {
    if classifier.network.graph().nodes.iter().any(|node| node.op.is_relu()) {
        return Ok(());
    }
    Err(Error::unfit(method, classifier, "it has no ReLU"))
}
