//! What the maps are and where they lie.

use pipe::Explained;
use pipe::npy::{self, Array};
use testing::WorkDir;

use super::{ALL, HEADER, files, map, maps, rows, run};

#[test]
fn a_row_says_where_its_map_lies() {
    let work = WorkDir::new();
    let table = run(&work, "-m gradcam -m random -o out --chunk 2 testbed/003 testbed/001", "").success();
    assert_eq!(table.lines().next(), Some(format!("{HEADER},label,boxes,class").as_str()));
    let rows = rows(&table);
    let pack = |i: usize| rows[i].map.as_str();
    let key = |i: usize| {
        let row: &Explained = &rows[i];
        (row.image.as_str(), super::name(row), row.method.as_str(), row.map_index)
    };
    assert_eq!(rows.len(), 4);
    assert_eq!(key(0), ("testbed/003", "testbed", "gradcam", Some(0)));
    assert_eq!(key(1), ("testbed/001", "testbed", "gradcam", Some(1)));
    assert_eq!(key(3), ("testbed/001", "testbed", "random", Some(1)));
    assert!(pack(0).starts_with("out/gradcam/") && pack(2).starts_with("out/random/"), "{table}");
    assert!(pack(0) == pack(1) && pack(2) == pack(3), "{table}");
    assert_eq!(
        rows[0].extra.get("label"),
        Some(testbed::image("testbed/003").unwrap().label.to_string().as_str())
    );
    for name in [pack(0), pack(2)] {
        let pack = npy::read_file(&work.join(name)).unwrap();
        assert_eq!(pack.shape, [2, 64, 64]);
        assert!(pack.data.iter().all(|value| value.is_finite()));
        assert!(pack.data.chunks(64 * 64).all(|map| map.iter().any(|value| *value != map[0])));
    }
    let mut expected: Vec<String> = [pack(0), pack(2)]
        .into_iter()
        .flat_map(|path| [path.to_owned(), path.replace(".npy", ".json")])
        .collect();
    expected.sort();
    assert_eq!(files(&work, "out").into_keys().collect::<Vec<_>>(), expected);
}

#[test]
fn maps_are_the_same_in_any_batch_on_any_threads_and_in_any_order() {
    let work = WorkDir::new();
    let images = "testbed/000 testbed/007 testbed/013";
    let expected = maps(&work, &run(&work, &format!("{ALL} {images}"), "").success());
    assert_eq!(expected.len(), 30);
    for (i, arguments) in [
        "--batch-size 1 --threads 1 testbed/000 testbed/007 testbed/013",
        "--batch-size 5 --threads 2 testbed/013 testbed/000 testbed/007",
        "--chunk 1 testbed/007 testbed/013 testbed/000",
    ]
    .into_iter()
    .enumerate()
    {
        let table = run(&work, &format!("{ALL} -o {i} {arguments}"), "").success();
        let found = maps(&work, &table);
        for (key, map) in &expected {
            assert!(found[key] == *map, "{key:?}, {arguments}");
        }
    }
}

#[test]
fn maps_themselves_can_travel() {
    let work = WorkDir::new();
    work.write("bad.png", "this is no image");
    let output = run(&work, "--npy -m gradcam testbed/000 testbed/001", "");
    assert_eq!(output.status, Some(0), "{}", output.stderr);
    let narrow = |array: Array<f64>| {
        let data = array.data.into_iter().map(|value| value as f32).collect();
        Array { shape: array.shape, data }
    };
    let arrays: Vec<Array> =
        npy::Stream::new(&output.stdout[..]).map(|array| narrow(array.unwrap())).collect();
    assert!(!work.join("maps").exists());
    let rows = rows(&run(&work, "-m gradcam testbed/000 testbed/001", "").success());
    assert_eq!(arrays, [map(&work, &rows[0]), map(&work, &rows[1])]);
    // A gap would give every later array to the wrong image.
    let message =
        run(&work, "--npy --max-errors 9 --model testbed testbed/000 bad.png testbed/001", "").failure(1);
    assert!(message.contains("bad.png: The image format could not be determined"), "{message}");
}

#[test]
fn channels_are_joined_as_asked() {
    let work = WorkDir::new();
    let channels = |reduce: &str| {
        let table = run(&work, &format!("-m gradient --reduce {reduce} testbed/000"), "").success();
        map(&work, &rows(&table)[0])
    };
    let all = channels("none");
    assert_eq!(all.shape, [3, 64, 64]);
    let join = |f: fn([f32; 3]) -> f32| -> Vec<f32> {
        (0..4096).map(|i| f([all.data[i], all.data[4096 + i], all.data[8192 + i]])).collect()
    };
    let close = testing::Tolerance::new(1e-6, 1e-6);
    testing::assert_close(&channels("sum").data, &join(|[r, g, b]| r + g + b), close);
    testing::assert_close(&channels("abs").data, &join(|[r, g, b]| r.abs() + g.abs() + b.abs()), close);
    testing::assert_close(&channels("max").data, &join(|[r, g, b]| r.abs().max(g.abs()).max(b.abs())), close);
    let positive: fn([f32; 3]) -> f32 = |[r, g, b]| (r.max(0.0) + g.max(0.0) + b.max(0.0)) / 3.0;
    testing::assert_close(&channels("positive-mean").data, &join(positive), close);
}

#[test]
fn the_record_says_what_was_done() {
    let work = WorkDir::new();
    let arguments =
        "-m gradcam -m rise:masks=5 --seed 7 --threads 2 --record record.json testbed/000 testbed/001";
    let table = run(&work, arguments, "").success();
    let text = work.read("record.json");
    let record = super::record(&work);
    let row = &rows(&table)[0];
    let expected = serde_json::json!({
        "tool": "explain", "version": env!("CARGO_PKG_VERSION"), "model": row.model, "layer": "layer3.0.relu", "target": "predicted",
        "seed": 7, "device": "cpu", "threads": 2, "shard": "1/1", "images": 2, "list": row.extra.get("list"), "chunk": 1,
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(record[name], *value, "{name}");
    }
    assert_eq!(record["argv"].as_array().unwrap().len(), 16);
    assert_eq!(record["preprocess"]["name"], "imagenet-keep");
    assert!(text.contains("0.485,") && !text.contains("0.48500"), "{text}");
    let methods: Vec<&String> = record["seconds_by_method"].as_object().unwrap().keys().collect();
    assert_eq!(methods, ["gradcam", "rise:masks=5"]);
    assert!(record["seconds_compute"].as_f64().unwrap() > 0.0);
}

/// Methods for a transformer, in little.
const ALL_OF_VIT: &str = "-m random -m gradient -m input-x-gradient -m smoothgrad:samples=3 -m integrated-gradients:steps=3 \
     -m guided-backprop -m gradcam -m layercam:layer=blocks.1.norm1 -m occlusion:window=32 -m rise:masks=7 \
     -m attention -m rollout -m gae -m attn-lrp";

#[test]
fn the_embedded_transformer_is_explained_in_any_batch_on_any_threads() {
    let work = WorkDir::new();
    let model = "--model testbed-vit testbed/000 testbed/007";
    let expected = maps(&work, &run(&work, &format!("{ALL_OF_VIT} {model}"), "").success());
    assert_eq!(expected.len(), 28);
    for arguments in ["-o 1 --batch-size 1 --threads 1", "-o 2 --batch-size 3 --threads 2"] {
        let found = maps(&work, &run(&work, &format!("{ALL_OF_VIT} {arguments} {model}"), "").success());
        for (key, map) in &expected {
            assert!(found[key] == *map, "{key:?}, {arguments}");
        }
    }
}
