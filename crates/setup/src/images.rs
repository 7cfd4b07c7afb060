//! Opening images, ahead of where they are used.

use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::thread;

use image::RgbImage;
use models::image::{Image, ImageError, decode};

use models::Preprocess;

/// An image by path, or an embedded one by its name (`testbed/007`).
fn decoded(name: &str) -> Result<RgbImage, ImageError> {
    match testbed::image(name) {
        Some(scene) => Ok(scene.image),
        None => decode(Path::new(name)),
    }
}

/// SHA-256 of an image's content: of the file's bytes, or of the size and the pixels of an embedded image. It stays the same
/// however the path is spelled.
///
/// # Errors
/// If the file cannot be read.
pub fn hash(name: &str) -> Result<String, ImageError> {
    if let Some(scene) = testbed::image(name) {
        let (width, height) = scene.image.dimensions();
        let size = [height, width].map(u32::to_le_bytes).concat();
        return Ok(pipe::sha256(&[&size, scene.image.as_raw().as_slice()].concat()));
    }
    let unreadable = |error: std::io::Error| ImageError { path: name.into(), reason: error.to_string() };
    std::fs::read(name).map(|bytes| pipe::sha256(&bytes)).map_err(unreadable)
}

/// Opens and prepares an image: by path, or an embedded one by its name (`testbed/007`).
///
/// # Errors
/// If it cannot be decoded or is smaller than the crop.
pub fn open(name: &str, preprocess: &Preprocess) -> Result<Image, ImageError> {
    Image::prepare(name, &decoded(name)?, preprocess)
}

/// Maps items on a thread of its own that stays a few items ahead of `consume`, so that decoding runs beside
/// the computation. Items come in order.
///
/// # Errors
/// The first error of `consume`, which ends the run.
pub fn ahead<T: Send, U: Send, E>(
    items: impl Iterator<Item = T> + Send,
    prepare: impl Fn(T) -> U + Send,
    mut consume: impl FnMut(U) -> Result<(), E>,
) -> Result<(), E> {
    const AHEAD: usize = 2;
    thread::scope(|scope| {
        let (send, receive) = sync_channel(AHEAD);
        scope.spawn(move || {
            for item in items {
                // A closed channel means that the consumer gave up.
                if send.send(prepare(item)).is_err() {
                    break;
                }
            }
        });
        receive.into_iter().try_for_each(&mut consume)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_come_in_order_and_an_error_ends_the_run() {
        let mut seen = Vec::new();
        ahead(
            0..100,
            |i| i * i,
            |square| {
                seen.push(square);
                Ok::<(), usize>(())
            },
        )
        .unwrap();
        assert_eq!(seen, (0..100).map(|i| i * i).collect::<Vec<usize>>());
        let error = ahead(0.., |i: usize| i, |i| if i < 7 { Ok(()) } else { Err(i) });
        assert_eq!(error, Err(7));
    }

    #[test]
    fn embedded_images_have_names() {
        let preprocess = Preprocess::preset("none").unwrap();
        let image = open("testbed/007", &preprocess).unwrap();
        assert_eq!((image.height, image.width), (64, 64));
        let error = open("testbed/999", &preprocess).unwrap_err().to_string();
        assert!(error.starts_with("testbed/999: No such file"), "{error}");
    }
}
