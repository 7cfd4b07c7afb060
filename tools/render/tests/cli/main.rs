//! `render` as a shell sees it. The expected colours are worked out by hand beside each test.

mod failures;
mod images;
mod sheet;

use std::path::Path;

use image::{Rgb, RgbImage};
use pipe::npy::write_file;
use testing::{Output, WorkDir};

const RENDER: &str = env!("CARGO_BIN_EXE_render");
const HEADER: &str = "image,target,model,method,map,map_index\n";

/// A folder with an image of one colour, 3 x 2 pixels.
fn work() -> WorkDir {
    let work = WorkDir::new();
    image(&work, "cat.png", [100, 150, 200], (3, 2));
    work
}

fn image(work: &WorkDir, name: &str, color: [u8; 3], (width, height): (u32, u32)) {
    RgbImage::from_pixel(width, height, Rgb(color)).save(work.join(name)).unwrap();
}

fn map(work: &WorkDir, name: &str, shape: &[usize], data: &[f32]) {
    write_file(&work.join(name), shape, data).unwrap();
}

/// Renders a table of these lines, given on standard input.
fn render(work: &WorkDir, arguments: &str, lines: &[&str]) -> Output {
    let table = format!("{HEADER}{}\n", lines.join("\n"));
    work.run(RENDER, arguments.split_whitespace(), table)
}

fn open(work: &WorkDir, name: impl AsRef<Path>) -> RgbImage {
    image::open(work.join(name)).unwrap().into_rgb8()
}

/// Red, green and blue of all pixels, row by row.
fn pixels(image: &RgbImage) -> Vec<[u8; 3]> {
    image.pixels().map(|pixel| pixel.0).collect()
}

/// Renders one map of the image and reads the PNG.
fn draw(arguments: &str, shape: &[usize], data: &[f32]) -> Vec<[u8; 3]> {
    let work = work();
    map(&work, "a.npy", shape, data);
    render(&work, &format!("-o out {arguments}"), &["cat.png,5,net,ig,a.npy,"]).success();
    let image = open(&work, "out/ig/cat-1.png");
    assert_eq!(
        (image.height() as usize, image.width() as usize),
        (shape[shape.len() - 2], shape[shape.len() - 1])
    );
    pixels(&image)
}

/// The brightness of all pixels of a heat map.
fn grey(arguments: &str, shape: &[usize], data: &[f32]) -> Vec<u8> {
    let pixels = draw(&format!("--mode heatmap --colors gray {arguments}"), shape, data);
    pixels.iter().map(|pixel| pixel[0]).collect()
}

#[test]
fn an_overlay_is_the_mean_of_image_and_map() {
    // Grey is 255 v / 4: 0, 64, 128, 191, 255, rounded. Half of it and half of (100, 150, 200).
    let data = [0.0, 1.0, 2.0, 3.0, 4.0, 0.0];
    let [zero, one, two] = [[50, 75, 100], [82, 107, 132], [114, 139, 164]];
    let [three, four] = [[146, 171, 196], [178, 203, 228]];
    assert_eq!(draw("--colors gray --clip 100", &[2, 3], &data), [zero, one, two, three, four, zero]);
    let image = [[100, 150, 200]; 6];
    assert_eq!(draw("--alpha 0", &[2, 3], &data), image);
    let heat = draw("--alpha 1 --colors jet", &[2, 3], &data);
    assert_eq!(heat, draw("--mode heatmap --colors jet", &[2, 3], &data));
}

#[test]
fn a_signed_map_is_centred_at_zero() {
    let data = [-1.0, 0.0, 2.0, 1.0, -2.0, 0.0];
    assert_eq!(grey("--clip 100", &[2, 3], &data), [64, 128, 255, 191, 0, 128]);
    // The ends of the default are those of coolwarm; its middle is between its stops 25 and 26.
    let usual = draw("--mode heatmap --clip 100", &[2, 3], &data);
    assert_eq!((usual[4], usual[2]), ([0x3b, 0x4c, 0xc0], [0xb4, 0x04, 0x26]));
    assert_eq!(usual[1], [0xdd, 0xdc, 0xdd]);
}

