//! From maps and the photographs behind them to the bytes of the page.

use std::rc::Rc;

use anyhow::{Context, Error, Result};
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{FilterType, resize};
use image::{ExtendedColorType, GrayImage, RgbImage};
use maps::Map;
use pictures::{Photographs, Scale};
use pipe::{CheckedMaps, Explained};

use crate::items::Item;

/// The longer side of a picture, a multiple of the side of JPEG's blocks, so that no map runs into its neighbour.
const SIDE: u32 = 112;
const BLOCK: u32 = 8;
/// Maps beside each other in a sprite.
pub const COLUMNS: usize = 5;
/// Quality of photographs and of maps.
const PHOTO: u8 = 75;
const MAPS: u8 = 70;
/// Channels that a map may have.
const CHANNELS: usize = 3;
/// Magnitudes above this percentile of a map are shown as if they were equal to it, as by `render`.
const CLIP: f64 = 99.0;
/// Shares of the pixels, in per cent, whose least grey is kept: 5, 10, ... 95.
const SHARES: usize = 19;

/// An image with its maps.
#[derive(Debug)]
pub struct Encoded {
    /// Width and height of the photograph, and of each map.
    pub size: [u32; 2],
    /// JPEG.
    pub photo: Vec<u8>,
    /// All maps in grey on one JPEG.
    pub sprite: Vec<u8>,
    /// For each map 1 + [`SHARES`] bytes: 0 where there is none, 1 for one from its least value to the highest, 2 for one whose
    /// grey 128 is zero; then the grey from which on the highest 5, 10, ... 95 % of its pixels lie.
    pub about: Vec<u8>,
    /// The maps that could not be drawn, and why.
    pub failed: Vec<(String, Error)>,
}

impl Encoded {
    /// Whether there is a map of a method.
    pub fn has(&self, series: usize) -> bool {
        self.about.get(series * (1 + SHARES)).is_some_and(|state| *state > 0)
    }
}

/// Opens maps and photographs, each pack by a reader of its own, because images come with all their maps.
#[derive(Debug)]
pub struct Opener {
    maps: Vec<CheckedMaps>,
    photos: Photographs,
}

/// A map in grey.
struct Grey {
    picture: GrayImage,
    state: u8,
}

impl Opener {
    /// An opener of so many methods.
    pub fn new(series: usize) -> Self {
        Self { maps: (0..series).map(|_| CheckedMaps::default()).collect(), photos: Photographs::new(None) }
    }

    /// Opens and encodes an image with its maps; without a photograph if none of them could be drawn.
    ///
    /// # Errors
    ///
    /// If the JPEG encoder fails.
    pub fn encode(&mut self, item: &Item) -> Result<Encoded> {
        let mut encoded = Encoded {
            size: [0; 2],
            photo: Vec::new(),
            sprite: Vec::new(),
            about: Vec::new(),
            failed: Vec::new(),
        };
        let mut photo: Option<Rc<RgbImage>> = None;
        let mut greys: Vec<Option<Grey>> = Vec::new();
        for (at, row) in item.rows.iter().enumerate() {
            let drawn = row.as_ref().map(|row| self.draw(at, row));
            greys.push(match drawn {
                Some(Ok((of, grey))) => {
                    photo.get_or_insert(of);
                    Some(grey)
                }
                Some(Err(error)) => {
                    encoded
                        .failed
                        .push((row.as_ref().map(|row| row.method.clone()).unwrap_or_default(), error));
                    None
                }
                None => None,
            });
        }
        let Some(photo) = photo else { return Ok(encoded) };
        encoded.size = shown([photo.height() as usize, photo.width() as usize]);
        let photo = resize(&*photo, encoded.size[0], encoded.size[1], FilterType::Triangle);
        encoded.photo = jpeg(photo.as_raw(), encoded.size, ExtendedColorType::Rgb8, PHOTO)?;
        encoded.sprite = sprite(&greys, encoded.size)?;
        encoded.about = greys.iter().flat_map(|grey| about(grey.as_ref())).collect();
        Ok(encoded)
    }

