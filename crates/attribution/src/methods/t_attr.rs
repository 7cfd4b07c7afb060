//! Transformer attribution (Chefer et al., "Transformer Interpretability Beyond Attention Visualization", 2021, equations 13
//! and 14): relevance at every attention matrix times its gradient, `E_h(ReLU(dy/dA * R))`, rolled out without dividing
//! rows. Published evaluations start at the second block (`start=1`).

use models::{Tensor, Value, relu};
use spec::Reader;

use super::rollout::check_start;
use crate::attention::relprop::{Kind, Relprop};
use crate::attention::{self, Attention, mean_of_heads};
use crate::batch;
use crate::context::Context;
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};
use crate::walk::one_hot;

pub(crate) const ENTRY: Entry = Entry {
    name: "t-attr",
    summary: "relevance of attention times its gradient, multiplied along the blocks",
    paper: "Chefer et al. 2021",
    cost: "2 F + 3 B",
    build: |reader: &mut Reader| Ok(Box::new(TransformerAttribution { start: reader.take("start", 1)? })),
};

struct TransformerAttribution {
    start: usize,
}

impl Method for TransformerAttribution {
    fn needs(&self) -> Needs {
        Needs::network()
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let classifier = context.classifier;
        let attention = Attention::new("t-attr", context)?;
        check_start("t-attr", classifier, &attention.nodes, self.start)?;
        let mut rules = Relprop::new("t-attr", context, Kind::Transformer)?;
        Ok(explainer(move |request| {
            let [_, _, h, w] = request.dims();
            batch::each(request, |x, targets| {
                let gradients = attention::with_gradients(classifier, &attention.nodes, x.clone(), targets)
                    .split_off(self.start);
                let trace = classifier.network.trace(x);
                let relevance = classifier.network.walk_back(
                    &trace,
                    one_hot(classifier, &trace, targets),
                    &attention.nodes[self.start..],
                    &mut rules,
                );
                let product = |(relevance, (_, g)): (Option<Value>, (Tensor<4>, Tensor<4>))| {
                    let relevance = relevance.map_or_else(|| g.zeros_like(), Value::tensor);
                    mean_of_heads(relu(g * relevance))
                };
                let matrices = relevance.into_iter().zip(gradients).map(product).collect();
                attention.map(attention::rollout(matrices, false), h, w)
            })
        }))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(2, 2))
    }
}
