//! Preprocessing from a file: the keys of timm's `config.json`, or torchvision's words.

use std::path::Path;

use serde_json::{Map, Value};

use super::{Channels, Preprocess, PreprocessError, Resize};

/// The longest side that a file may ask for: more is a slip of the pen.
const LONGEST: u64 = 16_384;

/// Reads a file.
pub(super) fn read(path: &Path) -> Result<Preprocess, PreprocessError> {
    let unreadable = |reason: String| PreprocessError::Unreadable { path: path.into(), reason };
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
    let root: Value =
        serde_json::from_str(&text).map_err(|error| unreadable(format!("not JSON: {error}")))?;
    let object = root.get("pretrained_cfg").unwrap_or(&root).as_object();
    let keys = Keys { path, object: object.ok_or_else(|| unreadable("not a JSON object".into()))? };
    let (resize, crop) = if keys.get("input_size").is_some() { keys.timm()? } else { keys.torchvision()? };
    let channels = keys.channels();
    Ok(Preprocess {
        name: path.display().to_string(),
        resize,
        bicubic: keys.bicubic()?,
        crop: Some(crop),
        channels,
        mean: keys.statistics("mean", channels, |mean| (0.0..=1.0).contains(&mean))?,
        std: keys.statistics("std", channels, |std| std > 0.0 && std.is_finite())?,
    })
}

/// The keys of a file.
struct Keys<'a> {
    path: &'a Path,
    object: &'a Map<String, Value>,
}

impl Keys<'_> {
    /// The value of a key; null is nothing.
    fn get(&self, key: &str) -> Option<&Value> {
        self.object.get(key).filter(|value| !value.is_null())
    }

    fn required(&self, key: &'static str) -> Result<&Value, PreprocessError> {
        self.get(key).ok_or_else(|| PreprocessError::Missing { path: self.path.into(), key })
    }

    fn wrong(&self, key: &'static str, value: &Value, wanted: &'static str) -> PreprocessError {
        PreprocessError::Value { path: self.path.into(), key, value: value.to_string(), wanted }
    }

    /// timm's evaluation: the image is resized to the input's side over `crop_pct`, then cropped.
    fn timm(&self) -> Result<(Resize, [usize; 2]), PreprocessError> {
        const WANTED: &str = "[channels, height, width]";
        let value = self.required("input_size")?;
        let Some([1 | 3 | 4, h, w]) =
            sides(value).as_deref().and_then(|sides| <[usize; 3]>::try_from(sides).ok())
        else {
            return Err(self.wrong("input_size", value, WANTED));
        };
        let share = self.crop_share()?;
        let whole = |side: usize| (side as f64 / share).floor() as usize;
        let resize = match self.get("crop_mode") {
            Some(mode) if mode == "squash" => Resize::Exact(whole(h), whole(w)),
            Some(mode) if mode != "center" => return Err(self.wrong("crop_mode", mode, "center or squash")),
            _ if h == w => Resize::ShortSide(whole(h)),
            _ => return Err(self.wrong("input_size", value, "square, which crop_mode center needs")),
        };
        Ok((resize, [h, w]))
    }

    fn crop_share(&self) -> Result<f64, PreprocessError> {
        const DEFAULT: f64 = 0.875; // timm's own.
        let Some(value) = self.get("crop_pct") else { return Ok(DEFAULT) };
        let share = value.as_f64().filter(|share| *share > 0.01 && *share <= 1.0);
        share.ok_or_else(|| self.wrong("crop_pct", value, "a number above 0.01, at most 1"))
    }

    /// torchvision's presets: `resize_size`, then `crop_size`.
    fn torchvision(&self) -> Result<(Resize, [usize; 2]), PreprocessError> {
        const WANTED: &str = "a length, or height and width";
        let crop = self.required("crop_size")?;
        let size = match sides(crop).as_deref() {
            Some(&[side]) => [side, side],
            Some(&[height, width]) => [height, width],
            _ => return Err(self.wrong("crop_size", crop, WANTED)),
        };
        let value = self.required("resize_size")?;
        let (resize, smallest) = match sides(value).as_deref() {
            Some(&[short]) => (Resize::ShortSide(short), [short, short]),
            Some(&[height, width]) => (Resize::Exact(height, width), [height, width]),
            _ => return Err(self.wrong("resize_size", value, WANTED)),
        };
        if size[0] > smallest[0] || size[1] > smallest[1] {
            return Err(self.wrong("crop_size", crop, "within resize_size"));
        }
        Ok((resize, size))
    }

    /// `bicubic`, or torchvision's `InterpolationMode.BICUBIC`.
    fn bicubic(&self) -> Result<bool, PreprocessError> {
        let value = self.required("interpolation")?;
        let word = value.as_str().map(str::to_lowercase).unwrap_or_default();
        match word.trim_start_matches("interpolationmode.") {
            "bicubic" => Ok(true),
            "bilinear" => Ok(false),
            _ => Err(self.wrong("interpolation", value, "bilinear or bicubic")),
        }
    }

    /// As many as `input_size` says, or as `mean` has numbers.
    fn channels(&self) -> Channels {
        let first = self.get("input_size").and_then(|size| size.get(0)?.as_u64());
        let numbers = || Some(self.get("mean")?.as_array()?.len() as u64);
        let count = first.or_else(numbers).unwrap_or(3) as usize;
        // A wrong number of means is told as such.
        Channels::of(count).unwrap_or_default()
    }

    /// A number for each channel.
    fn statistics(
        &self,
        key: &'static str,
        channels: Channels,
        fits: impl Fn(f64) -> bool,
    ) -> Result<Vec<f32>, PreprocessError> {
        let value = self.required(key)?;
        let number =
            |value: &Value| value.as_f64().filter(|&number| fits(number)).map(|number| number as f32);
        let numbers: Option<Vec<f32>> =
            value.as_array().and_then(|values| values.iter().map(number).collect());
        let wanted = match (key, channels) {
            ("mean", Channels::Grey) => "a list of one number in 0..1",
            ("mean", Channels::Rgba) => "four numbers in 0..1",
            ("mean", _) => "three numbers in 0..1",
            (_, Channels::Grey) => "a list of one positive number",
            (_, Channels::Rgba) => "four positive numbers",
            _ => "three positive numbers",
        };
        let fitting = numbers.filter(|numbers| numbers.len() == channels.count());
        fitting.ok_or_else(|| self.wrong(key, value, wanted))
    }
}

