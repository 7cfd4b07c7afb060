//! A rule for some layers, and the changed weights that it takes there.

use std::sync::Arc;

use models::network::walk::Step;
use models::{Network, NodeId, Op, Value};

use super::rule::{Bounds, Rule};
use super::variant::Variant;
use crate::context::Context;
use crate::method::Error;

/// Networks with changed weights, shared with the other methods of a context.
pub(crate) struct ModifiedWeights(Vec<(Variant, Arc<Network>)>);

impl ModifiedWeights {
    /// The network of a variant.
    ///
    /// # Panics
    /// If the rule has not named it in [`Rule::variants`].
    pub(crate) fn get(&self, variant: Variant) -> &Network {
        let found = self.0.iter().find(|(known, _)| *known == variant);
        &found.unwrap_or_else(|| unreachable!("a rule names its variants")).1
    }
}

/// A rule that is ready for some layers of a network.
pub(crate) struct PreparedRule {
    rule: Rule,
    modified: ModifiedWeights,
}

impl PreparedRule {
    /// Makes what no method has made for the same layers before. Other layers keep their weights: most rules are for some
    /// layers only, and the largest matrices often have one that changes nothing.
    ///
    /// # Errors
    /// If that would take more memory than the context allows.
    pub(crate) fn new(
        method: &str,
        context: &Context<'_>,
        rule: Rule,
        layers: &[NodeId],
    ) -> Result<Self, Error> {
        let make = |variant| Ok((variant, context.modified(method, variant, layers)?));
        let made = rule.variants().into_iter().map(make).collect::<Result<_, Error>>()?;
        Ok(Self { rule, modified: ModifiedWeights(made) })
    }

    /// The relevance of a layer's input.
    pub(crate) fn apply(&self, step: &Step<'_>, bounds: &Bounds, arrived: &Value) -> Value {
        self.rule.apply(step, &self.modified, bounds, arrived)
    }

    /// The relevance of the input of a layer that does not read pixels.
    pub(crate) fn without_bounds(&self, step: &Step<'_>, arrived: &Value) -> Value {
        let none = step.inputs[0].clone();
        self.apply(step, &Bounds { low: none.clone(), high: none }, arrived)
    }
}

/// The convolutions and linear layers of a network.
pub(crate) fn weighted(network: &Network) -> Vec<NodeId> {
    let nodes = network.graph().nodes.iter().enumerate();
    let weighted = |op: &Op| matches!(op, Op::Conv2d { .. } | Op::Linear { .. });
    nodes.filter(|(_, node)| weighted(&node.op)).map(|(id, _)| id).collect()
}
