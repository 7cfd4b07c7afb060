//! The images under the maps, prepared as the network saw them.

use std::path::Path;
use std::rc::Rc;

use crate::Cache;
use crate::open::open;
use crate::recorded::{self, Choice};
use anyhow::{Context, Error, Result, bail};
use image::RgbImage;
use images::{Image, Preprocess};
use pipe::{CheckedMaps, Explained};

/// Bytes of the images that are kept: in a table method by method each one comes again.
const KEPT: usize = 64 << 20;

/// Opens the images of maps and keeps the last ones.
#[derive(Debug)]
pub struct Photographs {
    given: Option<Preprocess>,
    /// By path and by all that was done to them, with the hash of their content.
    kept: Cache<(String, String), (String, Rc<RgbImage>)>,
}

impl Photographs {
    /// `given` is what the command line says about preparing images.
    pub fn new(given: Option<Preprocess>) -> Self {
        Self { given, kept: Cache::new(KEPT) }
    }

    /// Opens the image of a map of height and width `size`.
    ///
    /// # Errors
    ///
    /// If it cannot be decoded, has another size than its map, or is not the one that the map explains.
    pub fn open(
        &mut self,
        maps: &mut CheckedMaps,
        row: &Explained,
        size: [usize; 2],
    ) -> Result<Rc<RgbImage>> {
        let Choice { preprocess, reason } = self.choose(maps, row)?;
        let (hash, image) = self.prepared(&row.image, &preprocess)?;
        if let Some(sidecar) = maps.sidecar(Path::new(&row.map))? {
            sidecar.check(row, Some(&hash))?;
        }
        let [height, width] = size;
        if [image.height() as usize, image.width() as usize] != size {
            bail!(
                "the image is {} x {} ({reason}), but its map is {height} x {width}: \
                 name the --preprocess that explain used ({})",
                image.height(),
                image.width(),
                Preprocess::PRESETS.join(", ")
            );
        }
        Ok(image)
    }

    /// The command line has precedence over the sidecar, and the sidecar over leaving the image as it is.
    fn choose(&self, maps: &mut CheckedMaps, row: &Explained) -> Result<Choice> {
        if let Some(preprocess) = &self.given {
            let reason = format!("--preprocess {}", preprocess.name);
            return Ok(Choice { preprocess: preprocess.clone(), reason });
        }
        if let Some(choice) = recorded::choice(maps, row)? {
            return Ok(choice);
        }
        let preprocess = Preprocess::preset("none").context("the preset `none`")?;
        Ok(Choice { preprocess, reason: "as it is: nothing beside the map tells more".into() })
    }

    fn prepared(&mut self, image: &str, preprocess: &Preprocess) -> Result<(String, Rc<RgbImage>)> {
        self.kept.get(&(image.to_owned(), format!("{preprocess:?}")), || {
            // The failure's line names the image already.
            let opened = open(image, preprocess).map_err(|error| Error::msg(error.reason))?;
            let pixels = to_image(&opened);
            let bytes = pixels.len();
            Ok(((opened.hash, Rc::new(pixels)), bytes))
        })
    }
}

/// In colours; a network of one channel has seen grey.
fn to_image(image: &Image) -> RgbImage {
    let (height, width) = (image.height, image.width);
    let last = image.pixels.len() / (height * width) - 1;
    RgbImage::from_fn(width as u32, height as u32, |x, y| {
        let place = y as usize * width + x as usize;
        let value = |c: usize| (image.pixels[c.min(last) * height * width + place] * 255.0).round() as u8;
        image::Rgb([0, 1, 2].map(value))
    })
}
