//! Dense 2-D convolution and the gradient of its input.

mod backward;
mod forward;

use std::sync::OnceLock;

use rayon::prelude::*;

use crate::panels::{Grid, Panels};
use crate::source::Source;

/// Pictures that pass by one block of weights.
const GROUP: usize = 4;

/// The shape of a convolution with one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Channels of the input.
    pub inputs: usize,
    /// Channels of the output.
    pub outputs: usize,
    /// Rows and columns of the kernel.
    pub kernel: [usize; 2],
    /// Steps down and right.
    pub stride: [usize; 2],
    /// Zeros on both sides.
    pub padding: [usize; 2],
    /// Distance between taps.
    pub dilation: [usize; 2],
}

impl Geometry {
    /// Height and width of the output for an input of height and width `size`.
    pub fn output(&self, size: [usize; 2]) -> [usize; 2] {
        std::array::from_fn(|axis| {
            let reach = self.dilation[axis] * (self.kernel[axis] - 1) + 1;
            (size[axis] + 2 * self.padding[axis] - reach) / self.stride[axis] + 1
        })
    }
}

/// A convolution with its weights packed.
pub struct Conv2d {
    geometry: Geometry,
    weight: Vec<f32>,
    bias: Option<Vec<f32>>,
    forward: Panels,
    backward: OnceLock<Vec<backward::Part>>,
}

/// One product: sources of pictures against panels, results to places of the output.
struct Product<'a> {
    source: &'a Source,
    /// The picture itself is the source: one plane for each channel, no border.
    direct: bool,
    panels: &'a Panels,
    offsets: &'a [u32],
    grid: Grid,
    bias: Option<&'a [f32]>,
}

impl Conv2d {
    /// Packs a kernel `(outputs, inputs, rows, columns)` in row-major order.
    ///
    /// # Panics
    /// If the numbers of weights or biases do not fit the geometry.
    pub fn new(geometry: Geometry, weight: &[f32], bias: Option<&[f32]>) -> Self {
        let k = geometry.inputs * geometry.kernel[0] * geometry.kernel[1];
        assert_eq!(weight.len(), geometry.outputs * k);
        assert!(bias.is_none_or(|bias| bias.len() == geometry.outputs));
        let forward = Panels::new(geometry.outputs, k, |output, i| weight[output * k + i]);
        let bias = bias.map(<[f32]>::to_vec);
        Self { geometry, weight: weight.to_vec(), bias, forward, backward: OnceLock::new() }
    }

    /// The shape.
    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }
}

/// Numbers of a picture's planes in and out.
#[derive(Clone, Copy)]
struct Sizes {
    picture: usize,
    out: usize,
}

/// Runs a product over all pictures, spread over threads by pictures, and by outputs where there are too few
/// pictures. `out` must be zero where a product does not write.
fn run(product: &Product<'_>, pictures: &[f32], sizes: Sizes, out: &mut [f32]) {
    let n = pictures.len() / sizes.picture;
    let threads = rayon::current_num_threads();
    if n == 0 {
        return;
    }
    if n < threads {
        let share = product.panels.count().div_ceil(threads);
        for (picture, out) in pictures.chunks(sizes.picture).zip(out.chunks_mut(sizes.out)) {
            split(product, picture, share, out);
        }
        return;
    }
    let group = GROUP.min(n.div_ceil(threads));
    let groups = pictures.par_chunks(group * sizes.picture).zip(out.par_chunks_mut(group * sizes.out));
    groups.for_each_init(Vec::new, |copies, (pictures, out)| {
        let pictures: Vec<&[f32]> = pictures.chunks(sizes.picture).collect();
        let mut outs: Vec<&mut [f32]> = out.chunks_mut(sizes.out).collect();
        let all = 0..product.panels.count();
        multiply(product, all, &pictures, copies, &mut outs);
    });
}

/// One picture, its outputs spread over threads.
fn split(product: &Product<'_>, picture: &[f32], share: usize, out: &mut [f32]) {
    let per_panel = crate::tile::tile().outputs * product.grid.plane;
    out.par_chunks_mut(share * per_panel).enumerate().for_each_init(Vec::new, |copies, (i, out)| {
        let end = product.panels.count().min((i + 1) * share);
        multiply(product, i * share..end, &[picture], copies, &mut [out]);
    });
}

fn multiply(
    product: &Product<'_>,
    panels: std::ops::Range<usize>,
    pictures: &[&[f32]],
    copies: &mut Vec<Vec<f32>>,
    outs: &mut [&mut [f32]],
) {
    let Product { source, panels: all, offsets, grid, bias, .. } = product;
    if product.direct {
        all.multiply(panels, pictures, offsets, grid, *bias, outs);
        return;
    }
    copies.resize_with(pictures.len(), Vec::new);
    copies.iter_mut().zip(pictures).for_each(|(copy, picture)| source.copy(picture, copy));
    let sources: Vec<&[f32]> = copies.iter().map(Vec::as_slice).collect();
    all.multiply(panels, &sources, offsets, grid, *bias, outs);
}
