//! The one Gaussian blur of the host: of maps, and of the images that a perturbation starts from.

use std::hash::{Hash, Hasher};

/// A Gaussian blur of `kernel` x `kernel` weights that sum to 1, the plane mirrored about its border pixels (torchvision's
/// `GaussianBlur`; 11 and 5 in the Coherency study, section 4.4). RISE's kernel has the same size and width and slightly
/// heavier ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Blur {
    /// Pixels on a side, an odd number.
    pub kernel: usize,
    /// Standard deviation in pixels, positive.
    pub sigma: f64,
}

// A deviation is a positive number, never NaN, so equality is one.
impl Eq for Blur {}

impl Hash for Blur {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.kernel, self.sigma.to_bits()).hash(state);
    }
}

impl Blur {
    /// Blurs a plane of `width` columns. Rows are blurred first, and kept in double precision in between. A plane smaller
    /// than half the kernel is mirrored again and again.
    pub fn apply(self, plane: &mut [f32], width: usize) {
        if plane.is_empty() || width == 0 {
            return;
        }
        let weights = self.weights();
        let (across, down) = (self.sources(width), self.sources(plane.len() / width));
        let mut wide = Vec::with_capacity(plane.len());
        for row in plane.chunks(width) {
            let padded: Vec<f64> = across.iter().map(|&column| f64::from(row[column])).collect();
            wide.extend(padded.windows(self.kernel).map(|window| dot(window, &weights)));
        }
        let mut sum = vec![0.0; width];
        for (out, rows) in plane.chunks_mut(width).zip(down.windows(self.kernel)) {
            sum.fill(0.0);
            for (&row, weight) in rows.iter().zip(&weights) {
                sum.iter_mut().zip(&wide[row * width..]).for_each(|(sum, value)| *sum += weight * value);
            }
            out.iter_mut().zip(&sum).for_each(|(out, &sum)| *out = sum as f32);
        }
    }

    /// exp(-t^2 / (2 sigma^2)) for t = -kernel/2 ... kernel/2, over their sum.
    fn weights(self) -> Vec<f64> {
        let density = |i: usize| {
            let t = (i as f64 - (self.kernel / 2) as f64) / self.sigma;
            (-t * t / 2.0).exp()
        };
        let all: Vec<f64> = (0..self.kernel).map(density).collect();
        let sum: f64 = all.iter().sum();
        all.into_iter().map(|weight| weight / sum).collect()
    }

    /// Where the samples from `-kernel/2` to `length + kernel/2 - 1` of a line are read.
    fn sources(self, length: usize) -> Vec<usize> {
        let reach = self.kernel / 2;
        (0..length + 2 * reach).map(|i| mirrored(i as isize - reach as isize, length)).collect()
    }
}

/// The place on a line that a place before or behind it mirrors, the outermost one coming once.
fn mirrored(at: isize, length: usize) -> usize {
    let last = length as isize - 1;
    if last == 0 {
        return 0;
    }
    let at = at.rem_euclid(2 * last);
    at.min(2 * last - at) as usize
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blurred(plane: &[f32], width: usize, kernel: usize, sigma: f64) -> Vec<f32> {
        let mut plane = plane.to_vec();
        Blur { kernel, sigma }.apply(&mut plane, width);
        plane
    }

    #[test]
    fn borders_are_mirrored() {
        let sources = |kernel, length| Blur { kernel, sigma: 1.0 }.sources(length);
        assert_eq!(sources(5, 4), [2, 1, 0, 1, 2, 3, 2, 1]);
        assert_eq!(sources(1, 3), [0, 1, 2]);
        assert_eq!(sources(7, 2), [1, 0, 1, 0, 1, 0, 1, 0]);
        assert_eq!(sources(3, 1), [0, 0, 0]);
    }

    #[test]
    fn constants_stay_whatever_the_size() {
        for (size, width) in [(36, 6), (12, 4), (5, 5), (5, 1), (1, 1), (0, 3)] {
            let flat = blurred(&vec![0.25; size], width, 11, 5.0);
            assert!(flat.iter().all(|value| (value - 0.25).abs() < 1e-7), "{flat:?}");
        }
    }

    #[test]
    fn a_point_spreads() {
        let row = [0.0, 0.0, 1.0, 0.0, 0.0];
        assert_eq!(blurred(&row, 5, 1, 1.0), row);
        let spread = blurred(&[0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0], 3, 3, 1.0);
        let side = (-0.5_f64).exp() / (1.0 + 2.0 * (-0.5_f64).exp());
        let centre = 1.0 - 2.0 * side;
        // The mirror shows the point twice to the rows and columns beside it.
        assert!((f64::from(spread[4]) - centre * centre).abs() < 1e-7);
        assert!((f64::from(spread[1]) - 2.0 * side * centre).abs() < 1e-7);
        assert!((f64::from(spread[0]) - 4.0 * side * side).abs() < 1e-7);
    }
}
