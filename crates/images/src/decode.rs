//! From a file to pixels, and to the hash that says which image it is.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use image::{DynamicImage, ImageFormat, ImageReader, RgbImage, RgbaImage};
use sha2::{Digest, Sha256};

use crate::lfs;

/// Why an image cannot be used.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{path}: {reason}")]
pub struct ImageError {
    /// The image.
    pub path: String,
    /// What is wrong with it.
    pub reason: String,
}

/// The most bytes that an image file may have.
const LONGEST: u64 = 1 << 30;

/// An image of 8 bits in RGB, of any size.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// Its pixels.
    pub pixels: RgbImage,
    /// How opaque each pixel is, row after row, if the image says.
    pub opacity: Option<Vec<u8>>,
    /// What it is, whatever it is called: SHA-256 in hexadecimal of the file's bytes.
    pub hash: String,
}

impl From<RgbImage> for Decoded {
    /// An image without a file: the hash is that of height and width as 64-bit little-endian numbers, then the RGB bytes.
    fn from(pixels: RgbImage) -> Self {
        let sides = [pixels.height(), pixels.width()].map(|side| u64::from(side).to_le_bytes());
        let hash = sha256(&[&sides[0], &sides[1], pixels.as_raw()]);
        Self { pixels, opacity: None, hash }
    }
}

impl From<RgbaImage> for Decoded {
    /// An image without a file: the hash is that of height and width, then the RGBA bytes.
    fn from(pixels: RgbaImage) -> Self {
        let sides = [pixels.height(), pixels.width()].map(|side| u64::from(side).to_le_bytes());
        let hash = sha256(&[&sides[0], &sides[1], pixels.as_raw()]);
        let (pixels, opacity) = split(&pixels);
        Self { pixels, opacity: Some(opacity), hash }
    }
}

fn split(image: &RgbaImage) -> (RgbImage, Vec<u8>) {
    let (opacity, pixels) = (image.pixels().map(|pixel| pixel[3]).collect(), |x, y| {
        let [r, g, b, _] = image.get_pixel(x, y).0;
        image::Rgb([r, g, b])
    });
    (RgbImage::from_fn(image.width(), image.height(), pixels), opacity)
}

fn sha256(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // Writing to a String cannot fail.
        text
    })
}

/// The hash of a file's bytes, as [`decode`] gives it, without decoding.
///
/// # Errors
/// If the file cannot be read.
pub fn hash(path: &Path) -> Result<String, ImageError> {
    read(path).map(|bytes| sha256(&[&bytes]))
}

/// The bytes of a file, which may be a device that never ends.
fn read(path: &Path) -> Result<Vec<u8>, ImageError> {
    let unusable = |reason: String| ImageError { path: path.display().to_string(), reason };
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes));
    match read {
        Err(error) => Err(unusable(error.to_string())),
        Ok(_) if bytes.len() as u64 > LONGEST => {
            Err(unusable(format!("the file is longer than {LONGEST} bytes")))
        }
        Ok(_) => Ok(bytes),
    }
}

/// Whether a file is an image by the first bytes of its content, which need not be whole.
pub fn looks_like_image(path: &Path) -> bool {
    let mut start = [0; 32];
    File::open(path)
        .and_then(|mut file| file.read(&mut start))
        .is_ok_and(|count| image::guess_format(&start[..count]).is_ok_and(|format| format.reading_enabled()))
}

/// Height and width of an image file, as its header says.
///
/// # Errors
/// If the file cannot be read or is no image.
pub fn size(path: &Path) -> Result<[usize; 2], ImageError> {
    let unusable = |reason: String| ImageError { path: path.display().to_string(), reason };
    let reader = ImageReader::open(path).and_then(ImageReader::with_guessed_format);
    let sides = reader.map_err(|error| unusable(error.to_string()))?.into_dimensions();
    let (width, height) = sides.map_err(|error| unusable(error.to_string()))?;
    Ok([height as usize, width as usize])
}

