//! Lists of images, and what happens to them.

use testing::WorkDir;

use super::{HEADER, map, png, rows, run};

#[test]
fn images_of_several_sizes_need_a_file_each() {
    let work = WorkDir::new();
    png(&work, "small.png", 32, 32);
    png(&work, "wide.png", 48, 32);
    let output = run(&work, "small.png wide.png", "");
    let message = output.failure(1);
    assert!(message.contains("wide.png, gradcam, write: its map is [32, 48]"), "{message}");
    assert_eq!(rows(&output.text()).len(), 1);
    let rows = rows(&run(&work, "--chunk 1 small.png wide.png", "").success());
    assert_eq!(rows.iter().map(|row| map(&work, row).shape).collect::<Vec<_>>(), [[32, 32], [32, 48]]);
}

#[test]
fn a_table_chooses_classes_and_carries_what_it_knows() {
    let work = WorkDir::new();
    let list = "image,source,label,target\ntestbed/000,web,4,\ntestbed/001,book,4,7\ntestbed/002,,2,10\ntestbed/003,,,\n";
    let output = run(&work, "--target label -m random", list);
    let message = output.failure(1);
    assert!(message.contains("testbed/002, target: class 10, but the model has 10 classes"), "{message}");
    assert!(message.contains("testbed/003, target: --target label, but the image has no label"), "{message}");
    let expected = "testbed/000,4,testbed,random,maps/random/00000.npy,0,web,4,cross\n\
                    testbed/001,7,testbed,random,maps/random/00000.npy,1,book,4,striped\n";
    assert_eq!(output.text(), format!("{HEADER},source,label,class\n{expected}"));
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
    let list = "image,boxes\nwide.png,40 10 60 40;0 0 40 10;0 0 10 10\nwide.png,0 0 9 9\nwide.png,\n";
    let rows = rows(&run(&work, "-m random --preprocess imagenet", list).success());
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
    let row = &rows(&run(&work, "-m gradient --preprocess timm.json wide.png", "").success())[0];
    assert_eq!(map(&work, row).shape, [64, 64]);
    let record: serde_json::Value = serde_json::from_str(&work.read("maps/explain.json")).unwrap();
    assert_eq!(record["preprocess"]["name"], "timm.json");
    assert_eq!(record["preprocess"]["crop"], serde_json::json!([64, 64]));
    work.write("wrong.json", format!(r#"{{"input_size": [3, 64, "64"], {keys}}}"#));
    let message = run(&work, "-m random --preprocess wrong.json wide.png", "").failure(1);
    assert_eq!(message, r#"explain: wrong.json: `input_size` is [3,64,"64"], and not [3, height, width]"#);
}
