//! Slice and Gather: some entries of an axis.

use models::{NodeId, Op};

use super::{Outputs, reshape};
use crate::call::{Call, axis};
use crate::constant::Constant;
use crate::importer::{Importer, Value};
use crate::size::Size;

/// The most pieces that a choice of entries may consist of.
const PIECES: usize = 256;

/// What Slice does along one axis.
struct Part {
    axis: usize,
    start: Size,
    end: Size,
    step: i64,
}

fn parts(call: &Call<'_>, rank: usize) -> Result<Vec<Part>, String> {
    let starts = call.listed_sizes("starts", 1)?.ok_or("its starts are missing")?;
    let ends = call.listed_sizes("ends", 2)?.ok_or("its ends are missing")?;
    let axes = call.listed("axes", 3)?.unwrap_or_else(|| (0..starts.len() as i64).collect());
    let steps = call.listed("steps", 4)?.unwrap_or_else(|| vec![1; starts.len()]);
    if [ends.len(), axes.len(), steps.len()] != [starts.len(); 3] {
        return Err(format!("{} starts, {} ends, {} axes", starts.len(), ends.len(), axes.len()));
    }
    let part = |i: usize| {
        let part = Part { axis: axis(axes[i], rank)?, start: starts[i], end: ends[i], step: steps[i] };
        if part.step == 0 { Err("a step is 0".to_string()) } else { Ok(part) }
    };
    (0..starts.len()).map(part).collect()
}

impl Part {
    /// The indices that it takes from an axis of this length: the first, how many, and the step between them.
    fn indices(&self, length: usize) -> Result<(usize, usize, i64), String> {
        let length = length as i64;
        let place = |number: i64| if number < 0 { number.saturating_add(length) } else { number };
        let (start, end) = (place(self.start.plain()?), place(self.end.plain()?));
        let (start, span) = if self.step > 0 {
            let (start, end) = (start.clamp(0, length), end.clamp(0, length));
            (start, end - start)
        } else {
            let (start, end) = (start.clamp(-1, length - 1), end.clamp(-1, length - 1));
            (start, start - end)
        };
        let count = span.max(0) as u64;
        Ok((start.max(0) as usize, count.div_ceil(self.step.unsigned_abs()) as usize, self.step))
    }

    /// Whether it takes all images, of which the file has `written` times `length`.
    fn is_whole(&self, length: usize, written: usize) -> bool {
        let all = self.end == Size::batch(length as i64)
            || self.end.plain().is_ok_and(|end| end >= 0 && end as u64 >= (length * written) as u64);
        self.step == 1 && self.start == Size::default() && all
    }
}

/// Slice.
pub fn slice(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    match call.input(0)? {
        Value::Constant(constant) => {
            let mut constant = constant.without_batch()?.clone();
            for part in parts(call, constant.shape.len())? {
                let (start, count, step) = part.indices(constant.shape[part.axis])?;
                let index = |i: usize| (start as i64 + i as i64 * step) as usize;
                constant = constant.taken(part.axis, &(0..count).map(index).collect::<Vec<_>>());
                importer.take(&constant.shape)?;
            }
            Ok(vec![constant.into()])
        }
        Value::Node(x) => {
            let mut x = *x;
            for part in parts(call, importer.shape(x).sizes.len())? {
                x = sliced(importer, x, &part)?;
            }
            Ok(vec![Value::Node(x)])
        }
    }
}

fn sliced(importer: &mut Importer, x: NodeId, part: &Part) -> Result<NodeId, String> {
    let shape = importer.shape(x);
    let (axis, length) = (part.axis, shape.sizes[part.axis]);
    if shape.is_batch(axis) {
        let whole = part.is_whole(length, importer.written);
        return if whole { Ok(x) } else { Err("it takes some of the images".into()) };
    }
    let (start, count, step) = part.indices(length)?;
    if step < 0 {
        let index = |i: usize| (start as i64 + i as i64 * step) as usize;
        return chosen(importer, x, axis, &(0..count.min(PIECES + 1)).map(index).collect::<Vec<_>>());
    }
    let step = step as usize;
    if count == length {
        return Ok(x);
    }
    let end = (start + count.saturating_sub(1).saturating_mul(step) + 1).min(length);
    importer.emit(Op::Slice { axis, start, end: if count == 0 { start } else { end }, step }, &[x])
}

