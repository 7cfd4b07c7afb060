//! Normalisation and softmax.

use std::rc::Rc;

use models::graph::{Activation, ParameterId, Pool};
use models::{NodeId, Op};

use super::Outputs;
use crate::call::{Call, axis};
use crate::constant::{Constant, Data};
use crate::importer::{Importer, Value};

/// BatchNormalization with stored statistics.
pub fn batch(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    if call.int("training_mode", 0) != 0 {
        return Err("training_mode = 1 is not supported".into());
    }
    let x = importer.node(call.input(0)?)?;
    let sizes = importer.shape(x).sizes.clone();
    let channels = *sizes.get(1).ok_or("its input has no channels")?;
    let mut stored = Vec::new();
    for index in 1..5 {
        let constant = call.constant(index)?;
        if constant.shape != [channels] {
            return Err(format!("`{}` of shape {:?} for {channels} channels", constant.name, constant.shape));
        }
        stored.push(Rc::clone(constant));
    }
    let epsilon = call.float("epsilon", 1e-5);
    if sizes.len() != 4 {
        return per_channel(importer, x, &stored, epsilon, sizes.len());
    }
    let mut parameter =
        |i: usize| importer.parameter(&stored[i].name, &stored[i].shape, stored[i].floats()?.to_vec());
    let (weight, bias, mean, variance) = (parameter(0)?, parameter(1)?, parameter(2)?, parameter(3)?);
    Ok(vec![Value::Node(importer.emit(Op::BatchNorm2d { weight, bias, mean, variance, epsilon }, &[x])?)])
}

/// The same on vectors and sequences: a factor and a summand for each channel.
fn per_channel(
    importer: &mut Importer,
    x: NodeId,
    stored: &[Rc<Constant>],
    epsilon: f64,
    rank: usize,
) -> Outputs {
    let [weight, bias, mean, variance] = [0, 1, 2, 3].map(|i| stored[i].floats().map(<[f32]>::to_vec));
    let (weight, bias, mean, variance) = (weight?, bias?, mean?, variance?);
    let scale = |i: usize| f64::from(weight[i]) / (f64::from(variance[i]) + epsilon).sqrt();
    let shift = |i: usize| f64::from(bias[i]) - f64::from(mean[i]) * scale(i);
    let mut shape = vec![1; rank];
    shape[1] = weight.len();
    let mut node = |name: &str, numbers: Vec<f32>| {
        let constant = Constant::new(shape.clone(), Data::Floats(numbers));
        importer.stored(&Constant { name: name.into(), ..constant })
    };
    let scales = node(&stored[0].name, (0..weight.len()).map(|i| scale(i) as f32).collect())?;
    let shifts = node(&stored[1].name, (0..weight.len()).map(|i| shift(i) as f32).collect())?;
    let scaled = importer.emit_part("scaled", Op::Multiply, &[x, scales])?;
    Ok(vec![Value::Node(importer.emit(Op::Add, &[scaled, shifts])?)])
}

/// LayerNormalization over the last axis.
pub fn layer(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    let x = importer.node(call.input(0)?)?;
    let sizes = importer.shape(x).sizes.clone();
    let (rank, width) = (sizes.len(), sizes[sizes.len() - 1]);
    if axis(call.int("axis", -1), rank)? + 1 != rank {
        return Err("it normalises more than the last axis".into());
    }
    let weight = row(importer, call.constant(1)?, width)?;
    let bias = match call.optional_constant(2)? {
        Some(bias) => row(importer, bias, width)?,
        None => importer.parameter("", &[width], vec![0.0; width])?,
    };
    let epsilon = call.float("epsilon", 1e-5);
    Ok(vec![Value::Node(importer.emit(Op::LayerNorm { weight, bias, epsilon }, &[x])?)])
}

fn row(importer: &mut Importer, constant: &Constant, width: usize) -> Result<ParameterId, String> {
    if constant.shape != [width] {
        return Err(format!("`{}` of shape {:?} for {width} channels", constant.name, constant.shape));
    }
    importer.parameter(&constant.name, &[width], constant.floats()?.to_vec())
}

/// LRN: `x / (bias + alpha mean(x^2))^beta`, the mean over `size` neighbouring channels, zeros beyond the ends
/// (Krizhevsky et al., "ImageNet Classification with Deep Convolutional Neural Networks", 2012).
pub fn local_response(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    let x = importer.node(call.input(0)?)?;
    let [_, channels, rows, columns] = importer.shape(x).sizes[..] else {
        return Err(format!("a value of shape {:?}; maps are needed", importer.shape(x).sizes));
    };
    let size = usize::try_from(call.int("size", 0)).unwrap_or(0);
    let (alpha, beta, bias) = (call.float("alpha", 1e-4), call.float("beta", 0.75), call.float("bias", 1.0));
    if size.is_multiple_of(2) || size > channels || bias <= 0.0 || alpha < 0.0 {
        return Err(format!("size {size}, alpha {alpha} and bias {bias} for {channels} channels"));
    }
    // Channels become rows, so that a pool runs over them.
    let square = importer.emit_part("square", Op::Multiply, &[x, x])?;
    let stacked = importer.emit_part("stacked", Op::reshape(&[1, channels, rows * columns]), &[square])?;
    let pool = Pool { kernel: [size, 1], stride: [1, 1], padding: [size / 2, 0], ceil: false };
    let mean = importer.emit_part("mean", Op::AvgPool2d { pool, count_padding: true }, &[stacked])?;
    let mean = importer.emit_part("maps", Op::reshape(&[channels, rows, columns]), &[mean])?;
    let sum = importer.emit_part("sum", Op::Affine { scale: alpha, shift: bias }, &[mean])?;
    let log = importer.emit_part("log", Op::Activation(Activation::Log), &[sum])?;
    let log = importer.emit_part("scaled", Op::Affine { scale: beta, shift: 0.0 }, &[log])?;
    let power = importer.emit_part("power", Op::Activation(Activation::Exp), &[log])?;
    Ok(vec![Value::Node(importer.emit(Op::Divide, &[x, power])?)])
}

/// The axis of a softmax; before operator set 13 it is all axes from that one on.
fn along(importer: &Importer, call: &Call<'_>, x: NodeId) -> Result<usize, String> {
    let sizes = &importer.shape(x).sizes;
    let new = importer.opset >= 13;
    let first = axis(call.int("axis", if new { -1 } else { 1 }), sizes.len())?;
    let long: Vec<usize> = (first..sizes.len()).filter(|&axis| sizes[axis] > 1).collect();
    match long.as_slice() {
        _ if new => Ok(first),
        [] => Ok(first),
        [only] => Ok(*only),
        _ => Err(format!("before operator set 13 it joins axes {long:?}, which is not supported")),
    }
}

/// Softmax.
pub fn softmax(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    let x = importer.node(call.input(0)?)?;
    let axis = along(importer, call, x)?;
    Ok(vec![Value::Node(importer.emit(Op::Softmax { axis }, &[x])?)])
}

/// LogSoftmax: the logarithm of the softmax.
pub fn log_softmax(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    let x = importer.node(call.input(0)?)?;
    let axis = along(importer, call, x)?;
    let softmax = importer.emit_part("softmax", Op::Softmax { axis }, &[x])?;
    Ok(vec![Value::Node(importer.emit(Op::Activation(Activation::Log), &[softmax])?)])
}
