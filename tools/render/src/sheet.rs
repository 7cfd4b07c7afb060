//! The contact sheet: a line of tiles for each image, a column for each method.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Cursor;
use std::path::Path;

use anyhow::{Context, Result, bail};
use figures::{Figure, Line, Picture, Theme, Tile, shared_steps};
use image::{ImageFormat, RgbImage};
use pictures::ClassOf;
use pipe::{Explained, Usage};

use crate::args::{Args, Mode};
use crate::captions::Scores;
use crate::overlay::Paint;
use crate::run::Drawn;
use crate::{boxes, names, tile};

/// Height of a bar of colours.
const BAR: u32 = 8;

/// Pixels that a sheet may have: what an image viewer still opens.
const LARGEST: f64 = 4e8;

/// Pixels of a PNG for each of the sheet: small text stays legible.
const SCALE: f64 = 2.0;

/// The tiles of a sheet and what is written beside them.
pub struct Sheet {
    side: u32,
    limit: usize,
    clip: f64,
    mode: Mode,
    images: Vec<OfImage>,
    /// Model and method.
    columns: Vec<(String, String)>,
    /// One of each kind in use.
    paints: Vec<Paint>,
    scores: Option<Scores>,
    /// Whether there are more images than shown.
    pub more: bool,
}

/// One image and its maps.
struct OfImage {
    image: String,
    target: Option<usize>,
    /// In words.
    class: ClassOf,
    photo: Option<Picture>,
    /// By column.
    maps: BTreeMap<usize, Tile>,
}

/// Where a map belongs: its line and its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    line: usize,
    column: usize,
}

impl Sheet {
    /// Starts with no tiles.
    ///
    /// # Errors
    ///
    /// If the file is called neither `.svg` nor `.png`, or the table of `--scores` is damaged.
    pub fn new(args: &Args, path: &Path) -> Result<Self> {
        is_png(path)?;
        Ok(Self {
            side: args.tile,
            limit: args.limit as usize,
            clip: args.look.clip,
            mode: args.look.mode,
            images: Vec::new(),
            columns: Vec::new(),
            paints: Vec::new(),
            scores: args.scores.as_deref().map(Scores::read).transpose()?,
            more: false,
        })
    }

    /// Where a row's map belongs; nothing if the sheet has its images already and this is another one.
    pub fn place(&mut self, row: &Explained) -> Option<Place> {
        let same = |of: &OfImage| of.image == row.image && of.target == row.target;
        let line = self.images.iter().position(same).unwrap_or(self.images.len());
        if line == self.limit {
            self.more = true;
            return None;
        }
        if line == self.images.len() {
            let (image, target, class) = (row.image.clone(), row.target, ClassOf::of(row));
            self.images.push(OfImage { image, target, class, photo: None, maps: BTreeMap::new() });
        }
        let name = (row.model.clone(), row.method.clone());
        let known = self.columns.iter().position(|column| *column == name);
        let column = known.unwrap_or_else(|| {
            self.columns.push(name);
            self.columns.len() - 1
        });
        Some(Place { line, column })
    }

    /// Adds the image and the map of a row, both at the map's size.
    ///
    /// # Errors
    ///
    /// If a tile cannot be encoded.
    pub fn add(&mut self, place: Place, row: &Explained, image: &RgbImage, drawn: &Drawn) -> Result<()> {
        let Drawn { map, boxes, paint, .. } = drawn;
        let shrink = |image| {
            let (mut tile, scale) = tile::fit(image, self.side);
            boxes::draw(&mut tile, boxes, scale);
            picture(&tile)
        };
        let caption = self.scores.as_mut().map_or_else(Vec::new, |scores| scores.of(row));
        let (map, of) = (shrink(map)?, &mut self.images[place.line]);
        if of.photo.is_none() {
            of.photo = Some(shrink(image)?);
        }
        of.maps.insert(place.column, Tile { picture: Some(map), caption });
        if !self.paints.iter().any(|known| known.looks_like(paint)) {
            self.paints.push(*paint);
        }
        Ok(())
    }

