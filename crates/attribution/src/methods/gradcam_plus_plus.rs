//! Grad-CAM++ (Chattopadhay et al., 2018, equations 10 and 19): `ReLU(sum_c w_c A_c)` with
//! `w_c = sum_ij alpha ReLU(g)` and `alpha = g^2 / (2 g^2 + g^3 sum_ab A_ab)`.
//!
//! `variant=bee` is the code of BEE, EEA and IIA: the cubed gradients are inside the sum over positions, and the last
//! ReLU is left out. (Their factor `exp(f_y)`, one positive number for each image, is left out here.)

use models::{Tensor, relu};
use spec::Reader;

use super::gradcam::class_activation;
use crate::context::Context;
use crate::layer::Layer;
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};

pub(crate) const ENTRY: Entry = Entry {
    name: "gradcam++",
    summary: "feature maps weighted by positive gradients, each in proportion to its share of the score",
    paper: "Chattopadhay et al. 2018",
    cost: "1 F + 1 B from the layer on",
    build: |reader: &mut Reader| {
        let layer = Layer::take(reader)?;
        let variant = reader.choose("variant", &[("paper", Variant::Paper), ("bee", Variant::Bee)])?;
        Ok(Box::new(GradCamPlusPlus { layer, variant }))
    },
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Variant {
    Paper,
    Bee,
}

struct GradCamPlusPlus {
    layer: Layer,
    variant: Variant,
}

impl Method for GradCamPlusPlus {
    fn needs(&self) -> Needs {
        Needs::network().layer(&self.layer)
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let classifier = context.classifier;
        let layer = self.layer.find("gradcam++", context)?;
        Ok(explainer(move |request| {
            class_activation(classifier, request, layer, |activations, gradients| {
                let map = (activations.clone() * self.weights(activations, gradients)).sum_dim(1);
                if self.variant == Variant::Paper { relu(map) } else { map }
            })
        }))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(2, 1))
    }
}

impl GradCamPlusPlus {
    /// One weight for each channel, `(n, c, 1, 1)`.
    fn weights(&self, activations: Tensor<4>, gradients: Tensor<4>) -> Tensor<4> {
        const EPSILON: f64 = 1e-6;
        let over_positions = |x: Tensor<4>| x.sum_dim(3).sum_dim(2);
        let squared = gradients.clone() * gradients.clone();
        let cubed = squared.clone() * gradients.clone();
        let below = match self.variant {
            Variant::Paper => squared.clone() * 2.0 + cubed * over_positions(activations),
            Variant::Bee => {
                let sum = squared.clone() * 2.0 + over_positions(activations * cubed);
                sum.clone().mask_fill(sum.equal_elem(0.0), 1.0)
            }
        };
        let silent = gradients.clone().equal_elem(0.0);
        let alpha = (squared / (below + EPSILON)).mask_fill(silent, 0.0);
        over_positions(alpha * relu(gradients))
    }
}
