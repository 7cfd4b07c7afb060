//! Images that are prepared for one network, as another one takes them.

use models::preprocess::Channels;
use models::{Device, Preprocess, Tensor, TensorData};

/// From the normalisation of one network to that of another one. Size and crop are those of the first.
#[derive(Clone, Debug)]
pub struct Renormalise(Option<Change>);

#[derive(Clone, Debug)]
struct Change {
    /// Blue becomes red first.
    flip: bool,
    scale: Tensor<4>,
    shift: Tensor<4>,
}

impl Renormalise {
    /// From one way to another; equal ones change nothing.
    ///
    /// # Errors
    /// If they have other channels, but for their order.
    pub fn new(from: &Preprocess, to: &Preprocess, device: &Device) -> Result<Self, String> {
        let colours = |preprocess: &Preprocess| matches!(preprocess.channels, Channels::Rgb | Channels::Bgr);
        let flip = from.channels != to.channels;
        if flip && !(colours(from) && colours(to)) {
            return Err(format!(
                "it takes {} channels, and the explainer {}",
                from.channels.count(),
                to.channels.count()
            ));
        }
        if !flip && (&from.mean, &from.std) == (&to.mean, &to.std) {
            return Ok(Self(None));
        }
        let in_order = |numbers: &[f32]| {
            let numbers = numbers.iter().copied();
            if flip { numbers.rev().collect() } else { numbers.collect::<Vec<f32>>() }
        };
        let (mean, std) = (in_order(&from.mean), in_order(&from.std));
        let scale: Vec<f32> = std.iter().zip(&to.std).map(|(from, to)| from / to).collect();
        let shift = (0..mean.len()).map(|c| (mean[c] - to.mean[c]) / to.std[c]).collect();
        let tensor = |numbers: Vec<f32>| {
            let shape = [1, numbers.len(), 1, 1];
            Tensor::from_data(TensorData::new(numbers, shape), device)
        };
        Ok(Self(Some(Change { flip, scale: tensor(scale), shift: tensor(shift) })))
    }

    /// Normalised images `(n, c, h, w)`.
    pub fn apply(&self, images: Tensor<4>) -> Tensor<4> {
        let Some(Change { flip, scale, shift }) = &self.0 else { return images };
        let images = if *flip { images.flip([1]) } else { images };
        images * scale.clone() + shift.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use models::device;

    #[test]
    fn an_image_is_what_the_other_network_would_have_made_of_its_pixels() {
        let device = device::cpu().device;
        let pixels: Vec<f32> = (0..12).map(|i| i as f32 / 12.0).collect();
        let preset = |name: &str| Preprocess::preset(name).unwrap();
        let tensor =
            |numbers: Vec<f32>| Tensor::<4>::from_data(TensorData::new(numbers, [1, 3, 2, 2]), &device);
        for (from, to) in
            [("imagenet", "vit"), ("caffe", "imagenet"), ("vit", "caffe"), ("imagenet", "imagenet")]
        {
            let (from, to) = (preset(from), preset(to));
            let change = Renormalise::new(&from, &to, &device).unwrap();
            let found = change.apply(tensor(from.normalise_pixels(&pixels)));
            let found: Vec<f32> = found.into_data().try_into_vec().unwrap();
            let expected = to.normalise_pixels(&pixels);
            let far =
                found.iter().zip(&expected).map(|(a, b)| (a - b).abs() / (1.0 + b.abs())).fold(0.0, f32::max);
            assert!(far < 1e-6, "{} to {}: {far:e}", from.name, to.name);
        }
        let grey = preset("imagenet").for_channels(1).unwrap();
        let refused = Renormalise::new(&grey, &preset("imagenet"), &device).unwrap_err();
        assert_eq!(refused, "it takes 1 channels, and the explainer 3");
    }
}
