//! `render`: saliency maps as images, one by one or on a contact sheet.

mod args;
mod boxes;
mod colors;
mod images;
mod map;
mod names;
mod overlay;
mod palettes;
mod run;
mod sheet;
mod text;
mod tile;

use std::process::ExitCode;

fn main() -> ExitCode {
    pipe::main(run::render)
}
