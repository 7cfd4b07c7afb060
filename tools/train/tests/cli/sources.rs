//! Sources, and what is wrong with them.

use image::RgbImage;
use testing::WorkDir;

use crate::{image, photos, refused, train};

#[test]
fn a_folder_with_a_slip_is_refused_by_name() {
    let work = WorkDir::new();
    photos(&work, 3);
    work.write("photos/light/01.png", "no image");
    let message = refused(&work, "photos", &[]);
    assert!(message.starts_with("train: photos/light/01.png: "), "{message}");
    image(1, 1).save(work.join("photos/light/01.png")).unwrap();
    RgbImage::new(9, 8).save(work.join("photos/light/02.png")).unwrap();
    let expected =
        "train: photos: image 6 is 8 x 9 when it is prepared (imagenet-keep), and the first one 8 x 8";
    assert_eq!(refused(&work, "photos", &[]), expected);
    std::fs::create_dir(work.join("photos/empty")).unwrap();
    assert_eq!(refused(&work, "photos", &[]), "train: photos/empty: the class has no image");
    assert_eq!(
        refused(&work, "photos/light", &[]),
        "train: photos/light: there is no folder of a class in it"
    );
    work.write("one/only/a.png", "");
    image(0, 0).save(work.join("one/only/a.png")).unwrap();
    let message = refused(&work, "one", &[]);
    assert_eq!(message, "train: one: all images are of one class, only: a classifier needs two");
    assert!(refused(&work, "nowhere", &[]).contains("nowhere: No such file"));
    let message = refused(&work, "list.csv", &["--count", "7"]);
    assert_eq!(message, "train: list.csv: --count 7, and there are 6 images");
}

#[test]
fn a_table_with_a_slip_is_refused_by_name() {
    let work = WorkDir::new();
    photos(&work, 3);
    let table = |rows: &str| {
        work.write("bad.csv", format!("image,label\n{rows}"));
        refused(&work, "bad.csv", &[])
    };
    let (a, b) = ("photos/dark/00.png", "photos/light/00.png");
    assert_eq!(table(&format!("{a},0\n{b},\n")), format!("train: bad.csv: {b} has no label"));
    let mixed = format!("train: bad.csv: the label of {b} is the number 1, and others are names");
    assert_eq!(table(&format!("{a},dark\n{b},1\n")), mixed);
    let gap = "train: bad.csv: class 1 has no image, and the labels go up to 2";
    assert_eq!(table(&format!("{a},0\n{b},2\n")), gap);
    let huge = "train: bad.csv: class 1 has no image, and the labels go up to 18446744073709551615";
    assert_eq!(table(&format!("{a},0\n{b},18446744073709551615\n")), huge);
    let message = table(&format!("{a},-1\n{b},1\n"));
    assert!(
        message.starts_with("train: bad.csv, line 2") && message.contains("\"-1\" is not a class"),
        "{message}"
    );
    work.write("columns.csv", "picture,label\na,1\n");
    assert!(refused(&work, "columns.csv", &[]).contains("no column `image`"));
    work.write("test.csv", format!("image,label\n{a},grey\n"));
    let message = refused(&work, "photos", &["--heldout", "test.csv"]);
    assert_eq!(message, format!("train: test.csv: label `grey` of {a} is no class of the training images"));
    work.write("test.csv", format!("image,label\n{a},2\n"));
    let message = refused(&work, "photos", &["--heldout", "test.csv"]);
    assert_eq!(message, format!("train: test.csv: label 2 of {a} is no class: there are 2"));
}

#[test]
fn a_last_step_of_one_image_is_told_before_the_training() {
    let work = WorkDir::new();
    photos(&work, 5);
    let expected = "train: the last step of an epoch would have one image, of which BatchNorm has no statistics: \
                    9 images in steps of 4 (--batch-size, --count)";
    assert_eq!(
        work.run(crate::TRAIN, [&crate::SMALL[..], &["photos", "--count", "9", "--out", "a"]].concat(), "")
            .failure(2),
        expected
    );
}

/// The package's files with `rows` images in each, of two classes.
fn package(work: &WorkDir, rows: u32) {
    let sheet = |first: u32| {
        RgbImage::from_fn(1024, rows, |x, row| {
            *image((first + row) as usize % 2, row as usize).get_pixel(x % 32 / 4, x / 128)
        })
    };
    let labels =
        |count: u32| serde_json::json!((0..count).map(|row| row % 10).collect::<Vec<_>>()).to_string();
    work.write("cifar/train_lables.json", labels(5 * rows));
    work.write("cifar/test_lables.json", labels(rows));
    for batch in 1..=5 {
        sheet((batch - 1) * rows).save(work.join(format!("cifar/data_batch_{batch}.png"))).unwrap();
    }
    sheet(0).save(work.join("cifar/test_batch.png")).unwrap();
}

#[test]
fn cifar_10_is_read_as_the_package_has_it() {
    let work = WorkDir::new();
    package(&work, 2);
    let messages =
        train(&work, "cifar", &["-q", "--epochs", "1", "--heldout", "cifar", "--out", "a.safetensors"]);
    assert!(
        messages.contains(" of 10 training images") && messages.contains(" of 2 held-out images"),
        "{messages}"
    );
    let record = crate::record(&work.join("a.safetensors.json"));
    assert_eq!(record["classes"][9], "truck");
    work.write("cifar/test_lables.json", "[3,10]");
    let message = refused(&work, "cifar", &["--heldout", "cifar"]);
    assert_eq!(message, "train: cifar/test_lables.json: label 10 of image 1 is no class: there are 10");
    work.write("cifar/train_lables.json", "[0,1,2]");
    let message = refused(&work, "cifar", &[]);
    assert!(message.contains("cifar/data_batch_1.png: 2 rows of 1024 pixels"), "{message}");
    std::fs::remove_file(work.join("cifar/data_batch_4.png")).unwrap();
    assert!(refused(&work, "cifar", &[]).starts_with("train: cifar/data_batch_4.png: "));
}

#[test]
fn the_testbed_draws_what_it_is_asked_for() {
    let work = WorkDir::new();
    let arguments = ["classifier", "--model", "testbed", "--images", "testbed", "--out", "a.safetensors"];
    let message = work.run(crate::TRAIN, arguments, "").failure(2);
    assert!(message.contains("the testbed draws as many images as it is asked for: --count N"), "{message}");
    train(&work, "testbed", &["-q", "--count", "64", "--epochs", "1", "--out", "a.safetensors"]);
    assert_eq!(crate::record(&work.join("a.safetensors.json"))["images"], 64);
}

#[test]
fn a_network_for_one_size_says_so() {
    let work = WorkDir::new();
    photos(&work, 3);
    let arguments = ["classifier", "--model", "cifar-vit", "--images", "photos", "--out", "a.safetensors"];
    let message = work.run(crate::TRAIN, arguments, "").failure(1);
    let start = "train: photos: the network does not take images of 8 x 8, as imagenet-keep prepares them (--preprocess): ";
    assert!(message.starts_with(start), "{message}");
    let unknown = ["classifier", "--model", "resnet5", "--images", "photos", "--out", "a.safetensors"];
    assert!(work.run(crate::TRAIN, unknown, "").failure(1).contains("unknown model `resnet5`"));
}
