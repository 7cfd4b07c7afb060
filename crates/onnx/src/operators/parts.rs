//! Joining, splitting and padding.

use models::{NodeId, Op};

use super::Outputs;
use crate::call::{Call, axis};
use crate::constant::{Constant, Data};
use crate::importer::{Importer, Value};

/// Concat.
pub fn concat(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    let all = call.all()?;
    let given = call.int("axis", i64::MAX);
    let first = all.iter().find_map(|value| if let Value::Node(node) = value { Some(*node) } else { None });
    let Some(first) = first else { return joined(importer, &all, given) };
    let axis = axis(given, importer.shape(first).sizes.len())?;
    if let [Value::Node(only)] = all.as_slice() {
        return Ok(vec![Value::Node(*only)]);
    }
    let node = |importer: &mut Importer, value: &&Value| match value {
        Value::Node(node) => Ok(*node),
        Value::Constant(constant) => importer.stored_beside(constant, first),
    };
    let nodes = all.iter().map(|value| node(importer, value)).collect::<Result<Vec<NodeId>, String>>()?;
    Ok(vec![Value::Node(importer.emit(Op::Concat { axis }, &nodes)?)])
}

fn joined(importer: &mut Importer, all: &[&Value], given: i64) -> Outputs {
    let constants = all
        .iter()
        .filter_map(|value| if let Value::Constant(constant) = value { Some(constant) } else { None });
    let constants =
        constants.map(|constant| constant.without_batch()).collect::<Result<Vec<&Constant>, _>>()?;
    let first = constants[0];
    let axis = axis(given, first.shape.len())?;
    let across = |constant: &Constant| {
        let mut shape = constant.shape.clone();
        if axis < shape.len() {
            shape[axis] = 0;
        }
        shape
    };
    if let Some(other) = constants.iter().find(|constant| across(constant) != across(first)) {
        return Err(format!(
            "shapes {:?} and {:?} cannot be joined along axis {axis}",
            first.shape, other.shape
        ));
    }
    let mut shape = first.shape.clone();
    shape[axis] = constants.iter().map(|constant| constant.shape[axis]).sum();
    importer.take(&shape)?;
    let rows = |constant: &Constant| constant.shape[axis..].iter().product::<usize>();
    let outer: usize = shape[..axis].iter().product();
    let data = match &first.data {
        Data::Floats(_) => {
            let lists =
                constants.iter().map(|c| Ok((c.floats()?, rows(c)))).collect::<Result<Vec<_>, String>>()?;
            Data::Floats(interleaved(&lists, outer))
        }
        Data::Integers(_) => {
            let lists =
                constants.iter().map(|c| Ok((c.integers()?, rows(c)))).collect::<Result<Vec<_>, String>>()?;
            Data::Integers(interleaved(&lists, outer))
        }
    };
    Ok(vec![Constant::new(shape, data).into()])
}

/// Rows of each list in turn.
fn interleaved<T: Copy>(lists: &[(&[T], usize)], outer: usize) -> Vec<T> {
    let row =
        |i: usize| lists.iter().flat_map(move |(list, row)| list[i * row..(i + 1) * row].iter().copied());
    (0..outer).flat_map(row).collect()
}

/// Split: by lengths (attribute or input), or evenly by the number of outputs.
pub fn split(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    let value = call.input(0)?;
    let sizes = match value {
        Value::Node(node) => importer.shape(*node).sizes.clone(),
        Value::Constant(constant) => constant.without_batch()?.shape.clone(),
    };
    let axis = axis(call.int("axis", 0), sizes.len())?;
    let outputs = call.node.output.len();
    let lengths = match call.listed("split", 1)? {
        Some(given) => given.iter().map(|&length| usize::try_from(length)).collect::<Result<Vec<_>, _>>(),
        None => Ok(even(sizes[axis], outputs)),
    };
    let lengths = lengths.map_err(|_| "a length is negative")?;
    let whole = lengths.iter().try_fold(0_usize, |sum, &length| sum.checked_add(length)) == Some(sizes[axis]);
    if lengths.len() != outputs || !whole {
        return Err(format!("axis {axis} of length {} is split into {outputs} of {lengths:?}", sizes[axis]));
    }
    let mut start = 0;
    let mut parts = Vec::with_capacity(outputs);
    for (i, length) in lengths.into_iter().enumerate() {
        let end = start + length;
        parts.push(match value {
            Value::Node(x) => Value::Node(importer.emit_part(
                &i.to_string(),
                Op::Slice { axis, start, end, step: 1 },
                &[*x],
            )?),
            Value::Constant(constant) => {
                importer.take(&constant.shape)?;
                constant.taken(axis, &(start..end).collect::<Vec<_>>()).into()
            }
        });
        start = end;
    }
    Ok(parts)
}

/// Equal lengths; the last is shorter if they do not fit.
fn even(length: usize, outputs: usize) -> Vec<usize> {
    let each = length.div_ceil(outputs.max(1));
    (0..outputs).map(|i| length.saturating_sub(i * each).min(each)).collect()
}

/// Pad with one number.
pub fn pad(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    let mode = call.text("mode", "constant")?;
    if mode != "constant" {
        return Err(format!("mode = `{mode}` is not supported, only constant"));
    }
    let x = importer.node(call.input(0)?)?;
    let value = match call.optional_constant(2)? {
        Some(constant) => constant.single().ok_or("its value must be one number")?,
        None => call.float("value", 0.0) as f32,
    };
    let rank = importer.shape(x).sizes.len();
    let given = call.listed("pads", 1)?.ok_or("its pads are missing")?;
    let chosen: Vec<usize> = match call.optional_constant(3)? {
        Some(constant) => {
            constant.numbers()?.iter().map(|&number| axis(number, rank)).collect::<Result<_, _>>()?
        }
        None => (0..rank).collect(),
    };
    let most = 1 << 20;
    if given.len() != 2 * chosen.len() || given.iter().any(|pad| !(0..=most).contains(pad)) {
        return Err(format!(
            "pads {given:?} for {} axes; numbers from 0 to {most} are supported",
            chosen.len()
        ));
    }
    let mut sides = vec![(0, 0); rank];
    for (i, &axis) in chosen.iter().enumerate() {
        sides[axis] = (given[i] as usize, given[i + chosen.len()] as usize);
    }
    padded(importer, x, &sides, value).map(|x| vec![Value::Node(x)])
}

/// Equal numbers before and behind every axis, if there are any.
fn padded(
    importer: &mut Importer,
    x: NodeId,
    sides: &[(usize, usize)],
    value: f32,
) -> Result<NodeId, String> {
    if sides.iter().all(|side| *side == (0, 0)) {
        return Ok(x);
    }
    if sides[0] != (0, 0) {
        return Err("it pads the images' axis".into());
    }
    importer.emit(Op::Pad { sides: sides[1..].to_vec(), value }, &[x])
}
