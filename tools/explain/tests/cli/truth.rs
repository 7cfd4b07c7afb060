//! Where the objects are: masks of a table, and boxes of a data set's files.

use pipe::npy;
use testing::WorkDir;

use super::{png, rows, run};

const MODEL: &str = "-m random --model testbed --preprocess imagenet";

/// A mask that is bright from some column and row on.
fn mask(work: &WorkDir, name: &str, [width, height]: [u32; 2], [left, top]: [u32; 2]) {
    let pixel = |x, y| image::Luma([if x >= left && y >= top { 255 } else { 0 }]);
    image::GrayImage::from_fn(width, height, pixel).save(work.join(name)).unwrap();
}

#[test]
fn masks_move_with_the_image() {
    let work = WorkDir::new();
    png(&work, "wide.png", 128, 64);
    mask(&work, "mask.png", [128, 64], [40, 30]);
    let values: Vec<f32> =
        (0..64 * 128).map(|at| f32::from(u8::from(at % 128 >= 40 && at / 128 >= 30))).collect();
    npy::write_file(&work.join("mask.npy"), &[64, 128], &values).unwrap();
    // Resized to 512 x 256; the crop takes 144 off both sides and 16 off the top and the bottom.
    let list = "image,mask,target\nwide.png,mask.png,0\nwide.png,mask.npy,1\nwide.png,,2\n";
    let table = run(&work, MODEL, list).success();
    let found: Vec<String> =
        rows(&table).iter().map(|row| row.extra.get("mask").unwrap().to_owned()).collect();
    assert!(found[0].starts_with("maps/masks/") && found[0] == found[1] && found[2].is_empty(), "{found:?}");
    let array = npy::read_map(&work.join(&found[0]), None).unwrap();
    assert_eq!(array.shape, [224, 224]);
    let inside = |at: usize| f32::from(u8::from(at % 224 >= 4 * 40 - 144 && at / 224 >= 4 * 30 - 16));
    assert!((0..224 * 224).all(|at| array.data[at] == inside(at)));
    // A mask that was lost is made again beside maps that are there.
    std::fs::remove_file(work.join(&found[0])).unwrap();
    assert_eq!(run(&work, &format!("{MODEL} --resume"), list).success(), table);
    assert!(work.join(&found[0]).exists());
    // Names are relative to --root, as those of images are.
    work.write("list.csv", list);
    let folder = work.path().display();
    let rooted = rows(&run(&work, &format!("{MODEL} --root {folder} --images list.csv"), "").success());
    assert_eq!(rooted[0].extra.get("mask"), Some(&*found[0]));
}

#[test]
fn a_mask_that_cannot_be_used_is_told_and_its_map_stays() {
    let work = WorkDir::new();
    png(&work, "wide.png", 128, 64);
    mask(&work, "high.png", [64, 128], [0, 0]);
    png(&work, "coloured.png", 128, 64);
    let clear = |x: u32, _| image::LumaA([255, if x < 9 { 0 } else { 255 }]);
    image::GrayAlphaImage::from_fn(128, 64, clear).save(work.join("clear.png")).unwrap();
    npy::write_file(&work.join("pack.npy"), &[2, 64, 128], &vec![1.0; 2 * 64 * 128]).unwrap();
    for (mask, reason) in [
        ("high.png", "high.png: the mask is 128 x 64, its image 64 x 128"),
        (
            "coloured.png",
            "coloured.png: the mask is coloured; a mask is grey, dark outside and bright inside",
        ),
        ("clear.png", "clear.png: the mask is transparent in parts"),
        ("none.png", "none.png: No such file"),
        ("pack.npy", "shape (2, 64, 128) looks like a pack"),
    ] {
        let list = format!("image,mask\nwide.png,{mask}\n");
        let output = run(&work, &format!("{MODEL} -m center"), list);
        let message = output.failure(1);
        assert!(message.starts_with("explain: wide.png, mask: ") && message.contains(reason), "{message}");
        assert!(message.ends_with("explain: 2 of 2 failed"), "{message}");
        let found = rows(&output.text());
        assert!(found.iter().all(|row| !row.map.is_empty() && row.extra.get("mask") == Some("")), "{mask}");
    }
}

