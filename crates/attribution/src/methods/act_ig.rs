//! Integrated gradients on activations (BEE 2025, ACT-IG): the path runs from zero to a layer's values, and
//! `sum_c A_c * mean_k df_y/dA (a_k A)` is the map; `steps` as in the paper, by the right rule.

use models::classifier::Output;
use models::features::Layout;
use models::resize::Resample;
use models::{Classifier, Graph, NodeId, Plain, Tensor, Value};
use spec::Reader;

use crate::batch;
use crate::context::Context;
use crate::layer::Layer;
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};

pub(crate) const ENTRY: Entry = Entry {
    name: "act-ig",
    summary: "integrated gradients along a layer's values instead of pixels",
    paper: "BEE 2025",
    cost: "1 F + steps (F + B) from the layer on",
    build: |reader: &mut Reader| {
        let layer = Layer::take(reader)?;
        let steps = reader.take_if("steps", 10, "a positive whole number", |&steps| steps > 0)?;
        Ok(Box::new(ActIg { layer, steps }))
    },
};

struct ActIg {
    layer: Layer,
    steps: usize,
}

impl Method for ActIg {
    fn needs(&self) -> Needs {
        Needs::network().layer(&self.layer)
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let classifier = context.classifier;
        let layer = self.layer.find("act-ig", context)?;
        Ok(explainer(move |request| {
            let [_, _, h, w] = request.dims();
            batch::each(request, |x, targets| {
                let along = Along::new(classifier, x, layer);
                let gradients =
                    (1..=self.steps).map(|k| along.gradient(k as f64 / self.steps as f64, targets).1);
                let mean = gradients.reduce(|a, b| a + b).expect("at least one step") / self.steps as f32;
                Resample::BILINEAR.resize((along.maps() * mean).sum_dim(1), h, w)
            })
        }))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(1 + self.steps, self.steps))
    }
}

/// A layer's values, scaled on the way from zero.
pub(crate) struct Along<'a> {
    classifier: &'a Classifier,
    /// What passes the layer by.
    beside: Vec<(NodeId, Value)>,
    layer: NodeId,
    value: Value,
    layout: Layout,
}

impl<'a> Along<'a> {
    /// Runs the images to the layer.
    pub(crate) fn new(classifier: &'a Classifier, x: Tensor<4>, layer: NodeId) -> Self {
        let (cut, [_, _, h, w]) = (classifier.network.graph().cut(layer), x.dims());
        let values = classifier.network.run(vec![(Graph::INPUT, Value::new(x))], &cut, &mut Plain);
        let mut beside: Vec<(NodeId, Value)> = cut.into_iter().zip(values).collect();
        let (_, value) = beside.pop().expect("a cut holds its own node");
        let layout = classifier.layout(layer, [h, w]);
        Self { classifier, beside, layer, value, layout }
    }

    /// The layer as maps `(n, c, h, w)`.
    pub(crate) fn maps(&self) -> Tensor<4> {
        self.layout.maps(self.value.clone())
    }

    /// The scaled layer and the gradient of the target's logit there, both as maps.
    pub(crate) fn gradient(&self, scale: f64, targets: &[usize]) -> (Tensor<4>, Tensor<4>) {
        let scaled = self.value.clone().map(|x| x * scale);
        let leaf = scaled.clone().leaf();
        let mut feeds = self.beside.clone();
        feeds.push((self.layer, leaf.clone()));
        let network = &self.classifier.network;
        let logits = network.run(feeds, &[network.graph().output()], &mut Plain).remove(0).tensor();
        let gradients = network.backward(&self.classifier.output(logits, targets, Output::Logit));
        let gradient = leaf.grad(&gradients).unwrap_or_else(|| scaled.clone().map(|x| x.zeros_like()));
        (self.layout.maps(scaled), self.layout.maps(gradient))
    }
}
