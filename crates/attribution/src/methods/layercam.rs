//! LayerCAM (Jiang et al., 2021, equation 6): `ReLU(sum_c ReLU(g_c) A_c)`, each position with its own
//! gradient, resized bilinearly.

use models::relu;
use spec::Reader;

use super::gradcam::class_activation;
use crate::context::Context;
use crate::layer::Layer;
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};

pub(crate) const ENTRY: Entry = Entry {
    name: "layercam",
    summary: "feature maps weighted by their positive gradient at each position",
    paper: "Jiang et al. 2021",
    cost: "1 F + 1 B from the layer on",
    build: |reader: &mut Reader| Ok(Box::new(LayerCam { layer: Layer::take(reader)? })),
};

struct LayerCam {
    layer: Layer,
}

impl Method for LayerCam {
    fn needs(&self) -> Needs {
        Needs::network().layer(&self.layer)
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let classifier = context.classifier;
        let layer = self.layer.find("layercam", context)?;
        Ok(explainer(move |request| {
            class_activation(classifier, request, layer, |activations, gradients| {
                relu((activations * relu(gradients)).sum_dim(1))
            })
        }))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(2, 1))
    }
}
