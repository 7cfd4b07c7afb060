//! From a decoded image to the network's input: resize, crop, channel order, normalise.

mod config;
mod error;
mod preset;

use std::path::Path;

use serde::{Deserialize, Serialize, Serializer};

use crate::image::Image;
use crate::resize::{Filter, Resample};
pub use error::PreprocessError;

/// What happens to an image's size before the crop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Resize {
    /// Nothing.
    None,
    /// The shorter side gets this length, the ratio stays.
    ShortSide(usize),
    /// Both sides, whatever the ratio: height, width.
    Exact(usize, usize),
}

/// The order of the colour channels in the network's input. A [`Image`] is always red, green, blue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channels {
    /// Red, green, blue.
    #[default]
    Rgb,
    /// Blue, green, red: networks that came from Caffe.
    Bgr,
}

/// How images are prepared for a network. Values are `(pixel / 255 - mean) / std` for each of its channels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Preprocess {
    /// The preset's name or the file's path, for the run record.
    pub name: String,
    /// The first step.
    pub resize: Resize,
    /// Bicubic instead of bilinear; both are antialiased as in PIL.
    pub bicubic: bool,
    /// Then the centre of this height and width.
    pub crop: Option<[usize; 2]>,
    /// The order of the channels, and of `mean` and `std`.
    #[serde(default)]
    pub channels: Channels,
    /// Subtracted, in units of 0..1.
    #[serde(serialize_with = "shortest")]
    pub mean: [f32; 3],
    /// Divided by.
    #[serde(serialize_with = "shortest")]
    pub std: [f32; 3],
}

impl Preprocess {
    /// Whether `text` is the name of a preset, or a file of [`Preprocess::open`] by its ending.
    ///
    /// # Errors
    /// If it is neither.
    pub fn check_name(text: &str) -> Result<(), PreprocessError> {
        if is_file(text) || Self::PRESETS.contains(&text) {
            return Ok(());
        }
        Err(PreprocessError::Unknown(text.into()))
    }

    /// A preset by name, or what a `.json` file says: timm's `config.json` (its `pretrained_cfg`, or the same keys at
    /// the top: `input_size`, `interpolation`, `crop_pct`, `crop_mode`, `mean`, `std`), or torchvision's words
    /// (`resize_size`, `crop_size`, `interpolation`, `mean`, `std`). Other keys are ignored.
    ///
    /// # Errors
    /// If there is no such preset, or the file is unreadable, incomplete or wrong.
    pub fn open(text: &str) -> Result<Self, PreprocessError> {
        if is_file(text) {
            return config::read(Path::new(text));
        }
        Self::preset(text).ok_or_else(|| PreprocessError::Unknown(text.into()))
    }

    /// What is done to an image, in one line, whatever it is called: a preset and a file that say the same give the same.
    pub fn canonical(&self) -> String {
        let Self { name: _, resize, bicubic, crop, channels, mean, std } = self;
        format!("{resize:?} bicubic={bicubic} crop={crop:?} {channels:?} mean={mean:?} std={std:?}")
    }

    /// The resampling rule of the resize step.
    pub fn resample(&self) -> Resample {
        let filter = if self.bicubic { Filter::Bicubic } else { Filter::Bilinear };
        Resample { filter, antialias: true, align_corners: false }
    }

    /// The normalised value of a pixel value in 0..1, for each channel of the network.
    pub fn normalised(&self, value: f32) -> [f32; 3] {
        std::array::from_fn(|c| (value - self.mean[c]) / self.std[c])
    }

    /// An image as the network's input, `(3, h, w)`.
    pub fn normalise(&self, image: &Image) -> Vec<f32> {
        let area = image.height * image.width;
        let mut input = Vec::with_capacity(3 * area);
        for c in 0..3 {
            let plane = if self.channels == Channels::Bgr { 2 - c } else { c };
            let values = &image.pixels[plane * area..][..area];
            input.extend(values.iter().map(|value| (value - self.mean[c]) / self.std[c]));
        }
        input
    }

