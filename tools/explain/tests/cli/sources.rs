//! Where images come from: folders, tables of several kinds, arrays.

use pipe::npy;
use testing::{WorkDir, sibling};

use super::{EXPLAIN, explained, png, rows, run};

const MODEL: &str = "--model testbed -m random";

fn names(table: &str) -> Vec<String> {
    rows(table).into_iter().map(|row| row.image).collect()
}

/// The names of ten classes behind synsets, as Kaggle has them for a thousand.
fn synsets(work: &WorkDir) {
    let lines = (0..10).map(|i| format!("n0144076{i} name {i}, other name\n")).collect::<Vec<_>>().concat();
    work.write("LOC_synset_mapping.txt", lines);
}

#[test]
fn a_folder_is_its_images_and_those_of_its_folders() {
    let work = WorkDir::new();
    for name in ["photos/b.png", "photos/sub/c.png", "photos/a.png"] {
        png(&work, name, 64, 64);
    }
    std::fs::copy(work.join("photos/a.png"), work.join("photos/sub/no_ending")).unwrap();
    work.write("photos/broken.jpg", "no image");
    work.write("photos/notes.txt", "a note");
    work.write("photos/.hidden/x.png", "hidden");
    let output = run(&work, &format!("{MODEL} photos testbed/000"), "");
    let expected = [
        "photos/a.png",
        "photos/b.png",
        "photos/broken.jpg",
        "photos/sub/c.png",
        "photos/sub/no_ending",
        "testbed/000",
    ];
    assert_eq!(names(&output.text()), expected);
    let message = output.failure(1);
    let note = "explain: photos: 1 files are no images and are passed over, such as photos/notes.txt";
    assert_eq!(message.lines().next(), Some(note));
    assert!(message.contains("photos/broken.jpg, open: ") && message.ends_with("1 of 6 failed"), "{message}");
    work.write("empty/notes.txt", "a note");
    let message = run(&work, &format!("{MODEL} empty"), "").failure(1);
    assert_eq!(message, "explain: empty: there is no image in the folder");
}

#[test]
fn a_table_may_stand_where_images_do() {
    let work = WorkDir::new();
    png(&work, "photos/a.png", 64, 64);
    work.write("val.csv", "\u{feff}image,label,fold\r\ntestbed/001,3,x\r\na.png,2,y\r\n\r\n");
    let table =
        run(&work, &format!("{MODEL} --target label --root photos val.csv photos/a.png --max-errors 1"), "")
            .success();
    assert_eq!(names(&table), ["testbed/001", "photos/a.png", "photos/a.png"]);
    let cells: Vec<_> =
        rows(&table).iter().map(|row| (row.target, row.extra.get("fold").unwrap().to_owned())).collect();
    assert_eq!(cells, [(Some(3), "x".into()), (Some(2), "y".into()), (None, String::new())]);
    let piped = run(&work, &format!("{MODEL} --target label --root photos --images val.csv"), "").success();
    assert_eq!(names(&piped), ["testbed/001", "photos/a.png"]);
}

#[test]
fn the_lists_of_imagenet_are_read_as_they_are() {
    let work = WorkDir::new();
    synsets(&work);
    for i in 1..=2 {
        png(&work, &format!("val/ILSVRC2012_val_0000000{i}.JPEG.png"), 64, 64);
        let name = format!("val/ILSVRC2012_val_0000000{i}.JPEG");
        std::fs::rename(work.join(format!("{name}.png")), work.join(name)).unwrap();
    }
    work.write("val.txt", "\u{feff}ILSVRC2012_val_00000001.JPEG 7\r\nILSVRC2012_val_00000002.JPEG n01440763\r\nmy cat.JPEG x\r\n\r\n");
    let common = format!("{MODEL} --root val --labels LOC_synset_mapping.txt --target label --max-errors 2");
    let output = run(&work, &format!("{common} val.txt"), "");
    let found = explained(&output.success());
    assert_eq!(found.iter().map(|row| row.target).collect::<Vec<_>>(), [Some(7), Some(3)]);
    assert_eq!(found[1].extra.get("class"), Some("n01440763 name 3, other name"));
    let line = "explain: val/my cat.JPEG, list: label `x` is not among LOC_synset_mapping.txt (--labels)";
    assert_eq!(output.stderr.lines().next(), Some(line));
    let cut = run(&work, MODEL, "ILSVRC2012_val_00000001.JPEG 7\nILSVRC2012_val_00000002.JPEG 3").failure(1);
    assert!(cut.starts_with("explain: standard input, line 2: the last line has no line end"), "{cut}");
    work.write(
        "LOC_val_solution.csv",
        "ImageId,PredictionString\nILSVRC2012_val_00000001,n01440762 1 2 30 40 n01440762 0 0 9 9 \n\
         ILSVRC2012_val_00000002,n01440763 9 9 9 10 \n",
    );
    let output = run(&work, &format!("{common} --images LOC_val_solution.csv"), "");
    let found = rows(&output.success());
    assert_eq!((found[0].image.as_str(), found[0].target), ("val/ILSVRC2012_val_00000001.JPEG", Some(2)));
    assert_eq!(
        (found[0].extra.get("label"), found[0].extra.get("boxes")),
        (Some("n01440762"), Some("1 2 30 40;0 0 9 9"))
    );
    assert!(
        found[1].reason.starts_with("list: PredictionString `n01440763 9 9 9 10`: it does not hold boxes")
    );
}

