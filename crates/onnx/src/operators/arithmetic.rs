//! Sums, products and powers.

use models::graph::Activation;
use models::{NodeId, Op};

use super::{Outputs, fold};
use crate::call::{Call, decimal};
use crate::constant::{Constant, Data};
use crate::importer::{Importer, Value};
use crate::size::Size;

/// Operations on two values under NumPy's rule of broadcasting.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
}

impl Binary {
    fn op(self) -> Op {
        match self {
            Self::Add => Op::Add,
            Self::Subtract => Op::Subtract,
            Self::Multiply => Op::Multiply,
            Self::Divide => Op::Divide,
        }
    }

    fn floats(self, a: f32, b: f32) -> f32 {
        match self {
            Self::Add => a + b,
            Self::Subtract => a - b,
            Self::Multiply => a * b,
            Self::Divide => a / b,
        }
    }

    fn integers(self, a: Size, b: Size) -> Result<Size, String> {
        match self {
            Self::Add => a.plus(b),
            Self::Subtract => a.minus(b),
            Self::Multiply => a.times(b),
            Self::Divide => a.over(b),
        }
    }

    /// Scale and shift that do the same with one number on the left (`first`) or right of `x`.
    fn affine(self, number: f64, first: bool) -> Option<(f64, f64)> {
        match self {
            Self::Add => Some((1.0, number)),
            Self::Subtract if first => Some((-1.0, number)),
            Self::Subtract => Some((1.0, -number)),
            Self::Multiply => Some((number, 0.0)),
            Self::Divide if first => None,
            Self::Divide => Some((number.recip(), 0.0)),
        }
    }
}

/// Add, Sub, Mul, Div.
pub fn binary(importer: &mut Importer, call: &Call<'_>, kind: Binary) -> Outputs {
    Ok(vec![combined(importer, call.input(0)?, call.input(1)?, kind)?])
}

/// Sum of any number of inputs.
pub fn sum(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    let all = call.all()?;
    let first = all[0].clone();
    let sum = all[1..].iter().try_fold(first, |sum, value| combined(importer, &sum, value, Binary::Add))?;
    Ok(vec![sum])
}

fn combined(importer: &mut Importer, a: &Value, b: &Value, kind: Binary) -> Result<Value, String> {
    match (a, b) {
        (Value::Constant(a), Value::Constant(b)) => {
            let floats = |a, b| kind.floats(a, b);
            fold::combine(importer, a, b, floats, |a, b| kind.integers(a, b)).map(Value::from)
        }
        (Value::Node(a), Value::Node(b)) => importer.emit(kind.op(), &[*a, *b]).map(Value::Node),
        (Value::Node(x), Value::Constant(c)) => with_constant(importer, *x, c, kind, false).map(Value::Node),
        (Value::Constant(c), Value::Node(x)) => with_constant(importer, *x, c, kind, true).map(Value::Node),
    }
}

/// One number becomes part of the operation, more of them a node beside it.
fn with_constant(
    importer: &mut Importer,
    x: NodeId,
    constant: &Constant,
    kind: Binary,
    first: bool,
) -> Result<NodeId, String> {
    let number = constant.single().filter(|_| constant.shape.len() <= importer.shape(x).sizes.len());
    if let Some((scale, shift)) = number.and_then(|number| kind.affine(decimal(number), first)) {
        return affine(importer, x, scale, shift);
    }
    let constant = importer.stored_beside(constant, x)?;
    importer.emit(kind.op(), &if first { [constant, x] } else { [x, constant] })
}

/// `scale x + shift`, or `x` itself.
pub fn affine(importer: &mut Importer, x: NodeId, scale: f64, shift: f64) -> Result<NodeId, String> {
    if (scale, shift) == (1.0, 0.0) {
        return Ok(x);
    }
    importer.emit(Op::Affine { scale, shift }, &[x])
}

/// Neg.
pub fn negate(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    Ok(vec![match call.input(0)? {
        Value::Node(x) => Value::Node(affine(importer, *x, -1.0, 0.0)?),
        Value::Constant(constant) => match &constant.data {
            Data::Floats(_) => fold::each(constant, |x| -x)?.into(),
            Data::Integers(_) => {
                let zero = Constant::new(Vec::new(), Data::Integers(vec![Size::default()]));
                fold::combine(importer, &zero, constant, |a, b| a - b, Size::minus)?.into()
            }
        },
    }])
}

/// Reciprocal.
pub fn reciprocal(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    let one = Value::from(Constant::new(Vec::new(), Data::Floats(vec![1.0])));
    Ok(vec![combined(importer, &one, call.input(0)?, Binary::Divide)?])
}

/// Pow with one fixed exponent: 1/2 and small whole numbers.
pub fn power(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    let exponent = exponent(call.constant(1)?)?;
    let x = match call.input(0)? {
        Value::Constant(constant) => return Ok(vec![fold::each(constant, |x| x.powf(exponent))?.into()]),
        Value::Node(x) => *x,
    };
    let power = match exponent {
        0.5 => importer.emit(Op::Activation(Activation::Sqrt), &[x])?,
        1.0 => x,
        2.0 => importer.emit(Op::Multiply, &[x, x])?,
        3.0 => {
            let square = importer.emit_part("square", Op::Multiply, &[x, x])?;
            importer.emit(Op::Multiply, &[square, x])?
        }
        other => return Err(format!("the exponent {other} is not supported: 0.5, 1, 2 and 3 are")),
    };
    Ok(vec![Value::Node(power)])
}

fn exponent(constant: &Constant) -> Result<f32, String> {
    match (constant.single(), &constant.data) {
        (Some(number), _) => Ok(number),
        (None, Data::Integers(numbers)) if numbers.len() == 1 => Ok(numbers[0].plain()? as f32),
        _ => Err("the exponent must be one number".into()),
    }
}

/// Min and Max: of constants, or of a node and one number.
pub fn extreme(importer: &mut Importer, call: &Call<'_>, largest: bool) -> Outputs {
    let all = call.all()?;
    let [a, b] = all.as_slice() else { return Err(format!("{} inputs; two are supported", all.len())) };
    let (x, bound) = match (a, b) {
        (Value::Constant(a), Value::Constant(b)) => {
            return Ok(vec![extreme_of(importer, a, b, largest)?.into()]);
        }
        (Value::Node(x), Value::Constant(bound)) | (Value::Constant(bound), Value::Node(x)) => (*x, bound),
        _ => return Err("both inputs are computed from the image; one must be a constant".into()),
    };
    let bound = decimal(bound.single().ok_or("its constant must be one number")?);
    let (low, high) = if largest { (bound, f64::INFINITY) } else { (f64::NEG_INFINITY, bound) };
    Ok(vec![Value::Node(super::activation::clamp(importer, x, low, high)?)])
}

fn extreme_of(
    importer: &mut Importer,
    a: &Constant,
    b: &Constant,
    largest: bool,
) -> Result<Constant, String> {
    let floats = if largest { f32::max } else { f32::min };
    fold::combine(importer, a, b, floats, |a, b| {
        let first = a.compare(b)?.is_ge() == largest;
        Ok(if first { a } else { b })
    })
}
