//! Figures from tables, as SVG and PNG, with the numbers that they show.
//!
//! A [`Figure`] is drawn from rows that the tools write, and knows nothing of where they came from. Its panels stand beside
//! and below one another, each for what cannot share an axis: another metric, another classifier. What a method is drawn in is the
//! same in all panels.
//!
//! Texts are as wide as the embedded font (DejaVu Sans) makes them, so nothing overlaps and nothing is cut, whatever its length,
//! and a PNG is the same bytes on every machine, fonts or none. The SVG names the font and does not hold it.

mod axis;
mod boxes;
mod canvas;
mod convergence;
mod critical;
mod curves;
mod densities;
mod figure;
mod font;
mod intervals;
mod legend;
mod lines;
mod matrix;
mod names;
mod paint;
mod panel;
mod png;
mod ranking;
mod sheet;
mod wins;

pub use boxes::{Of, boxes};
pub use convergence::convergence;
pub use critical::critical_differences;
pub use curves::{Curves, curves};
pub use densities::densities;
pub use figure::{Figure, Numbers, Part};
pub use intervals::Resampling;
pub use matrix::agreement;
pub use names::shared_steps;
pub use paint::{Theme, series_line};
pub use png::{Error as PngError, tree};
pub use ranking::{ranking, short};
pub use sheet::{Line, Picture, Sheet, Tile, sheet};
pub use wins::wins;
