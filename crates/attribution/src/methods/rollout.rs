//! Attention rollout (Abnar and Zuidema, "Quantifying Attention Flow in Transformers", 2020): the product along the blocks of
//! the mean attention plus the identity, rows divided by their sums, later blocks on the left. It knows no class.

use models::{Classifier, Tensor};
use spec::Reader;

use crate::attention::{self, class_row, mean_of_heads};
use crate::batch;
use crate::method::{Error, Method, Request};
use crate::registry::Entry;

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
    fn explain(&self, request: &Request<'_>) -> Tensor<4> {
        let [n, _, h, w] = request.dims();
        let maps = batch::batches(n, 1, request.batch_size).map(|jobs| {
            let x = batch::images(&request.images, &jobs);
            let matrices = attention::matrices(request.classifier, x).split_off(self.start);
            class_row(attention::rollout(matrices.into_iter().map(mean_of_heads).collect(), true), h, w)
        });
        Tensor::cat(maps.collect(), 0)
    }

    fn check(&self, classifier: &Classifier) -> Result<(), Error> {
        attention::check_grid("rollout", classifier)?;
        check_start("rollout", classifier, self.start)
    }
}

/// An error where no block is left.
pub(crate) fn check_start(method: &str, classifier: &Classifier, start: usize) -> Result<(), Error> {
    let blocks = attention::nodes(classifier).len();
    if start < blocks {
        return Ok(());
    }
    Err(Error::unfit(method, classifier, format!("start={start}, but it has {blocks} blocks")))
}
