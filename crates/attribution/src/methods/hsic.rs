//! HSIC attribution (Novello et al., "Making Sense of Dependence: Efficient Black-box Explanations Using Dependence Measure", 2022):
//! how much the score depends on each cell of a coarse binary mask, by the Hilbert-Schmidt independence criterion with the
//! kernel `1 if equal, else 0`, less one half, on the cell, and a Gaussian kernel with the median distance on the score.

use models::Tensor;
use models::classifier::Output;
use spec::Reader;

use crate::baseline::Baseline;
use crate::context::Context;
use crate::design::{Design, check_bytes};
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};
use crate::segments::Segments;
use crate::subsets::{grid_map, number, scores};

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
        check_bytes("hsic", self.bytes(), "take fewer designs or a coarser grid")?;
        let classifier = context.classifier;
        Ok(explainer(move |request| {
            let (cells_of, _) = Segments::Grid(self.grid).of(&request.images);
            let maps = (0..request.dims()[0]).map(|image| {
                let size = [self.designs, self.grid * self.grid];
                let design = Design::hypercube(request, (image, 0), size, |x| x.round() > 0.0);
                let rows = design.rows().map(|row| row.iter().copied().map(number).collect());
                let scores =
                    scores(classifier, request, image, &cells_of, rows, self.baseline, Output::Probability);
                grid_map(request, self.grid, dependence(&design, &scores))
            });
            Tensor::cat(maps.collect(), 0)
        }))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(self.designs, 0))
    }
}

impl Hsic {
    /// The design, and for each of its rows a score, the same in order, a mean and a row of the kernel.
    fn bytes(&self) -> u64 {
        let cells = (self.grid * self.grid) as u64;
        (self.designs as u64).saturating_mul(cells + 2 * 4 + 2 * 8)
    }
}

/// `tr(K H L H) / (n - 1)^2` for each column, with `H = 1 - 1/n`. `L` is never there as a whole: each of its rows is computed for
/// the means, and again for the traces.
fn dependence(design: &Design<bool>, scores: &[f32]) -> Vec<f32> {
    let n = scores.len();
    let kernel = Kernel::of(scores);
    let means: Vec<f64> = (0..n).map(|i| kernel.row(i).sum::<f64>() / n as f64).collect();
    let all = means.iter().sum::<f64>() / n as f64;
    let sign = |on: bool| if on { 1.0 } else { -1.0 };
    let mut traces: Vec<f64> = design.rows().next().map_or_else(Vec::new, |row| vec![0.0; row.len()]);
    for (i, own) in design.rows().enumerate() {
        // With K = (2 x - 1)(2 x - 1)^T / 2, the trace is half the quadratic form of the signs.
        let mut form = vec![0.0; own.len()];
        for ((l, mean), other) in kernel.row(i).zip(&means).zip(design.rows()) {
            let centred = l + (all - means[i] - mean);
            form.iter_mut().zip(other).for_each(|(sum, on)| *sum += centred * sign(*on));
        }
        traces.iter_mut().zip(own).zip(form).for_each(|((trace, on), form)| *trace += sign(*on) * form);
    }
    traces.into_iter().map(|trace| (trace / 2.0 / ((n - 1) as f64).powi(2)) as f32).collect()
}

/// `exp(-d^2 / (2 s^2))` with `s` the median distance between different scores.
struct Kernel<'a> {
    scores: &'a [f32],
    width: f64,
}

impl<'a> Kernel<'a> {
    fn of(scores: &'a [f32]) -> Self {
        let median = median_distance(scores);
        Self { scores, width: if median > 0.0 { median } else { 1.0 } }
    }

    fn row(&self, i: usize) -> impl Iterator<Item = f64> {
        let (own, width) = (self.scores[i], self.width);
        let value = move |other: &f32| {
            let distance = f64::from((own - other).abs());
            (-distance.powi(2) / (2.0 * width * width)).exp()
        };
        self.scores.iter().map(value)
    }
}

