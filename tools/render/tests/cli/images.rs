//! Images: how they are found and prepared, and what their files are called.

use pipe::npy::PackWriter;
use testing::WorkDir;

use crate::{RENDER, image, map, open, render, work};

#[test]
fn rows_carry_the_name_of_their_image() {
    let work = work();
    let mut pack = PackWriter::create(&work.join("maps/ig/0.npy"), &[2, 3]).unwrap();
    pack.push(&[0.0; 6]).unwrap();
    pack.push(&[1.0; 6]).unwrap();
    pack.finish().unwrap();
    let table = "method,image,target,map,map_index,label\n\
                 ig,cat.png,5,maps/ig/0.npy,1,tabby\n../../up,./cat.png,5,maps/ig/0.npy,0,\n";
    let expected = "image,target,model,method,map,map_index,reason,label,png\n\
                    cat.png,5,,ig,maps/ig/0.npy,1,,tabby,out/ig/cat-1.png\n\
                    ./cat.png,5,,../../up,maps/ig/0.npy,0,,,out/_._.._up/cat-2.png\n";
    assert_eq!(work.run(RENDER, ["-o", "out"], table).success(), expected);
    work.write("rows.csv", table);
    assert_eq!(work.run(RENDER, ["rows.csv", "-o", "out"], "").success(), expected);
    for name in ["out/ig/cat-1.png", "out/_._.._up/cat-2.png"] {
        assert_eq!(open(&work, name).dimensions(), (3, 2));
    }
}

#[test]
fn embedded_images_are_taken_as_they_are() {
    let work = WorkDir::new();
    map(&work, "a.npy", &[64, 64], &[0.0; 4096]);
    render(&work, "-o out --alpha 0", &["testbed/000,0,testbed,ig,a.npy,"]).success();
    assert_eq!(open(&work, "out/ig/000-1.png").dimensions(), (64, 64));
}

/// The sidecar of a pack of one map of `wide.png`.
fn sidecar(work: &WorkDir, pack: &str, preprocess: serde_json::Value) {
    let image = pipe::sha256(&std::fs::read(work.join("wide.png")).unwrap());
    let identity = pipe::Identity {
        version: String::new(),
        model: "net@12345678".into(),
        method: "ig".into(),
        seed: 0,
        engine: String::new(),
        files: std::collections::BTreeMap::new(),
        asked: vec![pipe::Asked { image, class: "5".into() }],
    };
    let items = vec![pipe::Item { target: Some(5), map: Some((0, 0)), ..pipe::Item::default() }];
    let mut sidecar = pipe::Sidecar { identity, preprocess, packs: Vec::new(), items };
    sidecar.add_pack(&work.join(pack)).unwrap();
    sidecar.write(&work.join(pack).with_extension("json")).unwrap();
}

#[test]
fn the_sidecar_says_how_an_image_was_prepared_and_which_one_it_is() {
    let work = WorkDir::new();
    image(&work, "wide.png", [9, 9, 9], (400, 300));
    map(&work, "maps/ig/0.npy", &[1, 224, 224], &vec![0.0; 224 * 224]);
    let line = ["wide.png,5,net@12345678,ig,maps/ig/0.npy,0"];
    let message = render(&work, "-o out", &line).failure(1);
    for part in ["300 x 400", "224 x 224", "--preprocess", "imagenet, squash, inception,"] {
        assert!(message.contains(part), "{message}");
    }
    let imagenet = serde_json::to_value(images::Preprocess::preset("imagenet").unwrap()).unwrap();
    sidecar(&work, "maps/ig/0.npy", imagenet.clone());
    render(&work, "-o out", &line).success();
    assert_eq!(open(&work, "out/ig/wide-1.png").dimensions(), (224, 224));
    let message = render(&work, "-o out --preprocess none", &line).failure(1);
    assert!(message.contains("300 x 400 (--preprocess none)"), "{message}");
    for (wrong, part) in [
        ("wide.png,6,net@12345678,ig,maps/ig/0.npy,0", "the map explains class 5, but the row says 6"),
        ("wide.png,5,net@0,ig,maps/ig/0.npy,0", "the map explains net@12345678, but the row says net@0"),
        ("wide.png,5,net@12345678,rise,maps/ig/0.npy,0", "the map is one of ig, but the row says rise"),
        ("wide.png,5,net@12345678,ig,maps/ig/0.npy,", "the row has no map_index"),
    ] {
        let message = render(&work, "-o out", &[wrong]).failure(1);
        assert!(message.contains(part), "{message}");
    }
    image(&work, "wide.png", [8, 8, 8], (400, 300));
    assert!(render(&work, "-o out", &line).failure(1).contains("the map explains another image"));
    for broken in ["{", r#"{"identity": 3}"#] {
        work.write("maps/ig/0.json", broken);
        let message = render(&work, "-o out", &line).failure(1);
        assert!(message.contains("maps/ig/0.json is damaged"), "{message}");
    }
}

/// Whatever the order of the network's channels, and whoever wrote the file that says so.
#[test]
fn images_keep_their_colours_however_they_were_prepared() {
    let work = WorkDir::new();
    image(&work, "wide.png", [200, 100, 50], (400, 300));
    map(&work, "maps/ig/0.npy", &[224, 224], &vec![0.0; 224 * 224]);
    map(&work, "small/ig/0.npy", &[20, 20], &[0.0; 400]);
    let drawn = |arguments: &str, row: &str| {
        render(&work, &format!("-o out --alpha 0 {arguments}"), &[row]).success();
        assert!(open(&work, "out/ig/wide-1.png").pixels().all(|pixel| pixel.0 == [200, 100, 50]));
        open(&work, "out/ig/wide-1.png").width()
    };
    assert_eq!(drawn("--preprocess caffe", "wide.png,5,net,ig,maps/ig/0.npy,"), 224);
    let keys = r#""interpolation": "bicubic", "mean": [0.5, 0.5, 0.5], "std": [1, 1, 1]"#;
    work.write("p.json", format!(r#"{{"input_size": [3, 20, 20], {keys}}}"#));
    assert_eq!(drawn("--preprocess p.json", "wide.png,5,net,ig,small/ig/0.npy,"), 20);
    // What the sidecar says of such a file is enough; the file itself may be gone.
    let recorded = serde_json::json!({"name": "gone.json", "resize": {"ShortSide": 22}, "bicubic": true, "crop": [20, 20],
        "channels": "bgr", "mean": [0.5, 0.5, 0.5], "std": [1, 1, 1]});
    map(&work, "small/ig/1.npy", &[1, 20, 20], &[0.0; 400]);
    sidecar(&work, "small/ig/1.npy", recorded);
    assert_eq!(drawn("", "wide.png,5,net@12345678,ig,small/ig/1.npy,0"), 20);
    let message = render(&work, "-o out --preprocess gone.json", &["wide.png,5,net,ig,a.npy,"]).failure(1);
    assert!(message.contains("gone.json: No such file"), "{message}");
}
