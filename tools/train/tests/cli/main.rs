//! `train` as a shell sees it.

mod bee;
mod classifier;
mod explainers;
mod interrupted;
mod sources;
mod testbed;

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

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

/// Kills a run again and again, each time later, until it comes to its end on a slow machine as well.
fn killed_until_done(work: &WorkDir, arguments: &[&str]) {
    let mut command = Command::new(TRAIN);
    command.args(arguments).current_dir(work.path()).stderr(Stdio::null());
    for kills in 0.. {
        let mut child = command.spawn().unwrap();
        sleep(Duration::from_millis(150 + 90 * kills));
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success());
            assert!(kills > 0, "it was never killed");
            return;
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

/// Kills a run as soon as it has written its checkpoint, which stays.
fn killed_at(work: &WorkDir, checkpoint: &str, arguments: &[&str]) {
    let mut command = Command::new(TRAIN);
    let mut child = command.args(arguments).current_dir(work.path()).stderr(Stdio::null()).spawn().unwrap();
    while !work.join(checkpoint).exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended without a checkpoint");
        sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(work.join(checkpoint).exists(), "it came to its end before it was killed");
}

/// The message of a run that must fail.
fn refused(work: &WorkDir, source: &str, arguments: &[&str]) -> String {
    work.run(TRAIN, [&SMALL[..], &[source], &["--out", "a.safetensors"], arguments].concat(), "").failure(1)
}

fn record(path: &Path) -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}
