//! Ways to prepare images that have a name.

use super::{Channels, Preprocess, Resize};

const IMAGENET_MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const IMAGENET_STD: [f32; 3] = [0.229, 0.224, 0.225];
const CLIP_MEAN: [f32; 3] = [0.481_454_66, 0.457_827_5, 0.408_210_73];
const CLIP_STD: [f32; 3] = [0.268_629_54, 0.261_302_6, 0.275_777_1];
/// Blue, green, red, in units of 0..255.
const CAFFE_MEAN: [f32; 3] = [103.939, 116.779, 123.68];
/// Resize, crop and whether bicubic, of EfficientNet-Lite.
const LITE: [(&str, usize, usize, bool); 5] = [
    ("efficientnet-lite0", 256, 224, true),
    ("efficientnet-lite1", 272, 240, true),
    ("efficientnet-lite2", 292, 260, true),
    ("efficientnet-lite3", 331, 300, false),
    ("efficientnet-lite4", 413, 380, false),
];

impl Preprocess {
    /// The names that [`Preprocess::preset`] knows.
    pub const PRESETS: [&'static str; 14] = [
        "imagenet",
        "squash",
        "inception",
        "clip",
        "caffe",
        "imagenet-keep",
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
    /// standard deviation 0.5; `clip` resizes the short side to 224, bicubic, crops 224 and has CLIP's statistics;
    /// `caffe` is `imagenet` with channels in the order BGR and values of 0..255 minus their mean;
    /// `imagenet-keep` keeps the size and normalises with ImageNet's statistics; `none` keeps the size and the values in
    /// 0..1; `deit` is `imagenet`, but bicubic; `vit` resizes the short side to 248, bicubic, crops 224 and has mean and
    /// standard deviation 0.5; `efficientnet-lite0` to `4` have each their size and take `(pixel - 127) / 128`.
    pub fn preset(name: &str) -> Option<Self> {
        let imagenet = Self {
            name: name.into(),
            resize: Resize::ShortSide(256),
            bicubic: false,
            crop: Some([224, 224]),
            channels: Channels::Rgb,
            mean: IMAGENET_MEAN.to_vec(),
            std: IMAGENET_STD.to_vec(),
        };
        let short = |side| Self { resize: Resize::ShortSide(side), bicubic: true, ..imagenet.clone() };
        let keep = Self { resize: Resize::None, crop: None, ..imagenet.clone() };
        match name {
            "imagenet" => Some(imagenet),
            "squash" => Some(Self { resize: Resize::Exact(224, 224), crop: None, ..imagenet }),
            "inception" => Some(Self { mean: vec![0.5; 3], std: vec![0.5; 3], ..imagenet }),
            "clip" => Some(Self { mean: CLIP_MEAN.to_vec(), std: CLIP_STD.to_vec(), ..short(224) }),
            "caffe" => Some(Self {
                channels: Channels::Bgr,
                mean: CAFFE_MEAN.map(|mean| mean / 255.0).to_vec(),
                std: vec![1.0 / 255.0; 3],
                ..imagenet
            }),
            "deit" => Some(short(256)),
            "vit" => Some(Self { mean: vec![0.5; 3], std: vec![0.5; 3], ..short(248) }),
            "imagenet-keep" => Some(keep),
            "none" => Some(Self { mean: vec![0.0; 3], std: vec![1.0; 3], ..keep }),
            _ => LITE.iter().find(|lite| lite.0 == name).map(|&(_, side, crop, bicubic)| Self {
                bicubic,
                crop: Some([crop; 2]),
                mean: vec![127.0 / 255.0; 3],
                std: vec![128.0 / 255.0; 3],
                ..short(side)
            }),
        }
    }
}