#[test]
fn a_map_without_negative_values_is_spread_from_its_least() {
    let data = [0.5, 0.75, 1.0, 1.0, 0.5, 0.5];
    assert_eq!(grey("--clip 100", &[2, 3], &data), [0, 128, 255, 255, 0, 0]);
    let usual = draw("--mode heatmap", &[2, 3], &data);
    assert_eq!((usual[0], usual[2]), ([0, 0, 4], [0xfc, 0xff, 0xa4]));
    // A diverging colour map keeps its middle for zero: 0.5 is half way up.
    let diverging = draw("--mode heatmap --colors coolwarm --clip 100", &[2, 3], &data);
    assert_eq!(diverging[2], [0xb4, 0x04, 0x26]);
    assert_ne!(diverging[0], [0x3b, 0x4c, 0xc0]);
}

#[test]
fn magnitudes_above_the_percentile_are_clipped() {
    // The median of the magnitudes is 2.5, so v becomes 255 (v + 2.5) / 5: 229.5 for 2, 76.5 for -1.
    let data = [-5.0, 0.0, 2.0, 3.0, 4.0, -1.0];
    assert_eq!(grey("--clip 50", &[2, 3], &data), [0, 128, 230, 255, 255, 77]);
}

#[test]
fn channels_are_summed() {
    let first = [1.0, 0.0, 3.0, 0.0, 0.0, 0.0];
    let second = [-1.0, 0.0, -1.0, 1.0, 0.0, 0.0];
    let channels = [first, second, [0.0; 6]].concat();
    assert_eq!(grey("--clip 100", &[3, 2, 3], &channels), [0, 0, 255, 128, 0, 0]);
}

#[test]
fn a_constant_map_is_flat() {
    for value in [0.0, 0.7, -0.7] {
        let tile = draw("", &[2, 3], &[value; 6]);
        assert!(tile.iter().all(|pixel| *pixel == tile[0]), "{value}");
    }
}

#[test]
fn a_heatmap_needs_no_image() {
    let work = WorkDir::new();
    map(&work, "a.npy", &[4, 5], &[1.0; 20]);
    render(&work, "-o out --mode heatmap", &["gone.png,5,net,ig,a.npy,"]).success();
    assert_eq!(open(&work, "out/ig/gone-1.png").dimensions(), (5, 4));
}

#[test]
fn boxes_are_outlines() {
    let work = WorkDir::new();
    map(&work, "a.npy", &[8, 8], &[1.0; 64]);
    let table = |boxes: &str| format!("image,target,method,map,boxes\ncat.png,5,ig,a.npy,{boxes}\n");
    let arguments = ["-o", "out", "--mode", "heatmap", "--boxes"];
    work.run(RENDER, arguments, table("1 2 7 8;-5 -5 1 1")).success();
    let image = open(&work, "out/ig/cat-1.png");
    let at = |x, y| image.get_pixel(x, y).0;
    assert_eq!([at(1, 2), at(6, 7), at(0, 0), at(2, 3)], [[255; 3], [255; 3], [255; 3], [0; 3]]);
    assert_eq!([at(3, 4), at(0, 2), at(7, 7)], [[0, 0, 4]; 3]);
    let message = work.run(RENDER, arguments, table("1 2 3")).failure(1);
    assert!(message.contains(r#"boxes "1 2 3""#), "{message}");
    work.run(RENDER, arguments, table("")).success();
}

/// White where nothing is relevant, the image (100, 150, 200) where the map is highest.
#[test]
fn a_transparency_is_the_image_where_it_is_relevant() {
    let data = [0.0, 1.0, 2.0, 3.0, 4.0, 0.0];
    let drawn = draw("--mode transparency --clip 100", &[2, 3], &data);
    assert_eq!([drawn[0], drawn[2], drawn[4]], [[255; 3], [178, 203, 228], [100, 150, 200]]);
    let signed = [-4.0, 0.0, 4.0, 0.0, 0.0, 0.0];
    let drawn = draw("--mode transparency --clip 100", &[2, 3], &signed);
    assert_eq!([drawn[0], drawn[1], drawn[2]], [[100, 150, 200], [255; 3], [100, 150, 200]]);
}

/// Lines where the map passes a quarter, a half or three quarters of its scale, in the colour of the higher side.
#[test]
fn a_contour_runs_between_levels() {
    let data = [0.0, 0.0, 4.0, 0.0, 0.0, 4.0];
    let [image, line] = [[100, 150, 200], [0xfc, 0xff, 0xa4]];
    let drawn = draw("--mode contour --clip 100", &[2, 3], &data);
    assert_eq!(drawn, [image, line, image, image, line, image]);
    assert_eq!(draw("--mode contour", &[2, 3], &[1.0; 6]), [image; 6]);
}
