//! Images in a NumPy array: image 7 of `images.npy` is called `images.npy#7`.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use image::{RgbImage, RgbaImage};
use images::{Decoded, ImageError};
use pipe::npy::{Kind, Pack};

/// The last array: an archive is read whole, and images come one after another.
static LAST: Mutex<Option<(PathBuf, Arc<Pack>)>> = Mutex::new(None);

/// Whether a name is that of a file of arrays, by its ending.
pub fn is_array(name: &str) -> bool {
    let ending = Path::new(name).extension().map(|ending| ending.to_string_lossy().to_lowercase());
    matches!(ending.as_deref(), Some("npy" | "npz"))
}

/// The number of images in an array.
///
/// # Errors
/// If it cannot be read, or is none of images.
pub fn array_length(name: &str) -> Result<usize, ImageError> {
    let unusable = |reason| ImageError { path: name.into(), reason };
    let pack = open(name).map_err(unusable)?;
    Layout::of(&pack).map_err(unusable)?;
    Ok(pack.shape()[0])
}

/// The image of a name such as `images.npy#7`; nothing if that is no name of this kind.
pub(crate) fn image(name: &str) -> Option<Result<Decoded, ImageError>> {
    let unusable = |reason| ImageError { path: name.into(), reason };
    if let Some((file, Ok(index))) = name.rsplit_once('#').map(|(file, index)| (file, index.parse()))
        && is_array(file)
    {
        return Some(part(file, index).map_err(unusable));
    }
    let whole = || unusable(format!("it is an array of images: {name}#0 is the first of them"));
    is_array(name).then(|| Err(open(name).map_or_else(unusable, |_| whole())))
}

fn part(file: &str, index: usize) -> Result<Decoded, String> {
    let pack = open(file)?;
    let layout = Layout::of(&pack)?;
    if index >= pack.shape()[0] {
        return Err(format!(
            "there is no image {index}: the array holds {}, counted from 0",
            pack.shape()[0]
        ));
    }
    let array = pack.part(index).map_err(|error| error.to_string())?;
    layout.decoded(&array.data, pack.kind())
}

fn open(file: &str) -> Result<Arc<Pack>, String> {
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((path, pack)) = &*last
        && path == Path::new(file)
    {
        return Ok(Arc::clone(pack));
    }
    let pack = Arc::new(Pack::open(Path::new(file)).map_err(|error| error.to_string())?);
    *last = Some((file.into(), Arc::clone(&pack)));
    Ok(pack)
}

/// How the pixels of an image lie.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Layout {
    channels: usize,
    size: [usize; 2],
    channels_last: bool,
}

impl Layout {
    /// (N, H, W, C), (N, C, H, W) or (N, H, W), where it can be only one of them, of values that are levels of grey or shares.
    fn of(pack: &Pack) -> Result<Self, String> {
        if !matches!(pack.kind(), Kind::U1 | Kind::F2 | Kind::F4 | Kind::F8) {
            return Err("an array of images holds uint8, or floats in 0..1".into());
        }
        Self::of_shape(pack.shape()).ok_or_else(|| {
            let lengths: Vec<String> = pack.shape().iter().map(usize::to_string).collect();
            format!(
                "shape ({}) is not clearly that of images: (N, H, W, C) or (N, C, H, W) with 1, 3 or 4 channels, or (N, H, W)",
                lengths.join(", ")
            )
        })
    }

    fn of_shape(shape: &[usize]) -> Option<Self> {
        let may_be_channels = |length: usize| matches!(length, 1 | 3 | 4);
        if shape.contains(&0) {
            return None;
        }
        match *shape {
            // One image with its channels looks like several without.
            [n, h, w] if !may_be_channels(n) && !may_be_channels(w) => {
                Some(Self { channels: 1, size: [h, w], channels_last: true })
            }
            [_, h, w, c] if may_be_channels(c) && !may_be_channels(h) => {
                Some(Self { channels: c, size: [h, w], channels_last: true })
            }
            [_, c, h, w] if may_be_channels(c) && !may_be_channels(w) => {
                Some(Self { channels: c, size: [h, w], channels_last: false })
            }
            _ => None,
        }
    }

