//! Paths in the attention of a transformer's block: at each point the gradient rollout (BEE 2025, appendix I), as an own reading of equation 3
//! whose displacement is the mean over heads: `(E_h (v - b))/n * sum_k GR(r_k)`, the row that the scores read.

use attribution::attention::{Attention, matrices, mean_of_heads, rollout};
use attribution::{Error, Request};
use models::classifier::Output;
use models::network::Taps;
use models::{Classifier, Graph, NodeId, Tensor, Value, relu};

use super::{At, Psi, Space, along, in_batches, select};

/// A block's attention.
pub(in crate::bee) struct Matrices<'a> {
    classifier: &'a Classifier,
    attention: Attention<'a>,
    name: String,
    layer: NodeId,
    steps: usize,
    psi: Psi,
    displacement: bool,
    /// The images of the request and their values.
    taken: Option<[Tensor<4>; 2]>,
}

impl<'a> Matrices<'a> {
    /// Paths of `steps` points in the attention at a node.
    ///
    /// # Errors
    /// If the gradient alone is asked for: a rollout is one of products.
    pub(in crate::bee) fn new(
        method: &str,
        classifier: &'a Classifier,
        attention: Attention<'a>,
        layer: NodeId,
        (steps, psi, displacement): (usize, Psi, bool),
    ) -> Result<Self, Error> {
        if psi == Psi::Gradient {
            let reason = "psi=gradient has no meaning for attention, whose products are rolled out";
            return Err(Error::unfit(method, classifier, reason));
        }
        let name = classifier.network.graph().nodes[layer].name.clone();
        Ok(Self { classifier, attention, name, layer, steps, psi, displacement, taken: None })
    }

    /// The rollout of attention times gradient in every block, where one block's attention is given.
    fn rollout(&self, images: Tensor<4>, at: Tensor<4>, targets: &[usize]) -> Tensor<3> {
        let (network, nodes) = (&self.classifier.network, &self.attention.nodes);
        let others: Vec<NodeId> = nodes.iter().copied().filter(|&node| node != self.layer).collect();
        let mut taps = Taps::at(&others);
        let leaf = Value::new(at).leaf();
        let feeds = vec![(Graph::INPUT, Value::new(images)), (self.layer, leaf.clone())];
        let logits = network.run(feeds, &[network.graph().output()], &mut taps).remove(0).tensor();
        let gradients = network.backward(&self.classifier.output(logits, targets, Output::Logit));
        taps.taken.push((self.layer, leaf.clone(), leaf));
        taps.taken.sort_by_key(|(node, ..)| *node);
        let product = |(_, value, leaf): &(NodeId, Value, Value)| {
            let value = value.clone().untracked();
            let gradient = leaf.grad(&gradients).unwrap_or_else(|| value.clone().map(|x| x.zeros_like()));
            let product: Tensor<4> = value.zip(gradient, |a, g| a * g).tensor();
            mean_of_heads(if self.psi == Psi::Relu { relu(product) } else { product })
        };
        rollout(taps.taken.iter().map(product).collect(), self.psi == Psi::Relu)
    }
}

impl Space for Matrices<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn take(&mut self, request: &Request<'_>) -> Tensor<4> {
        let values = self.values(&request.images, request.batch_size);
        self.taken = Some([request.images.clone(), values.clone()]);
        values
    }

    fn values(&self, images: &Tensor<4>, batch_size: usize) -> Tensor<4> {
        in_batches(images, batch_size, |x| matrices(self.classifier, &[self.layer], x).remove(0))
    }

    fn holds_weights(&self) -> bool {
        true
    }

    fn points(&self) -> usize {
        self.steps
    }

    fn parts(&self, points: &[At], targets: &[usize], baselines: Tensor<4>) -> Tensor<4> {
        let [images, values] = self.taken.as_ref().expect("images are taken before paths");
        let rows: Vec<usize> = points.iter().map(|point| point.image).collect();
        let way = select(values, &rows) - baselines.clone();
        let at = baselines + way.clone() * along(points, self.steps, &way);
        let [_, _, h, w] = images.dims();
        let rolled = self.rollout(select(images, &rows), at, targets);
        let counted = if self.displacement { rolled * mean_of_heads(way) } else { rolled };
        self.attention.grid(counted, [h, w]) / self.steps as f32
    }
}
