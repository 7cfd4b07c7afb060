//! Values that the file fixes: weights, and the integers of shape arithmetic.

use crate::size::Size;

/// A tensor whose numbers are known before anything runs.
#[derive(Clone, Debug)]
pub struct Constant {
    /// The name of the value in the file.
    pub name: String,
    /// Its lengths. The axis of the images, if there is one, has length 1.
    pub shape: Vec<usize>,
    /// The axis along which there is an entry for each image, given by [`Size::image`] or equal for all.
    pub batch: Option<usize>,
    /// The numbers, row-major.
    pub data: Data,
}

/// The numbers of a constant.
#[derive(Clone, Debug)]
pub enum Data {
    /// Floats of any precision, as `f32`.
    Floats(Vec<f32>),
    /// Whole numbers and truth values.
    Integers(Vec<Size>),
}

impl Constant {
    /// A constant without an axis of images and, so far, without a name.
    pub fn new(shape: Vec<usize>, data: Data) -> Self {
        Self { name: String::new(), shape, batch: None, data }
    }

    /// A list of whole numbers.
    pub fn integers_of(numbers: Vec<Size>) -> Self {
        Self::new(vec![numbers.len()], Data::Integers(numbers))
    }

    /// How many numbers there are.
    pub fn len(&self) -> usize {
        match &self.data {
            Data::Floats(floats) => floats.len(),
            Data::Integers(integers) => integers.len(),
        }
    }

    /// The floats.
    pub fn floats(&self) -> Result<&[f32], String> {
        match &self.data {
            Data::Floats(floats) => Ok(floats),
            Data::Integers(_) => Err(format!("`{}` holds whole numbers where floats are needed", self.name)),
        }
    }

    /// The whole numbers, known up to the number of images.
    pub fn integers(&self) -> Result<&[Size], String> {
        match &self.data {
            Data::Integers(integers) => Ok(integers),
            Data::Floats(_) => Err(format!("`{}` holds floats where whole numbers are needed", self.name)),
        }
    }

    /// The whole numbers, where they may not depend on the number of images.
    pub fn numbers(&self) -> Result<Vec<i64>, String> {
        self.integers()?.iter().map(|size| size.plain()).collect()
    }

    /// The only number, if it is a float.
    pub fn single(&self) -> Option<f32> {
        match &self.data {
            Data::Floats(floats) if floats.len() == 1 => Some(floats[0]),
            _ => None,
        }
    }

    /// An error if there is an entry for each image.
    pub fn without_batch(&self) -> Result<&Self, String> {
        if self.batch.is_none() {
            Ok(self)
        } else {
            Err(format!("`{}` has as many entries as images", self.name))
        }
    }

    /// Other numbers of the same kind, taken from these by position.
    pub fn pick(&self, shape: Vec<usize>, positions: impl Iterator<Item = usize>) -> Self {
        let data = match &self.data {
            Data::Floats(floats) => Data::Floats(positions.map(|position| floats[position]).collect()),
            Data::Integers(integers) => {
                Data::Integers(positions.map(|position| integers[position]).collect())
            }
        };
        Self::new(shape, data)
    }

    /// The same numbers in another shape of as many.
    pub fn reshaped(&self, shape: Vec<usize>) -> Self {
        Self { shape, ..self.clone() }
    }

    /// Another order of the axes.
    pub fn permuted(&self, axes: &[usize]) -> Self {
        let steps = strides(&self.shape);
        let shape: Vec<usize> = axes.iter().map(|&axis| self.shape[axis]).collect();
        let steps: Vec<isize> = axes.iter().map(|&axis| steps[axis]).collect();
        let found = positions(&shape, &steps, 0);
        self.pick(shape.clone(), found)
    }

    /// The entries of an axis at these indices, in their order.
    pub fn taken(&self, axis: usize, indices: &[usize]) -> Self {
        let mut shape = self.shape.clone();
        shape[axis] = indices.len();
        let inner: usize = self.shape[axis + 1..].iter().product();
        let (length, outer) = (self.shape[axis], self.shape[..axis].iter().product());
        let found = (0..outer).flat_map(|before: usize| {
            indices.iter().flat_map(move |index| {
                let start = (before * length + index) * inner;
                start..start + inner
            })
        });
        self.pick(shape, found)
    }

