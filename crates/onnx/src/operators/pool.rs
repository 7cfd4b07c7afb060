//! Maxima and means over windows.

use models::graph::Pool;
use models::{NodeId, Op};

use super::Outputs;
use super::conv::Windows;
use crate::call::Call;
use crate::constant::{Constant, Data};
use crate::importer::{Importer, Value};

fn windows(importer: &Importer, call: &Call<'_>, x: NodeId) -> Result<(Windows, bool), String> {
    if call.ints("kernel_shape").is_none_or(<[i64]>::is_empty) {
        return Err("its kernel_shape is missing".into());
    }
    let kernel = call.lengths("kernel_shape", 2, 1, 1)?;
    let windows = Windows::new(call, importer.shape(x), [kernel[0], kernel[1]])?;
    if windows.dilation != [1, 1] {
        return Err(format!("dilations {:?} are not supported", windows.dilation));
    }
    let beyond = |axis: usize| {
        let (before, behind) = windows.sides[axis];
        before.max(behind) >= windows.kernel[axis]
    };
    if beyond(0) || beyond(1) {
        return Err(format!("pads {:?} are not smaller than the window {:?}", windows.sides, windows.kernel));
    }
    Ok((windows, call.int("ceil_mode", 0) != 0))
}

/// MaxPool.
pub fn max(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    let x = importer.node(call.input(0)?)?;
    let (windows, ceil) = windows(importer, call, x)?;
    // The lowest float and not minus infinity: rules multiply values with zero.
    let (x, padding) = windows.padded(importer, x, f32::MIN)?;
    let Windows { kernel, stride, .. } = windows;
    Ok(vec![Value::Node(importer.emit(Op::MaxPool2d(Pool { kernel, stride, padding, ceil }), &[x])?)])
}

/// AveragePool. Uneven padding that does not count is made up for by a factor at each position.
pub fn average(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    let x = importer.node(call.input(0)?)?;
    let (windows, ceil) = windows(importer, call, x)?;
    let count_padding = call.int("count_include_pad", 0) != 0;
    let size = [2, 3].map(|axis| importer.shape(x).sizes[axis]);
    let uneven = windows.even().is_none();
    if uneven && ceil {
        return Err("uneven pads with ceil_mode are not supported".into());
    }
    let (x, padding) = windows.padded(importer, x, 0.0)?;
    let Windows { kernel, stride, sides, .. } = windows;
    let op = Op::AvgPool2d {
        pool: Pool { kernel, stride, padding, ceil },
        count_padding: count_padding || uneven,
    };
    if count_padding || !uneven {
        return Ok(vec![Value::Node(importer.emit(op, &[x])?)]);
    }
    let mean = importer.emit_part("mean", op, &[x])?;
    let output = [2, 3].map(|axis| importer.shape(mean).sizes[axis]);
    let share = |axis: usize, i: usize| {
        let (start, before) = (i * stride[axis], sides[axis].0);
        let inside = (start + kernel[axis]).min(before + size[axis]).saturating_sub(start.max(before));
        kernel[axis] as f32 / inside as f32
    };
    let factors =
        (0..output[0]).flat_map(|i| (0..output[1]).map(move |j| share(0, i) * share(1, j))).collect();
    importer.take(&output)?;
    let factors = Constant::new(vec![1, 1, output[0], output[1]], Data::Floats(factors));
    let factors = importer.stored(&factors)?;
    Ok(vec![Value::Node(importer.emit(Op::Multiply, &[mean, factors])?)])
}

fn map(importer: &mut Importer, call: &Call<'_>) -> Result<(NodeId, [usize; 2]), String> {
    let x = importer.node(call.input(0)?)?;
    match importer.shape(x).sizes[..] {
        [_, _, rows, columns] => Ok((x, [rows, columns])),
        ref other => Err(format!("a value of shape {other:?}; only two-dimensional maps are supported")),
    }
}

/// GlobalAveragePool.
pub fn global_average(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    let x = importer.node(call.input(0)?)?;
    let rank = importer.shape(x).sizes.len();
    // Over tokens (images x features x tokens) as over maps.
    if rank == 3 {
        return Ok(vec![Value::Node(importer.emit(Op::Mean { axes: vec![2], keep: true }, &[x])?)]);
    }
    let (x, _) = map(importer, call)?;
    Ok(vec![Value::Node(importer.emit(Op::global_avg_pool(), &[x])?)])
}

/// GlobalMaxPool.
pub fn global_max(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    let (x, kernel) = map(importer, call)?;
    let pool = Pool { kernel, stride: [1, 1], padding: [0, 0], ceil: false };
    Ok(vec![Value::Node(importer.emit(Op::MaxPool2d(pool), &[x])?)])
}
