//! `render`: saliency maps as images, one by one or on a contact sheet.

mod args;
mod boxes;
mod captions;
mod colors;
mod names;
mod overlay;
mod run;
mod sheet;
mod tile;

use std::process::ExitCode;

fn main() -> ExitCode {
    pipe::main(run::render)
}
