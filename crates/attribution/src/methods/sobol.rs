//! Sobol attribution (Fel et al., "Look at the Variance! Efficient Black-box Explanations with Sobol-based Sensitivity Analysis",
//! 2021): the total-order index of every cell of a coarse mask, the part of the score's variance in which the cell has a
//! hand, by Jansen's estimator on two designs A, B and their mixtures.

use models::Tensor;
use models::classifier::Output;
use spec::Reader;

use crate::baseline::Baseline;
use crate::context::Context;
use crate::design::{Design, check_bytes};
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};
use crate::segments::Segments;
use crate::subsets::{grid_map, scores};

pub(crate) const ENTRY: Entry = Entry {
    name: "sobol",
    summary: "part of the score's variance that each cell of a coarse mask has a hand in",
    paper: "Fel et al. 2021",
    cost: "designs (grid^2 + 2) F",
    build: |reader: &mut Reader| {
        let grid = reader.take_if("grid", 8, "a whole number from 2 to 64", |n| (2..=64).contains(n))?;
        let designs = reader.take_if("designs", 32, "a whole number > 1", |&n: &usize| n > 1)?;
        let baseline = Baseline::take(reader)?;
        Ok(Box::new(Sobol { grid, designs, baseline }))
    },
};

struct Sobol {
    grid: usize,
    designs: usize,
    baseline: Baseline,
}

impl Method for Sobol {
    fn needs(&self) -> Needs {
        Needs::scores().baseline(self.baseline)
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        check_bytes("sobol", self.bytes(), "take fewer designs or a coarser grid")?;
        let classifier = context.classifier;
        Ok(explainer(move |request| {
            let (cells_of, _) = Segments::Grid(self.grid).of(&request.images);
            let maps = (0..request.dims()[0]).map(|image| {
                let size = [self.designs, self.grid * self.grid];
                let [a, b] = [0, 1].map(|draw| Design::hypercube(request, (image, draw), size, |x| x));
                let rows = rows(&a, &b, size[1]);
                let scores =
                    scores(classifier, request, image, &cells_of, rows, self.baseline, Output::Probability);
                grid_map(request, self.grid, total_order(&scores, self.designs))
            });
            Tensor::cat(maps.collect(), 0)
        }))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(self.designs * (self.grid * self.grid + 2), 0))
    }
}

impl Sobol {
    /// Two designs, and a score for each row.
    fn bytes(&self) -> u64 {
        let (cells, designs) = ((self.grid * self.grid) as u64, self.designs as u64);
        designs.saturating_mul((2 * cells + cells + 2) * size_of::<f32>() as u64)
    }
}

/// A, B, then A with column j from B for every cell j.
fn rows<'a>(a: &'a Design<f32>, b: &'a Design<f32>, cells: usize) -> impl Iterator<Item = Vec<f32>> + 'a {
    let mixed = move |j: usize| {
        a.rows().zip(b.rows()).map(move |(a, b)| {
            let mut mixed = a.to_vec();
            mixed[j] = b[j];
            mixed
        })
    };
    a.rows().chain(b.rows()).map(<[f32]>::to_vec).chain((0..cells).flat_map(mixed))
}

/// Jansen: `E((f(A) - f(C_j))^2) / (2 V)`; nothing varies in a score without variance.
fn total_order(scores: &[f32], designs: usize) -> Vec<f32> {
    let (base, rest) = scores.split_at(2 * designs);
    let a = || base[..designs].iter().copied().map(f64::from);
    let mean = a().sum::<f64>() / designs as f64;
    let variance = a().map(|y| (y - mean).powi(2)).sum::<f64>() / (designs - 1) as f64;
    let index = |mixed: &[f32]| {
        let square = a().zip(mixed).map(|(a, &c)| (a - f64::from(c)).powi(2)).sum::<f64>();
        if variance > 0.0 { (square / (2.0 * designs as f64 * variance)) as f32 } else { 0.0 }
    };
    rest.chunks(designs).map(index).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// f = x0 + 2 x1 over independent uniforms: total indices 1/5, 4/5, 0.
    #[test]
    fn a_linear_function_has_its_known_indices() {
        let request = crate::tiny::request(1);
        let n = 4000;
        let [a, b] = [0, 1].map(|draw| Design::hypercube(&request, (0, draw), [n, 3], |x| x));
        let scores: Vec<f32> = rows(&a, &b, 3).map(|x| x[0] + 2.0 * x[1]).collect();
        for (found, truth) in total_order(&scores, n).into_iter().zip([0.2, 0.8, 0.0]) {
            assert!((found - truth).abs() < 0.03, "{found} and {truth}");
        }
    }

    #[test]
    fn a_flat_score_has_no_indices() {
        assert_eq!(total_order(&[0.5; 12], 3), [0.0, 0.0]);
    }
}
