//! Opening images, ahead of where they are used.

use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::thread;

use crate::arrays;
use images::{Decoded, Image, ImageError, Preprocess, decode};

/// An image by path, an embedded one by its name (`testbed/007`), or one of an array (`images.npy#7`).
fn decoded(name: &str) -> Result<Decoded, ImageError> {
    if let Some(scene) = testbed::image(name) {
        return Ok(scene.image.into());
    }
    arrays::image(name).unwrap_or_else(|| decode(Path::new(name)))
}

/// SHA-256 of an image's content, as [`open`] gives it, without decoding.
///
/// # Errors
/// If the file cannot be read.
pub fn hash(name: &str) -> Result<String, ImageError> {
    if let Some(scene) = testbed::image(name) {
        return Ok(Decoded::from(scene.image).hash);
    }
    match arrays::image(name) {
        Some(image) => image.map(|image| image.hash),
        None => images::hash(Path::new(name)),
    }
}

/// Opens and prepares an image: by path, an embedded one by its name (`testbed/007`), or one of an array by its place
/// (`images.npy#7`). Its hash says which image it is,
/// however the path is spelled.
///
/// # Errors
/// If it cannot be decoded or is smaller than the crop.
pub fn open(name: &str, preprocess: &Preprocess) -> Result<Image, ImageError> {
    decoded(name)?.prepare(name, preprocess)
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
