//! Masks of the object: from the original image's frame to the network's, as boxes are, and to a file that `score` reads.

use std::path::Path;

use anyhow::{Result, bail};
use images::Geometry;
use maps::{Map, Mask};
use pipe::npy;

/// The folder beside those of the methods.
const FOLDER: &str = "masks";

/// Reads a mask of the size of its image and brings it to the frame of the image's maps.
///
/// # Errors
/// If it cannot be read, is no mask, or has another size than its image.
pub fn read(name: &str, geometry: &Geometry) -> Result<Mask> {
    let mask = Mask::of(&grey(name)?)?;
    let inside = geometry.place_mask(name, mask.inside(), mask.size())?;
    Ok(Mask::new(geometry.frame(), inside)?)
}

/// The values of an array, or the brightness of an image's pixels.
fn grey(name: &str) -> Result<Map> {
    if setup::is_array(name) {
        let array = npy::read_file(Path::new(name))?;
        return Ok(Map::new(&array.shape, array.data, 1)?);
    }
    let image = images::decode(Path::new(name))?;
    if image.pixels.pixels().any(|pixel| pixel[0] != pixel[1] || pixel[1] != pixel[2]) {
        bail!("{name}: the mask is coloured; a mask is grey, dark outside and bright inside");
    }
    if image.opacity.is_some_and(|opacity| opacity.iter().any(|&part| part < u8::MAX)) {
        bail!("{name}: the mask is transparent in parts; a mask is grey, dark outside and bright inside");
    }
    let size = [image.pixels.height() as usize, image.pixels.width() as usize];
    Ok(Map::from_plane(size, image.pixels.pixels().map(|pixel| f32::from(pixel[0])).collect())?)
}

/// Writes a mask under the hash of its size and pixels, unless it is there, and gives the path: equal masks are one file.
///
/// # Errors
/// If it cannot be written.
pub fn write(mask: &Mask, out: &Path) -> Result<String> {
    let sides = mask.size().map(|side| (side as u64).to_le_bytes());
    let pixels: Vec<u8> = mask.inside().iter().map(|&inside| u8::from(inside)).collect();
    let hash = pipe::sha256(&[&sides[0], &sides[1], &pixels[..]].concat());
    let path = out.join(FOLDER).join(format!("{hash}.npy"));
    if !path.exists() {
        let values: Vec<f32> = pixels.into_iter().map(f32::from).collect();
        npy::write_file(&path, &mask.size(), &values)?;
    }
    Ok(path.display().to_string())
}
