//! Contact sheets: images in rows, methods in columns.

use crate::canvas::{Anchor, Canvas};
use crate::figure::{Figure, Numbers};
use crate::font;
use crate::paint::Paint;
use crate::panel::{LEADING, Panel, SMALL, arrange};

/// One picture of a sheet.
#[derive(Clone, Debug, Default)]
pub struct Tile {
    /// The picture as a `data:` address; nothing where there is none.
    pub picture: String,
    /// Lines below it, such as a score.
    pub caption: Vec<String>,
}

/// Rows of pictures under the names of their columns; before each row what it is of. A row that is shorter ends early.
pub fn sheet(columns: &[String], rows: &[(Vec<String>, Vec<Tile>)], side: f64) -> Figure {
    let mut numbers = Numbers::new(&["row", "column", "caption"]);
    let headings: Vec<Vec<String>> = columns.iter().map(|name| wrapped(name, side)).collect();
    let labels: Vec<Vec<String>> = rows
        .iter()
        .map(|(label, _)| label.iter().flat_map(|line| wrapped(line, 1.4 * side)).collect())
        .collect();
    let line = SMALL * LEADING;
    let left = font::widest(labels.iter().flatten().map(String::as_str), SMALL) + 10.0;
    let top = headings.iter().map(Vec::len).max().unwrap_or_default() as f64 * line + 4.0;
    let captions = |tiles: &[Tile]| tiles.iter().map(|tile| tile.caption.len()).max().unwrap_or_default();
    let heights: Vec<f64> = rows
        .iter()
        .zip(&labels)
        .map(|((_, tiles), label)| {
            (side + captions(tiles) as f64 * line).max(label.len() as f64 * line) + 8.0
        })
        .collect();
    let mut canvas =
        Canvas::new(left + columns.len() as f64 * (side + 6.0), top + heights.iter().sum::<f64>());
    for (at, heading) in headings.iter().enumerate() {
        let middle = left + at as f64 * (side + 6.0) + side / 2.0;
        let first = top - 4.0 - (heading.len() as f64 - 0.5) * line;
        lines(&mut canvas, heading, [middle, first], Anchor::Middle, Paint::Ink);
    }
    let mut y = top;
    for (((label, tiles), words), height) in rows.iter().zip(&labels).zip(&heights) {
        lines(&mut canvas, words, [left - 10.0, y + line / 2.0], Anchor::End, Paint::Ink);
        for ((at, tile), column) in tiles.iter().enumerate().zip(columns) {
            let x = left + at as f64 * (side + 6.0);
            tile.draw(&mut canvas, [x, y], side);
            numbers.rows.push(vec![label.join(" "), column.clone(), tile.caption.join(" ")]);
        }
        y += height;
    }
    let description = format!("{} rows of {} pictures.", rows.len(), columns.len());
    Figure::new("Contact sheet", description, arrange(vec![Panel::new([], canvas)], []), numbers)
}

impl Tile {
    fn draw(&self, canvas: &mut Canvas, [x, y]: [f64; 2], side: f64) {
        if self.picture.is_empty() {
            canvas.rect([x, y], [side; 2], Paint::Grid, None);
        } else {
            canvas.image([x, y], [side; 2], self.picture.clone());
        }
        for (at, text) in self.caption.iter().enumerate() {
            let place = [x + side / 2.0, y + side + (at as f64 + 0.5) * SMALL * LEADING];
            canvas.text(place, fitted(text, side), SMALL, Anchor::Middle, Paint::Muted);
        }
    }
}

fn lines(canvas: &mut Canvas, texts: &[String], [x, y]: [f64; 2], anchor: Anchor, paint: Paint) {
    for (at, text) in texts.iter().enumerate() {
        canvas.text([x, y + at as f64 * SMALL * LEADING], text, SMALL, anchor, paint);
    }
}

/// Lines no wider than `width`, broken behind `/ , : + - _ =` and spaces where that is possible.
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
        if matches!(letter, '/' | ',' | ':' | '+' | '-' | '_' | '=' | ' ') {
            good = line.len();
        }
    }
    lines.push(line);
    lines
}

/// The text, its end replaced by an ellipsis if it is wider than a picture.
fn fitted(text: &str, width: f64) -> String {
    if font::width(text, SMALL) <= width {
        return text.to_owned();
    }
    let mut letters: Vec<char> = text.chars().collect();
    while letters.pop().is_some() {
        let shorter = letters.iter().collect::<String>() + "…";
        if font::width(&shorter, SMALL) <= width {
            return shorter;
        }
    }
    String::new()
}