    /// The size after the resize step, of an image of height and width `size`.
    pub fn resized(&self, size: [usize; 2]) -> [usize; 2] {
        let [height, width] = size;
        match self.resize {
            Resize::None => size,
            Resize::Exact(h, w) => [h, w],
            // torchvision cuts the longer side down to a whole number.
            Resize::ShortSide(short) if height <= width => [short, short * width / height],
            Resize::ShortSide(short) => [short * height / width, short],
        }
    }
}

fn is_file(text: &str) -> bool {
    Path::new(text).extension().is_some_and(|extension| extension == "json")
}

/// Writes 0.485 where the nearest `f32`, as a double, would be 0.48500001430511475.
fn shortest<S: Serializer>(numbers: &[f32; 3], serializer: S) -> Result<S::Ok, S::Error> {
    let short = |number: f32| number.to_string().parse().unwrap_or(f64::from(number));
    numbers.map(short).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_side_is_truncated_as_in_torchvision() {
        let imagenet = Preprocess::preset("imagenet").unwrap();
        assert_eq!(imagenet.resized([375, 500]), [256, 341]);
        assert_eq!(imagenet.resized([500, 375]), [341, 256]);
    }

    #[test]
    fn statistics_are_written_as_they_are_known_and_read_again() {
        let json = serde_json::to_string(&Preprocess::preset("imagenet")).unwrap();
        assert!(json.ends_with(r#""mean":[0.485,0.456,0.406],"std":[0.229,0.224,0.225]}"#), "{json}");
        for name in Preprocess::PRESETS {
            let preset = Preprocess::preset(name).unwrap();
            let json = serde_json::to_string(&preset).unwrap();
            assert_eq!(serde_json::from_str::<Preprocess>(&json).unwrap(), preset);
        }
    }

    /// Keys of classifiers hold a hash of this line: another form would make every old table one of another model.
    #[test]
    fn the_canonical_form_says_all_but_the_name() {
        let imagenet = Preprocess::preset("imagenet").unwrap();
        assert_eq!(
            imagenet.canonical(),
            "ShortSide(256) bicubic=false crop=Some([224, 224]) Rgb mean=[0.485, 0.456, 0.406] std=[0.229, 0.224, 0.225]"
        );
        let renamed = Preprocess { name: "config.json".into(), ..imagenet.clone() };
        assert_eq!(renamed.canonical(), imagenet.canonical());
        let others: Vec<String> =
            Preprocess::PRESETS.iter().map(|name| Preprocess::preset(name).unwrap().canonical()).collect();
        assert!(others.iter().enumerate().all(|(i, one)| !others[..i].contains(one)), "{others:?}");
    }

    #[test]
    fn every_preset_has_a_name() {
        for name in Preprocess::PRESETS {
            assert_eq!(Preprocess::open(name).unwrap().name, name);
            Preprocess::check_name(name).unwrap();
        }
        let message = Preprocess::open("imagenette").unwrap_err().to_string();
        assert!(message.starts_with("unknown `imagenette`: known are imagenet, squash,"), "{message}");
        assert_eq!(Preprocess::check_name("imagenette").unwrap_err().to_string(), message);
    }

    #[test]
    fn channels_are_turned_for_networks_of_caffe() {
        let white = image::RgbImage::from_pixel(2, 1, image::Rgb([255, 51, 0]));
        let keep =
            |name| Preprocess { resize: Resize::None, crop: None, ..Preprocess::preset(name).unwrap() };
        let input =
            |preprocess: Preprocess| preprocess.normalise(&Image::prepare("", &white, &preprocess).unwrap());
        assert_eq!(input(keep("none")), [1.0, 1.0, 0.2, 0.2, 0.0, 0.0]);
        let caffe = input(keep("caffe"));
        for (value, expected) in
            caffe.iter().zip([-103.939, -103.939, 51.0 - 116.779, 51.0 - 116.779, 131.32, 131.32])
        {
            assert!((value - expected).abs() < 1e-4, "{caffe:?}");
        }
        // A grey value is turned with its channels: what is black in an image is black in the input.
        let black = keep("caffe").normalised(0.0);
        assert!((black[0] + 103.939).abs() < 1e-4 && (black[2] + 123.68).abs() < 1e-4, "{black:?}");
    }
}
