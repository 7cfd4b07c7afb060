//! From a file to a graph: node by node, as far as the output needs them.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::rc::Rc;

use models::{Graph, Op};

use crate::call::Call;
use crate::constant::Constant;
use crate::file::{File, Input};
use crate::importer::{Importer, Value};
use crate::operators::{self, Operator};
use crate::proto::{NodeProto, TensorProto};
use crate::rewrite;
use crate::tensor;

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct OnnxError {
    /// The file.
    path: String,
    /// What is wrong, naming node and operator where it is one of them.
    reason: String,
}

impl OnnxError {
    pub(crate) fn new(path: &Path, reason: String) -> Self {
        // Names of the file are part of it; a message is one line.
        let reason = reason.replace(char::is_control, " ");
        Self { path: path.display().to_string(), reason }
    }
}

/// A network as plain data.
#[derive(Debug, PartialEq)]
pub struct Import {
    /// The operations. Node names are the file's; the last node gives scores before any softmax or sigmoid. It is fixed to one
    /// size unless the file leaves the size open and makes the same of another one.
    pub graph: Graph,
    /// The numbers of each of the graph's parameters, row-major.
    pub weights: Vec<Vec<f32>>,
    /// The output that is used.
    pub output: String,
    /// Outputs that are not.
    pub unused: Vec<String>,
}

/// Height and width where neither the file nor the user says them.
const USUAL: usize = 224;

/// Reads a classifier of images of height and width `size` (as far as the file leaves them open), with the scores of the
/// `output` of that name.
///
/// # Errors
/// If the file cannot be read or decoded, has other inputs than one of images, or an operator that is not
/// supported, or if anything in it does not fit together.
pub fn import(path: &Path, size: Option<[usize; 2]>, output: Option<&str>) -> Result<Import, OnnxError> {
    let import = File::open(path).and_then(|file| imported(&file, size, output));
    import.map_err(|reason| OnnxError::new(path, reason))
}

pub(crate) fn imported(
    file: &File,
    size: Option<[usize; 2]>,
    output: Option<&str>,
) -> Result<Import, String> {
    let input = file.input()?;
    let size = [0, 1].map(|i| input.size[i].or(size.map(|size| size[i])).unwrap_or(USUAL));
    let (output, unused) = file.output(output)?;
    let (mut graph, weights) = network(file, &input, output, size)?;
    // Where shapes are computed from the image's, the graph may only hold for images of this size.
    let other = || network(file, &input, output, [size[0] + 1, size[1] + 35]);
    let open = input.size == [None, None]
        && other().is_ok_and(|(other, numbers)| {
            other.nodes == graph.nodes && other.parameters == graph.parameters && numbers == weights
        });
    graph.fixed = !open;
    let unused = unused.into_iter().map(str::to_string).collect();
    Ok(Import { graph, weights, output: output.into(), unused })
}

/// Graph and weights for images of height and width `size`.
fn network(
    file: &File,
    input: &Input,
    output: &str,
    size: [usize; 2],
) -> Result<(Graph, Vec<Vec<f32>>), String> {
    let nodes = needed(file, output)?;
    let steps = steps(&nodes)?;
    let [rows, columns] = size;
    let importer =
        Importer::new([input.channels, rows, columns], file.opset, input.images.unwrap_or(1), ROOM)?;
    let mut run =
        Run { file, importer, values: HashMap::new(), stored: HashMap::new(), read: HashSet::new() };
    run.stored = file.graph.initializer.iter().map(|tensor| (tensor.name.as_str(), tensor)).collect();
    run.feed(input)?;
    for (node, step) in nodes.into_iter().zip(steps) {
        run.step(node, step)?;
    }
    let Some(Value::Node(last)) = run.value(output)? else {
        return Err(format!("output `{output}` is not computed from the image"));
    };
    rewrite::finished(run.importer, last).map_err(|reason| format!("output `{output}`: {reason}"))
}

/// How many numbers may be made that the file does not hold, beside some for each that it does.
const ROOM: usize = 1 << 22;

/// How a node is named in messages and in the graph.
fn name(node: &NodeProto) -> &str {
    if node.name.is_empty() {
        node.output.iter().find(|name| !name.is_empty()).map_or("", String::as_str)
    } else {
        &node.name
    }
}

