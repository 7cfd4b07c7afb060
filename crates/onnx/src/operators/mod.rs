//! What each operator of a file becomes: numbers if its inputs are known, nodes of the graph otherwise.

mod activation;
mod arithmetic;
mod conv;
mod fold;
mod linear;
mod make;
mod norm;
mod parts;
mod pool;
mod reduce;
mod reshape;
mod select;
mod shape;
mod squeeze;

use models::graph::Activation;

use crate::call::Call;
use crate::importer::{Importer, Value};
use arithmetic::Binary;
use fold::Comparison;

/// What an operator gives, one value for each of its outputs.
pub type Outputs = Result<Vec<Value>, String>;

/// Imports one node.
pub type Operator = fn(&mut Importer, &Call<'_>) -> Outputs;

/// An operator by its name in the standard operator set.
pub fn find(name: &str) -> Option<Operator> {
    arithmetic_of(name).or_else(|| layer_of(name)).or_else(|| shape_of(name))
}

fn arithmetic_of(name: &str) -> Option<Operator> {
    Some(match name {
        "Add" => |importer, call| arithmetic::binary(importer, call, Binary::Add),
        "Sub" => |importer, call| arithmetic::binary(importer, call, Binary::Subtract),
        "Mul" => |importer, call| arithmetic::binary(importer, call, Binary::Multiply),
        "Div" => |importer, call| arithmetic::binary(importer, call, Binary::Divide),
        "Sum" => arithmetic::sum,
        "Pow" => arithmetic::power,
        "Neg" => arithmetic::negate,
        "Reciprocal" => arithmetic::reciprocal,
        "Min" => |importer, call| arithmetic::extreme(importer, call, false),
        "Max" => |importer, call| arithmetic::extreme(importer, call, true),
        "Clip" => activation::clip,
        "Relu" => activation::relu,
        "LeakyRelu" => activation::leaky_relu,
        "PRelu" => activation::prelu,
        "Gelu" => activation::gelu,
        "HardSigmoid" => activation::hard_sigmoid,
        "Elu" => activation::elu,
        "HardSwish" => |importer, call| activation::apply(importer, call, Activation::HardSwish),
        "Swish" => activation::swish,
        "Sigmoid" => |importer, call| activation::apply(importer, call, Activation::Sigmoid),
        "Softplus" => |importer, call| activation::apply(importer, call, Activation::Softplus),
        "Tanh" => |importer, call| activation::apply(importer, call, Activation::Tanh),
        "Erf" => |importer, call| activation::apply(importer, call, Activation::Erf),
        "Exp" => |importer, call| activation::known(importer, call, Activation::Exp, f32::exp),
        "Log" => |importer, call| activation::known(importer, call, Activation::Log, f32::ln),
        "Sqrt" => |importer, call| activation::known(importer, call, Activation::Sqrt, f32::sqrt),
        "Abs" => |importer, call| activation::known(importer, call, Activation::Abs, f32::abs),
        "Floor" => |importer, call| fold::rounded(importer, call, f32::floor),
        "Ceil" => |importer, call| fold::rounded(importer, call, f32::ceil),
        "Round" => |importer, call| fold::rounded(importer, call, f32::round_ties_even),
        "Mod" => fold::modulo,
        "Equal" => |importer, call| fold::compare(importer, call, Comparison::Equal),
        "Less" => |importer, call| fold::compare(importer, call, Comparison::Less),
        "LessOrEqual" => |importer, call| fold::compare(importer, call, Comparison::LessOrEqual),
        "Greater" => |importer, call| fold::compare(importer, call, Comparison::Greater),
        "GreaterOrEqual" => |importer, call| fold::compare(importer, call, Comparison::GreaterOrEqual),
        "Not" => fold::not,
        "Where" => fold::choose,
        _ => return None,
    })
}

fn layer_of(name: &str) -> Option<Operator> {
    Some(match name {
        "Conv" => conv::conv,
        "Gemm" => linear::gemm,
        "MatMul" => linear::matmul,
        "MaxPool" => pool::max,
        "AveragePool" => pool::average,
        "GlobalAveragePool" => pool::global_average,
        "GlobalMaxPool" => pool::global_max,
        "ReduceMean" => |importer, call| reduce::mean(importer, call, false),
        "ReduceSum" => |importer, call| reduce::mean(importer, call, true),
        "ReduceProd" => reduce::product,
        "BatchNormalization" => norm::batch,
        "LayerNormalization" => norm::layer,
        "LRN" => norm::local_response,
        "Softmax" => norm::softmax,
        "LogSoftmax" => norm::log_softmax,
        _ => return None,
    })
}

fn shape_of(name: &str) -> Option<Operator> {
    Some(match name {
        "Constant" => make::constant,
        "ConstantOfShape" => make::constant_of_shape,
        "Range" => make::range,
        "Identity" | "Dropout" => shape::identity,
        "Cast" => shape::cast,
        "Shape" => shape::shape,
        "Size" => shape::size,
        "Reshape" => reshape::reshape,
        "Flatten" => reshape::flatten,
        "Squeeze" => squeeze::squeeze,
        "Unsqueeze" => squeeze::unsqueeze,
        "Transpose" => shape::transpose,
        "Expand" => shape::expand,
        "Tile" => shape::tile,
        "Concat" => parts::concat,
        "Split" => parts::split,
        "Pad" => parts::pad,
        "Slice" => select::slice,
        "Gather" => select::gather,
        _ => return None,
    })
}
