//! HSIC attribution (Novello et al., "Making Sense of Dependence: Efficient Black-box Explanations Using Dependence Measure", 2022):
//! how much the score depends on each cell of a coarse binary mask, by the Hilbert-Schmidt independence criterion with the
//! kernel `1 if equal, else 0`, less one half, on the cell, and a Gaussian kernel with the median distance on the score.

use models::Tensor;
use models::classifier::Output;
use spec::Reader;

use super::sobol::hypercube;
use crate::baseline::Baseline;
use crate::context::Context;
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};
use crate::segments::Segments;
use crate::subsets::{grid_map, scores};

pub(crate) const ENTRY: Entry = Entry {
    name: "hsic",
    summary: "dependence between the score and each cell of a coarse mask",
    paper: "Novello et al. 2022",
    cost: "designs F",
    build: |reader: &mut Reader| {
        let grid = reader.take_if("grid", 7, "a whole number from 2 to 64", |n| (2..=64).contains(n))?;
        let designs = reader.take_if("designs", 500, "a whole number > 1", |&n: &usize| n > 1)?;
        let baseline = Baseline::take(reader)?;
        Ok(Box::new(Hsic { grid, designs, baseline }))
    },
};

struct Hsic {
    grid: usize,
    designs: usize,
    baseline: Baseline,
}

impl Method for Hsic {
    fn needs(&self) -> Needs {
        Needs::scores().baseline(self.baseline)
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let classifier = context.classifier;
        Ok(explainer(move |request| {
            let (cells_of, _) = Segments::Grid(self.grid).of(&request.images);
            let maps = (0..request.dims()[0]).map(|image| {
                let design = hypercube(request, image, 0, self.designs, self.grid * self.grid);
                let binary = |row: Vec<f32>| row.into_iter().map(f32::round).collect();
                let rows: Vec<Vec<f32>> = design.into_iter().map(binary).collect();
                let scores =
                    scores(classifier, request, image, &cells_of, &rows, self.baseline, Output::Probability);
                grid_map(request, self.grid, dependence(&rows, &scores))
            });
            Tensor::cat(maps.collect(), 0)
        }))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(self.designs, 0))
    }
}

/// `tr(K H L H) / (n - 1)^2` for each column of zeros and ones.
fn dependence(rows: &[Vec<f32>], scores: &[f32]) -> Vec<f32> {
    let n = scores.len();
    let l = centred(gaussian_kernel(scores), n);
    // With K = (2 x - 1)(2 x - 1)^T / 2, the trace is half the quadratic form of the signs.
    let one = |column: usize| {
        let sign = |i: usize| f64::from(2.0 * rows[i][column] - 1.0);
        let form = |i: usize| sign(i) * (0..n).map(|j| l[i * n + j] * sign(j)).sum::<f64>();
        let trace = (0..n).map(form).sum::<f64>() / 2.0;
        (trace / ((n - 1) as f64).powi(2)) as f32
    };
    (0..rows[0].len()).map(one).collect()
}

/// `exp(-d^2 / (2 s^2))` with `s` the median distance between different scores.
fn gaussian_kernel(scores: &[f32]) -> Vec<f64> {
    let n = scores.len();
    let distance = |i: usize, j: usize| f64::from((scores[i] - scores[j]).abs());
    let mut distances: Vec<f64> =
        (0..n).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| distance(i, j)).collect();
    distances.sort_by(f64::total_cmp);
    let median = distances.get(distances.len() / 2).copied().unwrap_or(0.0);
    let width = if median > 0.0 { median } else { 1.0 };
    let kernel = |i: usize, j: usize| (-distance(i, j).powi(2) / (2.0 * width * width)).exp();
    (0..n * n).map(|at| kernel(at / n, at % n)).collect()
}

/// `H L H` with `H = 1 - 1/n`.
fn centred(mut l: Vec<f64>, n: usize) -> Vec<f64> {
    let means: Vec<f64> = l.chunks(n).map(|row| row.iter().sum::<f64>() / n as f64).collect();
    let all = means.iter().sum::<f64>() / n as f64;
    for i in 0..n {
        for j in 0..n {
            l[i * n + j] += all - means[i] - means[j];
        }
    }
    l
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_score_follows_depends() {
        let rows: Vec<Vec<f32>> =
            (0..64_u32).map(|i| (0..3).map(|j| (i >> j & 1) as f32).collect()).collect();
        let scores: Vec<f32> = rows.iter().map(|row| row[1]).collect();
        let found = dependence(&rows, &scores);
        assert!(found[1] > 0.1 && found[0].abs() < 1e-6 && found[2].abs() < 1e-6, "{found:?}");
    }
}
