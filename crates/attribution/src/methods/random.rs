//! The baseline that every method must beat: independent uniform numbers.

use models::{Tensor, TensorData};
use rand::RngExt;
use spec::Reader;

use crate::context::Context;
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};

pub(crate) const ENTRY: Entry = Entry {
    name: "random",
    summary: "independent uniform numbers in [0, 1): the control",
    paper: "-",
    cost: "none",
    build: |_: &mut Reader| Ok(Box::new(Random)),
};

struct Random;

impl Method for Random {
    fn needs(&self) -> Needs {
        Needs::scores()
    }

    fn prepare<'a>(&'a self, _: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        Ok(explainer(move |request| {
            let [n, _, h, w] = request.dims();
            let numbers = |image| request.random("random", image, 0).random_iter::<f32>().take(h * w);
            let data: Vec<f32> = (0..n).flat_map(numbers).collect();
            Tensor::from_data(TensorData::new(data, [n, 1, h, w]), &request.images.device())
        }))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(0, 0))
    }
}
