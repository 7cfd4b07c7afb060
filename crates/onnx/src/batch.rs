//! Where the images are in each value. A file may rearrange its axes and fix the number of images that it was
//! written with; what is imported must work for any number, and images must never meet.

use models::Op;

use crate::size::Size;

/// The lengths of a computed value for one image, and the axis that grows with their number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The lengths for one image.
    pub sizes: Vec<usize>,
    /// Where the images are; nowhere in what is the same for all of them.
    pub batch: Option<Batch>,
}

/// An axis of `outer N inner` entries: `outer` times all images with `inner` entries each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The axis.
    pub axis: usize,
    /// How often all images come.
    pub outer: usize,
}

impl Shape {
    /// The length of an axis for any number of images.
    pub fn size(&self, axis: usize) -> Size {
        let length = self.sizes[axis] as i64;
        if self.is_batch(axis) { Size::batch(length) } else { Size::from(length) }
    }

    /// Whether an axis grows with the images.
    pub fn is_batch(&self, axis: usize) -> bool {
        self.batch.is_some_and(|batch| batch.axis == axis)
    }

    /// How many numbers come before those of the first image and its neighbours in memory: the product of the
    /// lengths before the images.
    pub fn before(&self) -> Option<usize> {
        self.batch.map(|Batch { axis, outer }| self.sizes[..axis].iter().product::<usize>() * outer)
    }
}

/// Where the images are behind an operation that gives these sizes for one of them.
///
/// # Errors
/// If the operation would mix images, or cannot work on more than one.
pub fn behind(op: &Op, inputs: &[&Shape], sizes: &[usize]) -> Result<Option<Batch>, String> {
    if *op == Op::Input {
        return Ok(Some(Batch { axis: 0, outer: 1 }));
    }
    if inputs.iter().all(|input| input.batch.is_none()) {
        return Ok(None);
    }
    let x = inputs[0];
    match op {
        Op::Add | Op::Subtract | Op::Multiply | Op::Divide => aligned(inputs, sizes),
        Op::MatMul => {
            let batch = aligned(inputs, sizes)?;
            apart(batch, |axis| axis + 2 < sizes.len()).map(|()| batch)
        }
        Op::Concat { axis } => concat(inputs, *axis),
        Op::Reshape { shape } => reshape(x, shape, sizes).map(Some),
        Op::Permute { axes } => {
            let moved = |batch: Batch| {
                let axis = axes.iter().position(|&axis| axis == batch.axis);
                Batch { axis: axis.unwrap_or(batch.axis), ..batch }
            };
            Ok(x.batch.map(moved))
        }
        Op::Mean { axes, keep } => {
            apart(x.batch, |axis| !axes.contains(&axis))?;
            let before =
                |axis: usize| if *keep { 0 } else { axes.iter().filter(|&&gone| gone < axis).count() };
            Ok(x.batch.map(|batch| Batch { axis: batch.axis - before(batch.axis), ..batch }))
        }
        Op::Softmax { axis } | Op::Slice { axis, .. } => {
            apart(x.batch, |batch| batch != *axis).map(|()| x.batch)
        }
        Op::Linear { .. } | Op::LayerNorm { .. } => {
            apart(x.batch, |axis| axis + 1 < x.sizes.len()).map(|()| x.batch)
        }
        Op::Relu | Op::Activation(_) | Op::Affine { .. } => Ok(x.batch),
        // Convolutions, normalisation by channel, pools, padding and flattening.
        _ => apart(x.batch, |axis| axis == 0).map(|()| x.batch),
    }
}

fn apart(batch: Option<Batch>, fits: impl Fn(usize) -> bool) -> Result<(), String> {
    match batch {
        Some(Batch { axis, .. }) if !fits(axis) => {
            Err(format!("it works across the images, which are axis {axis}"))
        }
        _ => Ok(()),
    }
}

/// Operations under NumPy's rule: the images must be the same axis of all inputs, counted from the last.
fn aligned(inputs: &[&Shape], sizes: &[usize]) -> Result<Option<Batch>, String> {
    let of = |input: &Shape| {
        let batch = input.batch?;
        Some((Batch { axis: batch.axis + sizes.len() - input.sizes.len(), ..batch }, input.sizes[batch.axis]))
    };
    let all: Vec<_> = inputs.iter().filter_map(|input| of(input)).collect();
    let (batch, length) = all[0];
    let equal = all.iter().all(|other| *other == (batch, length));
    let fits = |input: &Shape| {
        let axis = (batch.axis + input.sizes.len()).checked_sub(sizes.len());
        axis.is_none_or(|axis| input.sizes[axis] == 1)
    };
    let good = equal && inputs.iter().all(|input| input.batch.is_some() || fits(input));
    if good { Ok(Some(batch)) } else { Err("its inputs have the images on different axes".into()) }
}

