//! XGrad-CAM (Fu et al., "Axiom-based Grad-CAM", 2020, equation 8): `ReLU(sum_c w_c A_c)` with
//! `w_c = sum_ij g_cij A_cij / sum_ij A_cij`, the mean gradient weighted by the activations.

use models::{Classifier, Tensor, relu};
use spec::Reader;

use super::gradcam::class_activation;
use crate::method::{Error, Layer, Method, Request};
use crate::registry::Entry;

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
    fn explain(&self, request: &Request<'_>) -> Tensor<4> {
        let layer = self.layer.find("xgradcam", request.classifier).unwrap_or(request.classifier.layer);
        class_activation(request, layer, |activations, gradients| {
            let over_positions = |x: Tensor<4>| x.sum_dim(3).sum_dim(2);
            let total = over_positions(activations.clone());
            // A channel that is silent everywhere has no weight to speak of: its map is zero too.
            let weights = over_positions(activations.clone() * gradients) / (total + 1e-7);
            relu((activations * weights).sum_dim(1))
        })
    }

    fn check(&self, classifier: &Classifier) -> Result<(), Error> {
        self.layer.find("xgradcam", classifier).map(|_| ())
    }

    fn unfolded(&self) -> Option<&str> {
        self.layer.named()
    }
}
