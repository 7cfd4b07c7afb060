//! Structural similarity of two maps (Wang et al., 2004), as Adebayo et al. (2018) compare them: scikit-image's definition, in
//! two dimensions.

use maps::Map;
use pipe::Direction::Higher;
use spec::Reader;
use stats::summary::mean_of;

use crate::pair::{Scaling, joint_range, signed, take_sign};
use crate::{Input, Measure, Measured, Metric};

/// Columns and rows of the window of equal weights.
const SIDE: usize = 7;

/// Taps of the Gaussian window, and its standard deviation.
const TAPS: usize = 11;
const SIGMA: f64 = 1.5;

pub(crate) const METRICS: &[Metric] = &[Metric {
    name: "ssim",
    direction: Higher,
    summary: "structural similarity of two maps, the mean over the windows that lie within them; -1 to 1",
    on_request: true,
    input: Input::Maps,
    build: ssim,
}];

#[derive(Clone, Copy)]
enum Window {
    Uniform,
    Gaussian,
}

fn ssim(reader: &mut Reader) -> Result<Measure, spec::Error> {
    let window = reader.choose("window", &[("uniform", Window::Uniform), ("gaussian", Window::Gaussian)])?;
    let (scaling, sign) = (Scaling::take(reader)?, take_sign(reader)?);
    Ok(Measure::maps(move |a, b| {
        let [a, b] = signed(a, b, sign);
        of_maps(&a, &b, window, scaling)
    }))
}

impl Window {
    /// Weights along one side that sum to 1, and what turns their covariances into unbiased ones where that is the definition.
    fn weights(self, [height, width]: [usize; 2]) -> (Vec<f64>, f64) {
        match self {
            Self::Uniform => {
                let pixels = (SIDE * SIDE) as f64;
                (vec![1.0 / SIDE as f64; SIDE], pixels / (pixels - 1.0))
            }
            Self::Gaussian => {
                let largest = height.min(width);
                let taps = TAPS.min(largest - (1 - largest % 2));
                let weight = |tap: usize| (-((tap as f64 - (taps / 2) as f64) / SIGMA).powi(2) / 2.0).exp();
                let weights: Vec<f64> = (0..taps).map(weight).collect();
                let sum: f64 = weights.iter().sum();
                (weights.into_iter().map(|weight| weight / sum).collect(), 1.0)
            }
        }
    }
}

/// With uniform windows, of the values as they are.
pub(crate) fn uniform(a: &Map, b: &Map) -> Measured {
    of_maps(a, b, Window::Uniform, Scaling::None)
}

fn of_maps(a: &Map, b: &Map, window: Window, scaling: Scaling) -> Measured {
    let size = a.size();
    let [a, b] = scaling.apply(a, b)?;
    if size[0].min(size[1]) < SIDE {
        return Err(format!("the maps are {} x {} pixels, less than a window of {SIDE}", size[0], size[1]));
    }
    let (low, high) = joint_range(&a, &b);
    if low == high {
        return Err("both maps are constant, and equal".to_owned());
    }
    let (weights, unbias) = window.weights(size);
    // Squares of what is left of the middle lose no digits to it.
    let middle = low / 2.0 + high / 2.0;
    let moved = |values: &[f64]| values.iter().map(|value| value - middle).collect::<Vec<_>>();
    let (a, b) = (moved(&a), moved(&b));
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).collect::<Vec<_>>();
    let filtered = |plane: &[f64]| windows(plane, size[1], &weights);
    let (mean_a, mean_b) = (filtered(&a), filtered(&b));
    let (aa, bb, ab) = (filtered(&product(&a, &a)), filtered(&product(&b, &b)), filtered(&product(&a, &b)));
    let [c1, c2] = [0.01, 0.03].map(|k| (k * (high - low)).powi(2));
    let at = |i: usize| {
        let (x, y) = (mean_a[i] + middle, mean_b[i] + middle);
        let covariance = |product: f64, x: f64, y: f64| unbias * (product - x * y);
        let varied = covariance(aa[i], mean_a[i], mean_a[i]) + covariance(bb[i], mean_b[i], mean_b[i]);
        let joint = covariance(ab[i], mean_a[i], mean_b[i]);
        (2.0 * x * y + c1) * (2.0 * joint + c2) / ((x * x + y * y + c1) * (varied + c2))
    };
    Ok(mean_of((0..mean_a.len()).map(at)))
}

/// The weighted means over all square windows within a plane of so many columns.
fn windows(plane: &[f64], width: usize, weights: &[f64]) -> Vec<f64> {
    let dot = |values: &[f64]| values.iter().zip(weights).map(|(value, weight)| value * weight).sum::<f64>();
    let along: Vec<f64> = plane.chunks(width).flat_map(|row| row.windows(weights.len()).map(dot)).collect();
    let width = width + 1 - weights.len();
    let down = |at: usize| (0..weights.len()).map(|row| along[at + row * width] * weights[row]).sum();
    (0..along.len() - (weights.len() - 1) * width).map(down).collect()
}

#[cfg(test)]
mod tests {
    use crate::fixtures::{A, B, S, close, map, row};
    use crate::metric::tests::compared;

    #[test]
    fn the_numbers_are_those_of_the_catalogue() {
        close(compared("ssim", &map(A), &map(B)), 0.026_498_445_4, 1e-10);
        close(compared("ssim:window=gaussian", &map(A), &map(B)), 0.062_076_37, 5e-7);
        let lower = map(|n, i, j| B(n, i, j) - 0.4);
        close(compared("ssim", &map(S), &lower), 0.023_574_533_6, 1e-10);
        let magnitudes = [map(|n, i, j| S(n, i, j).abs()), map(|n, i, j| (B(n, i, j) - 0.4).abs())];
        let expected = compared("ssim", &magnitudes[0], &magnitudes[1]).unwrap();
        close(compared("ssim:sign=absolute", &map(S), &lower), expected, 0.0);
        assert_ne!(compared("ssim", &map(S), &lower), Ok(expected));
    }

    #[test]
    fn a_map_equals_itself_at_any_height() {
        for spec in ["ssim", "ssim:window=gaussian", "ssim:scale=min-max"] {
            close(compared(spec, &map(S), &map(S)), 1.0, 1e-12);
        }
        let high = |n: f64, i: f64, j: f64| 1e6 + A(n, i, j);
        close(compared("ssim", &map(high), &map(high)), 1.0, 1e-9);
    }

    #[test]
    fn degenerate_pairs_have_a_number_or_a_reason() {
        let flat = map(|_, _, _| 0.5);
        let reason = Err("both maps are constant, and equal".to_owned());
        assert_eq!(compared("ssim", &flat, &flat), reason);
        let one = compared("ssim", &flat, &map(A)).unwrap();
        assert!(one > 0.0 && one < 0.1, "{one}");
        assert_eq!(compared("ssim:scale=min-max", &flat, &map(A)), Err("a map is constant".to_owned()));
        let reason = Err("the maps are 1 x 2 pixels, less than a window of 7".to_owned());
        assert_eq!(compared("ssim", &row(&[1.0, 2.0]), &row(&[1.0, 3.0])), reason);
        assert!(compared("ssim", &map(A), &row(&[1.0])).is_err());
    }
}
