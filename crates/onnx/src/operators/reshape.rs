//! The same numbers in another shape.
//!
//! A file says the number of images in its shapes: as a fixed 1, as -1, or computed from the input. Here that
//! axis must stay free. What comes before and behind the images in memory tells where it can be.

use models::{NodeId, Op};

use super::Outputs;
use crate::batch::Shape;
use crate::call::{Call, axis};
use crate::importer::{Importer, Value};
use crate::size::Size;

/// Lengths of a shape; nothing for the axis of the images.
type Free = Vec<Option<usize>>;

/// Reshape.
pub fn reshape(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    let given = call.listed_sizes("shape", 1)?.ok_or("its shape is missing")?;
    let copies = call.int("allowzero", 0) == 0;
    match call.input(0)? {
        Value::Node(x) => {
            let shape = free(importer.shape(*x), &given, copies, importer.written)?;
            Ok(vec![Value::Node(emit(importer, *x, shape)?)])
        }
        Value::Constant(constant) => {
            let own = Shape { sizes: constant.without_batch()?.shape.clone(), batch: None };
            let shape: Vec<usize> = free(&own, &given, copies, 1)?.into_iter().flatten().collect();
            importer.take(&shape)?;
            Ok(vec![constant.reshaped(shape).into()])
        }
    }
}

/// Adds the operation, if the shape is another one.
pub fn emit(importer: &mut Importer, x: NodeId, shape: Free) -> Result<NodeId, String> {
    let own = importer.shape(x);
    let as_before = |(axis, length): (usize, &Option<usize>)| match length {
        None => own.is_batch(axis),
        Some(length) => own.sizes[axis] == *length && !own.is_batch(axis),
    };
    if shape.len() == own.sizes.len() && shape.iter().enumerate().all(as_before) {
        return Ok(x);
    }
    let rows = own.is_batch(0) && shape.len() == 2 && shape[0].is_none();
    let flat = rows && shape[1] == Some(own.sizes[1..].iter().product());
    importer.emit(if flat { Op::Flatten } else { Op::Reshape { shape } }, &[x])
}

/// The lengths that a file asks for, with the axis of the images left open. `written` is the number of images
/// that its numbers are meant for.
fn free(x: &Shape, given: &[Size], zero_copies: bool, written: usize) -> Result<Free, String> {
    let copied = |(axis, &size): (usize, &Size)| {
        let copies = zero_copies && size == Size::default() && axis < x.sizes.len();
        if copies { x.size(axis) } else { size }
    };
    let wanted: Vec<Size> = given.iter().enumerate().map(copied).collect();
    let open = wanted.iter().position(|&size| size.batch != 0);
    let all: usize = x.sizes.iter().product();
    let failed = || format!("a value of shape {:?} cannot become {}", x.sizes, shown(given));
    let lengths = |total: usize| filled(&wanted, open, total).ok_or_else(failed);
    if x.batch.is_none() {
        return Ok(lengths(all)?.into_iter().map(Some).collect());
    }
    let axis = match open {
        Some(axis) => axis,
        None => place(x, &lengths(all * written)?, &wanted, written).ok_or_else(failed)?,
    };
    let total = if open.is_some() { all } else { all * written };
    let keep = |(i, length): (usize, usize)| (i != axis).then_some(length);
    Ok(lengths(total)?.into_iter().enumerate().map(keep).collect())
}

fn shown(given: &[Size]) -> String {
    let one = |size: &Size| match (size.batch, size.constant) {
        (0, constant) => constant.to_string(),
        (batch, 0) => format!("{batch}N"),
        (batch, constant) => format!("{batch}N{constant:+}"),
    };
    format!("[{}]", given.iter().map(one).collect::<Vec<_>>().join(", "))
}

/// The lengths with -1 replaced by what remains; at the axis `open` that for one image.
fn filled(wanted: &[Size], open: Option<usize>, total: usize) -> Option<Vec<usize>> {
    let mut rest = None;
    let mut known: usize = 1;
    let mut lengths = Vec::with_capacity(wanted.len());
    for (axis, size) in wanted.iter().enumerate() {
        let length = match (size.batch, size.plain()) {
            (0, Ok(-1)) if rest.is_none() => {
                rest = Some(axis);
                1
            }
            (0, Ok(length)) => length,
            (batch, _) if open == Some(axis) && size.constant == 0 && size.image == 0 => batch,
            _ => return None,
        };
        let length = usize::try_from(length).ok()?;
        known = known.checked_mul(length)?;
        lengths.push(length);
    }
    if let Some(axis) = rest {
        lengths[axis] = total.checked_div(known)?;
        known *= lengths[axis];
    }
    (known == total).then_some(lengths)
}

