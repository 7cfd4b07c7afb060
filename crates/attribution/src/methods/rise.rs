//! RISE (Petsiuk et al., "Randomized Input Sampling for Explanation of Black-box Models", 2018, equation 6):
//! `1 / (p N) sum_i p_y(x * M_i) M_i` over random smooth masks.
//!
//! A mask is a small grid of ones with probability `p`, resized bilinearly to one cell more than the picture
//! and cut at a random offset. Grids are grown to masks on the device inside each batch, so memory does not
//! depend on the number of masks.

use models::classifier::Output;
use models::resize::Resample;
use models::{Device, Int, Tensor, TensorData};
use rand::RngExt;
use spec::Reader;

use crate::batch::{self, Job, Sums};
use crate::method::{Method, Question};
use crate::registry::Entry;

pub(crate) const ENTRY: Entry = Entry {
    name: "rise",
    summary: "random masks weighted by the probability behind them",
    paper: "Petsiuk et al. 2018",
    cost: "masks F",
    build: |reader: &mut Reader| {
        let positive = |&n: &usize| n > 0;
        let masks = reader.take_if("masks", 4000, "a positive whole number", positive)?;
        let grid = reader.take_if("grid", 7, "a positive whole number", positive)?;
        let p = reader.take_if("p", 0.5, "a number in (0, 1]", |&p: &f64| p > 0.0 && p <= 1.0)?;
        Ok(Box::new(Rise { masks, grid, p }))
    },
};

struct Rise {
    masks: usize,
    grid: usize,
    p: f64,
}

impl Method for Rise {
    fn explain(&self, question: &Question<'_>) -> Tensor<4> {
        let [_, _, h, w] = question.dims();
        let masks = Masks::new(self.grid, h, w, &question.images.device());
        explain(question, &masks, self.masks, self.p, |job| self.seed(question, &masks, job))
    }
}

impl Rise {
    /// The grid and the offset of one mask of one picture.
    fn seed(&self, question: &Question<'_>, masks: &Masks, job: Job) -> Seed {
        let mut random = question.random("rise", job.picture, job.sample);
        let grid =
            (0..self.grid * self.grid).map(|_| f32::from(u8::from(random.random_bool(self.p)))).collect();
        let offset = masks.cell.map(|cell| random.random_range(0..=cell as u32) as usize);
        Seed { grid, offset }
    }
}

/// What a mask grows from.
#[derive(Clone, Debug)]
pub struct Seed {
    /// Zeros and ones, row-major.
    pub grid: Vec<f32>,
    /// Rows and columns to skip.
    pub offset: [usize; 2],
}

/// Grows masks of one size.
pub struct Masks {
    grid: usize,
    size: [usize; 2],
    /// Rows and columns of one grid cell.
    pub cell: [usize; 2],
    /// For rows and columns: the weights of each grid line, `((grid + 1) cell, grid)`.
    weights: [Tensor<2>; 2],
}

impl Masks {
    /// Masks of height `h` and width `w` from `grid` x `grid` cells.
    pub fn new(grid: usize, h: usize, w: usize, device: &Device) -> Self {
        let cell = [h.div_ceil(grid), w.div_ceil(grid)];
        let weights = cell.map(|cell| Resample::BILINEAR.tensor(grid, (grid + 1) * cell, device));
        Self { grid, size: [h, w], cell, weights }
    }

    /// The masks of some seeds, `(seeds, 1, h, w)`.
    pub fn grow(&self, seeds: &[Seed]) -> Tensor<4> {
        let n = seeds.len();
        let grids = seeds.iter().flat_map(|seed| seed.grid.iter().copied()).collect();
        let grids = TensorData::new(grids, [n, 1, self.grid, self.grid]);
        let grids = Tensor::<4>::from_data(grids, &self.weights[0].device());
        let rows = self.lines(seeds, 0);
        let columns = self.lines(seeds, 1).swap_dims(2, 3);
        rows.matmul(grids).matmul(columns)
    }

    /// The weights behind each seed's offset along one axis, `(seeds, 1, size, grid)`.
    fn lines(&self, seeds: &[Seed], axis: usize) -> Tensor<4> {
        let size = self.size[axis];
        let starts = seeds.iter().map(|seed| seed.offset[axis]);
        let lines: Vec<i32> =
            starts.flat_map(|start| (start..start + size).map(|line| line as i32)).collect();
        let device = self.weights[axis].device();
        let lines = Tensor::<1, Int>::from_data(TensorData::new(lines, [seeds.len() * size]), &device);
        self.weights[axis].clone().select(0, lines).reshape([seeds.len(), 1, size, self.grid])
    }
}

/// The RISE sum for given seeds.
fn explain(
    question: &Question<'_>,
    masks: &Masks,
    samples: usize,
    p: f64,
    seed: impl Fn(Job) -> Seed,
) -> Tensor<4> {
    let [n, ..] = question.dims();
    let classifier = question.classifier;
    let mut sums = Sums::new(n);
    for jobs in batch::batches(n, samples, question.batch_size) {
        let seeds: Vec<Seed> = jobs.iter().map(|&job| seed(job)).collect();
        let mask = masks.grow(&seeds);
        let x = batch::pictures(&question.images, &jobs) * mask.clone();
        let targets = batch::targets(question.targets, &jobs);
        let score = classifier.output(classifier.logits(x), &targets, Output::Probability);
        sums.add(&jobs, &(mask * score.reshape([jobs.len(), 1, 1, 1])));
    }
    sums.finish() / (p * samples as f64) as f32
}
