//! A layer's values along a line of images.
//!
//! Behind a layer inside a residual block the scores also read what passes the layer by, so a run that goes on from other
//! values of the layer is fed those too.

use models::classifier::Output;
use models::features::Layout;
use models::{Classifier, Graph, NodeId, Plain, Tensor, Value, relu};

/// A layer at each image of a line, as flat rows `(images, numbers)`, and what passes it by on the way to the scores.
pub(super) struct Along<'a> {
    classifier: &'a Classifier,
    cut: Vec<NodeId>,
    /// The values of the cut in batches; the layer is the last of each.
    batches: Vec<Vec<Value>>,
    layout: Layout,
}

impl<'a> Along<'a> {
    /// Runs the line to the layer, `size` images at once.
    pub(super) fn new(classifier: &'a Classifier, layer: NodeId, line: Tensor<4>, size: usize) -> Self {
        let cut = classifier.network.graph().cut(layer);
        let ([n, _, h, w], size) = (line.dims(), size.max(1));
        let run = |start: usize| {
            let x = line.clone().narrow(0, start, size.min(n - start));
            classifier.network.run(vec![(Graph::INPUT, Value::new(x))], &cut, &mut Plain)
        };
        let batches: Vec<Vec<Value>> = (0..n).step_by(size).map(run).collect();
        let layout = classifier.layout(layer, [h, w]);
        Self { classifier, cut, batches, layout }
    }

    /// The layer's values, a row for each image.
    pub(super) fn features(&self) -> Tensor<2> {
        let rows = self.batches.iter().map(|values| flat(last(values).clone()));
        Tensor::cat(rows.collect(), 0)
    }

    /// Gradients of the target's logit times the positive part of the layer, where it has these values, summed over channels:
    /// `(images, 1, h, w)`.
    pub(super) fn products(&self, at: Tensor<2>, target: usize) -> Tensor<4> {
        let network = &self.classifier.network;
        let mut start = 0;
        let products = self.batches.iter().map(|values| {
            let shape = last(values).shape();
            let at = Value::new(at.clone().narrow(0, start, shape[0])).reshape(&shape);
            start += shape[0];
            let leaf = at.clone().leaf();
            let beside = values[..values.len() - 1].iter().cloned().chain([leaf.clone()]);
            let feeds = self.cut.iter().copied().zip(beside).collect();
            let logits = network.run(feeds, &[network.graph().output()], &mut Plain).remove(0).tensor();
            let targets = vec![target; shape[0]];
            let gradients = network.backward(&self.classifier.output(logits, &targets, Output::Logit));
            let gradient = leaf.grad(&gradients).unwrap_or_else(|| at.clone().map(|x| x.zeros_like()));
            self.layout.maps(gradient.zip(at, |gradient, at| gradient * relu(at))).sum_dim(1)
        });
        Tensor::cat(products.collect(), 0)
    }
}

fn last(values: &[Value]) -> &Value {
    values.last().expect("a cut holds its own node")
}

/// One row for each image.
fn flat(value: Value) -> Tensor<2> {
    let shape = value.shape();
    value.reshape(&[shape[0], shape[1..].iter().product()]).tensor()
}