/// A positive whole number or several.
fn sides(value: &Value) -> Option<Vec<usize>> {
    let side =
        |value: &Value| value.as_u64().filter(|side| (1..=LONGEST).contains(side)).map(|side| side as usize);
    match value {
        Value::Array(values) => values.iter().map(side).collect(),
        value => side(value).map(|side| vec![side]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use testing::WorkDir;

    fn read_text(text: &str) -> Result<Preprocess, String> {
        let work = WorkDir::new();
        let path = work.write("config.json", text);
        read(&path).map_err(|error| {
            error
                .to_string()
                .strip_prefix(&format!("{}: ", path.display()))
                .expect("the file is named")
                .to_owned()
        })
    }

    const TIMM: &str = r#"{"architecture": "vit_base_patch16_224", "num_classes": 1000, "pretrained_cfg": {
        "input_size": [3, 224, 224], "pool_size": null, "interpolation": "bicubic", "crop_pct": 0.9,
        "crop_mode": "center", "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "first_conv": "patch_embed.proj"}}"#;

    const TORCHVISION: &str = r#"{"resize_size": [232], "crop_size": 224, "interpolation": "InterpolationMode.BILINEAR",
        "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}"#;

    #[test]
    fn timm_configurations_are_understood() {
        let preprocess = read_text(TIMM).unwrap();
        assert_eq!((preprocess.resize, preprocess.crop), (Resize::ShortSide(248), Some([224, 224])));
        assert_eq!((preprocess.bicubic, preprocess.mean, preprocess.std), (true, vec![0.5; 3], vec![0.5; 3]));
        assert!(preprocess.name.ends_with("config.json"));
        let squash = TIMM.replace("center", "squash").replace("[3, 224, 224]", "[3, 180, 225]");
        let preprocess = read_text(&squash).unwrap();
        assert_eq!((preprocess.resize, preprocess.crop), (Resize::Exact(200, 250), Some([180, 225])));
        let older = TIMM.replace(r#""crop_mode": "center","#, "").replace("0.9", "null");
        assert_eq!(read_text(&older).unwrap().resize, Resize::ShortSide(256));
    }

    #[test]
    fn so_are_the_words_of_torchvision() {
        let preprocess = read_text(TORCHVISION).unwrap();
        assert_eq!((preprocess.resize, preprocess.crop), (Resize::ShortSide(232), Some([224, 224])));
        assert!(!preprocess.bicubic);
    }

    #[test]
    fn wrong_values_are_named() {
        for (from, to, expected) in [
            ("\"bicubic\"", "\"nearest\"", "`interpolation` is \"nearest\", and not bilinear or bicubic"),
            ("[3, 224, 224]", "[2, 28, 28]", "`input_size` is [2,28,28], and not [channels, height, width]"),
            ("[3, 224, 224]", "224", "`input_size` is 224, and not [channels, height, width]"),
            ("[3, 224, 224]", "[3, 224, 0]", "`input_size` is [3,224,0], and not [channels, height, width]"),
            (
                "[3, 224, 224]",
                "[3, 9, 8]",
                "`input_size` is [3,9,8], and not square, which crop_mode center needs",
            ),
            ("0.9", "1.5", "`crop_pct` is 1.5, and not a number above 0.01, at most 1"),
            ("0.9", "\"90%\"", "`crop_pct` is \"90%\", and not a number above 0.01, at most 1"),
            ("center", "border", "`crop_mode` is \"border\", and not center or squash"),
            (
                "[0.5, 0.5, 0.5], \"std\"",
                "[123, 117, 104], \"std\"",
                "`mean` is [123,117,104], and not three numbers in 0..1",
            ),
            (
                "\"mean\": [0.5, 0.5, 0.5]",
                "\"mean\": [0.5, 0.5]",
                "`mean` is [0.5,0.5], and not three numbers in 0..1",
            ),
            ("\"std\": [0.5", "\"std\": [0", "`std` is [0,0.5,0.5], and not three positive numbers"),
            ("\"std\"", "\"deviation\"", "`std` is missing"),
            ("\"input_size\"", "\"size\"", "`crop_size` is missing"),
            ("\"interpolation\"", "\"filter\"", "`interpolation` is missing"),
        ] {
            assert!(TIMM.contains(from), "{from}");
            assert_eq!(read_text(&TIMM.replace(from, to)).unwrap_err(), expected);
        }
        let large = TORCHVISION.replace("\"crop_size\": 224", "\"crop_size\": 300");
        assert_eq!(read_text(&large).unwrap_err(), "`crop_size` is 300, and not within resize_size");
        assert!(read_text("{").unwrap_err().starts_with("not JSON: "));
        assert_eq!(read_text("[]").unwrap_err(), "not a JSON object");
        let gone = read(Path::new("gone.json")).unwrap_err().to_string();
        assert!(gone.starts_with("gone.json: No such file"), "{gone}");
    }
}
