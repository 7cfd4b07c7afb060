//! Where a path from a baseline runs, and the map that it gives (BEE 2025, equations 1 to 3): with `v` the values of an image, `b` the
//! baseline and `r_k = b + k/n (v - b)`, the map is `u((v - b)/n * sum_k psi(df_y/dr_k, r_k))`.

pub(super) mod attention;
pub(super) mod features;
pub(super) mod pixels;

use attribution::Request;
use models::{Int, Tensor, TensorData, Value};

/// How much each point of a path counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Psi {
    /// Gradient times value, as printed.
    Product,
    /// The same of positive parts, as the published code.
    Relu,
    /// The gradient alone, as integrated gradients.
    Gradient,
}

/// A point of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct At {
    /// Its image in the request.
    pub(super) image: usize,
    /// Its place on the path, from 0.
    pub(super) step: usize,
}

/// A place where paths run.
pub(super) trait Space {
    /// What it is called among the keys of random numbers.
    fn name(&self) -> &str;

    /// Takes the images of a request; gives the values of each, `(n, c, h, w)`.
    fn take(&mut self, request: &Request<'_>) -> Tensor<4>;

    /// The values of other images `(k, c, h, w)`.
    fn values(&self, images: &Tensor<4>, batch_size: usize) -> Tensor<4>;

    /// Whether the values are rows of weights that sum to 1.
    fn holds_weights(&self) -> bool {
        false
    }

    /// How many points a path has that can be computed one by one.
    fn points(&self) -> usize;

    /// What each of some points adds to the map of its path, `(points, 1, rows, columns)`, given the class of each and the baseline of its
    /// path `(points, c, h, w)`.
    fn parts(&self, points: &[At], targets: &[usize], baselines: Tensor<4>) -> Tensor<4>;
}

/// Paths of one image: a map is the mean over its baselines.
pub(super) struct Paths {
    /// The image in the request.
    pub(super) image: usize,
    /// Baselines `(k, c, h, w)`.
    pub(super) baselines: Tensor<4>,
    /// Which of them: one, or many training images.
    pub(super) rows: Vec<usize>,
}

/// The maps of some paths, `(paths, 1, rows, columns)`. Points of all of them share batches, and are added one by one in a fixed order.
pub(super) fn maps(space: &dyn Space, paths: &[Paths], targets: &[usize], batch_size: usize) -> Tensor<4> {
    let all: Vec<(usize, usize, usize)> = paths
        .iter()
        .enumerate()
        .flat_map(|(path, paths)| {
            let baselines = paths.rows.iter().copied();
            baselines.flat_map(move |baseline| (0..space.points()).map(move |step| (path, baseline, step)))
        })
        .collect();
    let mut sums: Vec<Option<Tensor<4>>> = vec![None; paths.len()];
    for rows in all.chunks(batch_size.max(1)) {
        let points: Vec<At> =
            rows.iter().map(|&(path, _, step)| At { image: paths[path].image, step }).collect();
        let of: Vec<usize> = points.iter().map(|point| targets[point.image]).collect();
        let baselines = rows.chunk_by(|a, b| a.0 == b.0).map(|rows| {
            let places: Vec<usize> = rows.iter().map(|row| row.1).collect();
            select(&paths[rows[0].0].baselines, &places)
        });
        let parts = space.parts(&points, &of, Tensor::cat(baselines.collect(), 0));
        for (at, &(path, ..)) in rows.iter().enumerate() {
            let part = parts.clone().narrow(0, at, 1);
            let sum = &mut sums[path];
            *sum = Some(sum.take().map_or(part.clone(), |sum| sum + part));
        }
    }
    let mean = |(sum, paths): (Option<Tensor<4>>, &Paths)| {
        sum.expect("a path has a point") / paths.rows.len() as f32
    };
    Tensor::cat(sums.into_iter().zip(paths).map(mean).collect(), 0)
}

/// Some images of a batch, in this order.
pub(super) fn select(all: &Tensor<4>, rows: &[usize]) -> Tensor<4> {
    let rows: Vec<i32> = rows.iter().map(|&row| row as i32).collect();
    let rows = Tensor::<1, Int>::from_data(TensorData::new(rows.clone(), [rows.len()]), &all.device());
    all.clone().select(0, rows)
}

/// The same of values with any axes.
fn select_value(all: &Value, rows: &[usize]) -> Value {
    Value::concat(rows.iter().map(|&row| all.clone().slice(0, row..row + 1, 1)).collect(), 0)
}

/// The share of the way at each point, `(points, 1, 1, 1)`: from `1 / steps` to 1.
fn along(points: &[At], steps: usize, like: &Tensor<4>) -> Tensor<4> {
    let shares: Vec<f32> =
        points.iter().map(|point| ((point.step + 1) as f64 / steps as f64) as f32).collect();
    Tensor::from_data(TensorData::new(shares, [points.len(), 1, 1, 1]), &like.device())
}

/// A function of images in batches, joined again.
fn in_batches(images: &Tensor<4>, size: usize, f: impl Fn(Tensor<4>) -> Tensor<4>) -> Tensor<4> {
    let (n, size) = (images.dims()[0], size.max(1));
    let parts = (0..n).step_by(size).map(|start| f(images.clone().narrow(0, start, size.min(n - start))));
    Tensor::cat(parts.collect(), 0)
}
