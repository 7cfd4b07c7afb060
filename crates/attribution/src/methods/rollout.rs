//! Attention rollout (Abnar and Zuidema, "Quantifying Attention Flow in Transformers", 2020): the product along the blocks of
//! the mean attention plus the identity, rows divided by their sums, later blocks on the left. It knows no class.

use models::{Classifier, NodeId};
use spec::Reader;

use crate::attention::{self, Attention, mean_of_heads};
use crate::batch;
use crate::context::Context;
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};

pub(crate) const ENTRY: Entry = Entry {
    name: "rollout",
    summary: "product of the blocks' attention; the same for every class",
    paper: "Abnar and Zuidema 2020",
    cost: "1 F",
    build: |reader: &mut Reader| Ok(Box::new(Rollout { start: reader.take("start", 0)? })),
};

struct Rollout {
    /// The first block that counts.
    start: usize,
}

impl Method for Rollout {
    fn needs(&self) -> Needs {
        Needs::network()
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let classifier = context.classifier;
        let attention = Attention::new("rollout", context)?;
        check_start("rollout", classifier, &attention.nodes, self.start)?;
        Ok(explainer(move |request| {
            let [_, _, h, w] = request.dims();
            batch::each(request, |x, _| {
                let matrices = attention::matrices(classifier, &attention.nodes, x).split_off(self.start);
                attention.map(
                    attention::rollout(matrices.into_iter().map(mean_of_heads).collect(), true),
                    h,
                    w,
                )
            })
        }))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(1, 0))
    }
}

/// An error where no block is left.
pub(crate) fn check_start(
    method: &str,
    classifier: &Classifier,
    nodes: &[NodeId],
    start: usize,
) -> Result<(), Error> {
    let blocks = nodes.len();
    if start < blocks {
        return Ok(());
    }
    Err(Error::unfit(method, classifier, format!("start={start}, but it has {blocks} blocks")))
}
