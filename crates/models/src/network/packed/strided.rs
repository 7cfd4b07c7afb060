//! Values that are other values in another order.

use crate::network::graph::Op;

/// Where the numbers of a value lie in the value that it was made of by slices, permutations and reshapes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Strided {
    pub(super) shape: Vec<usize>,
    /// Between neighbours along each axis.
    pub(super) strides: Vec<usize>,
    /// The first number.
    pub(super) start: usize,
}

impl Strided {
    /// A value of a shape itself.
    pub(super) fn whole(shape: &[usize]) -> Self {
        let mut strides = vec![1; shape.len()];
        for axis in (1..shape.len()).rev() {
            strides[axis - 1] = strides[axis] * shape[axis];
        }
        Self { shape: shape.to_vec(), strides, start: 0 }
    }

    /// Behind an operation, if that only orders the numbers, and strides can say how.
    pub(super) fn behind(&self, op: &Op) -> Option<Self> {
        match op {
            Op::Slice { axis, start, end, step: 1 } => {
                let mut part = self.clone();
                part.shape[*axis] = (*end).min(self.shape[*axis]).checked_sub(*start)?;
                part.start += start * self.strides[*axis];
                Some(part)
            }
            Op::Permute { axes } => {
                let pick = |from: &[usize]| axes.iter().map(|&axis| from[axis]).collect();
                Some(Self { shape: pick(&self.shape), strides: pick(&self.strides), start: self.start })
            }
            Op::Reshape { shape } => {
                let fixed: usize = shape.iter().flatten().product();
                let free = self.shape.iter().product::<usize>() / fixed;
                self.reshaped(&shape.iter().map(|length| length.unwrap_or(free)).collect::<Vec<_>>())
            }
            _ => None,
        }
    }

    /// In another shape: runs of axes that follow each other in memory are joined and split again.
    fn reshaped(&self, shape: &[usize]) -> Option<Self> {
        let old: Vec<(usize, usize)> = self
            .shape
            .iter()
            .copied()
            .zip(self.strides.iter().copied())
            .filter(|(size, _)| *size != 1)
            .collect();
        let (mut old, mut strides) = (old.as_slice(), vec![0; shape.len()]);
        // From the last axis: `run` numbers are `stride` apart, and `room` of them are not yet given away.
        let (mut stride, mut room) = (1, 1);
        for axis in (0..shape.len()).rev().filter(|&axis| shape[axis] != 1) {
            if room == 1 {
                let (last, rest) = old.split_last()?;
                ((room, stride), old) = (*last, rest);
            }
            while room < shape[axis] {
                let (last, rest) = old.split_last()?;
                // The next axis goes on where this run ends.
                if last.1 != stride * room {
                    return None;
                }
                room *= last.0;
                old = rest;
            }
            if !room.is_multiple_of(shape[axis]) {
                return None;
            }
            strides[axis] = stride;
            stride *= shape[axis];
            room /= shape[axis];
        }
        (room == 1 && old.is_empty()).then(|| Self { shape: shape.to_vec(), strides, start: self.start })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strides_follow_the_operations() {
        // A token's queries, keys and values by head, as timm's files have them.
        let heads = Strided::whole(&[2, 17, 18])
            .behind(&Op::reshape(&[17, 3, 3, 2]))
            .and_then(|x| x.behind(&Op::Permute { axes: vec![2, 0, 3, 1, 4] }))
            .and_then(|x| x.behind(&Op::Slice { axis: 0, start: 1, end: 2, step: 1 }))
            .and_then(|x| x.behind(&Op::reshape(&[3, 17, 2])))
            .unwrap();
        assert_eq!(heads.shape, [2, 3, 17, 2]);
        assert_eq!(heads.strides, [17 * 18, 2, 18, 1]);
        assert_eq!(heads.start, 6);
    }

    #[test]
    fn axes_that_do_not_follow_each_other_cannot_be_joined() {
        let swapped = Strided::whole(&[2, 3, 4]).behind(&Op::Permute { axes: vec![0, 2, 1] }).unwrap();
        assert_eq!(swapped.behind(&Op::reshape(&[12])), None);
        assert_eq!(swapped.behind(&Op::reshape(&[2, 2, 3])).unwrap().strides, [12, 2, 1, 4]);
        assert_eq!(swapped.behind(&Op::Relu), None);
    }
}
