//! Input times gradient (Shrikumar et al., "Not Just a Black Box", 2016): `x * df_y / dx` in normalised
//! space, so zero is the mean colour of the data set.

use models::Plain;

use super::gradient::input_gradient;
use crate::context::Context;
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};

pub(crate) const ENTRY: Entry = Entry {
    name: "input-x-gradient",
    summary: "input times gradient, in normalised space",
    paper: "Shrikumar et al. 2016",
    cost: "1 F + 1 B",
    build: |_| Ok(Box::new(InputXGradient)),
};

struct InputXGradient;

impl Method for InputXGradient {
    fn needs(&self) -> Needs {
        Needs::network().per_channel()
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let classifier = context.classifier;
        Ok(explainer(move |request| input_gradient(classifier, request, &mut Plain) * request.images.clone()))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(1, 1))
    }
}
