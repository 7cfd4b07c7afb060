//! Sobol attribution (Fel et al., "Look at the Variance! Efficient Black-box Explanations with Sobol-based Sensitivity Analysis",
//! 2021): the total-order index of every cell of a coarse mask, the part of the score's variance in which the cell has a
//! hand, by Jansen's estimator on two designs A, B and their mixtures.

use models::Tensor;
use models::classifier::Output;
use rand::RngExt;
use rand::seq::SliceRandom;
use spec::Reader;

use crate::baseline::Baseline;
use crate::context::Context;
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};
use crate::request::Request;
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
        let classifier = context.classifier;
        Ok(explainer(move |request| {
            let cells = self.grid * self.grid;
            let (cells_of, _) = Segments::Grid(self.grid).of(&request.images);
            let maps = (0..request.dims()[0]).map(|image| {
                let design = |draw| hypercube(request, image, draw, self.designs, cells);
                let (a, b) = (design(0), design(1));
                // A, B, then A with column j from B for every cell j.
                let mut rows: Vec<Vec<f32>> = a.iter().chain(&b).cloned().collect();
                for j in 0..cells {
                    rows.extend(a.iter().zip(&b).map(|(a, b)| {
                        let mut mixed = a.clone();
                        mixed[j] = b[j];
                        mixed
                    }));
                }
                let scores =
                    scores(classifier, request, image, &cells_of, &rows, self.baseline, Output::Probability);
                grid_map(request, self.grid, total_order(&scores, self.designs))
            });
            Tensor::cat(maps.collect(), 0)
        }))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(self.designs * (self.grid * self.grid + 2), 0))
    }
}

/// Jansen: `E((f(A) - f(C_j))^2) / (2 V)`; nothing varies in a score without variance.
fn total_order(scores: &[f32], designs: usize) -> Vec<f32> {
    let scores: Vec<f64> = scores.iter().copied().map(f64::from).collect();
    let (base, rest) = scores.split_at(2 * designs);
    let a = &base[..designs];
    let mean = a.iter().sum::<f64>() / designs as f64;
    let variance = a.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / (designs - 1) as f64;
    let index = |mixed: &[f64]| {
        let square = a.iter().zip(mixed).map(|(a, c)| (a - c).powi(2)).sum::<f64>();
        if variance > 0.0 { (square / (2.0 * designs as f64 * variance)) as f32 } else { 0.0 }
    };
    rest.chunks(designs).map(index).collect()
}

/// A Latin hypercube: in every column one number in each of `rows` equal parts of 0..1, in random order.
pub(crate) fn hypercube(
    request: &Request<'_>,
    image: usize,
    draw: usize,
    rows: usize,
    columns: usize,
) -> Vec<Vec<f32>> {
    let mut random = request.random("hypercube", image, draw);
    let mut design = vec![Vec::with_capacity(columns); rows];
    for _ in 0..columns {
        let mut order: Vec<usize> = (0..rows).collect();
        order.shuffle(&mut random);
        for (row, part) in design.iter_mut().zip(order) {
            row.push((part as f32 + random.random::<f32>()) / rows as f32);
        }
    }
    design
}

#[cfg(test)]
mod tests {
    use super::*;

    /// f = x0 + 2 x1 over independent uniforms: total indices 1/5, 4/5, 0.
    #[test]
    fn a_linear_function_has_its_known_indices() {
        let request = crate::tiny::request(1);
        let n = 4000;
        let (a, b) = (hypercube(&request, 0, 0, n, 3), hypercube(&request, 0, 1, n, 3));
        let f = |x: &[f32]| x[0] + 2.0 * x[1];
        let mut scores: Vec<f32> = a.iter().chain(&b).map(|row| f(row)).collect();
        for j in 0..3 {
            scores.extend(a.iter().zip(&b).map(|(a, b)| {
                let mut mixed = a.clone();
                mixed[j] = b[j];
                f(&mixed)
            }));
        }
        for (found, truth) in total_order(&scores, n).into_iter().zip([0.2, 0.8, 0.0]) {
            assert!((found - truth).abs() < 0.03, "{found} and {truth}");
        }
    }

    #[test]
    fn a_flat_score_has_no_indices() {
        assert_eq!(total_order(&[0.5; 12], 3), [0.0, 0.0]);
    }
}
