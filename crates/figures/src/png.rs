//! A figure as an image of pixels.

use std::sync::{Arc, LazyLock};

use png::{BitDepth, ColorType, Compression, Encoder};
use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::{self, Options, Tree, fontdb::Database};

use crate::font;

/// Why there is no image.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The renderer does not read what was drawn.
    #[error("the figure cannot be read: {0}")]
    Svg(#[from] usvg::Error),
    /// More pixels than there is memory for.
    #[error("the figure would have {0} x {1} pixels")]
    Size(f64, f64),
    /// The image cannot be written.
    #[error("the figure cannot be encoded: {0}")]
    Encode(#[from] png::EncodingError),
}

/// Pixels of a side above which no image is made.
const SIDE: f64 = 32_000.0;

static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    fonts.load_font_data(font::BYTES.to_vec());
    Arc::new(fonts)
});

/// What the renderer makes of an SVG, by the embedded font alone.
///
/// # Errors
///
/// If it is none.
pub fn tree(svg: &str) -> Result<Tree, usvg::Error> {
    let options =
        Options { fontdb: FONTS.clone(), font_family: "DejaVu Sans".to_owned(), ..Options::default() };
    Tree::from_str(svg, &options)
}

/// The bytes of a PNG with `scale` pixels for each of the SVG's.
///
/// # Errors
///
/// If it would be larger than 32,000 pixels along a side.
pub fn png(svg: &str, scale: f64) -> Result<Vec<u8>, Error> {
    let tree = tree(svg)?;
    let [width, height] =
        [tree.size().width(), tree.size().height()].map(|side| (f64::from(side) * scale).ceil());
    let fits = |side: f64| (1.0..=SIDE).contains(&side);
    let pixels = (fits(width) && fits(height)).then(|| Pixmap::new(width as u32, height as u32)).flatten();
    let mut pixels = pixels.ok_or(Error::Size(width, height))?;
    pixels.fill(Color::WHITE);
    resvg::render(&tree, Transform::from_scale(scale as f32, scale as f32), &mut pixels.as_mut());
    encoded(&pixels)
}

/// The fast compression is the encoder's own: any other one is of a library whose bytes depend on what else a program is built with.
fn encoded(pixels: &Pixmap) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, pixels.width(), pixels.height());
    encoder.set_color(ColorType::Rgb);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Fast);
    // Nothing shines through white.
    let colors: Vec<u8> =
        pixels.pixels().iter().flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue()]).collect();
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&colors)?;
    writer.finish()?;
    Ok(bytes)
}
