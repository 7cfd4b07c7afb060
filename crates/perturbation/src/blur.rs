//! A separable Gaussian blur with reflected borders, as torchvision's `GaussianBlur`.

use crate::fill::FillError;

/// Blurs each plane of `planes`, (n, H, W) in C order.
///
/// The taps are exp(-t^2 / (2 sigma^2)) for t = -kernel/2 ... kernel/2, normalised to 1. The border is reflected without
/// repeating the outermost pixel.
///
/// # Errors
/// If the image is not larger than half the kernel.
pub(crate) fn gaussian(
    planes: &[f32],
    size: [usize; 2],
    kernel: usize,
    sigma: f64,
) -> Result<Vec<f32>, FillError> {
    let [height, width] = size;
    if kernel / 2 >= height || kernel / 2 >= width {
        return Err(FillError::TooSmall { kernel, size });
    }
    let taps = taps(kernel, sigma);
    let (down, across) = (sources(height, kernel / 2), sources(width, kernel / 2));
    Ok(planes
        .chunks(height * width)
        .flat_map(|plane| blur_plane(plane, width, &taps, &down, &across))
        .collect())
}

fn taps(kernel: usize, sigma: f64) -> Vec<f64> {
    let half = (kernel / 2) as f64;
    let tap = |i: usize| (-((i as f64 - half) / sigma).powi(2) / 2.0).exp();
    let taps: Vec<f64> = (0..kernel).map(tap).collect();
    let sum: f64 = taps.iter().sum();
    taps.into_iter().map(|tap| tap / sum).collect()
}

/// Where the samples from -`reach` to `length` + `reach` - 1 are read.
fn sources(length: usize, reach: usize) -> Vec<usize> {
    let last = length - 1;
    let reflect = |i: usize| {
        let distance = i.abs_diff(reach);
        if i < reach || distance <= last { distance } else { 2 * last - distance }
    };
    (0..length + 2 * reach).map(reflect).collect()
}

/// Rows are blurred first and reveal in double precision in between.
fn blur_plane(plane: &[f32], width: usize, taps: &[f64], down: &[usize], across: &[usize]) -> Vec<f32> {
    let mut wide = Vec::with_capacity(plane.len());
    for row in plane.chunks(width) {
        let padded: Vec<f64> = across.iter().map(|&column| f64::from(row[column])).collect();
        wide.extend(padded.windows(taps.len()).map(|window| dot(window, taps)));
    }
    let mut out = Vec::with_capacity(plane.len());
    for rows in down.windows(taps.len()) {
        let mut sum = vec![0.0; width];
        for (&row, tap) in rows.iter().zip(taps) {
            sum.iter_mut().zip(&wide[row * width..]).for_each(|(sum, value)| *sum += tap * value);
        }
        out.extend(sum.into_iter().map(|value| value as f32));
    }
    out
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn borders_are_reflected() {
        assert_eq!(sources(4, 2), [2, 1, 0, 1, 2, 3, 2, 1]);
        assert_eq!(sources(3, 0), [0, 1, 2]);
    }

    #[test]
    fn a_constant_stays_and_a_point_spreads() {
        let flat = gaussian(&[0.25; 36], [6, 6], 11, 5.0).unwrap();
        assert!(flat.iter().all(|value| (value - 0.25).abs() < 1e-7));
        let point = gaussian(&[0.0, 0.0, 1.0, 0.0, 0.0], [1, 5], 1, 1.0).unwrap();
        assert_eq!(point, [0.0, 0.0, 1.0, 0.0, 0.0]);
        let spread = gaussian(&[0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0], [3, 3], 3, 1.0).unwrap();
        let side = (-0.5_f64).exp() / (1.0 + 2.0 * (-0.5_f64).exp());
        let centre = 1.0 - 2.0 * side;
        // Reflection shows the point twice to the rows and columns beside it.
        assert!((f64::from(spread[4]) - centre * centre).abs() < 1e-7);
        assert!((f64::from(spread[1]) - 2.0 * side * centre).abs() < 1e-7);
        assert!((f64::from(spread[0]) - 4.0 * side * side).abs() < 1e-7);
    }
}
