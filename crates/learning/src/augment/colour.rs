//! Other brightness, contrast and saturation, as torchvision's `adjust_*` on float images.

/// Red, green and blue in the brightness of a pixel, as torchvision rounds them.
const GREY: [f32; 3] = [0.2989, 0.587, 0.114];

/// Multiplies brightness, then contrast, then saturation of planes of red, green and blue `(3, h, w)` in 0..1 by these factors, and
/// cuts what leaves 0..1 after each. Contrast is the distance from the mean brightness of the image, saturation that from a pixel's own.
/// Images of other numbers of planes stay as they are but for their brightness.
pub fn adjust(
    pixels: &mut [f32],
    [channels, h, w]: [usize; 3],
    [brightness, contrast, saturation]: [f32; 3],
) {
    for pixel in pixels.iter_mut() {
        *pixel = (*pixel * brightness).clamp(0.0, 1.0);
    }
    if channels != 3 {
        return;
    }
    let mean = grey(pixels, h * w).iter().map(|&level| f64::from(level)).sum::<f64>() / (h * w) as f64;
    for pixel in pixels.iter_mut() {
        *pixel = blend(*pixel, mean as f32, contrast);
    }
    let grey = grey(pixels, h * w);
    for plane in pixels.chunks_mut(h * w) {
        plane.iter_mut().zip(&grey).for_each(|(pixel, &level)| *pixel = blend(*pixel, level, saturation));
    }
}

fn blend(pixel: f32, centre: f32, factor: f32) -> f32 {
    (factor * pixel + (1.0 - factor) * centre).clamp(0.0, 1.0)
}

fn grey(pixels: &[f32], area: usize) -> Vec<f32> {
    (0..area).map(|at| (0..3).map(|c| GREY[c] * pixels[c * area + at]).sum()).collect()
}
