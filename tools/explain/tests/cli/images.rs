//! Lists of images, and what happens to them.

use testing::WorkDir;

use super::{HEADER, map, png, rows, run};

#[test]
fn images_of_several_sizes_have_a_pack_each() {
    let work = WorkDir::new();
    png(&work, "small.png", 32, 32);
    png(&work, "wide.png", 48, 32);
    let arguments = "--model testbed --chunk 9 small.png wide.png ./small.png";
    let table = run(&work, arguments, "").success();
    let rows = rows(&table);
    assert_eq!(
        rows.iter().map(|row| map(&work, row).shape).collect::<Vec<_>>(),
        [[32, 32], [32, 48], [32, 32]]
    );
    assert!(rows[0].map == rows[2].map && rows[1].map == rows[0].map.replace(".npy", ".2.npy"), "{table}");
    assert_eq!(rows.iter().map(|row| row.map_index).collect::<Vec<_>>(), [Some(0), Some(0), Some(1)]);
    // One image under two spellings of its path is one image.
    assert_eq!(map(&work, &rows[0]), map(&work, &rows[2]));
    assert_eq!(run(&work, &format!("--resume {arguments}"), "").success(), table);
}

/// A header costs nothing to write. Memory is taken for what fits, and the rest is one line.
#[test]
fn images_that_are_too_large_cost_one_line() {
    let work = WorkDir::new();
    png(&work, "line.png", 60_000, 1);
    work.write(
        "bomb.bmp",
        [&b"BM\x36\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x60\xea\0\0\x60\xea\0\0\x01\0\x18\0"[..], &[0; 24]]
            .concat(),
    );
    let output =
        run(&work, "-m random --model testbed --preprocess imagenet line.png bomb.bmp testbed/000", "");
    let lines = [
        "explain: line.png, open: the image is 1 x 60000, and after resizing 256 x 15360000: more than 134217728 pixels",
        "explain: bomb.bmp, open: it claims to be 60000 x 60000 pixels, more than fits into 512 MiB",
        "explain: 2 of 3 failed",
    ];
    assert_eq!(output.failure(1).lines().collect::<Vec<_>>(), lines);
    assert_eq!(super::explained(&output.text()).len(), 1);
    // In its own size it is small, but not where its long side is resized: it is explained, or told.
    let output = run(&work, "-m gradcam --model testbed line.png testbed/000", "");
    assert!(matches!(output.status, Some(0 | 1)), "{}", output.stderr);
    assert_eq!(rows(&output.text()).len(), 2);
}

#[test]
fn an_image_that_is_listed_twice_is_explained_once() {
    let work = WorkDir::new();
    let list = "image,target\ntestbed/000,\ntestbed/001,3\ntestbed/000,7\ntestbed/001,3\n";
    let output = run(&work, "-m random", list);
    let message = output.failure(1);
    let line = "explain: testbed/001, list: it is in the list already, with the same class to explain";
    assert_eq!(message.lines().collect::<Vec<_>>(), [line, "explain: 1 of 4 failed"]);
    assert_eq!(rows(&output.text()).len(), 3);
    // Counted in maps, as everything: it would have had a map of each method.
    let two = run(&work, "-m random -m center --max-errors 25%", list);
    assert!(two.success().contains("/3,"));
    assert!(run(&work, "-m random -m center", list).failure(1).ends_with("explain: 2 of 8 failed"));
    assert!(output.text().contains("/3,"), "the list is counted without it: {}", output.text());
}

/// Two rows of one image and one class would be one curve with every point twice.
#[test]
fn a_predicted_class_that_is_asked_for_too_is_explained_once() {
    let work = WorkDir::new();
    let class = rows(&run(&work, "-m random testbed/000", "").success())[0].target.unwrap();
    let (other, list) = ((class + 1) % 10, |rows: &[String]| format!("image,target\n{}\n", rows.join("\n")));
    let row = |class: String| format!("testbed/000,{class}");
    for rows_of_list in
        [[row(String::new()), row(class.to_string())], [row(class.to_string()), row(String::new())]]
    {
        let output = run(&work, "-m random --chunk 1", list(&rows_of_list));
        let line = format!(
            "explain: testbed/000, target: the predicted class is {class}, which the list asks for too"
        );
        assert_eq!(output.failure(1).lines().next(), Some(&*line));
        assert_eq!((rows(&output.text()).len(), super::explained(&output.text()).len()), (2, 1));
    }
    run(&work, "-m random", list(&[row(String::new()), row(other.to_string())])).success();
}

#[test]
fn the_user_s_own_columns_survive() {
    let work = WorkDir::new();
    let table =
        run(&work, "-m random", "image,test,value,class,model,fold\ntestbed/000,a,b,c,d,e\n").success();
    let header = format!("{HEADER},user.test,user.value,user.class,user.model,fold,class\n");
    assert!(table.starts_with(&header), "{table}");
    let row = &rows(&table)[0];
    let cells =
        ["user.test", "user.value", "user.class", "user.model", "fold"].map(|name| row.extra.get(name));
    assert_eq!(cells, ["a", "b", "c", "d", "e"].map(Some));
}

