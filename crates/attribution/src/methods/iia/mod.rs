//! Iterated integrated attributions (Barkan et al., "Visual Explanations via Iterated Integrated Attributions", 2023): along
//! the straight line from black to the image, and at each of its points again along a line to the features that it
//! gives, gradients times features are added up.
//!
//! In a convolutional network the features are a layer's maps, and their line starts at the smallest value of each over
//! the image's line; `variant=published` is what the published code computes, where the second line has no length:
//! `sum_i df_y/dU_i ReLU(U_i)`. In a transformer they are the last block's attention; products of attention and gradient
//! in every block are averaged and rolled out.

mod along;

use models::classifier::Output;
use models::network::{Hooks, Network, Taps};
use models::resize::Resample;
use models::{Classifier, Graph, NodeId, Tensor, Value, relu};
use spec::Reader;

use crate::attention::{self, Attention, mean_of_heads};
use crate::batch;
use crate::context::Context;
use crate::layer::Layer;
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};
use crate::request::Request;
use along::Along;

pub(crate) const ENTRY: Entry = Entry {
    name: "iia",
    summary: "gradients times features along a line of images and, at each, a line of features",
    paper: "Barkan et al. 2023",
    cost: "(steps + 1)^2 (F + B)",
    build: |reader: &mut Reader| {
        let layer = Layer::take(reader)?;
        let steps = reader.take_if("steps", 10, "a positive whole number", |&steps| steps > 0)?;
        let variant =
            reader.choose("variant", &[("paper", Variant::Paper), ("published", Variant::Published)])?;
        Ok(Box::new(Iia { layer, steps, variant }))
    },
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Variant {
    Paper,
    Published,
}

struct Iia {
    layer: Layer,
    steps: usize,
    variant: Variant,
}

impl Method for Iia {
    fn needs(&self) -> Needs {
        Needs::network().layer(&self.layer)
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let classifier = context.classifier;
        if let Some(attention) = self.blocks(context)? {
            return Ok(explainer(move |request| {
                let [n, _, h, w] = request.dims();
                let one =
                    |image| attention.map(self.attention(classifier, &attention.nodes, request, image), h, w);
                Tensor::cat((0..n).map(one).collect(), 0)
            }));
        }
        let layer = self.layer.find("iia", context)?;
        Ok(explainer(move |request| {
            let [n, _, h, w] = request.dims();
            let one = |image| self.features(classifier, layer, request, image);
            Tensor::cat((0..n).map(|image| Resample::BILINEAR.resize(one(image), h, w)).collect(), 0)
        }))
    }

    fn passes(&self, context: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        let line = self.steps + 1;
        if self.blocks(context)?.is_some() {
            return Ok(Passes::exact(line + line * line, line * line));
        }
        let inner = if self.variant == Variant::Published { 1 } else { line };
        Ok(Passes::exact(line + inner * line, inner * line))
    }
}

impl Iia {
    /// The attention of a transformer; nothing in other networks.
    fn blocks<'a>(&self, context: &'a Context<'a>) -> Result<Option<Attention<'a>>, Error> {
        if attention::nodes(context).is_empty() {
            return Ok(None);
        }
        if let Some(layer) = self.layer.named() {
            let reason = format!("layer={layer}, but in a transformer the features are the last attention");
            return Err(Error::unfit("iia", context.classifier, reason));
        }
        Attention::new("iia", context).map(Some)
    }

    /// The line of images from black (zero in normalised space) on, `(steps + 1, 3, h, w)`.
    fn line(&self, request: &Request<'_>, image: usize) -> Tensor<4> {
        let x = request.images.clone().narrow(0, image, 1);
        let along = (0..=self.steps).map(|i| i as f32 / self.steps as f32).collect();
        x.clone().repeat_dim(0, self.steps + 1) * batch::numbers(along, &x)
    }

    /// The map of a convolutional network at the layer's own size.
    fn features(
        &self,
        classifier: &Classifier,
        layer: NodeId,
        request: &Request<'_>,
        image: usize,
    ) -> Tensor<4> {
        let along = Along::new(classifier, layer, self.line(request, image), request.batch_size);
        let features = along.features();
        let base = features.clone().min_dim(0);
        let inner = if self.variant == Variant::Published { 1..=1 } else { 0..=self.steps };
        let end = *inner.end() as f32;
        let mut sum: Option<Tensor<4>> = None;
        for k in inner {
            let start = if self.variant == Variant::Published { base.zeros_like() } else { base.clone() };
            let at = start.clone() + (features.clone() - start) * (k as f32 / end);
            let part = along.products(at, request.targets[image]).sum_dim(0);
            sum = Some(sum.map_or(part.clone(), |sum| sum + part));
        }
        sum.expect("at least one step")
    }

    /// The rolled-out matrix of a transformer, `(1, tokens, tokens)`.
    fn attention(
        &self,
        classifier: &Classifier,
        nodes: &[NodeId],
        request: &Request<'_>,
        image: usize,
    ) -> Tensor<3> {
        let target = request.targets[image];
        let last = *nodes.last().expect("a transformer has a block");
        let line = self.line(request, image);
        let matrix = in_batches(line.clone(), request.batch_size, |x| {
            attention::matrices(classifier, nodes, x).pop().expect("a transformer has a block")
        });
        let mut sums: Vec<Tensor<3>> = Vec::new();
        let size = request.batch_size.max(1);
        for k in 0..=self.steps {
            let scaled = matrix.clone() * (k as f32 / self.steps as f32);
            for start in (0..=self.steps).step_by(size) {
                let count = size.min(self.steps + 1 - start);
                let value = Value::new(scaled.clone().narrow(0, start, count));
                let mut hooks = Injected { node: last, value, taps: Taps::at(nodes) };
                let products = products(classifier, line.clone().narrow(0, start, count), target, &mut hooks);
                let means: Vec<Tensor<3>> =
                    products.into_iter().map(|product| mean_of_heads(relu(product))).collect();
                // One image after another, so that the sum does not depend on the batch.
                for row in 0..count {
                    let rows = means.iter().map(|mean| mean.clone().narrow(0, row, 1));
                    sums = if sums.is_empty() {
                        rows.collect()
                    } else {
                        sums.into_iter().zip(rows).map(|(a, b)| a + b).collect()
                    };
                }
            }
        }
        let samples = ((self.steps + 1) * (self.steps + 1)) as f32;
        attention::rollout(sums.into_iter().map(|sum| sum / samples).collect(), true)
    }
}

/// Applies a function of single rows in batches.
fn in_batches(x: Tensor<4>, size: usize, f: impl Fn(Tensor<4>) -> Tensor<4>) -> Tensor<4> {
    let size = size.max(1);
    let n = x.dims()[0];
    let parts = (0..n).step_by(size).map(|start| f(x.clone().narrow(0, start, size.min(n - start))));
    Tensor::cat(parts.collect(), 0)
}

/// Replaces one node's value, and taps.
struct Injected {
    node: NodeId,
    value: Value,
    taps: Taps,
}

impl Hooks for Injected {
    fn apply(&mut self, network: &Network, node: NodeId, inputs: Vec<Value>) -> Value {
        if node != self.node {
            return self.taps.apply(network, node, inputs);
        }
        let (value, leaf) = self.value.clone().tap();
        self.taps.taken.push((node, value.clone(), leaf));
        value
    }
}

/// Attention times the target's gradient in every block, with the last block's attention replaced.
fn products(classifier: &Classifier, x: Tensor<4>, target: usize, hooks: &mut Injected) -> Vec<Tensor<4>> {
    let targets = vec![target; x.dims()[0]];
    let leaf = Value::new(x).leaf();
    let network = &classifier.network;
    let feeds = vec![(Graph::INPUT, leaf)];
    let logits: Tensor<2> = network.run(feeds, &[network.graph().output()], hooks).remove(0).tensor();
    let gradients = network.backward(&classifier.output(logits, &targets, Output::Logit));
    let product = |(_, value, leaf): &(NodeId, Value, Value)| {
        let value = value.clone().untracked();
        let gradient = leaf.grad(&gradients).unwrap_or_else(|| value.clone().map(|x| x.zeros_like()));
        value.zip(gradient, |a, g| a * g).tensor()
    };
    hooks.taps.taken.iter().map(product).collect()
}
