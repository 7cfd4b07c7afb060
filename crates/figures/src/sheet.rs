//! Contact sheets: images in rows, methods in columns.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::canvas::{Anchor, Canvas};
use crate::figure::{Figure, Numbers};
use crate::font;
use crate::paint::Paint;
use crate::panel::{LEADING, Panel, SMALL, arrange};

/// Room between tiles.
const GAP: f64 = 6.0;
/// Height of a line of text.
const LINE: f64 = SMALL * LEADING;

/// A picture of a sheet.
#[derive(Clone, Debug)]
pub struct Picture {
    /// The bytes of a PNG.
    pub png: Vec<u8>,
    /// Its width and height on the sheet.
    pub size: [f64; 2],
}

/// A place of a sheet.
#[derive(Clone, Debug, Default)]
pub struct Tile {
    /// What is there; an empty place without.
    pub picture: Option<Picture>,
    /// Lines below it, each a name, which is cut where the tile is too narrow, and a value, which is not.
    pub caption: Vec<[String; 2]>,
}

/// A line of tiles.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// What it is of, in lines before the tiles.
    pub label: Vec<String>,
    /// One for each column; a line may end early.
    pub tiles: Vec<Tile>,
}

/// What is to be drawn.
#[derive(Clone, Debug, Default)]
pub struct Sheet {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// The lines.
    pub lines: Vec<Line>,
    /// Below all of them: a picture, such as a bar of colours, and what it means.
    pub notes: Vec<(Option<Picture>, String)>,
    /// Side of a tile.
    pub side: f64,
}

/// Lines of pictures under the names of their columns, before each what it is of.
pub fn sheet(sheet: &Sheet) -> Figure {
    let description = format!("{} lines of {} pictures.", sheet.lines.len(), sheet.columns.len());
    let tiles = Panel::new([], sheet.tiles());
    Figure::new("Contact sheet", description, arrange(vec![tiles], sheet.legend()), sheet.numbers())
}

impl Sheet {
    fn tiles(&self) -> Canvas {
        let headings: Vec<Vec<String>> = self.columns.iter().map(|name| wrapped(name, self.side)).collect();
        let label = |line: &Line| line.label.iter().flat_map(|text| wrapped(text, 1.5 * self.side)).collect();
        let labels: Vec<Vec<String>> = self.lines.iter().map(label).collect();
        let left = font::widest(labels.iter().flatten().map(String::as_str), SMALL) + 10.0;
        let top = headings.iter().map(Vec::len).max().unwrap_or_default() as f64 * LINE + 4.0;
        let heights: Vec<f64> =
            self.lines.iter().zip(&labels).map(|(line, label)| self.height(line, label)).collect();
        let x = |column: usize| left + column as f64 * (self.side + GAP);
        let mut canvas = Canvas::new(x(self.columns.len()), top + heights.iter().sum::<f64>());
        for (column, heading) in headings.iter().enumerate() {
            let first = top - 4.0 - (heading.len() as f64 - 0.5) * LINE;
            write(&mut canvas, heading, [x(column) + self.side / 2.0, first], Anchor::Middle);
        }
        let mut y = top;
        for ((line, label), height) in self.lines.iter().zip(&labels).zip(&heights) {
            write(&mut canvas, label, [left - 10.0, y + LINE / 2.0], Anchor::End);
            for (column, tile) in line.tiles.iter().enumerate() {
                tile.draw(&mut canvas, [x(column), y], self.side);
            }
            y += height;
        }
        canvas
    }

    fn height(&self, line: &Line, label: &[String]) -> f64 {
        let below = line.tiles.iter().map(|tile| tile.caption.len()).max().unwrap_or_default();
        (self.side + below as f64 * LINE).max(label.len() as f64 * LINE) + 8.0
    }

