//! `train` as a shell sees it.

mod bee;
mod classifier;
mod explainers;
mod interrupted;
mod sources;
mod testbed;

use std::fmt::Write as _;
use std::path::Path;

use image::RgbImage;
use testing::WorkDir;

const TRAIN: &str = env!("CARGO_BIN_EXE_train");

/// The small network of the testbed, which takes images of any size, on images of 8 x 8.
const SMALL: [&str; 8] =
    ["classifier", "--model", "testbed", "--batch-size", "4", "--threads", "2", "--images"];

/// Dark images of reddish tint and bright ones of bluish tint, all different.
fn image(class: usize, number: usize) -> RgbImage {
    RgbImage::from_fn(8, 8, |x, y| {
        let texture = ((x as usize * (number + 2) + y as usize * 5) % 8) as u8 * 6;
        if class == 0 { image::Rgb([60 + texture, 20, 10]) } else { image::Rgb([120, 130, 200 + texture]) }
    })
}

/// A folder `photos` with `count` images of each of two classes, and the same in a table.
fn photos(work: &WorkDir, count: usize) {
    let mut table = "image,label\n".to_owned();
    for (class, name) in ["dark", "light"].into_iter().enumerate() {
        std::fs::create_dir_all(work.join(format!("photos/{name}"))).unwrap();
        for number in 0..count {
            let path = format!("photos/{name}/{number:02}.png");
            image(class, number).save(work.join(&path)).unwrap();
            writeln!(table, "{path},{name}").unwrap();
        }
    }
    work.write("list.csv", table);
}

/// The messages of a run that must succeed.
fn train(work: &WorkDir, source: &str, arguments: &[&str]) -> String {
    let output = work.run(TRAIN, [&SMALL[..], &[source], arguments].concat(), "");
    assert_eq!(output.success(), "");
    output.stderr
}

/// The message of a run that must fail.
fn refused(work: &WorkDir, source: &str, arguments: &[&str]) -> String {
    work.run(TRAIN, [&SMALL[..], &[source], &["--out", "a.safetensors"], arguments].concat(), "").failure(1)
}

fn record(path: &Path) -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}
