//! Iterated integrated attributions (Barkan et al., "Visual Explanations via Iterated Integrated Attributions", 2023): along
//! the straight line from black to the image, and at each of its points again along a line to the features that it
//! gives, gradients times features are added up.
//!
//! In a convolutional network the features are a layer's maps, and their line starts at the smallest value of each over
//! the image's line; `variant=published` is what the published code computes, where the second line has no length:
//! `sum_i df_y/dU_i ReLU(U_i)`. In a transformer they are the last block's attention; products of attention and gradient
//! in every block are averaged and rolled out.

use models::classifier::Output;
use models::network::{Hooks, Network, Taps};
use models::resize::Resample;
use models::{Classifier, Graph, NodeId, Plain, Tensor, Value, relu};
use spec::Reader;

use crate::attention::{self, class_row, mean_of_heads};
use crate::batch;
use crate::method::{Error, Layer, Method, Request};
use crate::registry::Entry;

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
    fn explain(&self, request: &Request<'_>) -> Tensor<4> {
        let maps = (0..request.dims()[0]).map(|image| {
            let x = request.images.clone().narrow(0, image, 1);
            let target = request.targets[image];
            let size = request.dims();
            if attention::nodes(request.classifier).is_empty() {
                Resample::BILINEAR.resize(self.features(request, x, target), size[2], size[3])
            } else {
                class_row(self.attention(request, x, target), size[2], size[3])
            }
        });
        Tensor::cat(maps.collect(), 0)
    }

    fn check(&self, classifier: &Classifier) -> Result<(), Error> {
        if attention::nodes(classifier).is_empty() {
            self.layer.find("iia", classifier).map(|_| ())
        } else {
            attention::check_grid("iia", classifier)
        }
    }

    fn unfolded(&self) -> Option<&str> {
        self.layer.named()
    }
}

impl Iia {
    /// The line of images from black (zero in normalised space) on, `(steps + 1, 3, h, w)`.
    fn line(&self, x: &Tensor<4>) -> Tensor<4> {
        let along = (0..=self.steps).map(|i| i as f32 / self.steps as f32).collect();
        x.clone().repeat_dim(0, self.steps + 1) * batch::numbers(along, x)
    }

    /// The map of a convolutional network at the layer's own size.
    fn features(&self, request: &Request<'_>, x: Tensor<4>, target: usize) -> Tensor<4> {
        let classifier = request.classifier;
        let layer = self.layer.find("iia", classifier).unwrap_or(classifier.layer);
        let line = self.line(&x);
        let features = in_batches(line, request.batch_size, |x| classifier.layer_maps(x, layer));
        let base = features.clone().min_dim(0);
        let inner = if self.variant == Variant::Published { 1..=1 } else { 0..=self.steps };
        let end = *inner.end() as f32;
        let mut sum: Option<Tensor<4>> = None;
        for k in inner {
            let start = if self.variant == Variant::Published { base.zeros_like() } else { base.clone() };
            let at = start.clone() + (features.clone() - start) * (k as f32 / end);
            let products = in_batches(at, request.batch_size, |at| {
                let gradient = gradient_at(classifier, layer, at.clone(), target);
                (gradient * relu(at)).sum_dim(1)
            });
            let part = products.sum_dim(0);
            sum = Some(sum.map_or(part.clone(), |sum| sum + part));
        }
        sum.expect("at least one step")
    }

    /// The rolled-out matrix of a transformer, `(1, tokens, tokens)`.
    fn attention(&self, request: &Request<'_>, x: Tensor<4>, target: usize) -> Tensor<3> {
        let classifier = request.classifier;
        let nodes = attention::nodes(classifier);
        let last = *nodes.last().expect("a transformer has a block");
        let line = self.line(&x);
        let matrix = in_batches(line.clone(), request.batch_size, |x| {
            attention::matrices(classifier, x).pop().expect("a transformer has a block")
        });
        let mut sums: Vec<Tensor<3>> = Vec::new();
        let size = request.batch_size.max(1);
        for k in 0..=self.steps {
            let scaled = matrix.clone() * (k as f32 / self.steps as f32);
            for start in (0..=self.steps).step_by(size) {
                let count = size.min(self.steps + 1 - start);
                let value = Value::new(scaled.clone().narrow(0, start, count));
                let mut hooks = Injected { node: last, value, taps: Taps::at(&nodes) };
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

/// The gradient of the target's logit at a layer that has the given maps.
fn gradient_at(classifier: &Classifier, layer: NodeId, maps: Tensor<4>, target: usize) -> Tensor<4> {
    let leaf = Value::new(maps.clone()).leaf();
    let network = &classifier.network;
    let feeds = vec![(layer, leaf.clone())];
    let logits: Tensor<2> = network.run(feeds, &[network.graph().output()], &mut Plain).remove(0).tensor();
    let targets = vec![target; maps.dims()[0]];
    let gradients = classifier.output(logits, &targets, Output::Logit).backward();
    leaf.grad(&gradients).map_or_else(|| maps.zeros_like(), Value::tensor)
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
    let gradients = classifier.output(logits, &targets, Output::Logit).backward();
    let product = |(_, value, leaf): &(NodeId, Value, Value)| {
        let value = value.clone().untracked();
        let gradient = leaf.grad(&gradients).unwrap_or_else(|| value.clone().map(|x| x.zeros_like()));
        value.zip(gradient, |a, g| a * g).tensor()
    };
    hooks.taps.taken.iter().map(product).collect()
}