/// Two classes behind synsets, as Kaggle has them for a thousand, and eight others.
fn data(work: &WorkDir) {
    let names = (0..10).map(|i| format!("n0144076{i} name {i}\n")).collect::<Vec<_>>().concat();
    work.write("synsets.txt", names);
    for i in 1..=3 {
        png(work, &format!("val/{i}.png"), 64, 64);
    }
    let object = |name: &str, [x0, y0, x1, y1]: [u32; 4]| {
        format!(
            "<object><name>{name}</name><bndbox><xmin>{x0}</xmin><ymin>{y0}</ymin><xmax>{x1}</xmax><ymax>{y1}</ymax></bndbox></object>"
        )
    };
    let file = |objects: String| {
        format!("<annotation><size><width>64</width><height>64</height></size>{objects}</annotation>")
    };
    let two = object("n01440762", [1, 2, 30, 40]) + &object("n01440763", [5, 5, 9, 9]);
    work.write("xml/1.xml", file(two.clone() + &object("n01440762", [0, 0, 4, 4])));
    work.write("xml/val/2.xml", file(two));
    work.write("broken/1.xml", file(object("cat", [9, 2, 3, 4])));
    work.write("words/1.xml", file(object("cat", [9, 2, 13, 4]) + &object("dog", [0, 0, 4, 4])));
    work.write(
        "LOC.csv",
        "ImageId,PredictionString\n1,n01440762 1 2 30 40 n01440763 5 5 9 9 n01440762 0 0 4 4 \n2,n01440763 5 5 9 9 \n",
    );
}

#[test]
fn boxes_come_from_the_files_of_a_data_set() {
    let work = WorkDir::new();
    data(&work);
    let common = "-m random --model testbed --labels synsets.txt";
    let boxes = |arguments: &str, list: &str| {
        let output = run(&work, &format!("{common} {arguments}"), list);
        let found = rows(&output.success());
        let boxes = found.iter().map(|row| row.extra.get("boxes").unwrap().to_owned());
        (boxes.collect::<Vec<_>>(), output.stderr)
    };
    let list = "image,label\nval/1.png,n01440762\nval/2.png,3\nval/3.png,3\n";
    for files in ["xml", "LOC.csv"] {
        let (found, told) = boxes(&format!("--boxes {files}"), list);
        assert_eq!(found, ["1 2 30 40;0 0 4 4", "5 5 9 9", ""], "{files}");
        let note = format!("explain: 1 of 3 images are not in {files}: they have no boxes\n");
        assert!(told.contains(&note), "{told}");
        assert!(!told.contains("all classes"), "{told}");
    }
    // Another class has none, the class to explain counts where there is no label, and without any all boxes are taken.
    assert_eq!(boxes("--boxes xml", "image,label\nval/1.png,7\n").0, [""]);
    assert_eq!(boxes("--boxes xml --target 3", "image\nval/1.png\n").0, ["5 5 9 9"]);
    let (found, told) = boxes("--boxes xml", "image\nval/1.png\n");
    assert_eq!(found, ["1 2 30 40;5 5 9 9;0 0 4 4"]);
    assert!(told.contains("the boxes of all classes are taken for 1 of 1 images"), "{told}");
    let (found, told) = boxes("--boxes words", "image,label\nval/1.png,3\n");
    assert_eq!(found, ["9 2 13 4;0 0 4 4"]);
    assert!(told.contains("the boxes of all classes are taken for 1 of 1 images"), "{told}");
}

#[test]
fn boxes_that_cannot_be_used_are_told() {
    let work = WorkDir::new();
    data(&work);
    let list = "image\nval/1.png\n";
    let message = |arguments: &str, list: &str, status: i32| {
        run(&work, &format!("-m random --model testbed {arguments}"), list).failure(status)
    };
    let broken = message("--boxes broken", list, 1);
    let line = "explain: val/1.png, list: broken/1.xml: object 1: the box 9 2 3 4 is empty or reversed";
    assert_eq!(broken.lines().next(), Some(line));
    assert!(
        message("--boxes xml", "image\nval/3.png\n", 1).contains("xml: none of the 1 images is known there")
    );
    assert!(message("--boxes nowhere", list, 1).contains("nowhere"));
    let own = message("--boxes xml", "image,boxes\nval/1.png,0 0 1 1\n", 2);
    assert!(own.contains("--boxes, but val/1.png has boxes of its own"), "{own}");
    for (name, csv, reason) in [
        ("three.csv", "1,n01440762 1 2 3\n", "a box has not four numbers"),
        ("reversed.csv", "1,n01440762 9 2 3 4\n", "it does not hold boxes"),
        ("twice.csv", "1,n01440762 1 2 3 4\n1,n01440762 1 2 3 4\n", "1 is there twice"),
    ] {
        work.write(name, format!("ImageId,PredictionString\n{csv}"));
        let message = message(&format!("--boxes {name}"), list, 1);
        assert!(message.contains(name) && message.contains(reason), "{message}");
    }
}
