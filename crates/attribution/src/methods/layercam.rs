//! LayerCAM (Jiang et al., 2021, equation 6): `ReLU(sum_c ReLU(g_c) A_c)`, each position with its own
//! gradient, resized bilinearly.

use models::{Classifier, Tensor, relu};
use spec::Reader;

use super::gradcam::class_activation;
use crate::method::{Error, Layer, Method, Request};
use crate::registry::Entry;

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
    fn explain(&self, request: &Request<'_>) -> Tensor<4> {
        let layer = self.layer.find("layercam", request.classifier).unwrap_or(request.classifier.layer);
        class_activation(request, layer, |activations, gradients| {
            relu((activations * relu(gradients)).sum_dim(1))
        })
    }

    fn check(&self, classifier: &Classifier) -> Result<(), Error> {
        self.layer.find("layercam", classifier).map(|_| ())
    }

    fn unfolded(&self) -> Option<&str> {
        self.layer.named()
    }
}
