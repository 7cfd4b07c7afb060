//! XGrad-CAM (Fu et al., "Axiom-based Grad-CAM", 2020, equation 8): `ReLU(sum_c w_c A_c)` with
//! `w_c = sum_ij g_cij A_cij / sum_ij A_cij`, the mean gradient weighted by the activations.

use models::{Tensor, relu};
use spec::Reader;

use super::gradcam::class_activation;
use crate::context::Context;
use crate::layer::Layer;
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};

pub(crate) const ENTRY: Entry = Entry {
    name: "xgradcam",
    summary: "feature maps weighted by their mean gradient, weighted by the activations",
    paper: "Fu et al. 2020",
    cost: "1 F + 1 B from the layer on",
    build: |reader: &mut Reader| Ok(Box::new(XGradCam { layer: Layer::take(reader)? })),
};

struct XGradCam {
    layer: Layer,
}

impl Method for XGradCam {
    fn needs(&self) -> Needs {
        Needs::network().layer(&self.layer)
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let classifier = context.classifier;
        let layer = self.layer.find("xgradcam", context)?;
        Ok(explainer(move |request| {
            class_activation(classifier, request, layer, |activations, gradients| {
                let over_positions = |x: Tensor<4>| x.sum_dim(3).sum_dim(2);
                let total = over_positions(activations.clone());
                // A channel that is silent everywhere has no weight to speak of: its map is zero too.
                let weights = over_positions(activations.clone() * gradients) / (total + 1e-7);
                relu((activations * weights).sum_dim(1))
            })
        }))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(2, 1))
    }
}
