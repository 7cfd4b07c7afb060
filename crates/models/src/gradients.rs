//! What a classifier's outputs change with: gradients at the input and at layers.

use std::ops::Range;

use burn::tensor::Tensor;

use crate::classifier::{Classifier, Output};
use crate::network::graph::{Graph, NodeId};
use crate::network::value::Value;
use crate::network::{Hooks, Plain, Taps};

impl Classifier {
    /// The gradient of each image's target class at the input, `(n, 3, h, w)`, and the outputs `(n, 1)`.
    pub fn input_gradient(
        &self,
        x: Tensor<4>,
        targets: &[usize],
        output: Output,
        hooks: &mut dyn Hooks,
    ) -> (Tensor<4>, Tensor<2>) {
        if !hooks.apart() {
            return self.input_gradient_of(x, targets, output, hooks);
        }
        let parts = self.network.in_parts(targets.len(), |part| {
            self.input_gradient_of(rows(&x, &part), &targets[part], output, &mut Plain)
        });
        let (gradients, scores) = parts.into_iter().unzip();
        (joined(gradients), joined(scores))
    }

    fn input_gradient_of(
        &self,
        x: Tensor<4>,
        targets: &[usize],
        output: Output,
        hooks: &mut dyn Hooks,
    ) -> (Tensor<4>, Tensor<2>) {
        let leaf = Value::new(x).leaf();
        let feeds = vec![(Graph::INPUT, leaf.clone())];
        let logits = self.network.run(feeds, &[self.network.graph().output()], hooks).remove(0).tensor();
        let scores = self.output(logits, targets, output);
        let gradients = self.network.backward(&scores);
        let gradient = leaf.grad(&gradients).map(Value::tensor);
        (gradient.unwrap_or_else(|| unreachable!("the input is a leaf")), scores.inner())
    }

    /// The gradient of each image's target class at the input, `(n, 3, h, w)`, and at the tapped nodes in the order in
    /// which they run; nothing where none arrives.
    pub fn tapped_gradient(
        &self,
        x: Tensor<4>,
        targets: &[usize],
        output: Output,
        taps: &mut Taps,
    ) -> (Tensor<4>, Vec<Option<Value>>) {
        let leaf = Value::new(x).leaf();
        let feeds = vec![(Graph::INPUT, leaf.clone())];
        let logits = self.network.run(feeds, &[self.network.graph().output()], taps).remove(0).tensor();
        let gradients = self.network.backward(&self.output(logits, targets, output));
        let at = |(_, _, leaf): &(NodeId, Value, Value)| leaf.grad(&gradients);
        let tapped = taps.taken.iter().map(at).collect();
        let gradient = leaf.grad(&gradients).map(Value::tensor);
        (gradient.unwrap_or_else(|| unreachable!("the input is a leaf")), tapped)
    }

    /// The values of a layer as maps `(n, c, h, w)`.
    ///
    /// # Panics
    /// If the layer has no [`crate::features::Layout`].
    pub fn layer_maps(&self, x: Tensor<4>, layer: NodeId) -> Tensor<4> {
        let [_, _, h, w] = x.dims();
        let value = self.network.run(vec![(Graph::INPUT, Value::new(x))], &[layer], &mut Plain).remove(0);
        self.layout(layer, [h, w]).maps(value)
    }

    /// The values of a layer and the gradients of each image's target logit there, as maps `(n, c, h, w)`
    /// (tokens on their grid).
    ///
    /// # Panics
    /// If the layer has no [`crate::features::Layout`].
    pub fn layer_gradient(&self, x: Tensor<4>, targets: &[usize], layer: NodeId) -> (Tensor<4>, Tensor<4>) {
        self.layer_gradient_of(x, targets, layer, Output::Logit)
    }

    /// [`Classifier::layer_gradient`] of the logit or the probability.
    ///
    /// # Panics
    /// If the layer has no [`crate::features::Layout`].
    pub fn layer_gradient_of(
        &self,
        x: Tensor<4>,
        targets: &[usize],
        layer: NodeId,
        output: Output,
    ) -> (Tensor<4>, Tensor<4>) {
        let parts = self.network.in_parts(targets.len(), |part| {
            self.layer_gradient_of_part(rows(&x, &part), &targets[part], layer, output)
        });
        let (values, gradients) = parts.into_iter().unzip();
        (joined(values), joined(gradients))
    }

    fn layer_gradient_of_part(
        &self,
        x: Tensor<4>,
        targets: &[usize],
        layer: NodeId,
        output: Output,
    ) -> (Tensor<4>, Tensor<4>) {
        let graph = self.network.graph();
        let (cut, [_, _, h, w]) = (graph.cut(layer), x.dims());
        let values = self.network.run(vec![(Graph::INPUT, Value::new(x))], &cut, &mut Plain);
        let mut feeds: Vec<(NodeId, Value)> = cut.into_iter().zip(values).collect();
        // The layer itself is the last node of its cut.
        let (_, activations) = feeds.pop().unwrap_or_else(|| unreachable!("a cut holds its own node"));
        let leaf = activations.clone().leaf();
        feeds.push((layer, leaf.clone()));
        let logits = self.network.run(feeds, &[graph.output()], &mut Plain).remove(0).tensor();
        let gradients = self.network.backward(&self.output(logits, targets, output));
        let gradient = leaf.grad(&gradients).unwrap_or_else(|| activations.clone().map(|x| x.zeros_like()));
        let layout = self.layout(layer, [h, w]);
        (layout.maps(activations), layout.maps(gradient))
    }
}

/// Some images of a batch.
fn rows(x: &Tensor<4>, part: &Range<usize>) -> Tensor<4> {
    if part.len() == x.dims()[0] { x.clone() } else { x.clone().narrow(0, part.start, part.len()) }
}

/// The results of all parts.
fn joined<const D: usize>(mut parts: Vec<Tensor<D>>) -> Tensor<D> {
    if parts.len() == 1 { parts.remove(0) } else { Tensor::cat(parts, 0) }
}
