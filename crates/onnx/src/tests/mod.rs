//! Files made by hand: what each operator becomes, and what must be refused.

mod broken;
mod changed;
mod operators;

use std::path::Path;

use prost::Message;
use prost::bytes::Bytes;

use crate::file::File;
use crate::import::{Import, imported};
use crate::proto::{
    AttributeProto, DimensionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
    TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto,
};
use crate::tensor::element;

/// A node without a name.
fn node(op: &str, inputs: &[&str], outputs: &[&str], attributes: &[AttributeProto]) -> NodeProto {
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    NodeProto {
        op_type: op.into(),
        input: names(inputs),
        output: names(outputs),
        attribute: attributes.to_vec(),
        ..NodeProto::default()
    }
}

fn int(name: &str, value: i64) -> AttributeProto {
    AttributeProto { name: name.into(), i: Some(value), ..AttributeProto::default() }
}

fn ints(name: &str, values: &[i64]) -> AttributeProto {
    AttributeProto { name: name.into(), ints: values.to_vec(), ..AttributeProto::default() }
}

fn float(name: &str, value: f32) -> AttributeProto {
    AttributeProto { name: name.into(), f: Some(value), ..AttributeProto::default() }
}

fn text(name: &str, value: &'static str) -> AttributeProto {
    AttributeProto { name: name.into(), s: Some(Bytes::from(value)), ..AttributeProto::default() }
}

/// Stored floats, counting from 1.
fn weight(name: &str, dims: &[i64]) -> TensorProto {
    let count: i64 = dims.iter().product();
    let float_data = (1..=count).map(|i| i as f32 / count as f32).collect();
    TensorProto {
        name: name.into(),
        dims: dims.to_vec(),
        data_type: element::FLOAT,
        float_data,
        ..TensorProto::default()
    }
}

/// Stored whole numbers, one axis.
fn numbers(name: &str, values: &[i64]) -> TensorProto {
    TensorProto {
        name: name.into(),
        dims: vec![values.len() as i64],
        data_type: element::INT64,
        int64_data: values.to_vec(),
        ..TensorProto::default()
    }
}

/// A value with lengths; 0 stands for one that is not known.
fn value(name: &str, lengths: &[i64]) -> ValueInfoProto {
    let dim = lengths.iter().map(|&length| DimensionProto { dim_value: (length != 0).then_some(length) });
    let shape = Some(TensorShapeProto { dim: dim.collect() });
    let tensor_type = Some(TensorTypeProto { elem_type: element::FLOAT, shape });
    ValueInfoProto { name: name.into(), r#type: Some(TypeProto { tensor_type }) }
}

/// From `x`, one image of 4 x 4 pixels, to `y`, in operator set 17.
fn model(nodes: Vec<NodeProto>, initializer: Vec<TensorProto>) -> ModelProto {
    let (input, output) = (vec![value("x", &[1, 3, 4, 4])], vec![value("y", &[])]);
    ModelProto {
        graph: Some(GraphProto { node: nodes, initializer, input, output }),
        opset_import: vec![OperatorSetIdProto { domain: String::new(), version: 17 }],
    }
}

fn read(bytes: Vec<u8>) -> Result<Import, String> {
    imported(&File::decode(bytes.into(), Path::new("."))?, None, None)
}

fn import(model: &ModelProto) -> Result<Import, String> {
    read(model.encode_to_vec())
}

/// Imports nodes that end in `y`, which a `Flatten` makes a vector.
fn scores(mut nodes: Vec<NodeProto>, initializer: Vec<TensorProto>) -> Result<Import, String> {
    nodes.push(node("Flatten", &["out"], &["y"], &[]));
    import(&model(nodes, initializer))
}
