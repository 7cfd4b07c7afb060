//! The baseline that every method must beat: independent uniform numbers.

use models::{Tensor, TensorData};
use rand::RngExt;
use spec::Reader;

use crate::method::{Method, Request};
use crate::registry::Entry;

pub(crate) const ENTRY: Entry = Entry {
    name: "random",
    summary: "independent uniform numbers in [0, 1): the control",
    paper: "-",
    cost: "none",
    build: |_: &mut Reader| Ok(Box::new(Random)),
};

struct Random;

impl Method for Random {
    fn explain(&self, request: &Request<'_>) -> Tensor<4> {
        let [n, _, h, w] = request.dims();
        let numbers = |image| request.random("random", image, 0).random_iter::<f32>().take(h * w);
        let data: Vec<f32> = (0..n).flat_map(numbers).collect();
        Tensor::from_data(TensorData::new(data, [n, 1, h, w]), &request.images.device())
    }

    fn is_black_box(&self) -> bool {
        true
    }
}
