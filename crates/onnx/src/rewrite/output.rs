//! The output as one score for each class, before any softmax or sigmoid.

use models::graph::Activation;
use models::{Link, NodeId, Op};

use super::Draft;
use crate::importer::Importer;

/// Scores as vectors `(n, classes)`: axes of length 1 behind the classes go, and one number for each image, `(n)`, is one class.
pub(super) fn vector(mut importer: Importer, output: NodeId) -> Result<(Importer, NodeId), String> {
    let shape = importer.shape(output).clone();
    let classes: usize = shape.sizes.iter().product();
    let images = shape.batch.is_some_and(|batch| batch.axis == 0) && shape.sizes[0] == 1;
    if images && shape.sizes.len() == 1 {
        importer.enter("scores");
        let column = importer.emit(Op::reshape(&[1]), &[output])?;
        return Ok((importer, column));
    }
    if !images || shape.sizes.get(1) != Some(&classes) {
        return Err(format!("its shape for one image is {:?}; 1 x classes is needed", shape.sizes));
    }
    if shape.sizes.len() == 2 {
        return Ok((importer, output));
    }
    importer.enter("scores");
    let flat = importer.emit(Op::Flatten, &[output])?;
    Ok((importer, flat))
}

impl Draft {
    /// Takes a softmax over the classes, or a sigmoid, away from the end, and says how probabilities come from the scores before
    /// it. Scores that cannot leave 0..1 are probabilities.
    pub(super) fn find_link(&mut self) -> Result<(), String> {
        self.leave_out_link()?;
        if self.graph.link == Link::Softmax && self.stays_in_unit_range() {
            self.graph.link = Link::Identity;
        }
        Ok(())
    }

    fn leave_out_link(&mut self) -> Result<(), String> {
        let classes: usize = self.sizes[self.output].iter().product();
        let readers: Vec<usize> = self.graph.consumers().iter().map(Vec::len).collect();
        let mut reader = None;
        let mut node = self.output;
        while matches!(self.op(node), Op::Flatten | Op::Reshape { .. } | Op::Activation(Activation::Log)) {
            // A logarithm is only passed on the way to a softmax or a sigmoid: both go.
            if *self.op(node) == Op::Activation(Activation::Log) {
                if !matches!(
                    self.op(self.inputs(node)[0]),
                    Op::Softmax { .. } | Op::Activation(Activation::Sigmoid)
                ) {
                    return Ok(());
                }
            } else {
                reader = Some(node);
            }
            node = self.inputs(node)[0];
            if readers[node] != 1 {
                return Ok(());
            }
        }
        match *self.op(node) {
            Op::Softmax { axis } if self.sizes[node][axis] == classes => {
                if classes == 1 {
                    return Err("it is the softmax of a single number, which is 1 for every image".into());
                }
            }
            Op::Activation(Activation::Sigmoid) => self.graph.link = Link::Sigmoid,
            _ => return Ok(()),
        }
        let scores = self.inputs(node)[0];
        match reader {
            Some(reader) => self.graph.nodes[reader].inputs = vec![scores],
            None => self.output = scores,
        }
        Ok(())
    }
}
