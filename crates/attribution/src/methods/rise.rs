//! RISE (Petsiuk et al., "Randomized Input Sampling for Explanation of Black-box Models", 2018, equation 6):
//! `1 / (p N) sum_i p_y(x * M_i) M_i` over random smooth masks.
//!
//! A mask is a small grid of ones with probability `p`, resized bilinearly to one cell more than the image
//! and cut at a random offset. Grids are grown to masks on the device inside each batch, so memory does not
//! depend on the number of masks.

use models::classifier::Output;
use models::resize::Resample;
use models::{Classifier, Device, Int, Tensor, TensorData};
use rand::RngExt;
use spec::Reader;

use crate::batch::{self, Job, Sums};
use crate::context::Context;
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};
use crate::request::Request;

pub(crate) const ENTRY: Entry = Entry {
    name: "rise",
    summary: "random masks weighted by the probability behind them",
    paper: "Petsiuk et al. 2018",
    cost: "masks F",
    build: |reader: &mut Reader| {
        let positive = |&n: &usize| n > 0;
        let (masks, grid, p) = reader.choose("preset", &PRESETS)?;
        let masks = reader.take_if("masks", masks, "a positive whole number", positive)?;
        let grid = reader.take_if("grid", grid, "a positive whole number", positive)?;
        let p = reader.take_if("p", p, "a number in (0, 1]", |&p: &f64| p > 0.0 && p <= 1.0)?;
        Ok(Box::new(Rise { masks, grid, p }))
    },
};

/// Masks, cells of a side and the share of open ones: in the paper for VGG-16 and for ResNet-50, in the two notebooks of its
/// authors, and in the Coherency study.
const PRESETS: [(&str, (usize, usize, f64)); 5] = [
    ("paper", (4000, 7, 0.5)),
    ("paper-resnet50", (8000, 7, 0.5)),
    ("saliency-notebook", (6000, 8, 0.1)),
    ("evaluation-notebook", (5000, 10, 0.1)),
    ("coherency", (5000, 7, 0.1)),
];

struct Rise {
    masks: usize,
    grid: usize,
    p: f64,
}

impl Method for Rise {
    fn needs(&self) -> Needs {
        Needs::scores()
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let classifier = context.classifier;
        Ok(explainer(move |request| {
            let [_, _, h, w] = request.dims();
            let masks = Masks::new(self.grid, h, w, &request.images.device());
            explain(classifier, request, &masks, self.masks, self.p, |job| self.seed(request, &masks, job))
        }))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(self.masks, 0))
    }
}