    fn legend(&self) -> Option<Canvas> {
        let left = |picture: &Option<Picture>| picture.as_ref().map_or(0.0, |picture| picture.size[0] + 8.0);
        let width = |(picture, text): &(Option<Picture>, String)| left(picture) + font::width(text, SMALL);
        let widest = self.notes.iter().map(width).fold(0.0, f64::max);
        let mut canvas = Canvas::new(widest, self.notes.len() as f64 * LINE);
        for (at, (picture, text)) in self.notes.iter().enumerate() {
            let y = at as f64 * LINE;
            if let Some(picture) = picture {
                picture.draw(&mut canvas, [0.0, y + (LINE - picture.size[1]) / 2.0]);
            }
            canvas.text([left(picture), y + LINE / 2.0], text, SMALL, Anchor::Start, Paint::Muted);
        }
        (!self.notes.is_empty()).then_some(canvas)
    }

    fn numbers(&self) -> Numbers {
        let mut numbers = Numbers::new(&["line", "column", "name", "value"]);
        for line in &self.lines {
            for (tile, column) in line.tiles.iter().zip(&self.columns) {
                let row = |[name, value]: &[String; 2]| {
                    vec![line.label.join(" "), column.clone(), name.clone(), value.clone()]
                };
                numbers.rows.extend(tile.caption.iter().map(row));
            }
        }
        numbers
    }
}

impl Picture {
    fn draw(&self, canvas: &mut Canvas, corner: [f64; 2]) {
        canvas.image(corner, self.size, format!("data:image/png;base64,{}", STANDARD.encode(&self.png)));
    }
}

impl Tile {
    fn draw(&self, canvas: &mut Canvas, [x, y]: [f64; 2], side: f64) {
        match &self.picture {
            Some(picture) => {
                let [width, height] = picture.size;
                picture.draw(canvas, [x + (side - width) / 2.0, y + (side - height) / 2.0]);
            }
            None => canvas.rect([x, y], [side; 2], Paint::Grid, None),
        }
        for (at, [name, value]) in self.caption.iter().enumerate() {
            let middle = [x + side / 2.0, y + side + (at as f64 + 0.5) * LINE];
            canvas.text(middle, with_end(name, value, side), SMALL, Anchor::Middle, Paint::Muted);
        }
    }
}

fn write(canvas: &mut Canvas, texts: &[String], [x, y]: [f64; 2], anchor: Anchor) {
    for (at, text) in texts.iter().enumerate() {
        canvas.text([x, y + at as f64 * LINE], text, SMALL, anchor, Paint::Ink);
    }
}

/// Lines no wider than `width`, broken behind `/ , : + - _` and spaces where that is possible.
fn wrapped(text: &str, width: f64) -> Vec<String> {
    let (mut lines, mut line, mut good) = (Vec::new(), String::new(), 0);
    for letter in text.chars() {
        line.push(letter);
        if font::width(&line, SMALL) > width && line.chars().count() > 1 {
            let cut = if good > 0 { good } else { line.len() - letter.len_utf8() };
            let rest = line.split_off(cut);
            lines.push(std::mem::replace(&mut line, rest));
            good = 0;
        }
        if matches!(letter, '/' | ',' | ':' | '+' | '-' | '_' | ' ') {
            good = line.len();
        }
    }
    lines.push(line);
    lines
}

/// A name, its end replaced by an ellipsis if it is too wide, and what must stay behind it.
fn with_end(name: &str, end: &str, width: f64) -> String {
    let whole = |name: &str| if end.is_empty() { name.to_owned() } else { format!("{name} {end}") };
    let mut letters: Vec<char> = name.chars().collect();
    let mut text = whole(name);
    while font::width(&text, SMALL) > width && letters.pop().is_some() {
        text = whole(&(letters.iter().collect::<String>() + "…"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_not_cut() {
        assert_eq!(with_end("pos", "0.625", 100.0), "pos 0.625");
        let cut = with_end("insertion:fill=blur", "0.625", 80.0);
        assert!(cut.starts_with("inser") && cut.ends_with("… 0.625"), "{cut}");
        assert!(with_end("insertion", "0.625", 1.0).ends_with("0.625"));
    }

    #[test]
    fn lines_break_behind_punctuation() {
        assert_eq!(wrapped("gradcam", 200.0), ["gradcam"]);
        assert_eq!(wrapped("rise:masks=400,p=0.5", 100.0), ["rise:masks=400,", "p=0.5"]);
        assert_eq!(wrapped("", 50.0), [""]);
        assert_eq!(wrapped("ab", 0.0), ["a", "b"]);
    }
}
