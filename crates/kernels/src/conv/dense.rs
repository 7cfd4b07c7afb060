//! Convolution where outputs see many inputs.

use std::sync::OnceLock;

use super::gradient::{Axes, Residue};
use super::pass::{Pass, Product};
use super::picture::Picture;
use super::weights::Weights;
use super::{Geometry, Layout};
use crate::blocked::{BLOCK, Maps};
use crate::buffer::Buffer;
use crate::grid::Grid;
use crate::simd::Level;
use crate::source::Masked;
use crate::{Epilogue, Numbers};

/// Inputs below this number are read as planes: their blocks would be mostly empty.
const FEW: usize = 8;

/// A convolution with its weights packed.
pub(super) struct Dense {
    geometry: Geometry,
    pub(super) level: Level,
    weight: Numbers,
    /// For each channel of the results' blocks.
    bias: Option<Vec<f32>>,
    /// For each group of channels.
    forward: Vec<Weights>,
    backward: OnceLock<Backward>,
}

/// What is packed for the way back.
enum Backward {
    /// For each residue, and for each group of channels.
    Residues(Vec<(Residue, Vec<Weights>)>),
    /// To planes.
    Picture(Picture),
}

impl Dense {
    pub(super) fn new(level: Level, geometry: Geometry, weight: Numbers, bias: Option<&[f32]>) -> Self {
        let numbers = (*weight).as_ref();
        let reads = reads(&geometry);
        let terms = if reads == Layout::Blocked { BLOCK } else { 1 };
        let pack = |group: Group| {
            let weight = |output, input| group.weight(numbers, output, input).map(|at| |tap: usize| at[tap]);
            Weights::new(level, group.size(), geometry.taps(), terms, weight)
        };
        let forward = Group::all(&geometry).map(pack).collect();
        let bias = bias.map(|bias| {
            let mut bias = bias.to_vec();
            bias.resize(geometry.outputs.next_multiple_of(BLOCK), 0.0);
            bias
        });
        Self { geometry, level, weight, bias, forward, backward: OnceLock::new() }
    }

    pub(super) fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    pub(super) fn reads(&self) -> Layout {
        reads(&self.geometry)
    }

    pub(super) fn forward(&self, x: &[f32], size: [usize; 2], epilogue: Epilogue<'_>) -> Buffer {
        let (geometry, out) = (&self.geometry, self.geometry.output(size));
        let blocked = self.reads() == Layout::Blocked;
        let (blocks, unit) =
            if blocked { (geometry.inputs.div_ceil(BLOCK), BLOCK) } else { (geometry.inputs, 1) };
        let source = geometry.source(blocks, unit, size);
        let joined = geometry.pointwise() && blocked;
        let (taps, grid) = if joined {
            (vec![0], Grid::joined(out[0] * out[1]))
        } else {
            let [rows, columns] = out;
            let grid =
                Grid { rows, columns, stride: source.stride, first: 0, row_step: columns, column_step: 1 };
            (geometry.offsets(&source), grid)
        };
        let pass = Pass {
            level: self.level,
            source: (!joined).then_some(source),
            products: vec![Product { weights: &self.forward, taps, grid }],
            image: blocks * unit * size[0] * size[1],
            maps: Maps { channels: geometry.outputs, size: out },
            bias: self.bias.as_deref(),
            epilogue,
        };
        pass.run(Masked::all(x))
    }

    pub(super) fn input_gradient(&self, gradient: Masked<'_>, size: [usize; 2]) -> Buffer {
        let backward = self.backward.get_or_init(|| match self.reads() {
            Layout::Blocked => Backward::Residues(self.residues()),
            Layout::Plain => {
                Backward::Picture(Picture::new(self.level, self.geometry, (*self.weight).as_ref()))
            }
        });
        match backward {
            Backward::Residues(residues) => self.blocked_gradient(residues, gradient, size),
            Backward::Picture(picture) => picture.gradient(gradient, size),
        }
    }