fn concat(inputs: &[&Shape], axis: usize) -> Result<Option<Batch>, String> {
    let batch = inputs.iter().find_map(|input| input.batch);
    apart(batch, |place| place != axis)?;
    // What is the same for all images is repeated along the first axis.
    let repeats = |input: &Shape| batch.is_some_and(|batch| batch.axis == 0) && input.sizes[0] == 1;
    let fits =
        inputs.iter().all(|input| if input.batch.is_none() { repeats(input) } else { input.batch == batch });
    if fits { Ok(batch) } else { Err("its inputs have the images on different axes".into()) }
}

fn reshape(x: &Shape, shape: &[Option<usize>], sizes: &[usize]) -> Result<Batch, String> {
    let axis = shape.iter().position(Option::is_none).ok_or("its shape leaves no room for more images")?;
    let before: usize = sizes[..axis].iter().product();
    let outer = x.before().filter(|all| before > 0 && all.is_multiple_of(before)).map(|all| all / before);
    let fits = outer.filter(|&outer| outer > 0 && sizes[axis].is_multiple_of(outer));
    let outer = fits.ok_or_else(|| format!("the images cannot lie on axis {axis} of its result"))?;
    Ok(Batch { axis, outer })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(sizes: &[usize], axis: usize, outer: usize) -> Shape {
        Shape { sizes: sizes.to_vec(), batch: Some(Batch { axis, outer }) }
    }

    fn constant(sizes: &[usize]) -> Shape {
        Shape { sizes: sizes.to_vec(), batch: None }
    }

    #[test]
    fn images_are_followed_through_heads_and_tokens() {
        // (tokens, images, 3 heads of 4) -> (tokens, images x heads, 4) -> (images x heads, tokens, 4)
        let x = shape(&[5, 1, 12], 1, 1);
        let heads = behind(&Op::Reshape { shape: vec![Some(5), None, Some(4)] }, &[&x], &[5, 3, 4]);
        assert_eq!(heads, Ok(Some(Batch { axis: 1, outer: 1 })));
        // (tokens, images, 12) -> (tokens x images, 12) and back
        let rows = behind(&Op::Reshape { shape: vec![None, Some(12)] }, &[&x], &[5, 12]);
        assert_eq!(rows, Ok(Some(Batch { axis: 0, outer: 5 })));
        let rows = shape(&[5, 12], 0, 5);
        let back = Op::Reshape { shape: vec![Some(5), None, Some(12)] };
        assert_eq!(behind(&back, &[&rows], &[5, 1, 12]), Ok(Some(Batch { axis: 1, outer: 1 })));
        let wrong = Op::Reshape { shape: vec![None, Some(5), Some(12)] };
        assert!(behind(&wrong, &[&rows], &[1, 5, 12]).is_err());
    }

    #[test]
    fn images_never_meet() {
        let x = shape(&[1, 4, 4], 0, 1);
        for op in [
            Op::Softmax { axis: 0 },
            Op::Concat { axis: 0 },
            Op::every(0, 2),
            Op::Mean { axes: vec![0], keep: true },
        ] {
            assert!(behind(&op, &[&x], &[1, 4, 4]).unwrap_err().contains("across the images"), "{op:?}");
        }
        let columns = shape(&[4, 1], 1, 1);
        assert!(behind(&Op::MatMul, &[&constant(&[4, 4]), &columns], &[4, 1]).is_err());
        assert!(behind(&Op::Add, &[&x, &shape(&[4, 1, 4], 1, 1)], &[4, 4, 4]).is_err());
    }

    #[test]
    fn constants_do_not_hold_as_many_entries_as_one_file_has_images() {
        let x = shape(&[1, 4], 0, 1);
        assert!(behind(&Op::Add, &[&x, &constant(&[4])], &[1, 4]).is_ok());
        assert!(behind(&Op::Add, &[&x, &constant(&[8, 4])], &[8, 4]).is_err());
        assert!(behind(&Op::Concat { axis: 1 }, &[&constant(&[1, 2]), &x], &[1, 6]).is_ok());
        assert!(behind(&Op::Concat { axis: 1 }, &[&constant(&[2, 2]), &x], &[2, 6]).is_err());
    }
}
