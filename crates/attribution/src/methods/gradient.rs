//! The gradient of the class score at the picture (Simonyan et al., "Deep Inside Convolutional Networks",
//! 2013): `df_y / dx`, signed.

use models::classifier::Output;
use models::{Plain, Rules, Tensor};

use crate::batch;
use crate::method::{Method, Question};
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
    fn explain(&self, question: &Question<'_>) -> Tensor<4> {
        input_gradient(question, &mut Plain)
    }
}

/// The gradient of the target logit at the input under some rules, in batches.
pub(crate) fn input_gradient(question: &Question<'_>, rules: &mut dyn Rules) -> Tensor<4> {
    let [n, ..] = question.dims();
    let gradients = batch::batches(n, 1, question.batch_size).map(|jobs| {
        let x = batch::pictures(&question.images, &jobs);
        let targets = batch::targets(question.targets, &jobs);
        question.classifier.input_gradient(x, &targets, Output::Logit, rules).0
    });
    Tensor::cat(gradients.collect(), 0)
}
