//! Functions of single numbers.

use models::graph::Activation;
use models::{NodeId, Op};

use super::{Outputs, fold};
use crate::call::{Call, decimal};
use crate::importer::{Importer, Value};

fn emitted(importer: &mut Importer, call: &Call<'_>, op: Op) -> Outputs {
    let x = importer.node(call.input(0)?)?;
    Ok(vec![Value::Node(importer.emit(op, &[x])?)])
}

/// An activation without settings.
pub fn apply(importer: &mut Importer, call: &Call<'_>, activation: Activation) -> Outputs {
    emitted(importer, call, Op::Activation(activation))
}

/// The same, worked out at once on constants.
pub fn known(importer: &mut Importer, call: &Call<'_>, activation: Activation, f: fn(f32) -> f32) -> Outputs {
    match call.input(0)? {
        Value::Constant(constant) => Ok(vec![fold::each(constant, f)?.into()]),
        Value::Node(_) => apply(importer, call, activation),
    }
}

/// Relu.
pub fn relu(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    emitted(importer, call, Op::Relu)
}

/// LeakyRelu.
pub fn leaky_relu(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    apply(importer, call, Activation::LeakyRelu(call.float("alpha", 0.01)))
}

/// Elu.
pub fn elu(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    apply(importer, call, Activation::Elu(call.float("alpha", 1.0)))
}

/// HardSigmoid.
pub fn hard_sigmoid(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    apply(importer, call, Activation::HardSigmoid(call.float("alpha", 0.2), call.float("beta", 0.5)))
}

/// Gelu, by the error function or by tanh.
pub fn gelu(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    let activation = match call.text("approximate", "none")? {
        "none" => Activation::Gelu,
        "tanh" => Activation::GeluTanh,
        other => return Err(format!("approximate = `{other}` is not known")),
    };
    apply(importer, call, activation)
}

/// Swish with its usual factor of 1.
pub fn swish(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    match call.float("alpha", 1.0) {
        1.0 => apply(importer, call, Activation::Silu),
        alpha => Err(format!("alpha = {alpha} is not supported, only 1")),
    }
}

/// Clip with bounds in attributes (before operator set 11) or in inputs.
pub fn clip(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    let bound = |name: &str, index: usize, none: f64| -> Result<f64, String> {
        if let Some(found) = call.attribute(name) {
            return found.f.map(decimal).ok_or_else(|| format!("attribute `{name}` is no float"));
        }
        let Some(constant) = call.optional_constant(index)? else { return Ok(none) };
        constant.single().map(decimal).ok_or_else(|| format!("`{}` must be one number", constant.name))
    };
    let (low, high) = (bound("min", 1, f64::NEG_INFINITY)?, bound("max", 2, f64::INFINITY)?);
    match call.input(0)? {
        Value::Node(x) => Ok(vec![Value::Node(clamp(importer, *x, low, high)?)]),
        Value::Constant(constant) => {
            let (low, high) = (low as f32, high as f32);
            Ok(vec![fold::each(constant, |x| x.max(low).min(high))?.into()])
        }
    }
}

/// `min(max(x, low), high)`. The largest floats stand for no bound.
pub fn clamp(importer: &mut Importer, x: NodeId, low: f64, high: f64) -> Result<NodeId, String> {
    let most = decimal(f32::MAX);
    let low = if low <= -most { f64::NEG_INFINITY } else { low };
    let high = if high >= most { f64::INFINITY } else { high };
    if low.is_nan() || high.is_nan() {
        return Err("a bound is not a number".into());
    }
    let op = match (low, high) {
        (f64::NEG_INFINITY, f64::INFINITY) => return Ok(x),
        (0.0, f64::INFINITY) => Op::Relu,
        _ => Op::Activation(Activation::Clip(low, high)),
    };
    importer.emit(op, &[x])
}

/// PRelu: one slope, or `relu(x) - slope relu(-x)` with a slope for each channel.
pub fn prelu(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    let x = importer.node(call.input(0)?)?;
    let slope = call.constant(1)?;
    if let Some(slope) = slope.single() {
        return apply(importer, call, Activation::LeakyRelu(decimal(slope)));
    }
    let positive = importer.emit_part("positive", Op::Relu, &[x])?;
    let negative = importer.emit_part("minus", Op::Affine { scale: -1.0, shift: 0.0 }, &[x])?;
    let negative = importer.emit_part("negative", Op::Relu, &[negative])?;
    let slope = importer.stored(slope)?;
    let scaled = importer.emit_part("scaled", Op::Multiply, &[negative, slope])?;
    Ok(vec![Value::Node(importer.emit(Op::Subtract, &[positive, scaled])?)])
}
