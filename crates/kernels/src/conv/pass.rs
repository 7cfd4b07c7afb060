//! Runs a convolution's products over images, spread over threads.

use std::cell::RefCell;
use std::ops::Range;

use rayon::prelude::*;

use crate::Epilogue;
use crate::grid::Grid;
use crate::output::Output;
use crate::panels::Panels;
use crate::product::{Product, Room};
use crate::source::{Masked, Source};

/// The most images whose positions are joined.
const GROUP: usize = 8;
/// Positions that fill tiles well.
const POSITIONS: usize = 384;

/// Products that read one copy of an image.
pub(super) struct Pass<'a> {
    /// The copy; where there is none, images are read as they are.
    pub(super) source: Option<Source>,
    pub(super) products: Vec<Part<'a>>,
    /// Numbers of a source between the first channels of two groups.
    pub(super) group: usize,
    /// Channels of the output in one group.
    pub(super) rows: usize,
    /// Numbers of an image.
    pub(super) image: usize,
    /// Numbers of a channel of the output.
    pub(super) plane: usize,
    pub(super) bias: Option<&'a [f32]>,
    pub(super) epilogue: Epilogue<'a>,
}

/// One product of a pass.
pub(super) struct Part<'a> {
    /// For each group of channels.
    pub(super) panels: &'a [Panels],
    pub(super) offsets: Vec<u32>,
    pub(super) grid: Grid,
}

/// Memory of a thread.
#[derive(Default)]
struct Desk {
    copies: Vec<Vec<f32>>,
    room: Room,
}

thread_local! {
    static DESK: RefCell<Desk> = RefCell::default();
}

impl Pass<'_> {
    /// The results of all images; what no product writes is zero.
    pub(super) fn run(&self, input: Masked<'_>) -> Vec<f32> {
        let n = input.numbers.len() / self.image;
        let out = n * self.groups() * self.rows * self.plane;
        assert!(self.epilogue.add.is_none_or(|add| add.len() == out));
        let written: usize = self.products.iter().map(|part| part.grid.wanted()).sum();
        let write = |output| self.tasks(input, n, output);
        if written < self.plane {
            return Output::collect_some(out, write);
        }
        // SAFETY: the products write `written` different places of every channel's plane, which is all of them.
        unsafe { Output::collect(out, write) }
    }

    fn tasks(&self, input: Masked<'_>, n: usize, output: Output) {
        let (images, units) = self.shares(n);
        let shares = self.units().div_ceil(units);
        let tasks = n.div_ceil(images) * shares;
        (0..tasks).into_par_iter().for_each(|task| {
            let first = task / shares * images;
            let unit = task % shares * units;
            let range = unit..self.units().min(unit + units);
            self.task(input, first..n.min(first + images), range, output);
        });
    }

    fn groups(&self) -> usize {
        self.products[0].panels.len()
    }

    /// Panels of all groups; those of all products are equally high.
    fn units(&self) -> usize {
        self.groups() * self.products[0].panels[0].count()
    }

    /// Images and panels of one task.
    fn shares(&self, n: usize) -> (usize, usize) {
        let threads = rayon::current_num_threads();
        let wanted = self.products.iter().map(|part| part.grid.wanted()).max().unwrap_or(1);
        let images = POSITIONS.div_ceil(wanted).clamp(1, GROUP).min(n.div_ceil(threads)).max(1);
        let tasks = n.div_ceil(images).max(1);
        (images, self.units().div_ceil(threads.div_ceil(tasks)))
    }

    fn task(&self, input: Masked<'_>, images: Range<usize>, units: Range<usize>, output: Output) {
        let level = self.products[0].panels[0].level;
        DESK.with_borrow_mut(|Desk { copies, room }| {
            if let Some(source) = &self.source {
                copies.resize_with(copies.len().max(images.len()), Vec::new);
                for (copy, i) in copies.iter_mut().zip(images.clone()) {
                    source.copy(level, input.part(i * self.image..(i + 1) * self.image), copy);
                }
            }
            let samples = |(i, image): (usize, usize)| match &self.source {
                Some(_) => copies[i].as_slice(),
                None => &input.numbers[image * self.image..(image + 1) * self.image],
            };
            let sources: Vec<&[f32]> = images.clone().enumerate().map(samples).collect();
            let size = self.groups() * self.rows * self.plane;
            let outputs: Vec<*mut f32> = images.clone().map(|i| output.at(i * size)).collect();
            let added = |add: &[f32]| images.map(|i| add[i * size..].as_ptr()).collect::<Vec<_>>();
            let added = self.epilogue.add.map(added).unwrap_or_default();
            for part in &self.products {
                self.part(part, units.clone(), &sources, &outputs, &added, room);
            }
        });
    }

    fn part(
        &self,
        part: &Part<'_>,
        units: Range<usize>,
        sources: &[&[f32]],
        outputs: &[*mut f32],
        added: &[*const f32],
        room: &mut Room,
    ) {
        let count = part.panels[0].count();
        for group in units.start / count..units.end.div_ceil(count) {
            let sources: Vec<&[f32]> = sources.iter().map(|source| &source[group * self.group..]).collect();
            let channels = group * self.rows..(group + 1) * self.rows;
            let start = units.start.max(group * count) - group * count;
            let product = Product {
                panels: &part.panels[group],
                wanted: start..units.end.min((group + 1) * count) - group * count,
                offsets: &part.offsets,
                grid: &part.grid,
                sources: &sources,
                first: channels.start * self.plane,
                plane: self.plane,
                outputs,
                added,
                bias: self.bias.map(|bias| &bias[channels]),
                clip: self.epilogue.clip,
                streamed: self.source.is_none(),
            };
            // SAFETY: the outputs have room for all channels of every image, and each channel of an image
            // belongs to one task.
            unsafe { product.run(room) }
        }
    }
}
