//! Images at the size of a tile.

use image::RgbImage;
use image::imageops::{FilterType, resize};

/// Enlarges or shrinks an image so that its longer side is `side` pixels; also by how much.
pub fn fit(image: &RgbImage, side: u32) -> (RgbImage, f64) {
    let longer = image.width().max(image.height()).max(1);
    let scale = f64::from(side) / f64::from(longer);
    let length = |pixels: u32| ((f64::from(pixels) * scale).round() as u32).max(1);
    // Pixels of a small map stay visible as squares.
    let filter = if scale > 1.0 { FilterType::Nearest } else { FilterType::Triangle };
    (resize(image, length(image.width()), length(image.height()), filter), scale)
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    #[test]
    fn the_longer_side_fits() {
        for (size, side, expected) in
            [((200, 100), 50, (50, 25)), ((3, 9), 90, (30, 90)), ((1000, 1), 32, (32, 1))]
        {
            let (tile, _) = fit(&RgbImage::new(size.0, size.1), side);
            assert_eq!(tile.dimensions(), expected);
        }
    }

    #[test]
    fn pixels_become_squares() {
        let mut image = RgbImage::new(2, 2);
        image.put_pixel(1, 0, Rgb([9; 3]));
        let (tile, scale) = fit(&image, 4);
        assert_eq!(scale, 2.0);
        let lit: Vec<(u32, u32)> = tile
            .enumerate_pixels()
            .filter(|(_, _, pixel)| pixel.0 == [9; 3])
            .map(|(x, y, _)| (x, y))
            .collect();
        assert_eq!(lit, [(2, 0), (3, 0), (2, 1), (3, 1)]);
    }
}
