//! The layer that a spec names.

use models::NodeId;
use models::features::Layout;

use crate::context::Context;
use crate::method::Error;

/// A layer parameter: `auto` is the classifier's own choice.
#[derive(Clone, Debug)]
pub struct Layer(String);

impl Layer {
    /// Takes `layer` out of a spec string.
    ///
    /// # Errors
    /// If the reader cannot take it.
    pub fn take(reader: &mut spec::Reader) -> Result<Self, spec::Error> {
        reader.take("layer", "auto".to_string()).map(Self)
    }

    /// The name, if it is not `auto`.
    pub fn named(&self) -> Option<&str> {
        (self.0 != "auto").then_some(&self.0)
    }

    /// The node of a method's layer.
    ///
    /// # Errors
    /// If the network does not have it, or it holds neither feature maps nor tokens of patches on their grid.
    pub fn find(&self, method: &str, context: &Context<'_>) -> Result<NodeId, Error> {
        let classifier = context.classifier;
        let unfit = |reason| Error::unfit(method, classifier, reason);
        let graph = classifier.network.graph();
        let node = match self.named() {
            Some(name) => graph.find(name).ok_or_else(|| unfit(format!("it has no layer `{name}`")))?,
            None => classifier.layer,
        };
        if Layout::at(graph, &context.shapes, node).is_some() {
            return Ok(node);
        }
        let name = &graph.nodes[node].name;
        Err(unfit(format!("layer `{name}` has neither feature maps nor tokens of patches on a grid")))
    }
}
