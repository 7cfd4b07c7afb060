//! Integrated gradients (Sundararajan et al., "Axiomatic Attribution for Deep Networks", 2017, equation 3):
//! `(x - b) * sum_k w_k df_y/dx (b + a_k (x - b))` along the straight line from a baseline `b`.

use models::Plain;
use models::classifier::Output;
use spec::Reader;

use crate::baseline::Baseline;
use crate::batch::{self, Sums};
use crate::context::Context;
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};

pub(crate) const ENTRY: Entry = Entry {
    name: "integrated-gradients",
    summary: "gradients integrated from a baseline to the image, times the difference",
    paper: "Sundararajan et al. 2017",
    cost: "steps (F + B)",
    build: |reader: &mut Reader| {
        let steps = reader.take_if("steps", 50, "a whole number >= 2", |&steps| steps >= 2)?;
        let rule = reader.choose("rule", &RULES)?;
        let baseline = Baseline::take(reader)?;
        let output =
            reader.choose("output", &[("logit", Output::Logit), ("probability", Output::Probability)])?;
        Ok(Box::new(IntegratedGradients { steps, rule, baseline, output }))
    },
};

const RULES: [(&str, Rule); 5] = [
    ("gauss-legendre", Rule::GaussLegendre),
    ("right", Rule::Right),
    ("left", Rule::Left),
    ("middle", Rule::Middle),
    ("trapezoid", Rule::Trapezoid),
];

/// Where the path is sampled and with which weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    GaussLegendre,
    Right,
    Left,
    Middle,
    Trapezoid,
}

struct IntegratedGradients {
    steps: usize,
    rule: Rule,
    baseline: Baseline,
    output: Output,
}

impl Method for IntegratedGradients {
    fn needs(&self) -> Needs {
        Needs::network().per_channel().baseline(self.baseline)
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let classifier = context.classifier;
        Ok(explainer(move |request| {
            let nodes = self.rule.nodes(self.steps);
            let images: Vec<usize> = (0..request.dims()[0]).collect();
            let baseline = self.baseline.of(classifier, request, &images, 0);
            let difference = request.images.clone() - baseline.clone();
            let mut sums = Sums::new(request.dims()[0]);
            for jobs in batch::batches(request.dims()[0], nodes.len(), request.batch_size) {
                let along = jobs.iter().map(|job| nodes[job.sample].0 as f32).collect();
                let weights = jobs.iter().map(|job| nodes[job.sample].1 as f32).collect();
                let step = batch::images(&difference, &jobs);
                let x = batch::images(&baseline, &jobs) + step.clone() * batch::numbers(along, &step);
                let targets = batch::targets(request.targets, &jobs);
                let (gradient, _) = classifier.input_gradient(x, &targets, self.output, &mut Plain);
                sums.add(&jobs, &(gradient * batch::numbers(weights, &step)));
            }
            sums.finish() * difference
        }))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(self.steps, self.steps))
    }
}

impl Rule {
    /// Positions in [0, 1] and weights that sum to 1.
    fn nodes(self, steps: usize) -> Vec<(f64, f64)> {
        let n = steps as f64;
        match self {
            Self::GaussLegendre => gauss_legendre(steps),
            Self::Right => (1..=steps).map(|k| (k as f64 / n, 1.0 / n)).collect(),
            Self::Left => (0..steps).map(|k| (k as f64 / n, 1.0 / n)).collect(),
            Self::Middle => (0..steps).map(|k| ((k as f64 + 0.5) / n, 1.0 / n)).collect(),
            Self::Trapezoid => (0..steps)
                .map(|k| {
                    let end = k == 0 || k + 1 == steps;
                    (k as f64 / (n - 1.0), if end { 0.5 } else { 1.0 } / (n - 1.0))
                })
                .collect(),
        }
    }
}

/// Nodes and weights of Gauss-Legendre quadrature on [0, 1]: roots of the Legendre polynomial by Newton's
/// method from Tricomi's first guess.
fn gauss_legendre(n: usize) -> Vec<(f64, f64)> {
    let node = |i: usize| {
        let mut x = (std::f64::consts::PI * (i as f64 + 0.75) / (n as f64 + 0.5)).cos();
        for _ in 0..100 {
            let (value, slope) = legendre(n, x);
            let step = value / slope;
            x -= step;
            if step.abs() < 1e-15 {
                break;
            }
        }
        let slope = legendre(n, x).1;
        let weight = 2.0 / ((1.0 - x * x) * slope * slope);
        ((1.0 - x) / 2.0, weight / 2.0)
    };
    (0..n).map(node).collect()
}

/// The Legendre polynomial of degree `n` and its derivative.
fn legendre(n: usize, x: f64) -> (f64, f64) {
    let (mut before, mut value) = (1.0, x);
    for k in 2..=n {
        let k = k as f64;
        (before, value) = (value, ((2.0 * k - 1.0) * x * value - (k - 1.0) * before) / k);
    }
    (value, n as f64 * (x * value - before) / (x * x - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_integrates_a_constant_exactly() {
        for (name, rule) in RULES {
            for steps in [2, 7, 50] {
                let sum: f64 = rule.nodes(steps).iter().map(|node| node.1).sum();
                assert!((sum - 1.0).abs() < 1e-12, "{name} {steps}: {sum}");
            }
        }
    }

    #[test]
    fn gauss_legendre_is_exact_for_polynomials() {
        // Degree 2 n - 1 = 9 with five nodes: the integral of 10 x^9 over [0, 1] is 1.
        let sum: f64 = gauss_legendre(5).iter().map(|(x, w)| w * 10.0 * x.powi(9)).sum();
        assert!((sum - 1.0).abs() < 1e-12, "{sum}");
    }
}
