//! The demo images, embedded as files so that they are the same on every machine.
//!
//! They were drawn by [`scene`](crate::scene) with seed 0, and the test below draws them again. `BLESS=1` makes it
//! rewrite the files in `testdata/testbed/` instead of comparing.

use std::sync::LazyLock;

use image::{DynamicImage, ImageFormat};

use crate::sheet::{image_from, objects_from};
use crate::{SIZE, Scene};

const IMAGES: &[u8] = include_bytes!("../../../testdata/testbed/images.png");
const MASKS: &[u8] = include_bytes!("../../../testdata/testbed/masks.png");
const LABELS: &str = include_str!("../../../testdata/testbed/images.csv");

/// The columns of both sheets.
const COLUMNS: usize = 8;

/// What every name starts with.
const PREFIX: &str = "testbed/";

static SCENES: LazyLock<Vec<Scene>> = LazyLock::new(decode);

/// The embedded image of that name, with its truth; none if there is no such image.
///
/// The label and the boxes of all of them are in `testdata/testbed/images.csv`, for other programs to read.
pub fn image(name: &str) -> Option<Scene> {
    let number = name.strip_prefix(PREFIX)?;
    let three_digits = number.len() == 3 && number.bytes().all(|digit| digit.is_ascii_digit());
    let index: usize = three_digits.then(|| number.parse().ok())??;
    SCENES.get(index).cloned()
}

/// The names of all embedded images, `testbed/000` first.
pub fn names() -> Vec<String> {
    (0..SCENES.len()).map(name).collect()
}

fn name(i: usize) -> String {
    format!("{PREFIX}{i:03}")
}

fn decode() -> Vec<Scene> {
    let (images, masks) = (open(IMAGES).into_rgb8(), open(MASKS).into_luma8());
    assert_eq!(images.width() as usize, COLUMNS * SIZE, "the embedded sheet has another width");
    let scene = |(i, label)| Scene {
        image: image_from(&images, i, COLUMNS),
        label,
        objects: objects_from(&masks, i, COLUMNS),
    };
    labels().enumerate().map(scene).collect()
}

fn open(png: &[u8]) -> DynamicImage {
    image::load_from_memory_with_format(png, ImageFormat::Png).expect("the embedded sheet is a PNG file")
}

/// The second column of the table.
fn labels() -> impl Iterator<Item = usize> {
    let label = |row: &str| row.split(',').nth(1)?.parse().ok();
    LABELS.lines().skip(1).map(move |row| label(row).expect("the embedded table has a label in every row"))
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;
    use std::path::PathBuf;

    use super::{COLUMNS, LABELS, image, name, names};
    use crate::{CLASSES, Scene, Split, image_sheet, mask_sheet, scene};

    const COUNT: u64 = 40;

    fn drawn() -> Vec<Scene> {
        (0..COUNT).map(|index| scene(0, Split::Demo, index)).collect()
    }

    /// One row per image; its boxes are parted by semicolons.
    fn table(scenes: &[Scene]) -> String {
        let mut text = "image,label,class,boxes\n".to_owned();
        for (i, scene) in scenes.iter().enumerate() {
            let corners = |corners: [u32; 4]| corners.map(|value| value.to_string()).join(" ");
            let boxes: Vec<String> = scene.boxes().into_iter().map(corners).collect();
            let boxes = boxes.join(";");
            writeln!(text, "{},{},{},{boxes}", name(i), scene.label, CLASSES[scene.label]).unwrap();
        }
        text
    }

    fn bless(scenes: &[Scene]) {
        let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/testbed"));
        image_sheet(scenes, COLUMNS).save(folder.join("images.png")).unwrap();
        mask_sheet(scenes, COLUMNS).save(folder.join("masks.png")).unwrap();
        std::fs::write(folder.join("images.csv"), table(scenes)).unwrap();
    }

    #[test]
    fn files_hold_what_is_drawn() {
        let drawn = drawn();
        if std::env::var_os("BLESS").is_some_and(|value| value == "1") {
            return bless(&drawn);
        }
        assert_eq!(table(&drawn), LABELS);
        for (name, drawn) in names().iter().zip(&drawn) {
            let stored = image(name).unwrap();
            assert_eq!((stored.label, &stored.objects), (drawn.label, &drawn.objects), "{name}");
            let mut values = stored.image.iter().zip(drawn.image.iter());
            assert!(values.all(|(a, b)| a.abs_diff(*b) <= 1), "{name}");
        }
    }

    #[test]
    fn every_name_has_an_image_and_no_other_has() {
        let names = names();
        assert_eq!(names.len() as u64, COUNT);
        assert_eq!((names[0].as_str(), names[39].as_str()), ("testbed/000", "testbed/039"));
        assert!(names.iter().all(|name| image(name).is_some()));
        for other in ["testbed/040", "testbed/0", "testbed/+01", "testbed/", "000", "cat.jpg"] {
            assert!(image(other).is_none(), "{other}");
        }
    }
}
