//! Writes held-out images, their masks, and what tells whether a classifier looks at the object: the same scenes without it
//! and before another background.
//!
//! ```sh
//! cargo run --release -p testbed --example counterfactual -- FOLDER COUNT
//! ```
//!
//! `FOLDER/clean`, `swapped`, `removed` and `masks` hold `0000.png` and so on; `FOLDER/clean.csv`, `swapped.csv` and
//! `removed.csv` list them as `image,label,mask`. The other background is that of the next scene, which is of another
//! class. Equal counts give equal bytes.

use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context, Result};
use image::{GrayImage, Luma};
use testbed::{SIZE, Scene, Split, removed, scene, swapped};

/// The images that the embedded classifiers were measured on when they were trained, and never trained on.
const SEED: u64 = 0;
const SPLIT: Split = Split::Heldout;

const KINDS: [&str; 3] = ["clean", "swapped", "removed"];

fn main() -> Result<()> {
    let usage = "usage: counterfactual FOLDER COUNT";
    let mut arguments = env::args_os().skip(1);
    let folder = PathBuf::from(arguments.next().context(usage)?);
    let count = arguments.next().and_then(|text| text.to_str()?.parse().ok()).context(usage)?;
    for name in KINDS.iter().chain(&["masks"]) {
        fs::create_dir_all(folder.join(name))?;
    }
    for index in 0..count {
        write(&folder, index)?;
    }
    for kind in KINDS {
        fs::write(folder.join(kind).with_extension("csv"), table(&folder, kind, count))?;
    }
    Ok(())
}

fn write(folder: &Path, index: u64) -> Result<()> {
    let scene = scene(SEED, SPLIT, index);
    let images = [&scene.image, &swapped(SEED, SPLIT, index, index + 1), &removed(SEED, SPLIT, index)];
    for (kind, image) in KINDS.into_iter().zip(images) {
        image.save(path(folder, kind, index))?;
    }
    mask(&scene).save(path(folder, "masks", index))?;
    Ok(())
}

fn mask(scene: &Scene) -> GrayImage {
    let mask = scene.mask();
    GrayImage::from_fn(SIZE as u32, SIZE as u32, |x, y| {
        Luma([if mask[y as usize * SIZE + x as usize] { 255 } else { 0 }])
    })
}

fn table(folder: &Path, kind: &str, count: u64) -> String {
    let row = |index| {
        let [image, mask] = [kind, "masks"].map(|kind| path(folder, kind, index).display().to_string());
        format!("{image},{},{mask}\n", index % testbed::CLASSES.len() as u64)
    };
    "image,label,mask\n".to_owned() + &(0..count).map(row).collect::<String>()
}

fn path(folder: &Path, kind: &str, index: u64) -> PathBuf {
    folder.join(kind).join(format!("{index:04}.png"))
}