    /// Draws the sheet; the bytes of the file that it is to go into.
    ///
    /// # Errors
    ///
    /// If there is too much on it, or if its scores are of other maps.
    pub fn draw(self, path: &Path) -> Result<Vec<u8>> {
        self.scores.as_ref().map_or(Ok(()), Scores::check)?;
        let lines = self.images.len() as f64 * f64::from(self.side);
        let width = (1 + self.columns.len()) as f64 * f64::from(self.side);
        if lines * width * SCALE * SCALE > LARGEST {
            bail!("a sheet of {width} x {lines} pixels is too large: lower --tile or --limit");
        }
        let figure = self.figure()?;
        if is_png(path)? {
            return figure.png(SCALE).context("lower --tile or --limit");
        }
        Ok(figure.svg(Theme::Paper).into_bytes())
    }

    fn figure(self) -> Result<Figure> {
        let several = self.columns.iter().any(|(model, _)| *model != self.columns[0].0);
        let methods: Vec<&str> = self.columns.iter().map(|(_, method)| method.as_str()).collect();
        let steps = shared_steps(&methods).to_owned();
        let heading = |(model, method): &(String, String)| {
            let method = method.strip_suffix(&steps).unwrap_or(method);
            if several { format!("{model} {method}") } else { method.to_owned() }
        };
        let columns = ["image".to_owned()].into_iter().chain(self.columns.iter().map(heading)).collect();
        let mut notes = Vec::new();
        for paint in self.paints.iter().filter(|_| self.mode != Mode::Transparency) {
            let meaning = if paint.centred { "below zero, zero, above" } else { "low to high" };
            notes.push((Some(picture(&paint.bar(self.side, BAR))?), meaning.to_owned()));
        }
        notes.push((None, self.note()));
        if !steps.is_empty() {
            notes.push((None, format!("All methods: {steps}")));
        }
        let count = self.columns.len();
        let lines = self.images.into_iter().map(|of| of.line(count)).collect();
        Ok(figures::sheet(&figures::Sheet { columns, lines, notes, side: f64::from(self.side) }))
    }

    fn note(&self) -> String {
        let own = match self.mode {
            Mode::Overlay | Mode::Heatmap => "Each map has a scale of its own",
            Mode::Transparency => "The whiter the less relevant; each map has a scale of its own",
            Mode::Contour => "Lines at a quarter, a half and three quarters of each map's own scale",
        };
        if self.clip < 100.0 {
            format!("{own}; magnitudes above percentile {} are clipped.", self.clip)
        } else {
            format!("{own}.")
        }
    }
}

impl OfImage {
    fn line(mut self, columns: usize) -> Line {
        let photo = Tile { picture: self.photo.take(), caption: Vec::new() };
        let maps = (0..columns).map(|column| self.maps.remove(&column).unwrap_or_default());
        let label = [names::stem(&self.image), &self.class.name, self.class.score.trim()];
        let label = label.into_iter().filter(|text| !text.is_empty()).map(str::to_owned).collect();
        Line { label, tiles: [photo].into_iter().chain(maps).collect() }
    }
}

/// Whether a name asks for pixels, and not for an SVG.
fn is_png(path: &Path) -> Result<bool> {
    match path.extension().and_then(OsStr::to_str).map(str::to_ascii_lowercase).as_deref() {
        Some("png") => Ok(true),
        Some("svg") => Ok(false),
        _ => Err(Usage(format!("--sheet {}: a sheet is called .svg or .png", path.display())).into()),
    }
}

fn picture(image: &RgbImage) -> Result<Picture> {
    let mut png = Cursor::new(Vec::new());
    image.write_to(&mut png, ImageFormat::Png)?;
    Ok(Picture { png: png.into_inner(), size: [image.width(), image.height()].map(f64::from) })
}