/// The nodes that an output needs, in the order of the file.
fn needed<'a>(file: &'a File, output: &str) -> Result<Vec<&'a NodeProto>, String> {
    let nodes = &file.graph.node;
    let mut makers: HashMap<&str, usize> = HashMap::new();
    for (i, node) in nodes.iter().enumerate() {
        for made in node.output.iter().filter(|made| !made.is_empty()) {
            if makers.insert(made, i).is_some() {
                return Err(format!("`{made}` is computed twice"));
            }
        }
    }
    let mut wanted = vec![false; nodes.len()];
    let mut open: Vec<usize> = makers.get(output).copied().into_iter().collect();
    while let Some(i) = open.pop() {
        if !wanted[i] {
            wanted[i] = true;
            open.extend(nodes[i].input.iter().filter_map(|read| makers.get(read.as_str())));
        }
    }
    Ok(nodes.iter().zip(wanted).filter(|(_, wanted)| *wanted).map(|(node, _)| node).collect())
}

/// The operator of each node.
fn steps(nodes: &[&NodeProto]) -> Result<Vec<Operator>, String> {
    let find = |node: &NodeProto| {
        let standard = node.domain.is_empty() || node.domain == "ai.onnx";
        standard.then(|| operators::find(&node.op_type)).flatten()
    };
    let unknown = nodes.iter().filter(|node| find(node).is_none());
    let shown = |node: &&&NodeProto| {
        let dot = if node.domain.is_empty() { "" } else { "." };
        format!("{} ({}{dot}{})", name(node), node.domain, node.op_type)
    };
    let shown: Vec<String> = unknown.map(|node| shown(&node)).collect();
    if shown.is_empty() {
        return Ok(nodes.iter().filter_map(|node| find(node)).collect());
    }
    Err(format!("unsupported operators: {}", shown.join(", ")))
}

struct Run<'a> {
    file: &'a File,
    importer: Importer,
    values: HashMap<&'a str, Value>,
    stored: HashMap<&'a str, &'a TensorProto>,
    read: HashSet<String>,
}

impl<'a> Run<'a> {
    /// The image, with its channels where the file wants them.
    fn feed(&mut self, input: &Input) -> Result<(), String> {
        let name = self.file.graph.input.iter().find(|other| other.name == input.name);
        let name = name.map_or("", |input| input.name.as_str());
        let mut image = Graph::INPUT;
        if input.channels_last {
            self.importer.enter("channels_last");
            image = self.importer.emit(Op::Permute { axes: vec![0, 2, 3, 1] }, &[image])?;
        }
        self.values.insert(name, Value::Node(image));
        Ok(())
    }

    /// What a name stands for. Stored tensors are read again for each use, so that none stays in memory twice.
    fn value(&mut self, name: &str) -> Result<Option<Value>, String> {
        if let Some(value) = self.values.get(name) {
            return Ok(Some(value.clone()));
        }
        let Some(tensor) = self.stored.get(name) else { return Ok(None) };
        let constant = tensor::read(tensor, &self.file.folder)?;
        if self.read.insert(name.to_string()) {
            self.importer.room = self.importer.room.saturating_add(4 * constant.len());
        }
        Ok(Some(constant.into()))
    }

    fn step(&mut self, node: &'a NodeProto, operator: Operator) -> Result<(), String> {
        let name = name(node);
        self.importer.enter(name);
        let outputs = self.call(node, operator);
        let outputs = outputs.map_err(|reason| format!("node {name} ({}): {reason}", node.op_type))?;
        for (made, value) in node.output.iter().zip(outputs) {
            self.values.insert(made, named(value, made));
        }
        Ok(())
    }

    fn call(&mut self, node: &'a NodeProto, operator: Operator) -> operators::Outputs {
        let find = |name: &String| {
            if name.is_empty() {
                return Ok(None);
            }
            let value = self.value(name)?;
            value.map(Some).ok_or_else(|| format!("it reads `{name}`, which nothing before it gives"))
        };
        let inputs = node.input.iter().map(find).collect::<Result<_, String>>()?;
        operator(&mut self.importer, &Call { node, inputs })
    }
}

/// A constant that was computed has the name of its value.
fn named(value: Value, name: &str) -> Value {
    match value {
        Value::Constant(constant) if constant.name.is_empty() => {
            Value::from(Constant { name: name.into(), ..Rc::unwrap_or_clone(constant) })
        }
        other => other,
    }
}
