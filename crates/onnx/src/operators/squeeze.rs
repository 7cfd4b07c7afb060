//! Axes of length 1 that go or come.

use models::Value as Computed;

use super::Outputs;
use super::reshape::{emit, open};
use crate::call::{Call, axes};
use crate::importer::{Importer, Value};

/// Squeeze: axes of length 1 go.
pub fn squeeze(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    let given = call.listed("axes", 1)?;
    let chosen = |sizes: &[usize], images: &dyn Fn(usize) -> bool| match &given {
        Some(given) => axes(given, sizes.len()),
        None => Ok((0..sizes.len()).filter(|&axis| sizes[axis] == 1 && !images(axis)).collect()),
    };
    match call.input(0)? {
        Value::Node(x) => {
            let shape = importer.shape(*x).clone();
            let gone = chosen(&shape.sizes, &|axis| shape.is_batch(axis))?;
            if let Some(axis) = gone.iter().find(|&&axis| shape.sizes[axis] != 1 || shape.is_batch(axis)) {
                return Err(format!("axis {axis} of {:?} cannot go", shape.sizes));
            }
            let left =
                (0..shape.sizes.len()).filter(|axis| !gone.contains(axis)).map(|axis| open(&shape, axis));
            let left = left.collect();
            Ok(vec![Value::Node(emit(importer, *x, left)?)])
        }
        Value::Constant(constant) => {
            let gone = chosen(&constant.shape, &|axis| constant.batch == Some(axis))?;
            // The number of images as a list of one, [N], has no axis of images.
            if gone.iter().any(|&axis| constant.shape[axis] != 1 || constant.batch == Some(axis)) {
                return Err(format!("axes {gone:?} of {:?} cannot go", constant.shape));
            }
            let left = (0..constant.shape.len()).filter(|axis| !gone.contains(axis));
            let mut squeezed = constant.reshaped(left.map(|axis| constant.shape[axis]).collect());
            let before = |batch: usize| gone.iter().filter(|&&axis| axis < batch).count();
            squeezed.batch = constant.batch.map(|batch| batch - before(batch));
            Ok(vec![squeezed.into()])
        }
    }
}

/// Unsqueeze: new axes of length 1.
pub fn unsqueeze(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    let given = call.listed("axes", 1)?.ok_or("its axes are missing")?;
    match call.input(0)? {
        Value::Node(x) => {
            let shape = importer.shape(*x).clone();
            if given.len() > Computed::MAX_RANK {
                return Err(format!("{} new axes", given.len()));
            }
            let new = axes(&given, shape.sizes.len() + given.len())?;
            let mut old = (0..shape.sizes.len()).map(|axis| open(&shape, axis));
            let wider = (0..shape.sizes.len() + new.len())
                .map(|axis| if new.contains(&axis) { Some(1) } else { old.next().flatten() })
                .collect();
            Ok(vec![Value::Node(emit(importer, *x, wider)?)])
        }
        Value::Constant(constant) => {
            let new = axes(&given, constant.shape.len() + given.len())?;
            importer.take(&vec![1; constant.shape.len() + given.len()])?;
            let mut wider = (**constant).clone();
            for &axis in &new {
                wider.shape.insert(axis, 1);
                wider.batch = wider.batch.map(|batch| if batch >= axis { batch + 1 } else { batch });
            }
            Ok(vec![wider.into()])
        }
    }
}