    fn decoded(self, values: &[f64], kind: Kind) -> Result<Decoded, String> {
        let Self { channels, size: [height, width], channels_last } = self;
        let bytes = bytes(values, kind)?;
        let area = height * width;
        let level = |pixel: usize, c: usize| {
            bytes[if channels_last { pixel * channels + c } else { c * area + pixel }]
        };
        let place = |x: u32, y: u32| y as usize * width + x as usize;
        let (w, h) = (width as u32, height as u32);
        Ok(match channels {
            1 => RgbImage::from_fn(w, h, |x, y| image::Rgb([level(place(x, y), 0); 3])).into(),
            3 => RgbImage::from_fn(w, h, |x, y| image::Rgb([0, 1, 2].map(|c| level(place(x, y), c)))).into(),
            _ => RgbaImage::from_fn(w, h, |x, y| image::Rgba([0, 1, 2, 3].map(|c| level(place(x, y), c))))
                .into(),
        })
    }
}

/// In 8 bits, as images of files are.
fn bytes(values: &[f64], kind: Kind) -> Result<Vec<u8>, String> {
    if kind == Kind::U1 {
        return Ok(values.iter().map(|value| *value as u8).collect());
    }
    match values.iter().find(|value| !(0.0..=1.0).contains(*value)) {
        Some(value) => Err(format!("it holds {value}: floats are in 0..1, and 0..255 is uint8")),
        None => Ok(values.iter().map(|value| (value * 255.0).round() as u8).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layout_is_taken_where_it_can_be_only_one() {
        let layout = |shape: &[usize]| {
            Layout::of_shape(shape).map(|layout| (layout.channels, layout.size, layout.channels_last))
        };
        assert_eq!(layout(&[10, 32, 32, 3]), Some((3, [32, 32], true)));
        assert_eq!(layout(&[10, 3, 32, 32]), Some((3, [32, 32], false)));
        assert_eq!(layout(&[1, 1, 28, 28]), Some((1, [28, 28], false)));
        assert_eq!(layout(&[60, 28, 28]), Some((1, [28, 28], true)));
        assert_eq!(layout(&[2, 8, 8, 4]), Some((4, [8, 8], true)));
        for shape in [
            &[10, 3, 32, 3][..],
            &[224, 224, 3],
            &[3, 224, 224],
            &[10, 2, 8, 8],
            &[10],
            &[10, 3072],
            &[0, 8, 8, 3],
            &[1, 2, 8, 8, 3],
        ] {
            assert_eq!(layout(shape), None, "{shape:?}");
        }
    }

    #[test]
    fn both_orders_of_the_axes_and_both_kinds_of_values_are_one_image() {
        // Two pixels, orange and grey.
        let last = [255.0, 51.0, 0.0, 102.0, 102.0, 102.0];
        let first = [255.0, 102.0, 51.0, 102.0, 0.0, 102.0];
        let decoded = |values: &[f64], channels_last, kind| {
            Layout { channels: 3, size: [1, 2], channels_last }.decoded(values, kind)
        };
        let image = decoded(&last, true, Kind::U1).unwrap();
        assert_eq!(image.pixels.as_raw(), &[255, 51, 0, 102, 102, 102]);
        assert_eq!(decoded(&first, false, Kind::U1).unwrap(), image);
        assert_eq!(decoded(&last.map(|value| value / 255.0), true, Kind::F4).unwrap(), image);
        let error = decoded(&last, true, Kind::F4).unwrap_err();
        assert_eq!(error, "it holds 255: floats are in 0..1, and 0..255 is uint8");
        assert!(decoded(&[f64::NAN; 6], true, Kind::F8).is_err());
    }
}
