//! DeconvNet (Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", 2014): the input gradient with
//! every ReLU replaced, on the way back, by a ReLU of the gradient itself. An upper bound (ReLU6) keeps its own derivative.

use models::network::op::Activation;
use models::network::walk::{PropagationRule, Step};
use models::{Op, Value, relu};

use super::guided_backprop::check_relu;
use crate::context::Context;
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};
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
    fn needs(&self) -> Needs {
        Needs::network().per_channel()
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let classifier = context.classifier;
        check_relu("deconvnet", classifier)?;
        Ok(explainer(move |request| walk(classifier, request, &mut Deconvolution)))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(1, 1))
    }
}

struct Deconvolution;

impl PropagationRule for Deconvolution {
    fn step(&mut self, step: &Step<'_>, arrived: Value) -> Vec<Value> {
        match step.op() {
            Op::Relu => vec![arrived.map(relu)],
            Op::Activation(Activation::Clip(low, high)) if *low == 0.0 => {
                let below = step.inputs[0].clone().map(|x| x.lower_elem(*high).float());
                vec![arrived.zip(below, |g, below| relu(g) * below)]
            }
            _ => step.gradient(&arrived),
        }
    }
}
