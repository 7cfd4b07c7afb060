//! From rows to images and rows.

use std::io::Cursor;
use std::path::Path;
use std::rc::Rc;

use anyhow::{Context, Error, Result};
use image::{ImageFormat, RgbImage};
use images::Preprocess;
use maps::Map;
use pictures::Photographs;
use pipe::{Boxes, CheckedMaps, Explained, Failures, Progress, Rows, Usage, Writer};

use crate::args::{Args, Mode};
use crate::overlay::{self, Paint};
use crate::sheet::{Place, Sheet};
use crate::{boxes, names};

/// Draws everything that the command line asks for.
///
/// # Errors
///
/// If a table is damaged, an output cannot be written, or more maps failed than allowed.
pub fn render(args: &Args) -> Result<()> {
    let rows = Rows::<Explained>::open(&args.files)?;
    if args.look.boxes && !rows.extra_names().iter().any(|name| name == "boxes") {
        return Err(Usage("--boxes needs a table with a column `boxes`".to_owned()).into());
    }
    let mut run = Run::new(args, rows.extra_names())?;
    for read in rows.with_flaws() {
        let (row, flaw) = read?;
        run.row(row, flaw)?;
    }
    run.finish()
}

/// The channels that a map may have: those of the network's input.
const CHANNELS: usize = 3;

/// Everything that lives as long as the run.
struct Run<'a> {
    args: &'a Args,
    maps: CheckedMaps,
    images: Photographs,
    sheet: Option<Sheet>,
    /// As long as somebody reads it.
    table: Option<Writer<Explained>>,
    failures: Failures,
    progress: Progress,
    read: u64,
    tried: u64,
}

/// A map that is ready to be looked at.
pub struct Drawn {
    image: Option<Rc<RgbImage>>,
    /// The map as it is drawn.
    pub map: RgbImage,
    /// What is to be outlined on it.
    pub boxes: Boxes,
    /// Its colours.
    pub paint: Paint,
}

impl<'a> Run<'a> {
    fn new(args: &'a Args, extra: &[String]) -> Result<Self> {
        let mut columns = extra.to_vec();
        if !columns.iter().any(|name| name == "png") {
            columns.push("png".to_owned());
        }
        Ok(Self {
            args,
            maps: CheckedMaps::default(),
            images: Photographs::new(args.preprocess.as_deref().map(Preprocess::open).transpose()?),
            sheet: args.sheet.as_deref().map(|path| Sheet::new(args, path)).transpose()?,
            table: args.out.as_ref().map(|_| Writer::open(&args.output, &columns)).transpose()?,
            failures: args.errors.failures()?,
            progress: Progress::new("render", 0, "maps").quiet(args.quiet),
            read: 0,
            tried: 0,
        })
    }

    fn row(&mut self, row: Explained, flaw: Option<pipe::Error>) -> Result<()> {
        self.read += 1;
        if let Some(flaw) = flaw {
            self.tried += 1;
            return self.fail(row, "table", Error::new(flaw));
        }
        let place = self.sheet.as_mut().and_then(|sheet| sheet.place(&row));
        if place.is_none() && self.args.out.is_none() {
            return Ok(());
        }
        self.progress.add(1);
        if row.map.is_empty() {
            note_missing(&row);
            return self.write(&row);
        }
        self.tried += 1;
        match self.draw(&row, place.is_some()) {
            Ok(drawn) => self.keep(row, place, drawn),
            Err(error) => self.fail(row, "draw", error),
        }
    }

    /// What failed does not vanish: it is a row without a name in the column `png`.
    fn fail(&mut self, row: Explained, stage: &str, error: Error) -> Result<()> {
        let error = format!("{error:#}");
        self.failures.add(&row.image, &row.method, stage, &error)?;
        self.write(&Explained { reason: format!("{stage}: {error}"), ..row })
    }

    fn write(&mut self, row: &Explained) -> Result<()> {
        let Some(table) = &mut self.table else { return Ok(()) };
        if !is_read(table.write(row).and_then(|()| table.flush()))? {
            self.table = None;
        }
        Ok(())
    }

    /// Draws a row's map, and opens its image where one is needed.
    fn draw(&mut self, row: &Explained, on_sheet: bool) -> Result<Drawn> {
        let look = &self.args.look;
        let map = self.maps.read(row, None)?;
        let map = Map::new(&map.shape, map.data, CHANNELS)?;
        let boxes = if look.boxes { boxes::of(row)? } else { Boxes::default() };
        let needed = on_sheet || look.mode != Mode::Heatmap;
        let open = || self.images.open(&mut self.maps, row, map.size());
        let image = needed.then(open).transpose()?;
        let paint = Paint::new(look, &map);
        Ok(Drawn { map: overlay::draw(look, &map, &paint, image.as_deref()), image, boxes, paint })
    }

    /// Puts a map on the sheet and into its file, then writes its row: a row is a promise that the file is there.
    fn keep(&mut self, mut row: Explained, place: Option<Place>, mut drawn: Drawn) -> Result<()> {
        if let (Some(sheet), Some(place), Some(image)) = (&mut self.sheet, place, &drawn.image) {
            sheet.add(place, &row, image, &drawn)?;
        }
        if let Some(folder) = &self.args.out {
            boxes::draw(&mut drawn.map, &drawn.boxes, 1.0);
            let path = folder.join(names::png(&row.method, &row.image, self.read));
            write_png(&path, &drawn.map)?;
            row.extra.set("png", path.display().to_string());
            self.write(&row)?;
        }
        Ok(())
    }

    fn finish(self) -> Result<()> {
        if let Some(table) = self.table {
            is_read(table.finish())?;
        }
        if let (Some(sheet), Some(path)) = (self.sheet, &self.args.sheet) {
            let more = sheet.more;
            let bytes = sheet.draw(path).with_context(|| path.display().to_string())?;
            write(path, &bytes)?;
            if more {
                let limit = self.args.limit;
                pipe::note(format_args!("{} shows the first {limit} images (--limit)", path.display()));
            }
        }
        self.failures.finish(self.tried)
    }
}

/// A row without a map is what an earlier stage has failed at, and counted: here it is told and passed over. Its place on a
/// sheet stays empty.
fn note_missing(Explained { image, method, reason, .. }: &Explained) {
    let reason = if reason.is_empty() { "no reason is given" } else { reason };
    pipe::note_item(image, &[method], format_args!("no map to draw: {reason}"));
}

/// Whether somebody still reads the table. If not, the images are made all the same: they are what was asked for.
fn is_read(written: Result<()>) -> Result<bool> {
    match written {
        Err(error) if pipe::reader_is_gone(&error) => Ok(false),
        written => written.map(|()| true),
    }
}

fn write_png(path: &Path, image: &RgbImage) -> Result<()> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, ImageFormat::Png)?;
    write(path, bytes.get_ref())
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    pipe::atomic::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}
