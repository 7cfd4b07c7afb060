//! DeconvNet (Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", 2014): the input gradient with
//! every ReLU replaced, on the way back, by a ReLU of the gradient itself.

use models::network::walk::{Backward, Step};
use models::{Op, Tensor, Value, relu};

use crate::method::{Method, Question};
use crate::registry::Entry;
use crate::walk::walk;

pub(crate) const ENTRY: Entry = Entry {
    name: "deconvnet",
    summary: "input gradient with a ReLU of the gradient in place of every ReLU",
    paper: "Zeiler and Fergus 2014",
    cost: "1 F + 1 B",
    build: |_| Ok(Box::new(DeconvNet)),
};

struct DeconvNet;

impl Method for DeconvNet {
    fn explain(&self, question: &Question<'_>) -> Tensor<4> {
        walk(question, &mut Deconvolution)
    }
}

struct Deconvolution;

impl Backward for Deconvolution {
    fn step(&mut self, step: &Step<'_>, arrived: Value) -> Vec<Value> {
        if *step.op() == Op::Relu { vec![arrived.map(relu)] } else { step.gradient(&arrived) }
    }
}
