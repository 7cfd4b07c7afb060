//! Contact sheets: many images or masks in one image.

use image::{GrayImage, RgbImage, imageops};

use crate::{AREA, Object, SIZE, Scene};

/// The images of `scenes` in rows of `columns`, without gaps.
pub fn image_sheet(scenes: &[Scene], columns: usize) -> RgbImage {
    let [width, height] = sheet_size(scenes.len(), columns);
    let mut sheet = RgbImage::new(width, height);
    for (i, scene) in scenes.iter().enumerate() {
        let [x, y] = corner(i, columns);
        imageops::replace(&mut sheet, &scene.image, i64::from(x), i64::from(y));
    }
    sheet
}

/// The masks of `scenes` in rows of `columns`: 0 is no object, 80, 160 and 240 are the first, second and third.
pub fn mask_sheet(scenes: &[Scene], columns: usize) -> GrayImage {
    let [width, height] = sheet_size(scenes.len(), columns);
    let mut sheet = GrayImage::new(width, height);
    for (i, scene) in scenes.iter().enumerate() {
        let [x, y] = corner(i, columns);
        for (grey, object) in GREYS.into_iter().zip(&scene.objects) {
            for j in (0..AREA).filter(|&j| object.mask[j]) {
                sheet.put_pixel(x + (j % SIZE) as u32, y + (j / SIZE) as u32, image::Luma([grey]));
            }
        }
    }
    sheet
}

/// The grey levels of the first, second and third object.
const GREYS: [u8; 3] = [80, 160, 240];

/// Image `i` of a sheet.
pub fn image_from(sheet: &RgbImage, i: usize, columns: usize) -> RgbImage {
    let [x, y] = corner(i, columns);
    imageops::crop_imm(sheet, x, y, SIZE as u32, SIZE as u32).to_image()
}

/// The objects of image `i` of a sheet of masks.
pub fn objects_from(sheet: &GrayImage, i: usize, columns: usize) -> Vec<Object> {
    let [x, y] = corner(i, columns);
    let tile = imageops::crop_imm(sheet, x, y, SIZE as u32, SIZE as u32).to_image();
    let object = |grey| Object::new(tile.pixels().map(|pixel| pixel[0] == grey).collect());
    GREYS.into_iter().map(object).filter(|object| object.mask.contains(&true)).collect()
}

fn sheet_size(count: usize, columns: usize) -> [u32; 2] {
    [columns * SIZE, count.div_ceil(columns) * SIZE].map(|pixels| pixels as u32)
}

fn corner(i: usize, columns: usize) -> [u32; 2] {
    [i % columns * SIZE, i / columns * SIZE].map(|pixels| pixels as u32)
}
