//! Colours, and how a line is broken so that forty of them can be told apart.

use std::borrow::Cow;

/// Where a figure will be looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// A file of its own, in dark ink on white.
    #[default]
    Paper,
    /// Inside a page, whose style sheet gives `--ink`, `--muted`, `--grid` and `--paper`, so that one drawing serves a light and a
    /// dark page.
    Page,
}

/// What something is drawn in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Paint {
    /// Text and axes.
    Ink,
    /// Text that is looked at second.
    Muted,
    /// Lines that only guide the eye.
    Grid,
    /// The ground.
    Paper,
    /// One of a row of colours that differ for colour-blind readers too.
    Series(usize),
    /// Red, green and blue.
    Rgb([u8; 3]),
}

/// Okabe and Ito's colours ("Color Universal Design", 2008) without black and yellow, and two more; each has a contrast of at
/// least 2 with white and with a dark page.
const SERIES: [[u8; 3]; 8] = [
    [0, 114, 178],
    [213, 94, 0],
    [0, 158, 115],
    [204, 121, 167],
    [86, 180, 233],
    [230, 159, 0],
    [140, 108, 177],
    [127, 127, 127],
];

/// When the colours are used up, lines are broken.
const DASHES: [&str; 5] = ["", "6 3", "2 2", "9 3 2 3", "1 4"];

impl Paint {
    /// As an SVG attribute says it.
    pub fn svg(self, theme: Theme) -> Cow<'static, str> {
        let of_page = |name, paper| if theme == Theme::Page { name } else { paper };
        match self {
            Self::Ink => of_page("var(--ink)", "#1a1a1a").into(),
            Self::Muted => of_page("var(--muted)", "#5c5c5c").into(),
            Self::Grid => of_page("var(--grid)", "#dddddd").into(),
            Self::Paper => of_page("var(--paper)", "#ffffff").into(),
            Self::Series(at) => Self::Rgb(SERIES[at % SERIES.len()]).svg(theme),
            Self::Rgb([r, g, b]) => format!("#{r:02x}{g:02x}{b:02x}").into(),
        }
    }
}

/// The colour of a series' line and how it is broken, as SVG attributes say it, for whoever draws the same series elsewhere.
pub fn series_line(series: usize) -> (String, &'static str) {
    (Paint::Series(series).svg(Theme::Page).into_owned(), dashes(series))
}

/// How the line of a series is broken; nothing if it is not.
pub fn dashes(series: usize) -> &'static str {
    DASHES[series / SERIES.len() % DASHES.len()]
}

/// Blue below 0 over white to red above: ColorBrewer's RdBu at -1, 0 and 1, in straight lines between.
pub fn diverging(value: f64) -> Paint {
    const LOW: [f64; 3] = [33.0, 102.0, 172.0];
    const MIDDLE: [f64; 3] = [247.0, 247.0, 247.0];
    const HIGH: [f64; 3] = [178.0, 24.0, 43.0];
    let end = if value < 0.0 { LOW } else { HIGH };
    let share = value.abs().min(1.0);
    Paint::Rgb(std::array::from_fn(|at| (MIDDLE[at] + share * (end[at] - MIDDLE[at])).round() as u8))
}

/// What can be read on a diverging colour.
pub fn on_diverging(value: f64) -> Paint {
    if value.abs() > 0.55 { Paint::Rgb([255; 3]) } else { Paint::Rgb([26; 3]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_and_the_middle() {
        assert_eq!(diverging(-1.0).svg(Theme::Paper), "#2166ac");
        assert_eq!(diverging(0.0).svg(Theme::Page), "#f7f7f7");
        assert_eq!(diverging(7.0).svg(Theme::Paper), "#b2182b");
    }

    #[test]
    fn forty_series_differ() {
        let of = |at| (Paint::Series(at).svg(Theme::Paper), dashes(at));
        let all: std::collections::BTreeSet<_> = (0..SERIES.len() * DASHES.len()).map(of).collect();
        assert_eq!(all.len(), 40);
    }
}
