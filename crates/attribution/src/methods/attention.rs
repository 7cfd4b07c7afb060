//! Raw attention: how much the class token attends to each patch in one block, the mean over heads. It knows no class.

use models::{Classifier, Tensor};
use spec::Reader;

use crate::attention::{self, class_row, mean_of_heads};
use crate::batch;
use crate::method::{Error, Method, Request};
use crate::registry::Entry;

pub(crate) const ENTRY: Entry = Entry {
    name: "attention",
    summary: "attention of the class token in the last block; the same for every class",
    paper: "Dosovitskiy et al. 2021",
    cost: "1 F",
    build: |_: &mut Reader| Ok(Box::new(Attention)),
};

struct Attention;

impl Method for Attention {
    fn explain(&self, request: &Request<'_>) -> Tensor<4> {
        let [n, _, h, w] = request.dims();
        let maps = batch::batches(n, 1, request.batch_size).map(|jobs| {
            let x = batch::images(&request.images, &jobs);
            let last = attention::matrices(request.classifier, x).pop().expect("check() found attention");
            class_row(mean_of_heads(last), h, w)
        });
        Tensor::cat(maps.collect(), 0)
    }

    fn check(&self, classifier: &Classifier) -> Result<(), Error> {
        attention::check_grid("attention", classifier)
    }
}
