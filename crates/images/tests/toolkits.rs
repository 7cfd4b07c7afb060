//! Blurs, crops and interpolated images against Pillow, PyTorch and SciPy (`testdata/perturbation/generate_images.py`).

use images::{Blur, Fill, Preprocess, bokeh, enlarge};
use testing::{Tolerance, assert_close, golden};

const SIDE: usize = 40;
const SIZE: [usize; 2] = [SIDE, SIDE];

fn reference(name: &str) -> Vec<f32> {
    golden::array(format!("perturbation/{name}.npy")).data
}

/// Bytes, in whole numbers.
fn bytes(name: &str) -> Vec<u8> {
    reference(name).into_iter().map(|value| value as u8).collect()
}

fn paint(fill: Fill) -> Vec<f32> {
    let preprocess = Preprocess::preset("imagenet-keep").unwrap();
    let pixels = preprocess.normalise_bytes(&bytes("photo"));
    fill.paint(&pixels, SIZE, &preprocess, 0, "").unwrap()
}

#[test]
fn pillow_blurs_to_the_bit() {
    let preprocess = Preprocess::preset("imagenet-keep").unwrap();
    for (radius, expected) in [10, 3, 1].into_iter().zip(bytes("pil_blur").chunks(3 * SIDE * SIDE)) {
        assert_eq!(preprocess.bytes(&paint(Fill::Boxes { radius })), expected, "{radius}");
    }
}

#[test]
fn torch_weighs_with_zeros_around() {
    let fills = [Fill::Folded(Blur { kernel: 11, sigma: 5.0 }), Fill::Box { side: 0 }];
    for (fill, expected) in fills.into_iter().zip(reference("weighed").chunks(3 * SIDE * SIDE)) {
        assert_close(&paint(fill), expected, Tolerance::new(1e-6, 1e-6));
    }
    assert_eq!(paint(Fill::Box { side: 9 }), paint(Fill::Box { side: 0 }));
}

#[test]
fn pillow_crops_to_the_bit() {
    let windows = [[3..35, 10..31], [20..21, 0..40], [31..40, 33..36], [5..6, 7..8], [0..40, 0..39]];
    for (window, expected) in windows.into_iter().zip(bytes("crops").chunks(3 * SIDE * SIDE)) {
        assert_eq!(enlarge(&bytes("photo"), SIZE, window.clone()), expected, "{window:?}");
    }
}

/// Where the triangulation is unique, only a half may be rounded the other way, since SciPy divides first.
#[test]
fn scipy_interpolates_the_same() {
    let known = bytes("bokeh_known");
    for (known, expected) in known.chunks(SIDE * SIDE).zip(bytes("bokeh").chunks(3 * SIDE * SIDE)) {
        let known: Vec<bool> = known.iter().map(|&known| known == 1).collect();
        let painted = bokeh::paint(&bytes("photo"), SIZE, &known);
        let differ = painted.iter().zip(expected).filter(|(a, b)| a != b).count();
        let worst = painted.iter().zip(expected).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(differ <= 10 && worst <= Some(1), "{differ} bytes differ, by up to {worst:?}");
    }
}

/// A tenth of the pixels of a grid: many of them are corners of rectangles, whose diagonal is the library's choice.
#[test]
fn a_usual_choice_of_pixels_is_interpolated_alike() {
    let known: Vec<bool> = bytes("bokeh_usual_known").iter().map(|&known| known == 1).collect();
    let (painted, expected) = (bokeh::paint(&bytes("photo"), SIZE, &known), bytes("bokeh_usual"));
    let difference: u32 = painted.iter().zip(&expected).map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
    let same = painted.iter().zip(&expected).filter(|(a, b)| a == b).count();
    let (mean, same) = (f64::from(difference) / painted.len() as f64, same as f64 / painted.len() as f64);
    assert!(mean < 1.0 && same > 0.8, "{mean} levels apart, {same} of all bytes are the same");
}
