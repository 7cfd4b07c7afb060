//! HiResCAM (Draelos and Carin, "Use HiResCAM instead of Grad-CAM for faithful explanations", 2020):
//! `ReLU(sum_c g_c A_c)`, the gradient of each position with its own value; `relu=false` keeps the sign.

use models::{Classifier, Tensor, relu};
use spec::Reader;

use super::gradcam::class_activation;
use crate::method::{Error, Layer, Method, Request};
use crate::registry::Entry;

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
    fn explain(&self, request: &Request<'_>) -> Tensor<4> {
        let layer = self.layer.find("hirescam", request.classifier).unwrap_or(request.classifier.layer);
        class_activation(request, layer, |activations, gradients| {
            let map = (activations * gradients).sum_dim(1);
            if self.relu { relu(map) } else { map }
        })
    }

    fn check(&self, classifier: &Classifier) -> Result<(), Error> {
        self.layer.find("hirescam", classifier).map(|_| ())
    }

    fn unfolded(&self) -> Option<&str> {
        self.layer.named()
    }
}
