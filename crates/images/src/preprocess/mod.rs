//! From a decoded image to the network's input: resize, crop, channel order, normalise.

mod config;
mod error;
mod preset;

use std::path::Path;

use serde::{Deserialize, Serialize, Serializer};

use crate::{Filter, Image, Resample};
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

/// The channels of the network's input, in order. An [`Image`] of three is always red, green, blue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channels {
    /// Red, green, blue.
    #[default]
    Rgb,
    /// Blue, green, red: networks that came from Caffe.
    Bgr,
    /// One: the brightness of ITU-R 601, as Pillow's mode `L` has it.
    Grey,
    /// Red, green, blue and how opaque a pixel is; 1 in an image that does not say.
    Rgba,
}

impl Channels {
    /// How many there are.
    pub fn count(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::Rgb | Self::Bgr => 3,
            Self::Rgba => 4,
        }
    }

    /// The usual ones of a number.
    pub(crate) fn of(count: usize) -> Option<Self> {
        [Self::Grey, Self::Rgb, Self::Rgba].into_iter().find(|channels| channels.count() == count)
    }
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
    pub mean: Vec<f32>,
    /// Divided by.
    #[serde(serialize_with = "shortest")]
    pub std: Vec<f32>,
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

    /// The same way for a network of so many channels, if it is one for colours: grey has the mean of the three means and
    /// of the three deviations; how opaque a pixel is stays in 0..1.
    ///
    /// # Errors
    /// If no image has so many channels, or this way is for another number than three.
    pub fn for_channels(self, count: usize) -> Result<Self, PreprocessError> {
        let own = self.channels.count();
        if own == count {
            return Ok(self);
        }
        let channels = Channels::of(count).filter(|_| self.channels == Channels::Rgb);
        let Some(channels) = channels else {
            return Err(PreprocessError::Channels { name: self.name, own, network: count });
        };
        let fitted = |three: &[f32], opaque: f32| match channels {
            Channels::Grey => vec![(three.iter().copied().map(f64::from).sum::<f64>() / 3.0) as f32],
            _ => [three, &[opaque]].concat(),
        };
        Ok(Self { channels, mean: fitted(&self.mean, 0.0), std: fitted(&self.std, 1.0), ..self })
    }

    /// The normalised value of a pixel value in 0..1, for each channel of the network.
    pub fn normalised(&self, value: f32) -> Vec<f32> {
        self.mean.iter().zip(&self.std).map(|(mean, std)| (value - mean) / std).collect()
    }

    /// An image as the network's input, `(c, h, w)`.
    pub fn normalise(&self, image: &Image) -> Vec<f32> {
        self.normalise_pixels(&image.pixels)
    }

    /// The pixels of an image's planes in 0..1, in the order of [`Image::pixels`], as the network's input.
    pub fn normalise_pixels(&self, pixels: &[f32]) -> Vec<f32> {
        self.planes(pixels, |value| value)
    }

    /// The bytes of an image's planes (red, green, blue; or one of grey; or a fourth of opacity) as the network's input.
    pub fn normalise_bytes(&self, bytes: &[u8]) -> Vec<f32> {
        self.planes(bytes, |byte| f32::from(byte) / 255.0)
    }

    /// The bytes of an image's planes that the network's input was made from: what [`Preprocess::normalise_bytes`] takes.
    pub fn bytes(&self, input: &[f32]) -> Vec<u8> {
        let channels = self.channels.count();
        let area = input.len() / channels;
        let mut bytes = Vec::with_capacity(input.len());
        for plane in 0..channels {
            let c = if self.channels == Channels::Bgr { 2 - plane } else { plane };
            let value = |&x: &f32| ((x * self.std[c] + self.mean[c]) * 255.0).round() as u8;
            bytes.extend(input[c * area..][..area].iter().map(value));
        }
        bytes
    }

    fn planes<T: Copy>(&self, pixels: &[T], value: impl Fn(T) -> f32) -> Vec<f32> {
        let channels = self.channels.count();
        let area = pixels.len() / channels;
        let mut input = Vec::with_capacity(channels * area);
        for c in 0..channels {
            let plane = if self.channels == Channels::Bgr { 2 - c } else { c };
            let values = &pixels[plane * area..][..area];
            input.extend(values.iter().map(|&pixel| (value(pixel) - self.mean[c]) / self.std[c]));
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
fn shortest<S: Serializer>(numbers: &[f32], serializer: S) -> Result<S::Ok, S::Error> {
    let short = |number: &f32| number.to_string().parse().unwrap_or(f64::from(*number));
    numbers.iter().map(short).collect::<Vec<f64>>().serialize(serializer)
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
    fn a_network_of_one_channel_sees_grey_and_one_of_four_how_opaque_a_pixel_is() {
        let colours =
            image::RgbImage::from_fn(2, 1, |x, _| image::Rgb([[255, 51, 0], [200, 200, 200]][x as usize]));
        let keep = Preprocess { resize: Resize::None, crop: None, ..Preprocess::preset("imagenet").unwrap() };
        let grey = keep.clone().for_channels(1).unwrap();
        let image = Image::prepare("", &colours, &grey).unwrap();
        // PIL.Image.new("RGB", (1, 1), (255, 51, 0)).convert("L") is 106.
        assert_eq!(image.pixels, [106.0 / 255.0, 200.0 / 255.0]);
        assert_eq!(grey.normalise(&image)[1], (200.0 / 255.0 - grey.mean[0]) / grey.std[0]);
        assert!((grey.mean[0] - 0.449).abs() < 1e-6 && (grey.std[0] - 0.226).abs() < 1e-6);
        let four = keep.clone().for_channels(4).unwrap();
        let image = Image::prepare("", &colours, &four).unwrap();
        assert_eq!(
            (&image.pixels[..2], &four.normalise(&image)[6..]),
            (&[1.0, 200.0 / 255.0][..], &[1.0, 1.0][..])
        );
        assert_eq!(keep.clone().for_channels(3).unwrap(), keep);
        for (preprocess, count) in [(keep, 2), (grey, 3), (Preprocess::preset("caffe").unwrap(), 1)] {
            let message = preprocess.for_channels(count).unwrap_err().to_string();
            assert!(message.contains(&format!("{count} channels")), "{message}");
        }
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
