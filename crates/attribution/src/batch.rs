//! Samples of many images in full batches, added up in an order that does not depend on the batches.

use models::{Int, Tensor, TensorData};

use crate::request::Request;

/// One input to run: which image, which of its samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Job {
    pub(crate) image: usize,
    pub(crate) sample: usize,
}

/// All (image, sample) pairs, image by image, at most `size` at a time.
pub(crate) fn batches(images: usize, samples: usize, size: usize) -> impl Iterator<Item = Vec<Job>> {
    let size = size.max(1);
    let total = images * samples;
    (0..total).step_by(size).map(move |start| {
        let job = |i| Job { image: i / samples, sample: i % samples };
        (start..total.min(start + size)).map(job).collect()
    })
}

/// The maps of all images, made in batches from images `(k, c, h, w)` and the class of each.
pub(crate) fn each(
    request: &Request<'_>,
    mut maps: impl FnMut(Tensor<4>, &[usize]) -> Tensor<4>,
) -> Tensor<4> {
    let starts = (0..request.targets.len()).step_by(request.batch_size.max(1));
    let targets = request.targets.chunks(request.batch_size.max(1));
    let batch = |(start, targets): (usize, &[usize])| {
        maps(request.images.clone().narrow(0, start, targets.len()), targets)
    };
    Tensor::cat(starts.zip(targets).map(batch).collect(), 0)
}

/// The images of a batch of jobs, `(jobs, c, h, w)`.
pub(crate) fn images(images: &Tensor<4>, jobs: &[Job]) -> Tensor<4> {
    let rows: Vec<i32> = jobs.iter().map(|job| job.image as i32).collect();
    let rows = Tensor::<1, Int>::from_data(TensorData::new(rows, [jobs.len()]), &images.device());
    images.clone().select(0, rows)
}

/// The target class of each job.
pub(crate) fn targets(targets: &[usize], jobs: &[Job]) -> Vec<usize> {
    jobs.iter().map(|job| targets[job.image]).collect()
}

/// One number for each job, `(jobs, 1, 1, 1)`.
pub(crate) fn numbers(values: Vec<f32>, like: &Tensor<4>) -> Tensor<4> {
    let n = values.len();
    Tensor::from_data(TensorData::new(values, [n, 1, 1, 1]), &like.device())
}

/// A sum of samples for each image.
pub(crate) struct Sums {
    totals: Vec<Option<Tensor<4>>>,
}

impl Sums {
    pub(crate) fn new(images: usize) -> Self {
        Self { totals: vec![None; images] }
    }

    /// Adds the rows of a batch one after another: the sum of an image then has one order, whatever the
    /// batch size.
    pub(crate) fn add(&mut self, jobs: &[Job], values: &Tensor<4>) {
        for (row, job) in jobs.iter().enumerate() {
            let value = values.clone().narrow(0, row, 1);
            let total = &mut self.totals[job.image];
            *total = Some(match total.take() {
                Some(sum) => sum + value,
                None => value,
            });
        }
    }

    /// The sums, `(images, c, h, w)`.
    pub(crate) fn finish(self) -> Tensor<4> {
        Tensor::cat(self.totals.into_iter().flatten().collect(), 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_full_and_mix_images() {
        let all: Vec<Vec<Job>> = batches(2, 3, 4).collect();
        assert_eq!(all.iter().map(Vec::len).collect::<Vec<_>>(), [4, 2]);
        assert_eq!(all[0][3], Job { image: 1, sample: 0 });
        assert_eq!(batches(3, 0, 4).count(), 0);
    }
}