/// Opens an image file and decodes it to 8-bit RGB. Grey becomes RGB, transparency is kept apart; the format is
/// recognised by content, because data sets hold PNG files named `.JPEG`.
///
/// # Errors
/// If the file cannot be read, is no image or ends too early.
pub fn decode(path: &Path) -> Result<Decoded, ImageError> {
    let unusable = |reason: String| ImageError { path: path.display().to_string(), reason };
    let bytes = read(path)?;
    if bytes.starts_with(lfs::START) {
        return Err(unusable(lfs::MEANING.into()));
    }
    let open = || ImageReader::new(Cursor::new(&bytes)).with_guessed_format();
    let reader = open().map_err(|error| unusable(error.to_string()))?;
    // The decoder paints what is missing of a JPEG file grey and says nothing.
    if reader.format() == Some(ImageFormat::Jpeg) && !jpeg_is_whole(&bytes) {
        return Err(unusable("the JPEG data are cut off".into()));
    }
    let decoded = reader.decode().map_err(|error| match (error, open()) {
        (image::ImageError::Limits(_), Ok(reader)) => unusable(too_large(reader)),
        (error, _) => unusable(error.to_string()),
    })?;
    let (pixels, opacity) = parts(decoded);
    Ok(Decoded { pixels, opacity, hash: sha256(&[&bytes]) })
}

fn too_large(reader: ImageReader<Cursor<&Vec<u8>>>) -> String {
    let size = reader
        .into_dimensions()
        .map_or_else(|_| String::new(), |(width, height)| format!("{width} x {height} pixels, "));
    format!("it claims to be {size}more than fits into 512 MiB")
}

fn parts(image: DynamicImage) -> (RgbImage, Option<Vec<u8>>) {
    if !image.color().has_alpha() {
        return (image.into_rgb8(), None);
    }
    let opacity = image.to_rgba8().pixels().map(|pixel| pixel[3]).collect();
    (image.into_rgb8(), Some(opacity))
}

/// Whether the end marker of a JPEG file is there: segment by segment, because a thumbnail has one of its own.
fn jpeg_is_whole(bytes: &[u8]) -> bool {
    const END: u8 = 0xd9;
    const SCAN: u8 = 0xda;
    let mut at = 2;
    loop {
        // Compressed data hold no marker but for restarts; what is no marker at all is skipped as decoders do.
        let rest = bytes.get(at..).unwrap_or_default();
        let marker =
            rest.windows(2).position(|pair| pair[0] == 0xff && !matches!(pair[1], 0 | 0xd0..=0xd7 | 0xff));
        let Some(start) = marker.map(|start| at + start) else { return false };
        match (bytes[start + 1], bytes.get(start + 2..start + 4)) {
            (END, _) => return true,
            (SCAN, _) | (_, None) => at = start + 2,
            (_, Some(length)) => at = start + 2 + usize::from(u16::from_be_bytes([length[0], length[1]])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jpeg_file_that_is_cut_off_is_an_error() {
        let mut bytes = Vec::new();
        let pixel = |x: u32, y: u32| image::Rgb([(x * y) as u8, (x * 7) as u8, (y * 5) as u8]);
        let image = RgbImage::from_fn(40, 30, pixel);
        image.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Jpeg).unwrap();
        assert!(jpeg_is_whole(&bytes));
        let trailing = [&bytes[..], b"what a camera adds"].concat();
        assert!(jpeg_is_whole(&trailing));
        // A thumbnail, whole, inside a segment of the header.
        let length = (bytes.len() as u16 + 2).to_be_bytes();
        let thumbnail = [&bytes[..2], &[0xff, 0xe1], &length, &bytes, &bytes[2..]].concat();
        assert!(jpeg_is_whole(&thumbnail));
        for end in [0, 2, 20, bytes.len() / 2, bytes.len() - 2, bytes.len() - 1] {
            assert!(!jpeg_is_whole(&bytes[..end]), "{end}");
            assert!(!jpeg_is_whole(&thumbnail[..thumbnail.len() - bytes.len() + end]), "{end}");
        }
        let work = testing::WorkDir::new();
        let error = decode(&work.write("half.jpg", &bytes[..bytes.len() / 2])).unwrap_err().to_string();
        assert!(error.ends_with("half.jpg: the JPEG data are cut off"), "{error}");
    }
    #[test]
    fn the_hash_is_that_of_the_bytes_wherever_they_lie() {
        let work = testing::WorkDir::new();
        let mut bytes = Vec::new();
        RgbImage::new(3, 2).write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).unwrap();
        let [a, b] = ["a.png", "b.jpg"].map(|name| decode(&work.write(name, &bytes)).unwrap());
        assert_eq!(a, b);
        assert_eq!(a.hash, sha256(&[&bytes]));
        // FIPS 180-4, the example of one block.
        assert_eq!(
            sha256(&[b"a", b"bc"]),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn an_image_without_a_file_is_its_pixels_and_its_size() {
        let [wide, tall, again] = [(3, 2), (2, 3), (3, 2)].map(|(w, h)| Decoded::from(RgbImage::new(w, h)));
        assert!(wide.hash != tall.hash && wide.hash == again.hash);
    }
}
