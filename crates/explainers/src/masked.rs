//! Images behind a mask.

use models::Tensor;

/// `norm(u m)`: the un-normalised pixels `u` of normalised images `(n, c, h, w)` times masks `(n, 1, h, w)`, normalised again;
/// `black` is what a pixel of zero becomes, `(1, c, 1, 1)`.
pub fn masked(images: Tensor<4>, masks: Tensor<4>, black: &Tensor<4>) -> Tensor<4> {
    // With norm(u) = s u + black this is s u m + black.
    (images - black.clone()) * masks + black.clone()
}

#[cfg(test)]
mod tests {
    use super::*;
    use models::{Preprocess, TensorData, device};

    #[test]
    fn pixels_are_multiplied_before_they_are_normalised() {
        let (preprocess, device) = (Preprocess::preset("imagenet").unwrap(), device::cpu().device);
        let pixels = [0.9_f32, 0.2, 0.5, 1.0, 0.0, 0.3];
        let mask = [0.25_f32, 0.75];
        let tensor = |numbers: Vec<f32>, c: usize, w: usize| {
            Tensor::<4>::from_data(TensorData::new(numbers, [1, c, 1, w]), &device)
        };
        let images = tensor(preprocess.normalise_pixels(&pixels), 3, 2);
        let black = tensor(preprocess.normalised(0.0), 3, 1);
        let found = masked(images, tensor(mask.to_vec(), 1, 2), &black);
        let dimmed: Vec<f32> = pixels.iter().enumerate().map(|(i, u)| u * mask[i % 2]).collect();
        let expected = preprocess.normalise_pixels(&dimmed);
        let found: Vec<f32> = found.into_data().try_into_vec().unwrap();
        assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?}, {expected:?}");
    }
}
