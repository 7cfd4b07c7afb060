//! Grad-CAM (Selvaraju et al., 2017, equations 1 and 2): `ReLU(sum_c w_c A_c)` with `w_c` the mean gradient
//! of channel `c`, resized bilinearly. `relu=false` keeps the sign ("layered Grad-CAM" in Captum).

use models::resize::Resample;
use models::{Classifier, NodeId, Tensor};
use spec::Reader;

use crate::batch;
use crate::context::Context;
use crate::layer::Layer;
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};
use crate::request::Request;

pub(crate) const ENTRY: Entry = Entry {
    name: "gradcam",
    summary: "feature maps weighted by their mean gradient",
    paper: "Selvaraju et al. 2017",
    cost: "1 F + 1 B from the layer on",
    build: |reader: &mut Reader| {
        let layer = Layer::take(reader)?;
        let relu = reader.take("relu", true)?;
        Ok(Box::new(GradCam { layer, relu }))
    },
};

struct GradCam {
    layer: Layer,
    relu: bool,
}

impl Method for GradCam {
    fn needs(&self) -> Needs {
        Needs::network().layer(&self.layer)
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let classifier = context.classifier;
        let layer = self.layer.find("gradcam", context)?;
        Ok(explainer(move |request| {
            class_activation(classifier, request, layer, |activations, gradients| {
                let weights = gradients.mean_dim(3).mean_dim(2);
                let map = (activations * weights).sum_dim(1);
                if self.relu { models::relu(map) } else { map }
            })
        }))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(2, 1))
    }
}

/// Runs to a layer, takes the target's gradient there, joins both to one map `(n, 1, h', w')` and resizes
/// it to the input.
pub(crate) fn class_activation(
    classifier: &Classifier,
    request: &Request<'_>,
    layer: NodeId,
    join: impl Fn(Tensor<4>, Tensor<4>) -> Tensor<4>,
) -> Tensor<4> {
    let [_, _, h, w] = request.dims();
    batch::each(request, |x, targets| {
        let (activations, gradients) = classifier.layer_gradient(x, targets, layer);
        Resample::BILINEAR.resize(join(activations, gradients), h, w)
    })
}
