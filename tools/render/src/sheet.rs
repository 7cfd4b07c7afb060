//! The contact sheet: a line of tiles for each image, a column for each method.

mod frame;

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use image::imageops::replace;
use image::{Rgb, RgbImage};
use pictures::ClassOf;
use pipe::Explained;

use crate::args::Args;
use crate::captions::{Scores, caption};
use crate::overlay::Paint;
use crate::run::Drawn;
use crate::{boxes, names, text, tile};
use frame::Frame;

/// Pixels between tiles, and around the sheet.
const GAP: u32 = 4;

/// Height of the line of text over the tiles of an image.
const CAPTION: u32 = text::HEIGHT + 2;

/// Pixels that a sheet may have: what an image viewer still opens.
const LARGEST: u64 = 400_000_000;

const WHITE: Rgb<u8> = Rgb([255; 3]);

/// Stands where there is no map.
const NOTHING: Rgb<u8> = Rgb([235; 3]);

/// The tiles of a sheet and what is written beside them.
pub struct Sheet {
    tile: u32,
    limit: usize,
    clip: f64,
    images: Vec<Line>,
    /// Model and method.
    columns: Vec<(String, String)>,
    /// One of each kind in use.
    paints: Vec<Paint>,
    scores: Option<Scores>,
    /// Whether there are more images than shown.
    pub more: bool,
}

/// One image and its maps.
struct Line {
    image: String,
    target: Option<usize>,
    /// In words.
    class: ClassOf,
    photo: Option<RgbImage>,
    /// By column, each with the lines under it.
    maps: BTreeMap<usize, (RgbImage, Vec<String>)>,
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
    /// If the table of `--scores` is damaged.
    pub fn new(args: &Args) -> Result<Self> {
        Ok(Self {
            tile: args.tile,
            limit: args.limit as usize,
            clip: args.look.clip,
            images: Vec::new(),
            columns: Vec::new(),
            paints: Vec::new(),
            scores: args.scores.as_deref().map(Scores::read).transpose()?,
            more: false,
        })
    }

    /// Where a row's map belongs; nothing if the sheet has its images already and this is another one.
    pub fn place(&mut self, row: &Explained) -> Option<Place> {
        let same = |line: &Line| line.image == row.image && line.target == row.target;
        let line = self.images.iter().position(same).unwrap_or(self.images.len());
        if line == self.limit {
            self.more = true;
            return None;
        }
        if line == self.images.len() {
            let (image, target, class) = (row.image.clone(), row.target, ClassOf::of(row));
            self.images.push(Line { image, target, class, photo: None, maps: BTreeMap::new() });
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
    pub fn add(&mut self, place: Place, row: &Explained, image: &RgbImage, drawn: &Drawn) {
        let Drawn { map, boxes, paint, .. } = drawn;
        let shrink = |image| {
            let (mut tile, scale) = tile::fit(image, self.tile);
            boxes::draw(&mut tile, boxes, scale);
            tile
        };
        let columns = (self.tile / text::WIDTH) as usize;
        let scores = self.scores.as_mut().map_or_else(Vec::new, |scores| scores.of(row, columns));
        let (map, line) = (shrink(map), &mut self.images[place.line]);
        if line.photo.is_none() {
            line.photo = Some(shrink(image));
        }
        line.maps.insert(place.column, (map, scores));
        if !self.paints.iter().any(|known| known.looks_like(paint)) {
            self.paints.push(*paint);
        }
    }

    /// Draws the sheet.
    ///
    /// # Errors
    ///
    /// If there is too much on it, or if its scores are of other maps.
    pub fn draw(&self) -> Result<RgbImage> {
        self.scores.as_ref().map_or(Ok(()), Scores::check)?;
        let frame = Frame::new(self);
        let pixels = u64::from(frame.width) * u64::from(frame.height);
        if pixels > LARGEST {
            bail!(
                "a sheet of {} x {} pixels is too large: lower --tile or --limit",
                frame.width,
                frame.height
            );
        }
        let mut image = RgbImage::from_pixel(frame.width, frame.height, WHITE);
        for (column, lines) in frame.headings.iter().enumerate() {
            write_lines(&mut image, (frame.x(column + 1), GAP), lines);
        }
        for (index, line) in self.images.iter().enumerate() {
            self.draw_line(&mut image, &frame, frame.y(index), line);
        }
        self.draw_notes(&mut image, &frame);
        Ok(image)
    }

    fn draw_line(&self, image: &mut RgbImage, frame: &Frame, y: u32, line: &Line) {
        text::write(image, (GAP, y), &caption(&line.class, names::stem(&line.image), frame.columns()));
        let y = y + CAPTION;
        for column in 0..=self.columns.len() {
            let tile = match column {
                0 => line.photo.as_ref(),
                map => line.maps.get(&(map - 1)).map(|(map, _)| map),
            };
            let nothing = RgbImage::from_pixel(self.tile, self.tile, NOTHING);
            let tile = tile.unwrap_or(&nothing);
            let [left, top] = [tile.width(), tile.height()].map(|length| (self.tile - length) / 2);
            replace(image, tile, i64::from(frame.x(column) + left), i64::from(y + top));
        }
        for (column, (_, scores)) in &line.maps {
            write_lines(image, (frame.x(column + 1), y + self.tile), scores);
        }
    }

    /// The colour maps in use, and what holds for all maps.
    fn draw_notes(&self, image: &mut RgbImage, frame: &Frame) {
        let mut y = frame.y(self.images.len());
        for paint in &self.paints {
            let bar = paint.bar(self.tile, text::HEIGHT - 4);
            replace(image, &bar, i64::from(GAP), i64::from(y + 2));
            let ends = if paint.centred { "- 0 +" } else { "low to high" };
            text::write(image, (2 * GAP + self.tile, y), ends);
            y += text::HEIGHT;
        }
        write_lines(image, (GAP, y), &frame.notes);
    }

    fn headings(&self) -> Vec<Vec<String>> {
        let several = self.columns.iter().any(|(model, _)| *model != self.columns[0].0);
        let columns = (self.tile / text::WIDTH) as usize;
        let heading = |(model, method): &(String, String)| {
            let title = if several { format!("{model} {method}") } else { method.clone() };
            text::wrap(&title, columns)
        };
        self.columns.iter().map(heading).collect()
    }

    fn note(&self) -> String {
        let own = "Each map has a scale of its own";
        if self.clip < 100.0 {
            format!("{own}; magnitudes above percentile {} are clipped.", self.clip)
        } else {
            format!("{own}.")
        }
    }
}

fn write_lines(image: &mut RgbImage, (x, y): (u32, u32), lines: &[String]) {
    for (line, y) in lines.iter().zip((y..).step_by(text::HEIGHT as usize)) {
        text::write(image, (x, y), line);
    }
}
