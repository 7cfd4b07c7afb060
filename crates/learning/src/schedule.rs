//! The learning rate over a training.

use std::f64::consts::PI;

/// How the learning rate goes from the first step to the last. `warm_up` is the share of the steps in which it rises.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Schedule {
    /// The highest rate in every step.
    Constant,
    /// Linearly from zero to the highest rate, then down to zero in half a cosine (Loshchilov & Hutter, "SGDR", 2017, after
    /// a warm-up).
    WarmUpCosine {
        /// Share of the steps.
        warm_up: f64,
    },
    /// Linearly from zero to the highest rate, then linearly down to zero.
    WarmUpLinear {
        /// Share of the steps.
        warm_up: f64,
    },
    /// In half a cosine up from 1/25 of the highest rate, and in another one down to 1/10,000 of where it began (Smith &
    /// Topin, "Super-Convergence", 2018; numbers and steps are those of PyTorch's `OneCycleLR`).
    OneCycle {
        /// Share of the steps.
        warm_up: f64,
    },
}

impl Schedule {
    /// The rate of step `step` of `steps`, counted from 0, where `highest` is the highest one.
    pub fn rate(self, highest: f64, step: usize, steps: usize) -> f64 {
        match self {
            Self::Constant => highest,
            Self::WarmUpCosine { warm_up } => {
                warmed(highest, warm_up, step, steps, |rest| highest * (1.0 + (PI * rest).cos()) / 2.0)
            }
            Self::WarmUpLinear { warm_up } => {
                warmed(highest, warm_up, step, steps, |rest| highest * (1.0 - rest))
            }
            Self::OneCycle { warm_up } => one_cycle(highest, warm_up, step as f64, steps as f64),
        }
    }
}

/// A linear rise, then what `fall` says of the share of the remaining steps that is behind.
fn warmed(highest: f64, warm_up: f64, step: usize, steps: usize, fall: impl Fn(f64) -> f64) -> f64 {
    let done = step as f64 / steps as f64;
    if done < warm_up { highest * done / warm_up } else { fall((done - warm_up) / (1.0 - warm_up)) }
}

fn one_cycle(highest: f64, warm_up: f64, step: f64, steps: f64) -> f64 {
    let (first, last) = (highest / 25.0, highest / 25.0 / 1e4);
    let cosine = |from: f64, to: f64, done: f64| to + (from - to) / 2.0 * (1.0 + (PI * done).cos());
    let (top, end) = (warm_up * steps - 1.0, steps - 1.0);
    // In a training of so few steps that no step lies before the top there is no rise.
    if step <= top && top > 0.0 {
        cosine(first, highest, step / top)
    } else {
        cosine(highest, last, ((step - top) / (end - top)).clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_rise_and_fall() {
        let cosine = Schedule::WarmUpCosine { warm_up: 0.25 };
        assert_eq!(cosine.rate(1.0, 0, 8), 0.0);
        assert_eq!(cosine.rate(1.0, 1, 8), 0.5);
        assert_eq!(cosine.rate(1.0, 2, 8), 1.0);
        assert!((cosine.rate(1.0, 5, 8) - 0.5).abs() < 1e-15);
        let linear = Schedule::WarmUpLinear { warm_up: 0.25 };
        assert_eq!([0, 1, 2, 5, 8].map(|step| linear.rate(2.0, step, 8)), [0.0, 1.0, 2.0, 1.0, 0.0]);
    }

    #[test]
    fn every_length_has_finite_rates() {
        for schedule in [0.0, 0.1, 0.9].map(|warm_up| Schedule::OneCycle { warm_up }) {
            for steps in 1..12 {
                let rates = (0..steps).map(|step| schedule.rate(1.0, step, steps));
                assert!(rates.into_iter().all(|rate| rate > 0.0 && rate <= 1.0), "{schedule:?} {steps}");
            }
        }
    }
}