/// The entries at these indices, in their order: slices, joined.
fn chosen(importer: &mut Importer, x: NodeId, axis: usize, indices: &[usize]) -> Result<NodeId, String> {
    let runs: Vec<&[usize]> = indices.chunk_by(|a, b| a + 1 == *b).collect();
    if runs.len() > PIECES {
        return Err(format!("it takes more than {PIECES} pieces of axis {axis}"));
    }
    let length = importer.shape(x).sizes[axis];
    let piece = |run: &[usize]| Op::Slice { axis, start: run[0], end: run[0] + run.len(), step: 1 };
    match runs.as_slice() {
        [] => Err("it takes nothing".into()),
        [run] if run.len() == length => Ok(x),
        [run] => importer.emit(piece(run), &[x]),
        runs => {
            let part =
                |importer: &mut Importer, run: &&[usize]| importer.emit_part("piece", piece(run), &[x]);
            let pieces = runs.iter().map(|run| part(importer, run)).collect::<Result<Vec<_>, _>>()?;
            importer.emit(Op::Concat { axis }, &pieces)
        }
    }
}

/// Gather by fixed indices.
pub fn gather(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    let indices = call.constant(1)?;
    let given = call.int("axis", 0);
    match call.input(0)? {
        Value::Constant(constant) => {
            let constant = constant.without_batch()?;
            let axis = axis(given, constant.shape.len())?;
            let places = places(&indices.without_batch()?.numbers()?, constant.shape[axis])?;
            let shape = [&constant.shape[..axis], &indices.shape, &constant.shape[axis + 1..]].concat();
            importer.take(&shape)?;
            Ok(vec![constant.taken(axis, &places).reshaped(shape).into()])
        }
        Value::Node(x) => {
            let shape = importer.shape(*x);
            let axis = axis(given, shape.sizes.len())?;
            if shape.is_batch(axis) {
                return within(importer, *x, indices);
            }
            let places = places(&indices.without_batch()?.numbers()?, shape.sizes[axis])?;
            let wider = |importer: &Importer, x: NodeId| -> Vec<Option<usize>> {
                let own = importer.shape(x);
                let open = |axis| reshape::open(own, axis);
                let chosen = indices.shape.iter().copied().map(Some);
                (0..axis).map(open).chain(chosen).chain((axis + 1..own.sizes.len()).map(open)).collect()
            };
            let x = chosen(importer, *x, axis, &places)?;
            let shape = wider(importer, x);
            Ok(vec![Value::Node(reshape::emit(importer, x, shape)?)])
        }
    }
}

fn places(indices: &[i64], length: usize) -> Result<Vec<usize>, String> {
    indices
        .iter()
        .map(|&index| axis(index, length).map_err(|_| format!("there is no index {index} of {length}")))
        .collect()
}

/// Gather from a list of all images' numbers, where each image takes only its own: the indices are `length n + c`
/// for image `n` (written for one image: `c`).
fn within(importer: &mut Importer, x: NodeId, indices: &Constant) -> Outputs {
    const MIXED: &str = "it works across the images";
    let length = importer.shape(x).sizes[0];
    let list = importer.shape(x).sizes.len() == 1 && importer.shape(x).before() == Some(1);
    let step = match indices.batch {
        Some(_) => length as i64,
        None if importer.written == 1 => 0,
        None => return Err(MIXED.into()),
    };
    let own = |size: &Size| (size.image == step && size.batch == 0).then_some(size.constant);
    let own: Option<Vec<i64>> = indices.integers()?.iter().map(own).collect();
    let places = places(&own.filter(|_| list).ok_or(MIXED)?, length)?;
    let rows = importer.emit_part("rows", Op::Reshape { shape: vec![None, Some(length)] }, &[x])?;
    let taken = chosen(importer, rows, 1, &places)?;
    let axis = indices.batch.or_else(|| indices.shape.iter().position(|&length| length == 1)).ok_or(MIXED)?;
    let shape = indices.shape.iter().enumerate().map(|(i, &length)| (i != axis).then_some(length)).collect();
    Ok(vec![Value::Node(reshape::emit(importer, taken, shape)?)])
}