    /// The weights of each residue, inputs and outputs exchanged.
    fn residues(&self) -> Vec<(Residue, Vec<Weights>)> {
        let numbers = (*self.weight).as_ref();
        let pack = |residue: Residue| {
            let tap = |i| residue.tap(i, self.geometry.kernel[1]);
            let taps: Vec<usize> = (0..residue.count()).map(tap).collect();
            let pack = |group: Group| {
                let [outputs, inputs] = group.size();
                let weight =
                    |input, output| group.weight(numbers, output, input).map(|at| |i: usize| at[taps[i]]);
                Weights::new(self.level, [inputs, outputs], residue.count(), BLOCK, weight)
            };
            let weights = Group::all(&self.geometry).map(pack).collect();
            (residue, weights)
        };
        Residue::all(&self.geometry).into_iter().map(pack).collect()
    }

    fn blocked_gradient(
        &self,
        residues: &[(Residue, Vec<Weights>)],
        gradient: Masked<'_>,
        size: [usize; 2],
    ) -> Buffer {
        let (geometry, out) = (&self.geometry, self.geometry.output(size));
        let blocks = geometry.outputs.div_ceil(BLOCK);
        let joined = geometry.pointwise();
        let met = residues.iter().filter_map(|(residue, weights)| {
            residue.axes(geometry, size).map(|axes| (residue, weights, axes))
        });
        let (residues, axes): (Vec<_>, Vec<Axes>) =
            met.map(|(residue, weights, axes)| ((residue, weights), axes)).unzip();
        let maps = Maps { channels: geometry.inputs, size };
        if residues.is_empty() {
            let images = gradient.numbers.len() / (blocks * BLOCK * out[0] * out[1]);
            return Buffer::zeros(images * maps.image());
        }
        let source = geometry.gradient_source(&axes, blocks, BLOCK, out);
        let products = residues.iter().zip(&axes).map(|((residue, weights), axes)| Product {
            weights,
            taps: if joined { vec![0] } else { residue.offsets(axes, &source) },
            grid: if joined {
                Grid::joined(size[0] * size[1])
            } else {
                geometry.gradient_grid(axes, &source, size)
            },
        });
        let pass = Pass {
            level: self.level,
            products: products.collect(),
            source: (!joined).then_some(source),
            image: blocks * BLOCK * out[0] * out[1],
            maps,
            bias: None,
            epilogue: Epilogue::NOTHING,
        };
        pass.run(gradient)
    }
}

/// How a convolution reads its input.
fn reads(geometry: &Geometry) -> Layout {
    if geometry.groups == 1 && geometry.inputs < FEW { Layout::Plain } else { Layout::Blocked }
}

/// Neighbouring groups of channels that together fill blocks; weights between two of them are zero.
struct Group<'a> {
    geometry: &'a Geometry,
    /// Groups that are joined, and the first one.
    joined: usize,
    first: usize,
}

impl<'a> Group<'a> {
    fn all(geometry: &'a Geometry) -> impl Iterator<Item = Group<'a>> {
        let fills = |joined: &usize| {
            geometry.groups.is_multiple_of(*joined)
                && geometry.group().iter().all(|channels| (channels * joined).is_multiple_of(BLOCK))
        };
        let joined = (1..geometry.groups).find(fills).unwrap_or(geometry.groups);
        (0..geometry.groups).step_by(joined).map(move |first| Group { geometry, joined, first })
    }

    /// Outputs and inputs.
    fn size(&self) -> [usize; 2] {
        let [inputs, outputs] = self.geometry.group();
        [outputs * self.joined, inputs * self.joined]
    }

    /// The weights of all taps between an output and an input, unless these are of two groups.
    fn weight<'w>(&self, numbers: &'w [f32], output: usize, input: usize) -> Option<&'w [f32]> {
        let [inputs, outputs] = self.geometry.group();
        let output_of_all = self.first * outputs + output;
        let at = self.geometry.weights(output_of_all, input % inputs);
        (output / outputs == input / inputs).then(|| &numbers[at..at + self.geometry.taps()])
    }
}
