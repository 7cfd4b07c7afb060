//! Guided backpropagation (Springenberg et al., "Striving for Simplicity", 2015): the input gradient with
//! negative gradients stopped at every ReLU.

use models::Classifier;
use models::network::guided::Guided;

use super::gradient::input_gradient;
use crate::context::Context;
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};

pub(crate) const ENTRY: Entry = Entry {
    name: "guided-backprop",
    summary: "input gradient with negative gradients stopped at every ReLU",
    paper: "Springenberg et al. 2015",
    cost: "1 F + 1 B",
    build: |_| Ok(Box::new(GuidedBackprop)),
};

struct GuidedBackprop;

impl Method for GuidedBackprop {
    fn needs(&self) -> Needs {
        Needs::network().per_channel()
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let classifier = context.classifier;
        check_relu("guided-backprop", classifier)?;
        Ok(explainer(move |request| input_gradient(classifier, request, &mut Guided)))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(1, 1))
    }
}

/// An error where a network has no ReLU, and the method would be the plain gradient.
pub(crate) fn check_relu(method: &str, classifier: &Classifier) -> Result<(), Error> {
    if classifier.network.graph().nodes.iter().any(|node| node.op.is_relu()) {
        return Ok(());
    }
    Err(Error::unfit(method, classifier, "it has no ReLU"))
}