#[test]
fn a_table_chooses_classes_and_carries_what_it_knows() {
    let work = WorkDir::new();
    let list = "image,source,label,target\ntestbed/000,web,4,\ntestbed/001,book,4,7\ntestbed/002,,2,10\ntestbed/003,,,\n";
    let output = run(&work, "--target label -m random", list);
    let message = output.failure(1);
    assert!(message.contains("testbed/002, target: class 10, but the model has 10 classes"), "{message}");
    assert!(message.contains("testbed/003, target: --target label, but the image has no label"), "{message}");
    let table = output.text();
    assert!(table.starts_with(&format!("{HEADER},source,label,class\n")), "{table}");
    let cells = |row: &pipe::Explained| {
        let extra =
            ["source", "label", "class"].map(|name| row.extra.get(name).unwrap().to_owned()).join(",");
        format!("{},{:?},{:?},{},{extra}", row.image, row.target, row.map_index, row.reason)
    };
    let expected = [
        "testbed/000,Some(4),Some(0),,web,4,cross",
        "testbed/001,Some(7),Some(0),,book,4,striped",
        "testbed/002,None,None,target: class 10, but the model has 10 classes, counted from 0,,2,",
        "testbed/003,None,None,target: --target label, but the image has no label,,,",
    ];
    assert_eq!(rows(&table).iter().map(cells).collect::<Vec<_>>(), expected);
    work.write("list.csv", list.replace(",10\n", ",\n"));
    let classes = |arguments: &str| -> Vec<usize> {
        let table = run(&work, &format!("--images list.csv -m random {arguments}"), "").success();
        rows(&table).iter().map(|row| row.target.unwrap()).collect()
    };
    let predicted = classes("--target predicted");
    assert_eq!((predicted.len(), predicted[1]), (4, 7));
    assert_eq!(classes("--target 5"), [5, 7, 5, 5]);
    assert_eq!(classes(""), predicted);
    // All ranks of an image are all classes.
    let ranks: Vec<usize> = (1..=10).map(|rank| classes(&format!("--target rank:{rank}"))[0]).collect();
    assert_eq!((ranks[0], ranks[1]), (predicted[0], classes("--target second")[0]));
    assert_eq!(ranks.iter().collect::<std::collections::BTreeSet<_>>().len(), 10, "{ranks:?}");
    for (i, class) in [0, 2, 3].map(|i| (i, predicted[i])) {
        let alone = rows(&run(&work, &format!("-m random testbed/{i:03}"), "").success());
        assert_eq!(alone[0].target, Some(class), "a class in one row does not change the others");
    }
}

#[test]
fn boxes_move_with_the_image() {
    let work = WorkDir::new();
    png(&work, "wide.png", 128, 64);
    // Resized to 512 x 256; the crop takes 144 off both sides and 16 off the top and the bottom. The second box is
    // cut by the crop, the third one vanishes.
    let list =
        "image,boxes,target\nwide.png,40 10 60 40;0 0 40 10;0 0 10 10,0\nwide.png,0 0 9 9,1\nwide.png,,2\n";
    let arguments = "-m random --model testbed --preprocess imagenet";
    let table = run(&work, arguments, list).success();
    assert_eq!(run(&work, &format!("{arguments} --resume"), list).success(), table);
    let rows = rows(&table);
    let boxes: Vec<_> = rows.iter().map(|row| row.extra.get("boxes").unwrap()).collect();
    assert_eq!(boxes, ["16 24 96 144;0 0 16 24", "", ""]);
    assert_eq!(map(&work, &rows[0]).shape, [224, 224]);
}

#[test]
fn preprocessing_can_come_from_a_file() {
    let work = WorkDir::new();
    png(&work, "wide.png", 128, 64);
    let keys = r#""interpolation": "bilinear", "crop_pct": 1.0, "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]"#;
    work.write("timm.json", format!(r#"{{"pretrained_cfg": {{"input_size": [3, 64, 64], {keys}}}}}"#));
    let row = &rows(
        &run(&work, "-m gradient --model testbed --preprocess timm.json --record record.json wide.png", "")
            .success(),
    )[0];
    assert_eq!(map(&work, row).shape, [64, 64]);
    let record = super::record(&work);
    assert_eq!(record["preprocess"]["name"], "timm.json");
    assert_eq!(record["preprocess"]["crop"], serde_json::json!([64, 64]));
    work.write("wrong.json", format!(r#"{{"input_size": [3, 64, "64"], {keys}}}"#));
    let message = run(&work, "-m random --model testbed --preprocess wrong.json wide.png", "").failure(1);
    assert_eq!(
        message,
        r#"explain: wrong.json: `input_size` is [3,64,"64"], and not [channels, height, width]"#
    );
}

/// A JPEG whose EXIF says that it is to be turned by a quarter: the network sees it as it is stored, as with Pillow.
#[test]
fn pixels_are_taken_as_they_are_stored() {
    let work = WorkDir::new();
    let mut jpeg = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_fn(48, 32, |x, y| image::Rgb([5 * x as u8, 7 * y as u8, 90]))
        .write_to(&mut jpeg, image::ImageFormat::Jpeg)
        .unwrap();
    let plain = jpeg.into_inner();
    // Behind the start of the image: a segment with one entry, tag 0x0112 (orientation), a short, once, 6.
    let tiff = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let length = (2 + 6 + tiff.len() as u16).to_be_bytes();
    let turned = [&plain[..2], b"\xff\xe1", &length, b"Exif\0\0", tiff, &plain[2..]].concat();
    work.write("plain.jpg", &plain);
    work.write("turned.jpg", &turned);
    let table = run(&work, "--model testbed -m gradient plain.jpg turned.jpg", "").success();
    let [plain, turned] = &rows(&table)[..] else { panic!("{table}") };
    assert_eq!(map(&work, turned).shape, [32, 48]);
    assert_eq!(map(&work, plain), map(&work, turned));
}