/// The axis of the images among lengths that hold `written` of them. Any axis is right that has as many numbers
/// before the images as the value has; some are likelier to be what the next node works on.
fn place(x: &Shape, lengths: &[usize], wanted: &[Size], written: usize) -> Option<usize> {
    let before = x.before()?;
    let own = x.batch.map(|batch| batch.axis);
    let fits = |axis: usize| {
        let prefix: usize = lengths[..axis].iter().product();
        let outer = before.checked_div(prefix).filter(|outer| outer * prefix == before)?;
        let whole = outer > 0 && lengths[axis].is_multiple_of(outer * written);
        whole.then_some((axis, lengths[axis] == written && outer == 1))
    };
    let likely = |&(axis, alone): &(usize, bool)| {
        let rest = wanted[axis] == Size::from(-1);
        // Images joined with other axes rarely are among the features.
        let features = !alone && !rest && axis + 1 == lengths.len();
        (!alone, !rest, features, Some(axis) != own, axis)
    };
    (0..lengths.len()).filter_map(fits).min_by_key(likely).map(|(axis, _)| axis)
}

/// Flatten: two axes.
pub fn flatten(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    let x = importer.node(call.input(0)?)?;
    let shape = importer.shape(x);
    let rank = shape.sizes.len();
    let given = call.int("axis", 1);
    let split = if given == rank as i64 { rank } else { axis(given, rank)? };
    let side = |mut axes: std::ops::Range<usize>| {
        axes.try_fold(Size::from(1), |all, axis| all.times(shape.size(axis)))
    };
    let wanted = [side(0..split)?, side(split..rank)?];
    let shape = free(shape, &wanted, false, 1)?;
    Ok(vec![Value::Node(emit(importer, x, shape)?)])
}

/// The length of an axis, or nothing for the axis of the images.
pub fn open(shape: &Shape, axis: usize) -> Option<usize> {
    (!shape.is_batch(axis)).then_some(shape.sizes[axis])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Batch;

    fn shape(sizes: &[usize], axis: usize, outer: usize) -> Shape {
        Shape { sizes: sizes.to_vec(), batch: Some(Batch { axis, outer }) }
    }

    fn sizes(given: &[i64]) -> Vec<Size> {
        given.iter().copied().map(Size::from).collect()
    }

    #[test]
    fn a_fixed_batch_becomes_free() {
        let map = shape(&[1, 768, 14, 14], 0, 1);
        for given in [[1, 768, 196], [-1, 768, 196], [1, -1, 196], [0, 0, -1]] {
            assert_eq!(
                free(&map, &sizes(&given), true, 1),
                Ok(vec![None, Some(768), Some(196)]),
                "{given:?}"
            );
        }
        let pooled = shape(&[1, 512, 1, 1], 0, 1);
        assert_eq!(free(&pooled, &sizes(&[1, -1]), true, 1), Ok(vec![None, Some(512)]));
        assert_eq!(free(&map, &sizes(&[4, 768, 196]), true, 4), Ok(vec![None, Some(768), Some(196)]));
        assert!(free(&map, &sizes(&[2, 768, 196]), true, 1).is_err());
    }

    #[test]
    fn a_computed_batch_is_where_it_says() {
        let map = shape(&[1, 768, 14, 14], 0, 1);
        let wanted = [Size::batch(1), Size::from(-1), Size::from(196)];
        assert_eq!(free(&map, &wanted, true, 1), Ok(vec![None, Some(768), Some(196)]));
        let joined = [Size::batch(768), Size::from(196)];
        assert_eq!(free(&map, &joined, true, 1), Ok(vec![None, Some(196)]));
    }

    #[test]
    fn images_stay_apart_from_tokens_and_heads() {
        // Images behind tokens: (197, N, 144) to (197, N, 3, 48), to (197, 3 N, 16), and back to rows of 48.
        let x = shape(&[197, 1, 144], 1, 1);
        let heads = free(&x, &sizes(&[197, 1, 3, 48]), true, 1);
        assert_eq!(heads, Ok(vec![Some(197), None, Some(3), Some(48)]));
        let x = shape(&[197, 1, 48], 1, 1);
        assert_eq!(free(&x, &sizes(&[197, 3, 16]), true, 1), Ok(vec![Some(197), None, Some(16)]));
        let x = shape(&[197, 1, 3, 16], 1, 1);
        assert_eq!(free(&x, &sizes(&[197, 48]), true, 1), Ok(vec![None, Some(48)]));
    }
}
