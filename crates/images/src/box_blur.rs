//! Blurs by boxes, and by a kernel that a border of zeros darkens, as other toolkits have them.

/// How many boxes make a Gaussian.
const PASSES: i32 = 3;

/// Pillow's `GaussianBlur(radius)` of a plane of bytes, to the bit: three box blurs of the rows, then three of the columns,
/// each rounded to bytes. A box has the variance of a third of the Gaussian's by the weight of its two outermost pixels
/// (Gwosdek et al., "Theoretical Foundations of Gaussian Convolution by Extended Box Filtering", 2011); the border pixel is
/// repeated.
pub(crate) fn gaussian_by_boxes(plane: &mut [u8], width: usize, radius: u32) {
    let kernel = Box::of_variance(f64::from(radius * radius) / f64::from(PASSES));
    for row in plane.chunks_mut(width) {
        (0..PASSES).for_each(|_| kernel.apply(row));
    }
    let mut column = vec![0; plane.len() / width];
    for x in 0..width {
        column.iter_mut().zip(plane[x..].iter().step_by(width)).for_each(|(to, from)| *to = *from);
        (0..PASSES).for_each(|_| kernel.apply(&mut column));
        plane[x..].iter_mut().step_by(width).zip(&column).for_each(|(to, from)| *to = *from);
    }
}

/// A box with lighter ends, in units of 2^-24.
#[derive(Clone, Copy)]
struct Box {
    /// Pixels on either side with full weight.
    reach: usize,
    /// Weight of those.
    full: u32,
    /// Weight of the next pixel on either side.
    end: u32,
}

impl Box {
    fn of_variance(variance: f64) -> Self {
        // Pillow computes in single precision, and the weights are cut to whole numbers.
        let variance = variance as f32;
        let length = (12.0 * f64::from(variance) + 1.0).sqrt() as f32;
        let reach = ((length - 1.0) / 2.0).floor();
        let rest = (2.0 * reach + 1.0) * (reach * (reach + 1.0) - 3.0 * variance)
            / (6.0 * (variance - (reach + 1.0) * (reach + 1.0)));
        let radius = reach + rest;
        let reach = radius as usize;
        let full = ((1_u32 << 24) as f32 / (radius * 2.0 + 1.0)) as u32;
        Self { reach, full, end: ((1 << 24) - (2 * reach as u32 + 1) * full) / 2 }
    }

    fn apply(self, line: &mut [u8]) {
        let old = line.to_vec();
        let last = old.len() as isize - 1;
        let at = |place: isize| u32::from(old[place.clamp(0, last) as usize]);
        let reach = self.reach as isize;
        let mut sum: u32 = (-reach..=reach).map(at).sum();
        for (place, new) in (0..).zip(line) {
            let ends = at(place - reach - 1) + at(place + reach + 1);
            *new = ((sum * self.full + ends * self.end + (1 << 23)) >> 24) as u8;
            sum = sum + at(place + reach + 1) - at(place - reach);
        }
    }
}

/// The weights of RISE's blur along one axis: a Gaussian of deviation `sigma` that is cut at four deviations and folded at the
/// borders of the kernel until it fits (a unit impulse under SciPy's `gaussian_filter`), so that it is nearly a box.
pub(crate) fn folded_gaussian(kernel: usize, sigma: f64) -> Vec<f64> {
    let reach = (4.0 * sigma + 0.5) as i64;
    let density = |t: i64| (-0.5 * (t as f64 / sigma).powi(2)).exp();
    let sum: f64 = (-reach..=reach).map(density).sum();
    let mut weights = vec![0.0; kernel];
    let (middle, length) = ((kernel / 2) as i64, kernel as i64);
    for (place, weight) in (0..).zip(&mut weights) {
        let folded = |at: i64| {
            let at = at.rem_euclid(2 * length);
            at.min(2 * length - 1 - at)
        };
        *weight = (-reach..=reach).filter(|t| folded(place + t) == middle).map(density).sum::<f64>() / sum;
    }
    weights
}

/// Weighs a plane of `width` columns along both axes; what lies outside is 0.
pub(crate) fn weigh(plane: &mut [f32], width: usize, weights: &[f64]) {
    let height = plane.len() / width;
    let values: Vec<f64> = plane.iter().copied().map(f64::from).collect();
    let across: Vec<f64> = (0..plane.len())
        .map(|i| taps(weights, i % width, width).map(|(x, weight)| weight * values[i - i % width + x]).sum())
        .collect();
    for (i, out) in plane.iter_mut().enumerate() {
        let down = taps(weights, i / width, height);
        *out = down.map(|(y, weight)| weight * across[y * width + i % width]).sum::<f64>() as f32;
    }
}

/// The places on a line that the weights around a place fall on.
fn taps(weights: &[f64], place: usize, length: usize) -> impl Iterator<Item = (usize, f64)> {
    let before = weights.len() / 2;
    let taps = weights.iter().enumerate().map(move |(i, &weight)| ((place + i).checked_sub(before), weight));
    taps.filter_map(move |(at, weight)| at.filter(|&at| at < length).map(|at| (at, weight)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_plane_stays_and_a_line_of_one_pixel_too() {
        for (value, radius) in [(0, 10), (255, 10), (77, 1), (255, 300)] {
            let mut plane = vec![value; 35];
            gaussian_by_boxes(&mut plane, 7, radius);
            assert_eq!(plane, [value; 35], "{radius}");
        }
        let mut pixel = [9];
        gaussian_by_boxes(&mut pixel, 1, 10);
        assert_eq!(pixel, [9]);
    }

    /// The catalogue of fills: centre .00883 and corner .00774 in two dimensions, and the sum is 1.
    #[test]
    fn the_kernel_of_rise_is_nearly_a_box() {
        let weights = folded_gaussian(11, 5.0);
        assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((weights[5].powi(2) - 0.00883).abs() < 5e-6, "{weights:?}");
        assert!((weights[0].powi(2) - 0.00774).abs() < 5e-6, "{weights:?}");
        assert!((0..5).all(|i| (weights[i] - weights[10 - i]).abs() < 1e-12), "{weights:?}");
    }

    #[test]
    fn zeros_lie_around_the_plane() {
        let mut plane = [1.0; 6];
        weigh(&mut plane, 3, &[1.0 / 3.0; 3]);
        let expected = [4.0, 6.0, 4.0, 4.0, 6.0, 4.0].map(|count| count / 9.0);
        assert!(
            plane.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-6),
            "{plane:?}"
        );
    }
}
