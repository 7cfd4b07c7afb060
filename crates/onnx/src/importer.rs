//! The graph under construction: nodes are checked, named and followed as they are added.

use std::collections::HashMap;
use std::rc::Rc;

use models::graph::{Node, Parameter, ParameterId};
use models::{Graph, NodeId, Op, Value as Computed};

use crate::batch::{self, Shape};
use crate::constant::{Constant, entries};

/// What a name of the file stands for.
#[derive(Clone, Debug)]
pub enum Value {
    /// Numbers that are known.
    Constant(Rc<Constant>),
    /// A node of the graph.
    Node(NodeId),
}

impl From<Constant> for Value {
    fn from(constant: Constant) -> Self {
        Self::Constant(Rc::new(constant))
    }
}

/// The graph under construction.
pub struct Importer {
    /// The operations so far.
    pub graph: Graph,
    /// The numbers of each parameter of the graph.
    pub weights: Vec<Vec<f32>>,
    /// The version of the operators' definitions.
    pub opset: i64,
    /// The number of images that the file was written for.
    pub written: usize,
    /// How many more numbers may be computed or stored; it keeps a small file from asking for a huge memory.
    pub room: usize,
    shapes: Vec<Shape>,
    here: String,
    names: Names,
}

/// Names that were given, each with the last number behind it.
#[derive(Default)]
pub struct Names(HashMap<String, usize>);

impl Names {
    /// The name, or the name with the first number behind it that makes it different from all others.
    pub fn unique(&mut self, name: &str) -> String {
        let mut found = name.to_string();
        while self.0.contains_key(&found) {
            let count = self.0.entry(name.to_string()).or_default();
            *count += 1;
            found = format!("{name}_{count}");
        }
        self.0.insert(found.clone(), 0);
        found
    }
}

impl Importer {
    /// The most numbers that a value may have for one image.
    const LARGEST: usize = 1 << 28;

    /// A graph with nothing but its input.
    pub fn new(input: [usize; 3], opset: i64, written: usize, room: usize) -> Result<Self, String> {
        let empty = Graph { input, ..Graph::default() };
        let mut importer = Self {
            graph: empty,
            weights: Vec::new(),
            opset,
            written,
            room,
            shapes: Vec::new(),
            here: "input".into(),
            names: Names::default(),
        };
        importer.emit(Op::Input, &[])?;
        Ok(importer)
    }

    /// Says which node of the file is worked on; it names what is added from now on.
    pub fn enter(&mut self, name: &str) {
        name.clone_into(&mut self.here);
    }

    /// The shape of a node's value.
    pub fn shape(&self, node: NodeId) -> &Shape {
        &self.shapes[node]
    }

    /// Takes away room for this many numbers.
    pub fn take(&mut self, shape: &[usize]) -> Result<(), String> {
        self.room -= entries(shape, self.room)?;
        Ok(())
    }

    /// Adds an operation that has the name of the file's node.
    pub fn emit(&mut self, op: Op, inputs: &[NodeId]) -> Result<NodeId, String> {
        let name = self.here.clone();
        self.push(&name, op, inputs)
    }

    /// Adds an operation that is only a part of the file's node.
    pub fn emit_part(&mut self, part: &str, op: Op, inputs: &[NodeId]) -> Result<NodeId, String> {
        let name = format!("{}.{part}", self.here);
        self.push(&name, op, inputs)
    }

    fn push(&mut self, name: &str, op: Op, inputs: &[NodeId]) -> Result<NodeId, String> {
        let given: Vec<&Shape> = inputs.iter().map(|&id| &self.shapes[id]).collect();
        let image = [&[1], self.graph.input.as_slice()].concat();
        let mut lengths: Vec<&[usize]> = given.iter().map(|shape| shape.sizes.as_slice()).collect();
        if op == Op::Input {
            lengths.push(&image);
        }
        let node = Node { name: String::new(), op, inputs: inputs.to_vec() };
        let sizes = self.graph.shape(&node, &lengths)?;
        if sizes.is_empty() || sizes.len() > Computed::MAX_RANK {
            return Err(format!("a value of {} axes", sizes.len()));
        }
        let count =
            entries(&sizes, Self::LARGEST).map_err(|_| format!("a value of shape {sizes:?} is too large"))?;
        if count == 0 {
            return Err(format!("a value of shape {sizes:?} is empty"));
        }
        let batch = batch::behind(&node.op, &given, &sizes)?;
        let name = self.names.unique(name);
        self.shapes.push(Shape { sizes, batch });
        self.graph.nodes.push(Node { name, ..node });
        Ok(self.graph.nodes.len() - 1)
    }

    /// Declares a parameter and gives its numbers.
    pub fn parameter(
        &mut self,
        name: &str,
        shape: &[usize],
        numbers: Vec<f32>,
    ) -> Result<ParameterId, String> {
        self.take(shape)?;
        let name = if name.is_empty() { format!("{}.constant", self.here) } else { name.to_string() };
        self.graph.parameters.push(Parameter { name, shape: shape.to_vec() });
        self.weights.push(numbers);
        Ok(self.weights.len() - 1)
    }

    /// The node of a value; constants become one.
    pub fn node(&mut self, value: &Value) -> Result<NodeId, String> {
        match value {
            Value::Node(node) => Ok(*node),
            Value::Constant(constant) => self.stored(constant),
        }
    }

    /// A node that gives a constant.
    pub fn stored(&mut self, constant: &Constant) -> Result<NodeId, String> {
        let shape = if constant.shape.is_empty() { vec![1] } else { constant.shape.clone() };
        let parameter = self.parameter(&constant.name, &shape, constant.floats()?.to_vec())?;
        let name =
            if constant.name.is_empty() { format!("{}.constant", self.here) } else { constant.name.clone() };
        self.push(&name, Op::Constant { parameter }, &[])
    }

    /// A node that gives a constant beside the node `x`. Where the file holds it once for each of the images
    /// that it was written for, and equal for all, one is enough.
    pub fn stored_beside(&mut self, constant: &Constant, x: NodeId) -> Result<NodeId, String> {
        let shape = &self.shapes[x];
        let axis = shape.batch.filter(|_| self.written > 1).and_then(|batch| {
            let axis = (batch.axis + constant.shape.len()).checked_sub(shape.sizes.len())?;
            (shape.sizes[batch.axis] == 1 && constant.shape[axis] == self.written).then_some(axis)
        });
        let Some(axis) = axis else { return self.stored(constant) };
        let first = constant.taken(axis, &[0]);
        if first.expanded(&constant.shape).floats()? != constant.floats()? {
            return Err(format!("`{}` differs from image to image", constant.name));
        }
        self.stored(&Constant { name: constant.name.clone(), ..first })
    }
}
