//! HiResCAM (Draelos and Carin, "Use HiResCAM instead of Grad-CAM for faithful explanations", 2020):
//! `ReLU(sum_c g_c A_c)`, the gradient of each position with its own value; `relu=false` keeps the sign.

use models::relu;
use spec::Reader;

use super::gradcam::class_activation;
use crate::context::Context;
use crate::layer::Layer;
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};

pub(crate) const ENTRY: Entry = Entry {
    name: "hirescam",
    summary: "feature maps times their gradient at each position",
    paper: "Draelos and Carin 2020",
    cost: "1 F + 1 B from the layer on",
    build: |reader: &mut Reader| {
        let layer = Layer::take(reader)?;
        let relu = reader.take("relu", true)?;
        Ok(Box::new(HiResCam { layer, relu }))
    },
};

struct HiResCam {
    layer: Layer,
    relu: bool,
}

impl Method for HiResCam {
    fn needs(&self) -> Needs {
        Needs::network().layer(&self.layer)
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let classifier = context.classifier;
        let layer = self.layer.find("hirescam", context)?;
        Ok(explainer(move |request| {
            class_activation(classifier, request, layer, |activations, gradients| {
                let map = (activations * gradients).sum_dim(1);
                if self.relu { relu(map) } else { map }
            })
        }))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(2, 1))
    }
}
