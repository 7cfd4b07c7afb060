//! Guided backpropagation (Springenberg et al., "Striving for Simplicity", 2015): the input gradient with
//! negative gradients stopped at every ReLU.

use models::Tensor;
use models::network::guided::Guided;

use super::gradient::input_gradient;
use crate::method::{Method, Question};
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
    fn explain(&self, question: &Question<'_>) -> Tensor<4> {
        input_gradient(question, &mut Guided)
    }
}