    /// Repeats axes of length 1 up to a shape that [`broadcast`] gave.
    pub fn expanded(&self, shape: &[usize]) -> Self {
        let steps = broadcast_strides(&self.shape, shape.len());
        self.pick(shape.to_vec(), positions(shape, &steps, 0))
    }
}

/// Steps between neighbours along each axis of a row-major array.
pub fn strides(shape: &[usize]) -> Vec<isize> {
    let after = |axis: usize| shape[axis + 1..].iter().product::<usize>() as isize;
    (0..shape.len()).map(after).collect()
}

/// Steps in an array that is repeated along axes of length 1 and along missing leading ones.
pub fn broadcast_strides(shape: &[usize], rank: usize) -> Vec<isize> {
    let own = strides(shape).into_iter().zip(shape).map(|(step, &length)| if length == 1 { 0 } else { step });
    std::iter::repeat_n(0, rank - shape.len()).chain(own).collect()
}

/// Positions in an array with these steps, in the order of a row-major array of this shape.
pub fn positions<'a>(
    shape: &'a [usize],
    steps: &'a [isize],
    start: usize,
) -> impl Iterator<Item = usize> + 'a {
    let count = shape.iter().product();
    (0..count).map(move |mut index: usize| {
        let mut position = start as isize;
        for (&length, &step) in shape.iter().zip(steps).rev() {
            position += (index % length) as isize * step;
            index /= length;
        }
        position as usize
    })
}

/// The common shape under NumPy's rule.
pub fn broadcast(a: &[usize], b: &[usize]) -> Result<Vec<usize>, String> {
    let rank = a.len().max(b.len());
    let at =
        |shape: &[usize], axis: usize| (axis + shape.len()).checked_sub(rank).map_or(1, |axis| shape[axis]);
    (0..rank)
        .map(|axis| match (at(a, axis), at(b, axis)) {
            (1, length) | (length, 1) => Ok(length),
            (x, y) if x == y => Ok(x),
            (x, y) => Err(format!("axis {axis} has the lengths {x} and {y}")),
        })
        .collect()
}

/// The number of entries of a shape, if it is at most `room`; so are all products of its lengths.
pub fn entries(shape: &[usize], room: usize) -> Result<usize, String> {
    const AXES: usize = 64;
    let absurd = || format!("a constant of shape {shape:?} is larger than the file allows");
    if shape.len() > AXES {
        return Err(format!("a constant of {} axes", shape.len()));
    }
    let most = shape.iter().try_fold(1_usize, |all, &length| all.checked_mul(length.max(1)));
    most.filter(|&most| most <= room.max(1)).ok_or_else(absurd)?;
    Ok(shape.iter().product())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counting(shape: &[usize]) -> Constant {
        let count: usize = shape.iter().product();
        Constant::new(shape.to_vec(), Data::Floats((0..count).map(|i| i as f32).collect()))
    }

    #[test]
    fn arrays_are_rearranged_as_in_numpy() {
        let x = counting(&[2, 3]);
        assert_eq!(x.permuted(&[1, 0]).floats(), Ok([0.0, 3.0, 1.0, 4.0, 2.0, 5.0].as_slice()));
        assert_eq!(x.taken(1, &[2, 0]).floats(), Ok([2.0, 0.0, 5.0, 3.0].as_slice()));
        assert_eq!(x.taken(0, &[1]).floats(), Ok([3.0, 4.0, 5.0].as_slice()));
        let column = counting(&[2, 1]);
        assert_eq!(
            column.expanded(&[2, 2, 2]).floats(),
            Ok([0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0].as_slice())
        );
    }

    #[test]
    fn shapes_broadcast_as_in_numpy() {
        assert_eq!(broadcast(&[2, 1, 4], &[3, 1]), Ok(vec![2, 3, 4]));
        assert_eq!(broadcast(&[], &[3, 0]), Ok(vec![3, 0]));
        assert!(broadcast(&[2, 3], &[2]).is_err());
    }

    #[test]
    fn absurd_shapes_are_errors() {
        assert_eq!(entries(&[3, 4], 12), Ok(12));
        assert!(entries(&[3, 5], 12).is_err());
        assert!(entries(&[usize::MAX, 2], 12).is_err());
        assert!(entries(&[usize::MAX, 0], 12).is_err());
        assert!(entries(&[1; 1000], 12).is_err());
    }
}
