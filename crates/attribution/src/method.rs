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

impl Error {
    /// A method that does not fit a classifier, and why.
    pub(crate) fn unfit(method: &str, classifier: &Classifier, reason: impl Into<String>) -> Self {
        Self::Unfit { method: method.into(), model: classifier.name.clone(), reason: reason.into() }
    }
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

    /// One picture with values in 0..1, `(1, 3, h, w)`.
    pub(crate) fn pixels(&self, picture: usize) -> Tensor<4> {
        let (black, white) = (self.classifier.colour(0.0), self.classifier.colour(1.0));
        (self.images.clone().narrow(0, picture, 1) - black.clone()) / (white - black)
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

    /// A convolution that must stay apart from its BatchNorm because its own value is read, or
    /// [`models::network::fold::ALL`].
    fn keep(&self) -> Option<&str> {
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
        let unfit = |reason| Error::unfit(method, classifier, reason);
        let graph = classifier.network.graph();
        let node = graph.find(name).ok_or_else(|| unfit(format!("it has no layer `{name}`")))?;
        let shapes = graph.shapes(graph.input).map_err(|error| unfit(error.to_string()))?;
        if models::features::Layout::at(graph, &shapes, node).is_some() {
            return Ok(node);
        }
        Err(unfit(format!("layer `{name}` has neither feature maps nor tokens")))
    }
}