    /// The photograph as the network saw it, and the map over it in the size that is shown. The map must be the one that its row
    /// says, and the photograph the one that the map explains.
    fn draw(&mut self, at: usize, row: &Explained) -> Result<(Rc<RgbImage>, Grey)> {
        let maps = &mut self.maps[at];
        let array = maps.read(row, None)?;
        let map = Map::new(&array.shape, array.data, CHANNELS)?;
        let photo = self.photos.open(maps, row, map.size())?;
        let [width, height] = shown(map.size());
        let (is_signed, [rows, columns]) = (map.is_signed(), map.size());
        let scale = if is_signed { Scale::centred(&map, CLIP) } else { Scale::spread(&map, CLIP) };
        let levels = map.values().iter().map(|value| (scale.at(*value) * 255.0).round() as u8).collect();
        let grey =
            GrayImage::from_raw(columns as u32, rows as u32, levels).context("a map fills its size")?;
        let picture = resize(&grey, width, height, FilterType::Triangle);
        Ok((photo, Grey { picture, state: 1 + u8::from(is_signed) }))
    }
}

/// The width and height at which a map is shown: small ones stay, the browser enlarges them.
fn shown([height, width]: [usize; 2]) -> [u32; 2] {
    let longer = width.max(height) as f64;
    let factor = (f64::from(SIDE) / longer).min(1.0);
    [width, height].map(|side| {
        let blocks = (side as f64 * factor / f64::from(BLOCK)).round() as u32;
        blocks.max(1) * BLOCK
    })
}

fn jpeg(pixels: &[u8], [width, height]: [u32; 2], color: ExtendedColorType, quality: u8) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality).encode(pixels, width, height, color)?;
    Ok(bytes)
}

/// The maps row by row on one picture, black where there is none.
fn sprite(greys: &[Option<Grey>], [width, height]: [u32; 2]) -> Result<Vec<u8>> {
    let columns = greys.len().clamp(1, COLUMNS);
    let rows = greys.len().div_ceil(columns).max(1);
    let size = [width * columns as u32, height * rows as u32];
    let mut whole = GrayImage::new(size[0], size[1]);
    for (at, grey) in greys.iter().enumerate() {
        let Some(grey) = grey else { continue };
        let (x, y) = ((at % columns) as u32 * width, (at / columns) as u32 * height);
        if grey.picture.dimensions() == (width, height) {
            image::imageops::replace(&mut whole, &grey.picture, x.into(), y.into());
        } else {
            // Of another classifier, which sees the image in another size.
            let fitted = resize(&grey.picture, width, height, FilterType::Triangle);
            image::imageops::replace(&mut whole, &fitted, x.into(), y.into());
        }
    }
    jpeg(whole.as_raw(), size, ExtendedColorType::L8, MAPS)
}

fn about(grey: Option<&Grey>) -> Vec<u8> {
    let Some(Grey { picture, state }) = grey else { return vec![0; 1 + SHARES] };
    let mut levels = picture.as_raw().clone();
    levels.sort_unstable_by(|a, b| b.cmp(a));
    let last = |share: usize| levels[(levels.len() * share).div_ceil(100).max(1) - 1];
    std::iter::once(*state).chain((1..=SHARES).map(|step| last(5 * step))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_whole_blocks_and_small_maps_stay() {
        for (map, expected) in
            [([224, 224], [112, 112]), ([32, 32], [32, 32]), ([150, 300], [112, 56]), ([3, 900], [112, 8])]
        {
            assert_eq!(shown(map), expected);
        }
    }

    #[test]
    fn the_highest_shares_begin_where_they_begin() {
        let picture = GrayImage::from_raw(10, 10, (0..100).collect()).unwrap();
        let about = about(Some(&Grey { picture, state: 1 }));
        assert_eq!((about[0], about[1], about[10], about[19]), (1, 95, 50, 5));
    }
}
