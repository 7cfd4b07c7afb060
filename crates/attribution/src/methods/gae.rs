//! Generic attention explainability (Chefer et al., "Generic Attention-model Explainability", 2021, equations 5 and 6):
//! `R = 1`, then in each block `R <- R + E_h(ReLU(dy/dA * A)) R`.

use models::{Tensor, relu};
use spec::Reader;

use crate::attention::{self, Attention, identity, mean_of_heads};
use crate::batch;
use crate::context::Context;
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};

pub(crate) const ENTRY: Entry = Entry {
    name: "gae",
    summary: "relevance carried through the blocks by attention times its gradient",
    paper: "Chefer et al. 2021 (generic)",
    cost: "1 F + 1 B",
    build: |_: &mut Reader| Ok(Box::new(Gae)),
};

struct Gae;

impl Method for Gae {
    fn needs(&self) -> Needs {
        Needs::network()
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let classifier = context.classifier;
        let attention = Attention::new("gae", context)?;
        Ok(explainer(move |request| {
            let [_, _, h, w] = request.dims();
            batch::each(request, |x, targets| {
                let blocks = attention::with_gradients(classifier, &attention.nodes, x, targets);
                let products = blocks.into_iter().map(|(a, g)| mean_of_heads(relu(a * g)));
                attention.map(carried(products), h, w)
            })
        }))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(1, 1))
    }
}

/// Relevance behind the last block.
fn carried(products: impl Iterator<Item = Tensor<3>>) -> Tensor<3> {
    let carried = products.fold(None, |r: Option<Tensor<3>>, a| {
        let r = r.unwrap_or_else(|| identity(&a));
        Some(r.clone() + a.matmul(r))
    });
    carried.expect("prepare() found attention")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tiny::numbers;

    /// Invariant 16.
    #[test]
    fn zero_gradients_carry_nothing_to_the_class_token() {
        let none = Tensor::<3>::zeros([1, 5, 5], &models::device::cpu().device);
        let r = carried([none.clone(), none.clone()].into_iter());
        assert_eq!(numbers(r), numbers(identity(&none)));
    }
}
