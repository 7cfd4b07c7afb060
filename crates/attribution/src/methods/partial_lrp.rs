//! Partial LRP (Voita et al., "Analyzing Multi-Head Self-Attention", 2019, as Chefer et al. 2021 and Meaningful Perturbation
//! use it): the relevance of the last block's attention, its positive part, mean over heads, row of the class token.

use models::{Value, relu};
use spec::Reader;

use crate::attention::relprop::{Kind, Relprop};
use crate::attention::{Attention, mean_of_heads};
use crate::batch;
use crate::context::Context;
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};
use crate::walk::one_hot;

pub(crate) const ENTRY: Entry = Entry {
    name: "partial-lrp",
    summary: "relevance of the last block's attention",
    paper: "Voita et al. 2019",
    cost: "1 F + 1 B",
    build: |_: &mut Reader| Ok(Box::new(PartialLrp)),
};

struct PartialLrp;

impl Method for PartialLrp {
    fn needs(&self) -> Needs {
        Needs::network()
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let classifier = context.classifier;
        let attention = Attention::new("partial-lrp", context)?;
        let mut rules = Relprop::new("partial-lrp", context, Kind::Original)?;
        Ok(explainer(move |request| {
            let [_, _, h, w] = request.dims();
            let last = attention.nodes[attention.nodes.len() - 1];
            batch::each(request, |x, targets| {
                let trace = classifier.network.trace(x);
                let seed = one_hot(classifier, &trace, targets);
                let arrived = classifier.network.walk_back(&trace, seed, &[last], &mut rules).remove(0);
                let relevance = arrived.unwrap_or_else(|| trace.value(last).clone().map(|x| x.zeros_like()));
                attention.map(mean_of_heads(relu(Value::tensor(relevance))), h, w)
            })
        }))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(1, 1))
    }
}
