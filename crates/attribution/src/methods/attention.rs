//! Raw attention: how much the token that the scores read attends to each patch in one block, the mean over heads. It knows no class.

use spec::Reader;

use crate::attention::{self, Attention, mean_of_heads};
use crate::batch;
use crate::context::Context;
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};

pub(crate) const ENTRY: Entry = Entry {
    name: "attention",
    summary: "attention of the tokens that the scores read, in the last block; the same for every class",
    paper: "Dosovitskiy et al. 2021",
    cost: "1 F",
    build: |_: &mut Reader| Ok(Box::new(RawAttention)),
};

struct RawAttention;

impl Method for RawAttention {
    fn needs(&self) -> Needs {
        Needs::network()
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let classifier = context.classifier;
        let attention = Attention::new("attention", context)?;
        Ok(explainer(move |request| {
            let [_, _, h, w] = request.dims();
            batch::each(request, |x, _| {
                let last = attention::matrices(classifier, &attention.nodes, x)
                    .pop()
                    .expect("prepare() found attention");
                attention.map(mean_of_heads(last), h, w)
            })
        }))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(1, 0))
    }
}
