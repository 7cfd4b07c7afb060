//! A window of an image with a black frame (the usual shift of CIFAR images: He et al. 2015, section 4.2).

/// The window whose first pixel is at `corner` (row, column) of an image `(c, h, w)` with `padding` black pixels on all sides;
/// it has the image's own size.
pub fn padded(pixels: &[f32], [c, h, w]: [usize; 3], padding: usize, [top, left]: [usize; 2]) -> Vec<f32> {
    let mut window = vec![0.0; pixels.len()];
    // Columns of the window that show the image.
    let (from, to) = (padding.saturating_sub(left), (w + padding).saturating_sub(left).min(w));
    for plane in 0..c {
        for y in 0..h {
            let row = (y + top).checked_sub(padding).filter(|row| *row < h);
            let Some(row) = row.filter(|_| from < to) else { continue };
            let source = (plane * h + row) * w + from + left - padding;
            window[(plane * h + y) * w..][from..to].copy_from_slice(&pixels[source..][..to - from]);
        }
    }
    window
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_the_image_in_the_middle_and_black_outside() {
        let (image, size) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1, 2, 3]);
        let window = |corner| padded(&image, size, 1, corner);
        assert_eq!(window([1, 1]), image);
        assert_eq!(window([0, 0]), [0.0, 0.0, 0.0, 0.0, 1.0, 2.0]);
        assert_eq!(window([2, 2]), [5.0, 6.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(window([1, 2]), [2.0, 3.0, 0.0, 5.0, 6.0, 0.0]);
        assert_eq!(padded(&image, size, 4, [0, 0]), [0.0; 6]);
        assert_eq!(padded(&image, size, 4, [8, 8]), [0.0; 6]);
    }
}
