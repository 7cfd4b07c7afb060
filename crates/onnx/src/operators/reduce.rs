//! Means and sums over axes.

use models::Op;

use super::{Outputs, arithmetic};
use crate::call::{Call, axes};
use crate::constant::{Constant, Data};
use crate::importer::{Importer, Value};
use crate::size::Size;

/// ReduceMean and, as the mean times the count, ReduceSum.
pub fn mean(importer: &mut Importer, call: &Call<'_>, sum: bool) -> Outputs {
    let x = importer.node(call.input(0)?)?;
    let sizes = importer.shape(x).sizes.clone();
    let given = call.listed("axes", 1)?.unwrap_or_default();
    if given.is_empty() && call.int("noop_with_empty_axes", 0) != 0 {
        return Ok(vec![Value::Node(x)]);
    }
    let axes = if given.is_empty() { (0..sizes.len()).collect() } else { axes(&given, sizes.len())? };
    let count: usize = axes.iter().map(|&axis| sizes[axis]).product();
    let op = Op::Mean { axes, keep: call.int("keepdims", 1) != 0 };
    if !sum {
        return Ok(vec![Value::Node(importer.emit(op, &[x])?)]);
    }
    let mean = importer.emit_part("mean", op, &[x])?;
    Ok(vec![Value::Node(arithmetic::affine(importer, mean, count as f64, 0.0)?)])
}

/// ReduceProd of a list of whole numbers.
pub fn product(_: &mut Importer, call: &Call<'_>) -> Outputs {
    let constant = call.constant(0)?.without_batch()?;
    if constant.shape.len() > 1 {
        return Err("only lists of whole numbers are supported".into());
    }
    let product = constant.integers()?.iter().try_fold(Size::from(1), |all, &one| all.times(one))?;
    let shape = if call.int("keepdims", 1) == 0 { Vec::new() } else { vec![1] };
    Ok(vec![Constant::new(shape, Data::Integers(vec![product])).into()])
}
