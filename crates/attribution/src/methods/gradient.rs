//! The gradient of the class score at the image (Simonyan et al., "Deep Inside Convolutional Networks",
//! 2013): `df_y / dx`, signed.

use models::classifier::Output;
use models::{Hooks, Plain, Tensor};

use crate::batch;
use crate::method::{Method, Request};
use crate::registry::Entry;

pub(crate) const ENTRY: Entry = Entry {
    name: "gradient",
    summary: "gradient of the class score at the input",
    paper: "Simonyan et al. 2013",
    cost: "1 F + 1 B",
    build: |_| Ok(Box::new(Gradient)),
};

struct Gradient;

impl Method for Gradient {
    fn explain(&self, request: &Request<'_>) -> Tensor<4> {
        input_gradient(request, &mut Plain)
    }
}

/// The gradient of the target logit at the input under some hooks, in batches.
pub(crate) fn input_gradient(request: &Request<'_>, hooks: &mut dyn Hooks) -> Tensor<4> {
    let [n, ..] = request.dims();
    let gradients = batch::batches(n, 1, request.batch_size).map(|jobs| {
        let x = batch::images(&request.images, &jobs);
        let targets = batch::targets(request.targets, &jobs);
        request.classifier.input_gradient(x, &targets, Output::Logit, hooks).0
    });
    Tensor::cat(gradients.collect(), 0)
}
