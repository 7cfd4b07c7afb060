//! A figure as an image of pixels.

use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Pixmap, Transform};
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
    Encode(String),
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
    resvg::render(&tree, Transform::from_scale(scale as f32, scale as f32), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| Error::Encode(error.to_string()))
}
