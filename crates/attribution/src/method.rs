//! What every explanation method gets and gives.

use models::{Classifier, NodeId, Tensor};
use rand::rngs::ChaCha8Rng;

/// Why a method cannot explain a classifier.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// The spec string is wrong.
    #[error(transparent)]
    Spec(#[from] spec::Error),
    /// The method looks into the network, and the classifier lets nobody look.
    #[error("{method} needs the network's layers or gradients; {model} only gives scores")]
    BlackBox {
        /// The method.
        method: String,
        /// The classifier.
        model: String,
    },
    /// The network lacks what the method needs.
    #[error("{method} does not fit {model}: {reason}")]
    Unfit {
        /// The method.
        method: String,
        /// The classifier.
        model: String,
        /// What is missing.
        reason: String,
    },
}

/// Pictures and the classes to explain.
pub struct Question<'a> {
    /// The classifier.
    pub classifier: &'a Classifier,
    /// Normalised pictures `(n, 3, h, w)` on the plain device.
    pub images: Tensor<4>,
    /// The class to explain in each.
    pub targets: &'a [usize],
    /// What each picture is called; the key of its random numbers.
    pub names: &'a [String],
    /// The run's seed.
    pub seed: u64,
    /// The most inputs to run at once, samples included.
    pub batch_size: usize,
}

impl Question<'_> {
    /// Number, channels, height and width of the pictures.
    pub fn dims(&self) -> [usize; 4] {
        self.images.dims()
    }

    /// The random numbers of one draw of a method for one picture.
    pub fn random(&self, method: &str, picture: usize, draw: usize) -> ChaCha8Rng {
        stats::random::generator(self.seed, &[&self.names[picture], method], draw as u64)
    }
}

/// An explanation method with its parameters.
pub trait Method: Send + Sync {
    /// Raw signed maps of the input's height and width: `(n, 3, h, w)` if the method attributes to colour
    /// channels, `(n, 1, h, w)` if not.
    fn explain(&self, question: &Question<'_>) -> Tensor<4>;

    /// Whether the method fits the classifier; asked before any work.
    ///
    /// # Errors
    /// If the network lacks what the method needs.
    fn check(&self, _classifier: &Classifier) -> Result<(), Error> {
        Ok(())
    }

    /// Whether the method asks for nothing but class scores, so that any classifier will do.
    fn is_black_box(&self) -> bool {
        false
    }

    /// The layer that the method reads, if the user named one.
    fn layer(&self) -> Option<&str> {
        None
    }
}

/// A layer parameter: `auto` is the classifier's own choice.
#[derive(Clone, Debug)]
pub(crate) struct Layer(String);

impl Layer {
    pub(crate) fn take(reader: &mut spec::Reader) -> Result<Self, spec::Error> {
        reader.take("layer", "auto".to_string()).map(Self)
    }

    pub(crate) fn named(&self) -> Option<&str> {
        (self.0 != "auto").then_some(&self.0)
    }

    /// The node, if the network has it and it holds feature maps.
    pub(crate) fn find(&self, method: &str, classifier: &Classifier) -> Result<NodeId, Error> {
        let Some(name) = self.named() else { return Ok(classifier.layer) };
        let unfit = |reason| Error::Unfit { method: method.into(), model: classifier.name.clone(), reason };
        let graph = classifier.network.graph();
        let node = graph.find(name).ok_or_else(|| unfit(format!("it has no layer `{name}`")))?;
        let shapes = graph.shapes(graph.input).map_err(|error| unfit(error.to_string()))?;
        if models::features::Layout::at(graph, &shapes, node).is_some() {
            return Ok(node);
        }
        Err(unfit(format!("layer `{name}` has neither feature maps nor tokens")))
    }
}
