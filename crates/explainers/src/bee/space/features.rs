//! Paths in the feature maps of a layer: `mean_c (v - b)/n * sum_k g_k * r_k`.

use attribution::{Context, Error, Request};
use models::classifier::Output;
use models::features::Layout;
use models::{Classifier, Graph, NodeId, Plain, Tensor, Value, relu};

use super::{At, Psi, Space, along, in_batches, select, select_value};

/// A layer of feature maps.
pub(in crate::bee) struct Features<'a> {
    classifier: &'a Classifier,
    name: String,
    layer: NodeId,
    steps: usize,
    psi: Psi,
    displacement: bool,
    /// For the images of the request the layer's values, and what passes it by on the way to the scores.
    taken: Option<(Tensor<4>, Vec<(NodeId, Value)>)>,
}

impl<'a> Features<'a> {
    /// Paths of `steps` points at a layer.
    ///
    /// # Errors
    /// If it does not hold feature maps.
    pub(in crate::bee) fn new(
        method: &str,
        context: &'a Context<'a>,
        layer: NodeId,
        (steps, psi, displacement): (usize, Psi, bool),
    ) -> Result<Self, Error> {
        let classifier = context.classifier;
        let graph = classifier.network.graph();
        let name = graph.nodes[layer].name.clone();
        if layer == Graph::INPUT || Layout::at(graph, &context.shapes, layer) != Some(Layout::Maps) {
            let reason =
                format!("layer `{name}` holds neither feature maps nor attention between all tokens");
            return Err(Error::unfit(method, classifier, reason));
        }
        Ok(Self { classifier, name, layer, steps, psi, displacement, taken: None })
    }
}

impl Space for Features<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn take(&mut self, request: &Request<'_>) -> Tensor<4> {
        let (network, size) = (&self.classifier.network, request.batch_size.max(1));
        let (cut, n) = (network.graph().cut(self.layer), request.dims()[0]);
        let mut parts: Vec<Vec<Value>> = vec![Vec::new(); cut.len()];
        for start in (0..n).step_by(size) {
            let x = request.images.clone().narrow(0, start, size.min(n - start));
            let found = network.run(vec![(Graph::INPUT, Value::new(x))], &cut, &mut Plain);
            parts.iter_mut().zip(found).for_each(|(all, value)| all.push(value));
        }
        let mut all: Vec<(NodeId, Value)> =
            cut.into_iter().zip(parts).map(|(node, parts)| (node, Value::concat(parts, 0))).collect();
        let (_, values) = all.pop().expect("a cut holds its own node");
        let values: Tensor<4> = values.tensor();
        self.taken = Some((values.clone(), all));
        values
    }

    fn values(&self, images: &Tensor<4>, batch_size: usize) -> Tensor<4> {
        let network = &self.classifier.network;
        in_batches(images, batch_size, |x| {
            network.run(vec![(Graph::INPUT, Value::new(x))], &[self.layer], &mut Plain).remove(0).tensor()
        })
    }

    fn points(&self) -> usize {
        self.steps
    }

    fn parts(&self, points: &[At], targets: &[usize], baselines: Tensor<4>) -> Tensor<4> {
        let (values, beside) = self.taken.as_ref().expect("images are taken before paths");
        let rows: Vec<usize> = points.iter().map(|point| point.image).collect();
        let way = select(values, &rows) - baselines.clone();
        let at = baselines + way.clone() * along(points, self.steps, &way);
        let leaf = Value::new(at.clone()).leaf();
        let mut feeds: Vec<(NodeId, Value)> =
            beside.iter().map(|(node, value)| (*node, select_value(value, &rows))).collect();
        feeds.push((self.layer, leaf.clone()));
        let network = &self.classifier.network;
        let logits = network.run(feeds, &[network.graph().output()], &mut Plain).remove(0).tensor();
        let gradients = network.backward(&self.classifier.output(logits, targets, Output::Logit));
        let gradient = leaf.grad(&gradients).map_or_else(|| at.zeros_like(), Value::tensor);
        let counted = match self.psi {
            Psi::Product => gradient * at,
            Psi::Relu => relu(gradient) * relu(at),
            Psi::Gradient => gradient,
        };
        let counted = if self.displacement { counted * way } else { counted };
        counted.mean_dim(1) / self.steps as f32
    }
}
