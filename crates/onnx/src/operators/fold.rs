//! Arithmetic on numbers that the file fixes.

use std::cmp::Ordering;

use super::Outputs;
use crate::call::Call;
use crate::constant::{Constant, Data, broadcast, broadcast_strides, positions};
use crate::importer::Importer;
use crate::size::Size;

/// Results of a comparison.
#[derive(Clone, Copy)]
pub enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    fn holds(self, ordering: Option<Ordering>) -> bool {
        match self {
            Self::Equal => ordering == Some(Ordering::Equal),
            Self::Less => ordering == Some(Ordering::Less),
            Self::LessOrEqual => ordering.is_some_and(Ordering::is_le),
            Self::Greater => ordering == Some(Ordering::Greater),
            Self::GreaterOrEqual => ordering.is_some_and(Ordering::is_ge),
        }
    }
}

/// Two constants repeated to their common shape: that shape with its axis of images, and for each entry the
/// positions in both.
struct Pairs {
    shape: Vec<usize>,
    batch: Option<usize>,
    steps: [Vec<isize>; 2],
}

impl Pairs {
    fn new(importer: &mut Importer, a: &Constant, b: &Constant) -> Result<Self, String> {
        let shape = broadcast(&a.shape, &b.shape)?;
        importer.take(&shape)?;
        let rank = shape.len();
        let axis = |x: &Constant| x.batch.map(|axis| axis + rank - x.shape.len());
        let batch = axis(a).or(axis(b));
        let together =
            axis(a).is_none_or(|axis| Some(axis) == batch) && axis(b).is_none_or(|axis| Some(axis) == batch);
        if !together || batch.is_some_and(|axis| shape[axis] != 1) {
            return Err("the images are on different axes".into());
        }
        let steps = [a, b].map(|x| broadcast_strides(&x.shape, rank));
        Ok(Self { shape, batch, steps })
    }

    fn positions(&self) -> impl Iterator<Item = (usize, usize)> {
        let [a, b] = &self.steps;
        positions(&self.shape, a, 0).zip(positions(&self.shape, b, 0))
    }

    fn of(self, data: Data) -> Constant {
        Constant { name: String::new(), shape: self.shape, batch: self.batch, data }
    }
}

/// Combines two constants number by number.
pub fn combine(
    importer: &mut Importer,
    a: &Constant,
    b: &Constant,
    floats: impl Fn(f32, f32) -> f32,
    integers: impl Fn(Size, Size) -> Result<Size, String>,
) -> Result<Constant, String> {
    let pairs = Pairs::new(importer, a, b)?;
    let data = if let (Data::Floats(a), Data::Floats(b)) = (&a.data, &b.data) {
        Data::Floats(pairs.positions().map(|(i, j)| floats(a[i], b[j])).collect())
    } else {
        let (a, b) = (a.integers()?, b.integers()?);
        Data::Integers(pairs.positions().map(|(i, j)| integers(a[i], b[j])).collect::<Result<_, _>>()?)
    };
    Ok(pairs.of(data))
}

/// Applies a function to every float of a constant.
pub fn each(constant: &Constant, f: impl Fn(f32) -> f32) -> Result<Constant, String> {
    let floats = constant.floats()?.iter().map(|&x| f(x)).collect();
    Ok(Constant { name: String::new(), data: Data::Floats(floats), ..constant.clone() })
}

/// Floor, Ceil, Round: only of what is known.
pub fn rounded(_: &mut Importer, call: &Call<'_>, f: fn(f32) -> f32) -> Outputs {
    Ok(vec![each(call.constant(0)?, f)?.into()])
}

/// Mod, with the sign of the divisor, or of the dividend where `fmod` is set.
pub fn modulo(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    if call.int("fmod", 0) != 0 {
        return Err("fmod = 1 is not supported".into());
    }
    let (a, b) = (call.constant(0)?, call.constant(1)?);
    Ok(vec![combine(importer, a, b, f32::rem_euclid, Size::modulo)?.into()])
}

/// Equal, Less, Greater and their company.
pub fn compare(importer: &mut Importer, call: &Call<'_>, comparison: Comparison) -> Outputs {
    let (a, b) = (call.constant(0)?, call.constant(1)?);
    let pairs = Pairs::new(importer, a, b)?;
    let truth = |ordering: Option<Ordering>| Size::from(comparison.holds(ordering));
    let truths: Vec<Size> = if let (Data::Floats(a), Data::Floats(b)) = (&a.data, &b.data) {
        pairs.positions().map(|(i, j)| truth(a[i].partial_cmp(&b[j]))).collect()
    } else {
        let (a, b) = (a.integers()?, b.integers()?);
        pairs
            .positions()
            .map(|(i, j)| a[i].compare(b[j]).map(|found| truth(Some(found))))
            .collect::<Result<_, _>>()?
    };
    Ok(vec![pairs.of(Data::Integers(truths)).into()])
}

/// Not.
pub fn not(_: &mut Importer, call: &Call<'_>) -> Outputs {
    let constant = call.constant(0)?;
    let truths = constant.numbers()?.into_iter().map(|truth| Size::from(truth == 0)).collect();
    Ok(vec![Constant { name: String::new(), data: Data::Integers(truths), ..(**constant).clone() }.into()])
}

/// Where, of constants: the numbers of the second input where the first holds, of the third elsewhere.
pub fn choose(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    let truths = call.constant(0)?.without_batch()?;
    let (yes, no) = (call.constant(1)?.without_batch()?, call.constant(2)?.without_batch()?);
    let shape = broadcast(&broadcast(&truths.shape, &yes.shape)?, &no.shape)?;
    importer.take(&shape)?;
    let (yes, no) = (yes.expanded(&shape), no.expanded(&shape));
    let holds: Vec<bool> = truths.expanded(&shape).numbers()?.into_iter().map(|truth| truth != 0).collect();
    let data = match (&yes.data, &no.data) {
        (Data::Floats(yes), Data::Floats(no)) => Data::Floats(chosen(&holds, yes, no)),
        _ => Data::Integers(chosen(&holds, yes.integers()?, no.integers()?)),
    };
    Ok(vec![Constant::new(shape, data).into()])
}

fn chosen<T: Copy>(holds: &[bool], yes: &[T], no: &[T]) -> Vec<T> {
    holds.iter().zip(yes.iter().zip(no)).map(|(&holds, (&yes, &no))| if holds { yes } else { no }).collect()
}