/// The upper median of the distances of all pairs, without a list of them: the least distance that is not exceeded by more
/// than half of the pairs, found by halving. Distances that are not negative have the order of their bits.
fn median_distance(scores: &[f32]) -> f64 {
    let mut sorted = scores.to_vec();
    sorted.sort_by(f32::total_cmp);
    let n = sorted.len();
    if n < 2 {
        return 0.0;
    }
    let wanted = n * (n - 1) / 2 / 2 + 1;
    let (mut low, mut high) = (0, f32::INFINITY.to_bits());
    while low < high {
        let middle = low + (high - low) / 2;
        let (most, mut first, mut pairs) = (f32::from_bits(middle), 0, 0);
        for last in 0..n {
            while first < last && sorted[last] - sorted[first] > most {
                first += 1;
            }
            pairs += last - first;
        }
        if pairs >= wanted { high = middle } else { low = middle + 1 }
    }
    f64::from(f32::from_bits(low))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn design(rows: usize, columns: usize) -> Design<bool> {
        Design::from_fn(rows, columns, |i, j| i >> j & 1 == 1)
    }

    #[test]
    fn only_what_the_score_follows_depends() {
        let design = design(64, 3);
        let scores: Vec<f32> = design.rows().map(|row| number(row[1])).collect();
        let found = dependence(&design, &scores);
        assert!(found[1] > 0.1 && found[0].abs() < 1e-6 && found[2].abs() < 1e-6, "{found:?}");
    }

    /// With all matrices written out: `tr(K H L H) / (n - 1)^2` as the paper has it.
    #[test]
    fn rows_one_by_one_give_what_whole_matrices_give() {
        let (n, columns) = (24, 4);
        let design = design(n, columns);
        let scores: Vec<f32> = (0..n).map(|i| ((i * i) as f32 * 0.37).sin()).collect();
        let distance = |i: usize, j: usize| f64::from((scores[i] - scores[j]).abs());
        let mut distances: Vec<f64> =
            (0..n).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| distance(i, j)).collect();
        distances.sort_by(f64::total_cmp);
        let median = distances[distances.len() / 2];
        assert_eq!(median_distance(&scores), median);
        let l = |i: usize, j: usize| (-distance(i, j).powi(2) / (2.0 * median * median)).exp();
        let h = |i: usize, j: usize| f64::from(u8::from(i == j)) - 1.0 / n as f64;
        let product = |a: &dyn Fn(usize, usize) -> f64, b: &dyn Fn(usize, usize) -> f64| -> Vec<f64> {
            let at = |i: usize, j: usize| (0..n).map(|k| a(i, k) * b(k, j)).sum::<f64>();
            (0..n * n).map(|place| at(place / n, place % n)).collect()
        };
        let half = product(&h, &l);
        let centred = product(&|i, j| half[i * n + j], &h);
        let rows: Vec<&[bool]> = design.rows().collect();
        for (column, found) in dependence(&design, &scores).into_iter().enumerate() {
            let k = |i: usize, j: usize| if rows[i][column] == rows[j][column] { 0.5 } else { -0.5 };
            let trace: f64 = (0..n * n).map(|at| k(at / n, at % n) * centred[at % n * n + at / n]).sum();
            let expected = (trace / ((n - 1) as f64).powi(2)) as f32;
            assert!((found - expected).abs() < 1e-7, "{found} and {expected}");
        }
    }

    #[test]
    fn few_or_equal_scores_have_a_median_distance() {
        assert_eq!(median_distance(&[0.5]), 0.0);
        assert_eq!(median_distance(&[0.25; 9]), 0.0);
        assert_eq!(median_distance(&[0.25, 1.0]), 0.75);
        assert_eq!(median_distance(&[0.0, 4.0, 1.0]), 3.0); // Of 1, 3 and 4.
    }
}
