//! Grad-CAM on attention (Chefer et al. 2021, section 4): in the last block, each head's row of the tokens that the scores read weighted by
//! the mean gradient of that row: `ReLU(E_h(w_h A_h))`.

use spec::Reader;

use crate::attention::{self, Attention, mean_of_heads};
use crate::batch;
use crate::context::Context;
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};

pub(crate) const ENTRY: Entry = Entry {
    name: "attention-gradcam",
    summary: "the last block's attention, heads weighted by their mean gradient",
    paper: "Chefer et al. 2021",
    cost: "1 F + 1 B",
    build: |_: &mut Reader| Ok(Box::new(AttentionGradCam)),
};

struct AttentionGradCam;

impl Method for AttentionGradCam {
    fn needs(&self) -> Needs {
        Needs::network()
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let classifier = context.classifier;
        let attention = Attention::new("attention-gradcam", context)?;
        Ok(explainer(move |request| {
            let [_, _, h, w] = request.dims();
            batch::each(request, |x, targets| {
                let blocks = attention::with_gradients(classifier, &attention.nodes, x, targets);
                let (a, g) = blocks.into_iter().next_back().expect("prepare() found attention");
                let row = attention.patches(g, h, w);
                // The mean over heads is taken before the ReLU, so the resize sees no negative numbers.
                attention.map(mean_of_heads(a * row.mean_dim(3)).clamp_min(0.0), h, w)
            })
        }))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(1, 1))
    }
}
