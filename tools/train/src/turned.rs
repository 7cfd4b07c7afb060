//! The testbed's images, as the classifiers read them.

use learning::{Batch, Targets};
use models::Preprocess;
use rand::RngExt;
use rayon::prelude::*;
use testbed::{SIZE, Split};

/// The first images of a split, drawn once: bytes in rows of RGB pixels, and the class.
pub struct Images {
    drawn: Vec<(Vec<u8>, usize)>,
    preprocess: Preprocess,
    seed: u64,
}

impl Images {
    /// Draws them in parallel.
    pub fn draw(seed: u64, split: Split, count: usize, preprocess: Preprocess) -> Self {
        let draw = |index: usize| {
            let scene = testbed::scene(seed, split, index as u64);
            (scene.image.into_raw(), scene.label)
        };
        Self { drawn: (0..count).into_par_iter().map(draw).collect(), preprocess, seed }
    }

    /// Some of them as they are.
    pub fn batch(&self, rows: &[usize]) -> Batch {
        self.turned(rows, |_| Turn::default())
    }

    /// Some of them, flipped and transposed at random in each epoch: no class has a right way up.
    pub fn training_batch(&self, epoch: usize, rows: &[usize]) -> Batch {
        self.turned(rows, |row| {
            let mut random = stats::random::generator(self.seed, &["turn", &epoch.to_string()], row as u64);
            let [across, down, swap] = random.random();
            Turn { across, down, swap }
        })
    }

    fn turned(&self, rows: &[usize], turn: impl Fn(usize) -> Turn + Sync) -> Batch {
        let planes: Vec<Vec<f32>> = rows.par_iter().map(|&row| self.planes(row, turn(row))).collect();
        let labels = rows.iter().map(|&row| self.drawn[row].1).collect();
        Batch {
            pixels: planes.concat(),
            shape: [rows.len(), 3, SIZE, SIZE],
            targets: Targets::Classes(labels),
        }
    }

    /// A normalised image, one plane for each channel.
    fn planes(&self, row: usize, turn: Turn) -> Vec<f32> {
        let (bytes, _) = &self.drawn[row];
        let Preprocess { mean, std, .. } = &self.preprocess;
        let value = |c: usize, pixel: usize| (f32::from(bytes[3 * pixel + c]) / 255.0 - mean[c]) / std[c];
        (0..3).flat_map(|c| (0..SIZE * SIZE).map(move |i| value(c, turn.from(i)))).collect()
    }
}

/// A flip, a flip and a transposition, each or not.
#[derive(Clone, Copy, Default)]
struct Turn {
    across: bool,
    down: bool,
    swap: bool,
}

impl Turn {
    /// The pixel that comes to place `i`.
    fn from(self, i: usize) -> usize {
        let flip = |x: usize, is: bool| if is { SIZE - 1 - x } else { x };
        let (x, y) = (flip(i % SIZE, self.across), flip(i / SIZE, self.down));
        if self.swap { x * SIZE + y } else { y * SIZE + x }
    }
}
