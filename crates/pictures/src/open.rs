//! Opening an image by any name that a table may have for it.

use std::path::Path;

use images::{Decoded, Image, ImageError, Preprocess, decode};

use crate::arrays;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embedded_images_have_names() {
        let preprocess = Preprocess::preset("none").unwrap();
        let image = open("testbed/007", &preprocess).unwrap();
        assert_eq!((image.height, image.width), (64, 64));
        let error = open("testbed/999", &preprocess).unwrap_err().to_string();
        assert!(error.starts_with("testbed/999: No such file"), "{error}");
    }
}
