//! Shapes, orders of axes, and what changes nothing.

use models::Op;

use super::{Outputs, make};
use crate::call::Call;
use crate::constant::{Constant, Data, broadcast};
use crate::importer::{Importer, Value};
use crate::size::Size;
use crate::tensor::element;

/// Identity, and Dropout, which does nothing when a network is only used.
pub fn identity(_: &mut Importer, call: &Call<'_>) -> Outputs {
    Ok(vec![call.input(0)?.clone()])
}

/// Cast. Computed values are floats of one precision here.
pub fn cast(_: &mut Importer, call: &Call<'_>) -> Outputs {
    let to = call.int("to", 0) as i32;
    let float = matches!(to, element::FLOAT | element::FLOAT16 | element::DOUBLE | element::BFLOAT16);
    let constant = match call.input(0)? {
        Value::Node(_) if float => return identity_of(call),
        Value::Node(_) => {
            return Err(format!("a computed value would become type {to}; only floats are supported"));
        }
        Value::Constant(constant) => constant,
    };
    let data = match (&constant.data, to) {
        (Data::Floats(_), _) if float => return identity_of(call),
        (Data::Integers(integers), _) if float => {
            let floats = integers.iter().map(|size| size.plain().map(|number| number as f32));
            Data::Floats(floats.collect::<Result<_, _>>()?)
        }
        (Data::Integers(_), element::INT32 | element::INT64) => return identity_of(call),
        (Data::Integers(integers), element::BOOL) => {
            let truths = integers.iter().map(|size| size.plain().map(|number| Size::from(number != 0)));
            Data::Integers(truths.collect::<Result<_, _>>()?)
        }
        (Data::Floats(floats), element::INT32 | element::INT64) => {
            Data::Integers(floats.iter().map(|&float| Size::from(float as i64)).collect())
        }
        (Data::Floats(floats), element::BOOL) => {
            Data::Integers(floats.iter().map(|&float| Size::from(float != 0.0)).collect())
        }
        _ => return Err(format!("a constant would become type {to}")),
    };
    Ok(vec![Constant { name: String::new(), data, ..(**constant).clone() }.into()])
}

fn identity_of(call: &Call<'_>) -> Outputs {
    Ok(vec![call.input(0)?.clone()])
}

/// The lengths of a value, for any number of images.
fn sizes(importer: &Importer, value: &Value) -> Vec<Size> {
    match value {
        Value::Node(node) => {
            let shape = importer.shape(*node);
            (0..shape.sizes.len()).map(|axis| shape.size(axis)).collect()
        }
        Value::Constant(constant) => {
            let lengths = constant.shape.iter().enumerate();
            let one = |(axis, &length): (usize, &usize)| {
                if constant.batch == Some(axis) { Size::batch(1) } else { Size::from(length as i64) }
            };
            lengths.map(one).collect()
        }
    }
}

/// Shape, or a part of it.
pub fn shape(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    let sizes = sizes(importer, call.input(0)?);
    let rank = sizes.len() as i64;
    let place =
        |number: i64| number.saturating_add(if number < 0 { rank } else { 0 }).clamp(0, rank) as usize;
    let (start, end) = (place(call.int("start", 0)), place(call.int("end", rank)));
    let part = sizes.get(start..end).unwrap_or_default().to_vec();
    Ok(vec![Constant::integers_of(part).into()])
}

/// Size: how many numbers there are.
pub fn size(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    let sizes = sizes(importer, call.input(0)?);
    let count = sizes.into_iter().try_fold(Size::from(1), Size::times)?;
    Ok(vec![Constant::new(Vec::new(), Data::Integers(vec![count])).into()])
}

/// Transpose.
pub fn transpose(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    let value = call.input(0)?;
    let rank = match value {
        Value::Node(node) => importer.shape(*node).sizes.len(),
        Value::Constant(constant) => constant.shape.len(),
    };
    let axes: Vec<usize> = match call.ints("perm") {
        None => (0..rank).rev().collect(),
        Some(given) => given.iter().map(|&axis| usize::try_from(axis).unwrap_or(usize::MAX)).collect(),
    };
    let mut sorted = axes.clone();
    sorted.sort_unstable();
    if sorted != (0..rank).collect::<Vec<_>>() {
        return Err(format!("perm {axes:?} is not an order of {rank} axes"));
    }
    match value {
        Value::Node(x) if axes.is_sorted() => Ok(vec![Value::Node(*x)]),
        Value::Node(x) => Ok(vec![Value::Node(importer.emit(Op::Permute { axes }, &[*x])?)]),
        Value::Constant(constant) => {
            importer.take(&constant.shape)?;
            let name = constant.name.clone();
            Ok(vec![Constant { name, ..constant.without_batch()?.permuted(&axes) }.into()])
        }
    }
}

/// Expand of a constant, or of a value that has the shape already. Along the images nothing is repeated: a
/// constant is the same for all of them.
pub fn expand(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    let given = call.constant(1)?.integers()?;
    let (shape, batch) = make::known_shape(given)?;
    expanded(importer, call.input(0)?, &shape, batch)
}

/// Tile, likewise.
pub fn tile(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    let (repeats, batch) = make::known_shape(call.constant(1)?.integers()?)?;
    let lengths: Vec<usize> = match call.input(0)? {
        Value::Node(x) => importer.shape(*x).sizes.clone(),
        Value::Constant(constant) => constant.shape.clone(),
    };
    if lengths.len() != repeats.len() {
        return Err(format!("{} axes and {} repeats", lengths.len(), repeats.len()));
    }
    let longer = lengths.iter().zip(&repeats).any(|(&length, &times)| length != 1 && times != 1);
    if longer || batch.is_some_and(|axis| lengths[axis] != 1) {
        return Err("only axes of length 1 can be repeated".into());
    }
    let shape: Vec<usize> = lengths.iter().zip(&repeats).map(|(&length, &times)| length.max(times)).collect();
    expanded(importer, call.input(0)?, &shape, batch)
}

fn expanded(importer: &mut Importer, value: &Value, shape: &[usize], batch: Option<usize>) -> Outputs {
    match value {
        Value::Constant(constant) => {
            let given = shape.len();
            let shape = broadcast(&constant.without_batch()?.shape, shape)?;
            let batch = batch.map(|axis| axis + shape.len() - given);
            if batch.is_some_and(|axis| shape[axis] != 1) {
                return Err("it is longer than one image along the images".into());
            }
            importer.take(&shape)?;
            let name = constant.name.clone();
            Ok(vec![Constant { name, batch, ..constant.expanded(&shape) }.into()])
        }
        Value::Node(x) => {
            let own = importer.shape(*x);
            let same = broadcast(&own.sizes, shape)? == own.sizes;
            if same { Ok(vec![Value::Node(*x)]) } else { Err("a computed value cannot be repeated".into()) }
        }
    }
}
