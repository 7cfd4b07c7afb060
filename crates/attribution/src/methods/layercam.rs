//! LayerCAM (Jiang et al., 2021, equation 6): `ReLU(sum_c ReLU(g_c) A_c)`, each position with its own
//! gradient, resized bilinearly.

use models::{Classifier, Tensor, relu};
use spec::Reader;

use super::gradcam::class_activation;
use crate::method::{Error, Layer, Method, Question};
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
    fn explain(&self, question: &Question<'_>) -> Tensor<4> {
        let layer = self.layer.find("layercam", question.classifier).unwrap_or(question.classifier.layer);
        class_activation(question, layer, |activations, gradients| {
            relu((activations * relu(gradients)).sum_dim(1))
        })
    }

    fn check(&self, classifier: &Classifier) -> Result<(), Error> {
        self.layer.find("layercam", classifier).map(|_| ())
    }

    fn keep(&self) -> Option<&str> {
        self.layer.named()
    }
}
