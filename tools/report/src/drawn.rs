//! Figures as parts of the page.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use figures::{Figure, Part, Theme};
use serde::Serialize;

/// A figure as the template takes it.
#[derive(Debug, Serialize)]
pub struct Drawing {
    title: String,
    description: String,
    /// What all panels share, such as the names of the lines.
    shared: Vec<Panel>,
    panels: Vec<Panel>,
    /// Panels behind a click, where there are many.
    more: Vec<Panel>,
    /// Name of the files to save, without the ending.
    name: &'static str,
    svg: String,
    csv: String,
    columns: Vec<&'static str>,
    rows: Vec<Vec<String>>,
    numbers: usize,
}

#[derive(Debug, Serialize)]
struct Panel {
    title: String,
    width: f64,
    svg: String,
}

/// Panels that are shown at once, where there are more than one more.
const AT_ONCE: usize = 6;
/// Rows of numbers that the page shows as a table; more are in the CSV file alone.
const ROWS: usize = 300;

/// A figure with the files to save. Panels are drawings of their own, so that a narrow page can put them below each other.
pub fn drawing(figure: &Figure, name: &'static str) -> Drawing {
    let (panels, legends) = figure.parts(Theme::Page);
    let mut panels: Vec<Panel> = panels.into_iter().map(panel).collect();
    let more = if panels.len() > AT_ONCE + 1 { panels.split_off(AT_ONCE) } else { Vec::new() };
    let numbers = figure.numbers();
    let address = |kind: &str, bytes: &[u8]| format!("data:{kind};base64,{}", STANDARD.encode(bytes));
    let shown = if numbers.rows.len() <= ROWS { numbers.rows.clone() } else { Vec::new() };
    Drawing {
        title: figure.title().to_owned(),
        description: figure.description().to_owned(),
        shared: legends.into_iter().map(panel).collect(),
        panels,
        more,
        name,
        svg: address("image/svg+xml", figure.svg(Theme::Paper).as_bytes()),
        csv: address("text/csv", &numbers.csv()),
        columns: numbers.columns.clone(),
        rows: shown.into_iter().map(|row| row.iter().map(|cell| short(cell)).collect()).collect(),
        numbers: numbers.rows.len(),
    }
}

/// Within a page the namespace goes without saying, and the page has no address of another place in it.
fn panel(part: Part) -> Panel {
    let svg = part.svg.replacen(" xmlns=\"http://www.w3.org/2000/svg\"", "", 1);
    Panel { title: part.title, width: part.width, svg }
}

/// A long number in three digits; the CSV file has all of them.
fn short(cell: &str) -> String {
    match cell.parse::<f64>() {
        Ok(value) if value.is_finite() && cell.len() > 6 && cell.contains('.') => figures::short(value),
        _ => cell.to_owned(),
    }
}
