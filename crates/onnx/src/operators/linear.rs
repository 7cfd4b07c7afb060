//! Matrix products.

use models::{NodeId, Op};

use super::{Outputs, arithmetic};
use crate::call::{Call, decimal};
use crate::constant::Constant;
use crate::importer::{Importer, Value};

/// MatMul: a linear layer where the right side is a fixed matrix.
pub fn matmul(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    let product = match (call.input(0)?, call.input(1)?) {
        (Value::Node(x), Value::Constant(matrix)) if matrix.shape.len() == 2 => {
            let matrix = transposed(importer, matrix)?;
            linear(importer, *x, &matrix, None, 1.0)?
        }
        (a, b) => {
            let (a, b) = (importer.node(a)?, importer.node(b)?);
            importer.emit(Op::MatMul, &[a, b])?
        }
    };
    Ok(vec![Value::Node(product)])
}

fn transposed(importer: &mut Importer, matrix: &Constant) -> Result<Constant, String> {
    importer.take(&matrix.shape)?;
    Ok(Constant { name: matrix.name.clone(), ..matrix.without_batch()?.permuted(&[1, 0]) })
}

/// `x W^T + b` with `W` of shape `(out, in)`, its numbers times `scale`.
fn linear(
    importer: &mut Importer,
    x: NodeId,
    matrix: &Constant,
    bias: Option<(&str, Vec<f32>)>,
    scale: f32,
) -> Result<NodeId, String> {
    let numbers = matrix.floats()?.iter().map(|number| number * scale).collect();
    let weight = importer.parameter(&matrix.name, &matrix.shape, numbers)?;
    let bias = bias.map(|(name, numbers)| importer.parameter(name, &[numbers.len()], numbers)).transpose()?;
    importer.emit(Op::Linear { weight, bias }, &[x])
}

/// Gemm: `alpha A' B' + beta C`, each of A and B transposed or not.
pub fn gemm(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    let mut a = importer.node(call.input(0)?)?;
    let (alpha, beta) = (call.float("alpha", 1.0) as f32, call.float("beta", 1.0) as f32);
    let swapped = [call.int("transA", 0) != 0, call.int("transB", 0) != 0];
    if swapped[0] {
        a = importer.emit_part("transposed", Op::Permute { axes: vec![1, 0] }, &[a])?;
    }
    let matrix = match call.input(1)? {
        Value::Constant(matrix) if matrix.shape.len() == 2 => matrix,
        Value::Constant(other) => return Err(format!("a matrix of shape {:?}", other.shape)),
        Value::Node(b) => return product(importer, call, a, *b, swapped[1], [alpha, beta]),
    };
    let matrix = if swapped[1] { (**matrix).clone() } else { transposed(importer, matrix)? };
    let outputs = matrix.shape[0];
    let row = match call.optional_constant(2)? {
        None => None,
        Some(bias) if bias.len() == outputs || bias.len() == 1 => {
            let numbers: Vec<f32> = bias.floats()?.iter().map(|number| number * beta).collect();
            let numbers = if numbers.len() == outputs { numbers } else { vec![numbers[0]; outputs] };
            importer.take(&[outputs])?;
            Some((bias.name.clone(), numbers))
        }
        Some(bias) => return Err(format!("a summand of shape {:?} for {outputs} outputs", bias.shape)),
    };
    let bias = row.as_ref().map(|(name, numbers)| (name.as_str(), numbers.clone()));
    Ok(vec![Value::Node(linear(importer, a, &matrix, bias, alpha)?)])
}

/// The general case, both sides computed.
fn product(
    importer: &mut Importer,
    call: &Call<'_>,
    a: NodeId,
    mut b: NodeId,
    swapped: bool,
    [alpha, beta]: [f32; 2],
) -> Outputs {
    if swapped {
        b = importer.emit_part("transposed", Op::Permute { axes: vec![1, 0] }, &[b])?;
    }
    let product = importer.emit_part("product", Op::MatMul, &[a, b])?;
    let product = arithmetic::affine(importer, product, decimal(alpha), 0.0)?;
    let Some(summand) = call.optional(2) else { return Ok(vec![Value::Node(product)]) };
    let summand = importer.node(summand)?;
    let summand = arithmetic::affine(importer, summand, decimal(beta), 0.0)?;
    Ok(vec![Value::Node(importer.emit(Op::Add, &[product, summand])?)])
}
