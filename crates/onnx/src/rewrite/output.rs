//! The output as one score for each class, before any softmax.

use models::graph::Activation;
use models::{NodeId, Op};

use super::Draft;
use crate::importer::Importer;

/// Scores as vectors `(n, classes)`: axes of length 1 behind the classes go.
pub(super) fn vector(mut importer: Importer, output: NodeId) -> Result<(Importer, NodeId), String> {
    let shape = importer.shape(output).clone();
    let classes: usize = shape.sizes.iter().product();
    let images = shape.batch.is_some_and(|batch| batch.axis == 0) && shape.sizes[0] == 1;
    if !images || shape.sizes.get(1) != Some(&classes) {
        return Err(format!("its shape for one image is {:?}; 1 x classes is needed", shape.sizes));
    }
    if classes < 2 {
        return Err("it is one number; a classifier has a score for each of at least two classes".into());
    }
    if shape.sizes.len() == 2 {
        return Ok((importer, output));
    }
    importer.enter("scores");
    let flat = importer.emit(Op::Flatten, &[output])?;
    Ok((importer, flat))
}

impl Draft {
    /// Takes a softmax over the classes away from the end.
    pub(super) fn leave_out_softmax(&mut self) {
        let classes: usize = self.sizes[self.output].iter().product();
        let readers: Vec<usize> = self.graph.consumers().iter().map(Vec::len).collect();
        let mut reader = None;
        let mut node = self.output;
        while matches!(self.op(node), Op::Flatten | Op::Reshape { .. } | Op::Activation(Activation::Log)) {
            // A logarithm is only passed on the way to a softmax: both go.
            if *self.op(node) == Op::Activation(Activation::Log) {
                let softmax = self.inputs(node)[0];
                if !matches!(self.op(softmax), Op::Softmax { .. }) {
                    return;
                }
            } else {
                reader = Some(node);
            }
            node = self.inputs(node)[0];
            if readers[node] != 1 {
                return;
            }
        }
        let Op::Softmax { axis } = *self.op(node) else { return };
        if self.sizes[node][axis] != classes {
            return;
        }
        let scores = self.inputs(node)[0];
        match reader {
            Some(reader) => self.graph.nodes[reader].inputs = vec![scores],
            None => self.output = scores,
        }
    }
}
