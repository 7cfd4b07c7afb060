//! The gradient of the class score at the image (Simonyan et al., "Deep Inside Convolutional Networks",
//! 2013): `df_y / dx`, signed.

use models::classifier::Output;
use models::{Classifier, Hooks, Plain, Tensor};

use crate::batch;
use crate::context::Context;
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};
use crate::request::Request;

pub(crate) const ENTRY: Entry = Entry {
    name: "gradient",
    summary: "gradient of the class score at the input",
    paper: "Simonyan et al. 2013",
    cost: "1 F + 1 B",
    build: |_| Ok(Box::new(Gradient)),
};

struct Gradient;

impl Method for Gradient {
    fn needs(&self) -> Needs {
        Needs::network().per_channel()
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let classifier = context.classifier;
        Ok(explainer(move |request| input_gradient(classifier, request, &mut Plain)))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(1, 1))
    }
}

/// The gradient of the target logit at the input under some hooks, in batches.
pub(crate) fn input_gradient(
    classifier: &Classifier,
    request: &Request<'_>,
    hooks: &mut dyn Hooks,
) -> Tensor<4> {
    batch::each(request, |x, targets| classifier.input_gradient(x, targets, Output::Logit, hooks).0)
}
