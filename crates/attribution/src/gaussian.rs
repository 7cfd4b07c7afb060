//! Gaussian blur as two matrix products: on the device, because methods blur there in the middle of their computation and with
//! borders of several kinds. The host has `stats::gaussian`.

use models::{Device, Tensor, TensorData};

/// What lies outside an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// Zeros, as SciPy's `constant`.
    Zero,
    /// The image mirrored about its border pixels, as PyTorch's `reflect`.
    Reflect,
    /// The image mirrored about its borders, so that border pixels come twice, as SciPy's `reflect`.
    Symmetric,
}

/// `x` under a Gaussian of deviation `sigma` cut at `radius` pixels; a deviation of zero changes nothing.
pub fn blur(x: Tensor<4>, sigma: f64, radius: usize, edge: Edge) -> Tensor<4> {
    if sigma == 0.0 {
        return x;
    }
    let [_, _, h, w] = x.dims();
    let weights = weights(sigma, radius);
    let rows = matrix(h, &weights, edge, &x.device());
    let columns = matrix(w, &weights, edge, &x.device()).transpose();
    rows.unsqueeze().matmul(x).matmul(columns.unsqueeze())
}

/// The radius that SciPy gives a Gaussian: four deviations.
pub fn scipy_radius(sigma: f64) -> usize {
    (4.0 * sigma + 0.5) as usize
}

/// The weights from `-radius` to `radius`, their sum 1.
fn weights(sigma: f64, radius: usize) -> Vec<f64> {
    let density = |i: usize| {
        let t = i as f64 - radius as f64;
        (-t * t / (2.0 * sigma * sigma)).exp()
    };
    let all: Vec<f64> = (0..=2 * radius).map(density).collect();
    let sum: f64 = all.iter().sum();
    all.into_iter().map(|weight| weight / sum).collect()
}

/// Row `i` holds what each pixel of a line gives to the blurred pixel `i`.
fn matrix(size: usize, weights: &[f64], edge: Edge, device: &Device) -> Tensor<2> {
    let radius = (weights.len() / 2) as isize;
    let mut matrix = vec![0.0_f64; size * size];
    for i in 0..size {
        for (k, weight) in weights.iter().enumerate() {
            let at = i as isize + k as isize - radius;
            if let Some(at) = place(at, size, edge) {
                matrix[i * size + at] += weight;
            }
        }
    }
    let matrix: Vec<f32> = matrix.into_iter().map(|weight| weight as f32).collect();
    Tensor::from_data(TensorData::new(matrix, [size, size]), device)
}

/// Where a pixel outside a line of `size` pixels comes from.
fn place(at: isize, size: usize, edge: Edge) -> Option<usize> {
    let last = size as isize - 1;
    if (0..=last).contains(&at) {
        return Some(at as usize);
    }
    match edge {
        Edge::Zero => None,
        Edge::Reflect if last == 0 => Some(0),
        Edge::Symmetric => {
            let at = at.rem_euclid(2 * (last + 1)) as usize;
            Some(at.min(2 * size - 1 - at))
        }
        Edge::Reflect => {
            let at = at.rem_euclid(2 * last);
            Some(if at > last { 2 * last - at } else { at } as usize)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tiny::numbers;

    fn line(x: &[f32], edge: Edge) -> Vec<f32> {
        let device = models::device::cpu().device;
        let x = Tensor::from_data(TensorData::new(x.to_vec(), [1, 1, 1, x.len()]), &device);
        numbers(blur(x, 1.0, 2, edge))
    }

    #[test]
    fn reflection_keeps_a_constant_and_zeros_do_not() {
        // A row of one line: the blur along the other axis reflects onto itself or fades.
        assert!(line(&[2.0; 7], Edge::Reflect).iter().all(|x| (x - 2.0).abs() < 1e-6));
        assert!(line(&[2.0; 7], Edge::Zero)[0] < 1.0);
    }

    #[test]
    fn places_are_mirrored_about_the_border_pixel() {
        assert_eq!([-2, -1, 0, 4, 5].map(|at| place(at, 4, Edge::Reflect)), [2, 1, 0, 2, 1].map(Some));
        assert_eq!([-2, -1, 0, 4, 5].map(|at| place(at, 4, Edge::Symmetric)), [1, 0, 0, 3, 2].map(Some));
        assert_eq!(place(-1, 4, Edge::Zero), None);
    }

    #[test]
    fn weights_fall_off_and_sum_to_one() {
        let weights = weights(5.0, 5);
        assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!(weights[5] > weights[4] && weights[4] == weights[6]);
    }
}