impl Rise {
    /// The grid and the offset of one mask of one image.
    fn seed(&self, request: &Request<'_>, masks: &Masks, job: Job) -> Seed {
        let mut random = request.random("rise", job.image, job.sample);
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
    classifier: &Classifier,
    request: &Request<'_>,
    masks: &Masks,
    samples: usize,
    p: f64,
    seed: impl Fn(Job) -> Seed,
) -> Tensor<4> {
    let [n, ..] = request.dims();
    let mut sums = Sums::new(n);
    for jobs in batch::batches(n, samples, request.batch_size) {
        let seeds: Vec<Seed> = jobs.iter().map(|&job| seed(job)).collect();
        let mask = masks.grow(&seeds);
        let x = batch::images(&request.images, &jobs) * mask.clone();
        let targets = batch::targets(request.targets, &jobs);
        let score = classifier.output(classifier.logits(x), &targets, Output::Probability);
        sums.add(&jobs, &(mask * score.reshape([jobs.len(), 1, 1, 1])));
    }
    sums.finish() / (p * samples as f64) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tiny::{self, RESNETS, numbers};
    use testing::{Tolerance, assert_close, golden};

    /// The seeds that PyTorch's masks were grown from.
    fn seeds() -> Vec<Seed> {
        let (grids, offsets) =
            (golden::array("attribution/rise_grids.npy"), golden::array("attribution/rise_offsets.npy"));
        let pairs = grids.data.chunks(49).zip(offsets.data.chunks(2));
        let seed = |(grid, offset): (&[f32], &[f32])| Seed {
            grid: grid.to_vec(),
            offset: [offset[0] as usize, offset[1] as usize],
        };
        pairs.map(seed).collect()
    }

    fn masks() -> Masks {
        Masks::new(7, 64, 64, &models::device::cpu().device)
    }

    #[test]
    fn masks_equal_pytorch() {
        let expected = golden::array("attribution/rise_masks_first2.npy");
        assert_close(&numbers(masks().grow(&seeds()[..2])), &expected.data, Tolerance::new(1e-6, 1e-6));
    }

    #[test]
    fn the_sum_over_given_masks_equals_pytorch() {
        let seeds = seeds();
        for network in RESNETS {
            let classifier = tiny::resnet(network, &[]);
            let request = tiny::request(24);
            let maps =
                explain(&classifier, &request, &masks(), seeds.len(), 0.5, |job| seeds[job.sample].clone());
            let expected = golden::array(format!("attribution/{network}/rise.npy"));
            assert_close(&numbers(maps), &expected.data, Tolerance::new(1e-4, 1e-5));
        }
    }

    /// ResNet-50 v1 on real images, over the masks of `pipelines/parity rise`.
    #[test]
    fn the_sum_equals_pytorch_on_real_weights() {
        let Some(data) = testing::data_dir() else { return };
        let Some(folder) = testing::parity_dir() else { return };
        let read = |name: &str| golden::array(folder.join(format!("rise.{name}.npy")));
        let device = models::device::cpu().device;
        let checkpoint = models::Checkpoint::open(&data.join("weights/resnet50-v1.safetensors")).unwrap();
        let classifier =
            models::zoo::load("resnet50-v1", &checkpoint, &device, models::zoo::Options::default()).unwrap();
        let (images, grids, offsets) = (read("input"), read("grids"), read("offsets"));
        let targets: Vec<usize> = read("targets").data.iter().map(|&target| target as usize).collect();
        let seeds: Vec<Seed> = (grids.data.chunks(49).zip(offsets.data.chunks(2)))
            .map(|(grid, at)| Seed { grid: grid.to_vec(), offset: [at[0] as usize, at[1] as usize] })
            .collect();
        let shape: [usize; 4] = images.shape.try_into().unwrap();
        let request = Request {
            images: Tensor::from_data(TensorData::new(images.data, shape), &device),
            targets: &targets,
            keys: &vec![String::new(); targets.len()],
            seed: 0,
            batch_size: 8,
            baselines: None,
        };
        let masks = Masks::new(7, shape[2], shape[3], &device);
        let maps = explain(&classifier, &request, &masks, seeds.len(), 0.5, |job| seeds[job.sample].clone());
        assert_close(&numbers(maps), &read("maps").data, Tolerance::new(1e-4, 1e-5));
    }

    #[test]
    fn offsets_reach_both_ends_and_cells_are_open_with_probability_p() {
        let request = tiny::request(1);
        let (rise, masks) = (Rise { masks: 0, grid: 7, p: 0.25 }, masks());
        let seeds: Vec<Seed> =
            (0..500).map(|sample| rise.seed(&request, &masks, Job { image: 0, sample })).collect();
        for axis in [0, 1] {
            let offsets = seeds.iter().map(|seed| seed.offset[axis]);
            assert_eq!((offsets.clone().min(), offsets.max()), (Some(0), Some(10)));
        }
        let open: f32 = seeds.iter().flat_map(|seed| &seed.grid).sum();
        let share = open / (500.0 * 49.0);
        assert!((share - 0.25).abs() < 0.015, "{share}"); // Five standard deviations.
    }

    /// Invariant 13. With masks `M` of cells that are open with probability `p`, `E[M_i M_j]` is `p^2` plus `p (1 - p)` times what
    /// the cells give to both pixels; for scores `sum_j c_j x_j`, this is the expected map. The difference between the
    /// probabilities of two classes is such a score as long as it is small.
    #[test]
    fn the_expected_map_of_a_linear_score_is_known() {
        let slope: Vec<f32> = (0..192).map(|i| 1e-3 * (i % 8) as f32).collect();
        let classifier = tiny::linear(&[vec![0.0; 192], slope.clone()].concat(), [0.0; 2]);
        let x = tiny::image(8);
        let masks = Masks::new(4, 8, 8, &classifier.device);
        let map = |target: usize| {
            let (targets, keys) = ([target], ["a".to_string()]);
            let request = Request {
                images: x.clone(),
                targets: &targets,
                keys: &keys,
                seed: 0,
                batch_size: 500,
                baselines: None,
            };
            numbers(tiny::explain("rise:grid=4", &classifier, &request).unwrap())
        };
        let found: Vec<f32> = map(1).iter().zip(map(0)).map(|(one, zero)| one - zero).collect();
        // What each pixel adds to the score, and to the difference of the probabilities near one half.
        let products: Vec<f32> =
            numbers(x.clone()).iter().zip(&slope).map(|(x, slope)| x * slope / 2.0).collect();
        let share: Vec<f32> = (0..64).map(|i| products[i] + products[64 + i] + products[128 + i]).collect();
        let mut expected = vec![0.5 * share.iter().sum::<f32>(); 64];
        for (cell, offset) in
            (0..16).flat_map(|cell| (0..9).map(move |offset| (cell, [offset / 3, offset % 3])))
        {
            let grid = (0..16).map(|i| f32::from(u8::from(i == cell))).collect();
            let mask = numbers(masks.grow(&[Seed { grid, offset }]));
            let seen: f32 = mask.iter().zip(&share).map(|(m, s)| m * s).sum();
            expected.iter_mut().zip(mask).for_each(|(sum, m)| *sum += 0.5 * m * seen / 9.0);
        }
        let mean = expected.iter().sum::<f32>() / 64.0;
        let spread: f32 = expected.iter().map(|x| (x - mean).powi(2)).sum();
        assert!(spread > 0.3 * expected.iter().map(|x| x * x).sum::<f32>(), "{expected:?}");
        assert_close(&found, &expected, Tolerance::new(f64::INFINITY, 0.1));
    }
}
