//! Writes held-out images with objects of two classes, and which class is to be explained of each.
//!
//! ```sh
//! cargo run --release -p testbed --example pairs -- FOLDER COUNT
//! ```
//!
//! `FOLDER/images` holds `0000.png` and so on; `FOLDER/first.csv` and `second.csv` list them as
//! `image,label,target,boxes`, each for one of the two classes. Equal counts give equal bytes.

use std::path::PathBuf;
use std::{env, fs};

use anyhow::{Context, Result};
use testbed::{Split, paired, scene};

const SEED: u64 = 0;
const SPLIT: Split = Split::Heldout;

fn main() -> Result<()> {
    let usage = "usage: pairs FOLDER COUNT";
    let mut arguments = env::args_os().skip(1);
    let folder = PathBuf::from(arguments.next().context(usage)?);
    let count: usize = arguments.next().and_then(|text| text.to_str()?.parse().ok()).context(usage)?;
    fs::create_dir_all(folder.join("images"))?;
    let head = "image,label,target,boxes\n";
    let mut tables = [head.to_owned(), head.to_owned()];
    // A scene and the next one are of two classes.
    let drawn = (0..).filter_map(|index| Some((index, paired(SEED, SPLIT, index, index + 1)?)));
    for (number, (index, image)) in drawn.take(count).enumerate() {
        let path = folder.join("images").join(format!("{number:04}.png"));
        image.save(&path)?;
        for (table, index) in tables.iter_mut().zip([index, index + 1]) {
            *table += &row(&path.display().to_string(), index);
        }
    }
    for (name, table) in ["first.csv", "second.csv"].into_iter().zip(tables) {
        fs::write(folder.join(name), table)?;
    }
    Ok(())
}

/// An image, explained for what scene `index` brought to it.
fn row(image: &str, index: u64) -> String {
    let scene = scene(SEED, SPLIT, index);
    let boxes: Vec<String> =
        scene.boxes().into_iter().map(|bounds| bounds.map(|side| side.to_string()).join(" ")).collect();
    format!("{image},{0},{0},{1}\n", scene.label, boxes.join(";"))
}
