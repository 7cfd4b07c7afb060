//! From a decoded picture to the network's input: resize, crop, normalise.

use serde::{Serialize, Serializer};

use crate::resize::{Filter, Resample};

/// What happens to a picture's size before the crop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Resize {
    /// Nothing.
    None,
    /// The shorter side gets this length, the ratio stays.
    ShortSide(usize),
    /// Both sides, whatever the ratio: height, width.
    Exact(usize, usize),
}

/// How pictures are prepared for a network. Values are `(pixel / 255 - mean) / std` per channel, RGB.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Preprocess {
    /// The preset's name, for the run record.
    pub name: String,
    /// The first step.
    pub resize: Resize,
    /// Bicubic instead of bilinear; both are antialiased as in PIL.
    pub bicubic: bool,
    /// Then the centre of this height and width.
    pub crop: Option<[usize; 2]>,
    /// Subtracted, in units of 0..1.
    #[serde(serialize_with = "shortest")]
    pub mean: [f32; 3],
    /// Divided by.
    #[serde(serialize_with = "shortest")]
    pub std: [f32; 3],
}

/// Resize, crop and whether bicubic, of EfficientNet-Lite.
const LITE: [(&str, usize, usize, bool); 5] = [
    ("efficientnet-lite0", 256, 224, true),
    ("efficientnet-lite1", 272, 240, true),
    ("efficientnet-lite2", 292, 260, true),
    ("efficientnet-lite3", 331, 300, false),
    ("efficientnet-lite4", 413, 380, false),
];

const IMAGENET_MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const IMAGENET_STD: [f32; 3] = [0.229, 0.224, 0.225];

impl Preprocess {
    /// The names that [`Preprocess::preset`] knows.
    pub const PRESETS: [&'static str; 11] = [
        "imagenet",
        "squash",
        "inception",
        "none",
        "deit",
        "vit",
        "efficientnet-lite0",
        "efficientnet-lite1",
        "efficientnet-lite2",
        "efficientnet-lite3",
        "efficientnet-lite4",
    ];

    /// A preset by name:
    /// `imagenet` resizes the short side to 256, crops 224 and normalises with ImageNet's statistics;
    /// `squash` resizes to 224 x 224 without keeping the ratio; `inception` is `imagenet` with mean and
    /// standard deviation 0.5; `deit` is `imagenet`, but bicubic; `vit` resizes the short side to 248, bicubic, crops
    /// 224 and has mean and standard deviation 0.5; `none` keeps the size and normalises with ImageNet's
    /// statistics; `efficientnet-lite0` to `4` have each their size and take `(pixel - 127) / 128`.
    pub fn preset(name: &str) -> Option<Self> {
        let imagenet = Self {
            name: name.into(),
            resize: Resize::ShortSide(256),
            bicubic: false,
            crop: Some([224, 224]),
            mean: IMAGENET_MEAN,
            std: IMAGENET_STD,
        };
        match name {
            "imagenet" => Some(imagenet),
            "squash" => Some(Self { resize: Resize::Exact(224, 224), crop: None, ..imagenet }),
            "inception" => Some(Self { mean: [0.5; 3], std: [0.5; 3], ..imagenet }),
            "deit" => Some(Self { bicubic: true, ..imagenet }),
            "vit" => {
                let resize = Resize::ShortSide(248);
                Some(Self { resize, bicubic: true, mean: [0.5; 3], std: [0.5; 3], ..imagenet })
            }
            "none" => Some(Self { resize: Resize::None, crop: None, ..imagenet }),
            _ => LITE.iter().find(|lite| lite.0 == name).map(|&(_, short, side, bicubic)| Self {
                resize: Resize::ShortSide(short),
                bicubic,
                crop: Some([side; 2]),
                mean: [127.0 / 255.0; 3],
                std: [128.0 / 255.0; 3],
                ..imagenet
            }),
        }
    }

    /// The resampling rule of the resize step.
    pub fn resample(&self) -> Resample {
        let filter = if self.bicubic { Filter::Bicubic } else { Filter::Bilinear };
        Resample { filter, antialias: true, align_corners: false }
    }

    /// The normalised value of a pixel value in 0..1, for each channel.
    pub fn normalised(&self, value: f32) -> [f32; 3] {
        std::array::from_fn(|c| (value - self.mean[c]) / self.std[c])
    }

    /// The size after the resize step, of a picture of height and width `size`.
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
    fn statistics_are_written_as_they_are_known() {
        let json = serde_json::to_string(&Preprocess::preset("imagenet")).unwrap();
        assert!(json.ends_with(r#""mean":[0.485,0.456,0.406],"std":[0.229,0.224,0.225]}"#), "{json}");
    }

    #[test]
    fn every_preset_has_a_name() {
        for name in Preprocess::PRESETS {
            assert_eq!(Preprocess::preset(name).unwrap().name, name);
        }
        assert_eq!(Preprocess::preset("imagenette"), None);
    }
}
