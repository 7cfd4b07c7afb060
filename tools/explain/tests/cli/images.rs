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

#[test]
fn an_image_that_is_listed_twice_is_explained_once() {
    let work = WorkDir::new();
    let list = "image,target\ntestbed/000,\ntestbed/001,3\ntestbed/000,4\ntestbed/001,3\n";
    let output = run(&work, "-m random", list);
    let message = output.failure(1);
    let line = "explain: testbed/001, list: it is in the list already, with the same class to explain";
    assert_eq!(message.lines().collect::<Vec<_>>(), [line, "explain: 1 of 4 failed"]);
    assert_eq!(rows(&output.text()).len(), 3);
    assert!(output.text().contains("/3,"), "the list is counted without it: {}", output.text());
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
    assert_eq!(message, r#"explain: wrong.json: `input_size` is [3,64,"64"], and not [3, height, width]"#);
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
