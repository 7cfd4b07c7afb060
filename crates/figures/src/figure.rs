//! A figure that is drawn: its SVG, its image, its numbers.

use crate::canvas::Canvas;
use crate::paint::Theme;
use crate::panel::Arranged;
use crate::png;

/// A figure and what it shows.
#[derive(Clone, Debug)]
pub struct Figure {
    title: String,
    description: String,
    drawn: Arranged,
    numbers: Numbers,
}

/// A panel of a figure as a drawing of its own.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its heading in one line.
    pub title: String,
    /// Its width in pixels.
    pub width: f64,
    /// The drawing.
    pub svg: String,
}

/// The numbers of a figure as a table.
#[derive(Clone, Debug, Default)]
pub struct Numbers {
    /// Names of the columns.
    pub columns: Vec<&'static str>,
    /// A text for each column.
    pub rows: Vec<Vec<String>>,
}

impl Numbers {
    /// A table without rows.
    pub fn new(columns: &[&'static str]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// The table as CSV.
    pub fn csv(&self) -> Vec<u8> {
        let mut out = csv::Writer::from_writer(Vec::new());
        // Neither a Vec nor equally long records can fail.
        let _ = out.write_record(&self.columns);
        self.rows.iter().for_each(|row| drop(out.write_record(row)));
        out.into_inner().unwrap_or_default()
    }
}

impl Figure {
    pub(crate) fn new(
        title: impl Into<String>,
        description: impl Into<String>,
        drawn: Arranged,
        numbers: Numbers,
    ) -> Self {
        Self { title: title.into(), description: description.into(), drawn, numbers }
    }

    /// What it shows, in a few words.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// What it says to a reader who does not see it.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The numbers that it shows.
    pub fn numbers(&self) -> &Numbers {
        &self.numbers
    }

    /// Width and height of the SVG.
    pub fn size(&self) -> [f64; 2] {
        [self.drawn.whole.width, self.drawn.whole.height].map(f64::ceil)
    }

    /// The figure as an SVG file, or as a part of a page.
    pub fn svg(&self, theme: Theme) -> String {
        self.drawn.whole.svg(&self.title, &self.description, theme)
    }

    /// The panels one by one, and what stands below all of them, for a page that puts them beside each other as it has room.
    pub fn parts(&self, theme: Theme) -> (Vec<Part>, Vec<Part>) {
        let part = |(title, canvas): (&str, &Canvas)| Part {
            title: title.to_owned(),
            width: canvas.width.ceil(),
            svg: canvas.svg(title, "", theme),
        };
        let panels = self.drawn.panels.iter().map(|(title, canvas)| part((title, canvas)));
        (panels.collect(), self.drawn.below.iter().map(|canvas| part(("Legend", canvas))).collect())
    }

    /// The figure as a PNG on white with `scale` pixels for each of the SVG's; the same bytes everywhere.
    ///
    /// # Errors
    ///
    /// If it is larger than 32,000 pixels along a side.
    pub fn png(&self, scale: f64) -> Result<Vec<u8>, png::Error> {
        png::png(&self.svg(Theme::Paper), scale)
    }

    /// The letters that the PNG cannot show, because the embedded font lacks them.
    pub fn lacks(&self) -> Vec<char> {
        let mut found: Vec<char> = self.drawn.whole.texts().flat_map(crate::font::lacks).collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}
