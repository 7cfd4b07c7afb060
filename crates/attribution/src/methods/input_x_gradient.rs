//! Input times gradient (Shrikumar et al., "Not Just a Black Box", 2016): `x * df_y / dx` in normalised
//! space, so zero is the mean colour of the data set.

use models::{Plain, Tensor};

use super::gradient::input_gradient;
use crate::method::{Method, Request};
use crate::registry::Entry;

pub(crate) const ENTRY: Entry = Entry {
    name: "input-x-gradient",
    summary: "input times gradient, in normalised space",
    paper: "Shrikumar et al. 2016",
    cost: "1 F + 1 B",
    build: |_| Ok(Box::new(InputXGradient)),
};

struct InputXGradient;

impl Method for InputXGradient {
    fn explain(&self, request: &Request<'_>) -> Tensor<4> {
        input_gradient(request, &mut Plain) * request.images.clone()
    }
}
