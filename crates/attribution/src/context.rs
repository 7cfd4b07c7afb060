//! What the methods of a run share: one classifier, the shapes of its values, files, and modified weights.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use models::graph::ParameterId;
use models::network::shape::ShapeError;
use models::{Classifier, Network, NodeId, Op};

use crate::lrp::variant::Variant;
use crate::method::Error;

/// A classifier that methods are prepared for. Methods that need the same view of a classifier share a context, and with it
/// the modified weights of relevance propagation, which are made once.
pub struct Context<'a> {
    /// The classifier.
    pub classifier: &'a Classifier,
    /// The same with all its BatchNorm folded, as other programs see it.
    pub plain: &'a Classifier,
    /// The shape of each node's value for one image of the network's usual size.
    pub shapes: Vec<Vec<usize>>,
    files: BTreeMap<String, PathBuf>,
    modified: Mutex<Vec<Modified>>,
    most_bytes: u64,
}

/// Modified weights that were made.
struct Modified {
    variant: Variant,
    layers: Vec<NodeId>,
    network: Arc<Network>,
}

impl<'a> Context<'a> {
    /// The most bytes of modified weights, unless [`Context::with_most_bytes`] says otherwise.
    pub const MOST_BYTES: u64 = 8 << 30;

    /// A context without files.
    ///
    /// # Errors
    /// If the network does not fit images of its own usual size.
    pub fn new(classifier: &'a Classifier) -> Result<Self, ShapeError> {
        let graph = classifier.network.graph();
        let shapes = graph.shapes(graph.input)?;
        let (files, modified) = (BTreeMap::new(), Mutex::default());
        let most_bytes = Self::MOST_BYTES;
        Ok(Self { classifier, plain: classifier, shapes, files, modified, most_bytes })
    }

    /// The same where the classifier is a view of this one.
    #[must_use]
    pub fn of_plain(self, plain: &'a Classifier) -> Self {
        Self { plain, ..self }
    }

    /// The same with files by the names that specs give them.
    #[must_use]
    pub fn with_files(self, files: BTreeMap<String, PathBuf>) -> Self {
        Self { files, ..self }
    }

    /// The same with another limit for [`Context::modified_bytes`], beyond which methods cannot be prepared.
    #[must_use]
    pub fn with_most_bytes(self, most_bytes: u64) -> Self {
        Self { most_bytes, ..self }
    }

    /// The file of a name.
    pub fn file(&self, name: &str) -> Option<&Path> {
        self.files.get(name).map(PathBuf::as_path)
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.shapes.last().and_then(|shape| shape.last().copied()).unwrap_or(0)
    }

    /// The channels of a layer that holds maps or tokens.
    pub fn channels(&self, layer: NodeId) -> usize {
        let shape = &self.shapes[layer];
        if shape.len() == 3 { shape[2] } else { shape[1] }
    }

    /// Bytes of memory that the modified weights made so far take, packed copies included.
    pub fn modified_bytes(&self) -> u64 {
        self.made().iter().map(|made| self.bytes(&made.layers)).sum()
    }

    /// What one variant of some layers takes. On the CPU weights are packed too, forward and backward.
    fn bytes(&self, layers: &[NodeId]) -> u64 {
        let network = &self.classifier.network;
        let graph = network.graph();
        let size = |id: ParameterId| graph.parameters[id].shape.iter().product::<usize>();
        let numbers = |&layer: &NodeId| match graph.nodes[layer].op {
            Op::Conv2d { weight, bias, .. } | Op::Linear { weight, bias } => {
                size(weight) + bias.map_or(0, size)
            }
            _ => 0,
        };
        let copies = if network.is_packed() { 3 } else { 1 };
        4 * copies * layers.iter().map(numbers).sum::<usize>() as u64
    }

    /// The network with modified weights in some layers, made where no method has needed it before.
    pub(crate) fn modified(
        &self,
        method: &str,
        variant: Variant,
        layers: &[NodeId],
    ) -> Result<Arc<Network>, Error> {
        let there = self.modified_bytes();
        let mut made = self.made();
        if let Some(known) = made.iter().find(|made| made.variant == variant && made.layers == layers) {
            return Ok(Arc::clone(&known.network));
        }
        let bytes = there + self.bytes(layers);
        if bytes > self.most_bytes {
            let most = self.most_bytes;
            let reason = format!("modified weights would take {bytes} bytes, and {most} are allowed");
            return Err(Error::unfit(method, self.classifier, reason));
        }
        let network = Arc::new(variant.of(&self.classifier.network, layers));
        made.push(Modified { variant, layers: layers.to_vec(), network: Arc::clone(&network) });
        Ok(network)
    }

    fn made(&self) -> MutexGuard<'_, Vec<Modified>> {
        self.modified.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