/// Grey values that are different in every image and channel.
fn pixels(count: usize) -> Vec<f32> {
    (0..count * 64 * 64 * 3).map(|i| (i * 7 % 251) as f32 / 255.0).collect()
}

#[test]
fn images_in_an_array_go_through_the_whole_chain() {
    let work = WorkDir::new();
    npy::write_file(&work.join("x.npy"), &[3, 64, 64, 3], &pixels(3)).unwrap();
    npy::write_file(&work.join("y.npy"), &[3], &[2.0, 5.0, 7.0]).unwrap();
    work.write("y.csv", "label,boxes\n2,1 1 9 9\n5,1 1 9 9\n7,\n");
    work.write("some.csv", "index,label\n2,7\n0,2\n");
    let common = format!("{MODEL} -m gradcam --target label");
    let table = run(&work, &format!("{common} x.npy --images y.npy"), "").success();
    assert_eq!(names(&table)[1..3], ["x.npy#0", "x.npy#1"]);
    let targets = |table: &str| {
        rows(table)
            .iter()
            .filter(|row| row.method == "random")
            .map(|row| row.target.unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(targets(&table), [2, 5, 7]);
    assert_eq!(targets(&run(&work, &format!("{common} x.npy --images y.csv"), "").success()), [2, 5, 7]);
    assert_eq!(targets(&run(&work, &format!("{common} --images some.csv x.npy"), "").success()), [7, 2]);
    // The same image in a file and in an array is one image: the same pixels have the same map.
    let file =
        image::RgbImage::from_raw(64, 64, pixels(1).iter().map(|x| (x * 255.0).round() as u8).collect());
    file.unwrap().save(work.join("first.png")).unwrap();
    let alone = run(&work, "--model testbed -m gradcam --target 2 first.png", "").success();
    let of_array = rows(&table).into_iter().find(|row| row.method == "gradcam").unwrap();
    assert_eq!(super::map(&work, &rows(&alone)[0]), super::map(&work, &of_array));
    // The later stages open them by the same names.
    work.write("maps.csv", &table);
    for tool in ["perturb", "score", "rank", "render"] {
        sibling(EXPLAIN, tool);
    }
    let line = "perturb -q --model testbed -t mask maps.csv | score | rank && render -q -o png maps.csv";
    assert_eq!(work.shell(EXPLAIN, line).success().lines().count(), 1 + 2 * 2 + 1 + 6);
}

#[test]
fn arrays_that_are_not_clearly_images_are_refused() {
    let work = WorkDir::new();
    npy::write_file(&work.join("ambiguous.npy"), &[2, 3, 8, 3], &[0.0; 144]).unwrap();
    npy::write_file(&work.join("bytes.npy"), &[2, 8, 8], &[200.0; 128]).unwrap();
    npy::write_file(&work.join("x.npy"), &[2, 8, 8, 3], &[0.5; 384]).unwrap();
    work.write("y.csv", "label\n1\n");
    for (arguments, status, part) in [
        ("ambiguous.npy", 1, "ambiguous.npy, list: shape (2, 3, 8, 3) is not clearly that of images"),
        ("bytes.npy", 1, "bytes.npy#1, open: it holds 200: floats are in 0..1, and 0..255 is uint8"),
        ("x.npy#2", 1, "x.npy#2, open: there is no image 2: the array holds 2, counted from 0"),
        ("x.npy --images y.csv", 1, "y.csv: 1 rows, where x.npy holds 2 images"),
        (
            "x.npy x.npy --images y.csv",
            2,
            "--images takes the place of the images, unless these are one array",
        ),
        ("testbed --images y.csv", 2, "--images takes the place of the images"),
    ] {
        let message = run(&work, &format!("{MODEL} {arguments}"), "").failure(status);
        assert!(message.contains(part), "{arguments}: {message}");
    }
    let message = run(&work, MODEL, "image\nx.npy\n").failure(1);
    assert!(
        message.contains("x.npy, open: it is an array of images: x.npy#0 is the first of them"),
        "{message}"
    );
}
