//! Gradient rollout (BEE, appendix I): the rollout of `E_h(ReLU(A * dy/dA))`. Signed products (`relu=false`, as the code of
//! BEE and IIA has them) can bring row sums near zero; `normalise=false` leaves rows as they are (the paper's equation).

use models::{Tensor, relu};
use spec::Reader;

use crate::attention::{self, Attention, mean_of_heads};
use crate::batch;
use crate::context::Context;
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};

pub(crate) const ENTRY: Entry = Entry {
    name: "gradient-rollout",
    summary: "product of the blocks' attention times its gradient",
    paper: "BEE 2025, appendix I",
    cost: "1 F + 1 B",
    build: |reader: &mut Reader| {
        let relu = reader.take("relu", true)?;
        let normalise = reader.take("normalise", true)?;
        Ok(Box::new(GradientRollout { relu, normalise }))
    },
};

struct GradientRollout {
    relu: bool,
    normalise: bool,
}

impl Method for GradientRollout {
    fn needs(&self) -> Needs {
        Needs::network()
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let classifier = context.classifier;
        let attention = Attention::new("gradient-rollout", context)?;
        Ok(explainer(move |request| {
            let [_, _, h, w] = request.dims();
            batch::each(request, |x, targets| {
                let blocks = attention::with_gradients(classifier, &attention.nodes, x, targets);
                let product = |(a, g): (Tensor<4>, Tensor<4>)| {
                    mean_of_heads(if self.relu { relu(a * g) } else { a * g })
                };
                attention.map(
                    attention::rollout(blocks.into_iter().map(product).collect(), self.normalise),
                    h,
                    w,
                )
            })
        }))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(1, 1))
    }
}
