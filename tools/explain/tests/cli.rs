//! `explain` as a shell sees it, on the embedded pictures and classifier.

use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;
use std::path::Path;

use pipe::npy::{self, Array};
use pipe::{Explained, Tables};
use testing::{Output, WorkDir, testdata};

const EXPLAIN: &str = env!("CARGO_BIN_EXE_explain");
const HEADER: &str = "image,target,model,method,map,map_index";

/// All methods, in little.
const ALL: &str = "-m random -m gradient -m input-x-gradient -m smoothgrad:samples=3 -m integrated-gradients:steps=3 \
                   -m guided-backprop -m gradcam -m layercam:layer=layer2 -m occlusion:window=32 -m rise:masks=7";

fn run(work: &WorkDir, arguments: &str, stdin: impl AsRef<[u8]>) -> Output {
    let arguments = arguments.split_whitespace().chain(["-q", "--device", "cpu"]);
    work.run(EXPLAIN, arguments, stdin)
}

fn rows(table: &str) -> Vec<Explained> {
    let input = Box::new(Cursor::new(table.as_bytes().to_vec()));
    let tables = Tables::from_input(Path::new("-"), input).unwrap();
    tables.rows().unwrap().collect::<Result<_, _>>().unwrap()
}

fn map(work: &WorkDir, row: &Explained) -> Array {
    npy::read_map(&work.join(&row.map), row.map_index).unwrap()
}

/// What was explained by picture and method, and the map's bits.
fn maps(work: &WorkDir, table: &str) -> BTreeMap<(String, String), (usize, Vec<u32>)> {
    let bits = |row: &Explained| map(work, row).data.into_iter().map(f32::to_bits).collect();
    let entry = |row: Explained| ((row.image.clone(), row.method.clone()), (row.target, bits(&row)));
    rows(table).into_iter().map(entry).collect()
}

/// Every file below a folder, but for the records of the runs, which hold times.
fn files(work: &WorkDir, folder: &str) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![work.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(work.path()).unwrap().display().to_string();
            if path.is_dir() {
                folders.push(path);
            } else if !name.contains("explain.") {
                found.insert(name, fs::read(path).unwrap());
            }
        }
    }
    found
}

/// A picture with a pattern.
fn png(work: &WorkDir, name: &str, width: u32, height: u32) {
    let pixel = |x: u32, y: u32| image::Rgb([(x * 3) as u8, (y * 5) as u8, (x * y) as u8]);
    image::RgbImage::from_fn(width, height, pixel).save(work.join(name)).unwrap();
}

/// Weights of a CIFAR ResNet-20 for seven classes, as they are before training.
fn weights(work: &WorkDir, name: &str, change: impl Fn(&mut Vec<u8>)) {
    let graph = (models::zoo::architecture("cifar-resnet20").unwrap().build)(7);
    let network = learning::initialise(graph, 0, &models::device::cpu().device);
    let mut bytes = learning::to_safetensors(&network).unwrap();
    change(&mut bytes);
    work.write(name, bytes);
}

#[test]
fn a_row_says_where_its_map_lies() {
    let work = WorkDir::new();
    let table = run(&work, "-m gradcam -m random -o out testbed/003 testbed/001", "").success();
    assert_eq!(table.lines().next(), Some(format!("{HEADER},label,boxes,class").as_str()));
    let rows = rows(&table);
    let key = |i: usize| {
        let row: &Explained = &rows[i];
        (row.image.as_str(), row.model.as_str(), row.method.as_str(), row.map.as_str(), row.map_index)
    };
    assert_eq!(rows.len(), 4);
    assert_eq!(key(0), ("testbed/003", "testbed", "gradcam", "out/gradcam/00000.npy", Some(0)));
    assert_eq!(key(1), ("testbed/001", "testbed", "gradcam", "out/gradcam/00000.npy", Some(1)));
    assert_eq!(key(3), ("testbed/001", "testbed", "random", "out/random/00000.npy", Some(1)));
    assert_eq!(
        rows[0].extra.get("label"),
        Some(testbed::picture("testbed/003").unwrap().label.to_string().as_str())
    );
    for name in ["out/gradcam/00000.npy", "out/random/00000.npy"] {
        let pack = npy::read_file(&work.join(name)).unwrap();
        assert_eq!(pack.shape, [2, 64, 64]);
        assert!(pack.data.iter().all(|value| value.is_finite()));
        assert!(pack.data.chunks(64 * 64).all(|map| map.iter().any(|value| *value != map[0])));
    }
    let names: Vec<String> = files(&work, "out").into_keys().collect();
    let of =
        |method: &str| ["00000.csv", "00000.npy", "settings.json"].map(|name| format!("out/{method}/{name}"));
    assert_eq!(names, [of("gradcam"), of("random")].concat());
}

#[test]
fn maps_are_the_same_in_any_batch_on_any_threads_and_in_any_order() {
    let work = WorkDir::new();
    let pictures = "testbed/000 testbed/007 testbed/013";
    let expected = maps(&work, &run(&work, &format!("{ALL} {pictures}"), "").success());
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
fn shards_together_are_one_run() {
    let pictures =
        "-m gradcam -m rise:masks=5 --chunk 2 testbed/000 testbed/001 testbed/002 testbed/003 testbed/004";
    let (whole, parts) = (WorkDir::new(), WorkDir::new());
    let table = run(&whole, pictures, "").success();
    let first = run(&parts, &format!("--shard 1/2 {pictures}"), "").success();
    let second = run(&parts, &format!("--shard 2/2 {pictures}"), "").success();
    assert_eq!((rows(&first).len(), rows(&second).len()), (6, 4));
    let sorted = |tables: &[&str]| {
        let mut lines: Vec<String> =
            tables.iter().flat_map(|t| t.lines().skip(1)).map(str::to_string).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&[&first, &second]), sorted(&[&table]));
    assert!(files(&whole, "maps") == files(&parts, "maps"));
    let records = ["explain.1-of-2.json", "explain.2-of-2.json"].map(|name| parts.join("maps").join(name));
    assert!(records.iter().all(|path| path.is_file()));
    // One shard more than chunks: a part with nothing to do is a table without rows.
    assert_eq!(run(&parts, &format!("--shard 4/4 {pictures}"), "").success().lines().count(), 1);
}

const FOUR: &str = "--chunk 2 testbed/000 testbed/001 testbed/002 testbed/003";

#[test]
fn a_resumed_run_does_what_is_left() {
    let work = WorkDir::new();
    let both = format!("-m gradcam -m random {FOUR}");
    let table = run(&work, &both, "").success();
    let before = files(&work, "maps");
    // What was finished is not written again: a mark in a finished pack stays.
    let marked = work.write("maps/gradcam/00000.npy", "mark");
    fs::remove_file(work.join("maps/gradcam/00001.npy")).unwrap();
    fs::remove_file(work.join("maps/random/00000.csv")).unwrap();
    assert_eq!(run(&work, &format!("--resume {both}"), "").success(), table);
    assert_eq!(fs::read(&marked).unwrap(), b"mark");
    work.write("maps/gradcam/00000.npy", &before["maps/gradcam/00000.npy"]);
    assert!(files(&work, "maps") == before);
    // Without --resume everything is done again.
    assert_eq!(
        work.run(EXPLAIN, format!("--device cpu {both}").split(' '), "").stderr,
        "explain: testbed on cpu\n"
    );
    work.write("maps/gradcam/00000.npy", "mark");
    assert_eq!(run(&work, &both, "").success(), table);
    assert!(files(&work, "maps") == before);
    // A method more is no other setting.
    let more = run(&work, &format!("--resume {both} -m gradient"), "").success();
    assert_eq!(rows(&more).len(), 12);
}

#[test]
fn only_equal_settings_can_be_resumed() {
    let work = WorkDir::new();
    let seed_0 = run(&work, &format!("-m random {FOUR}"), "").success();
    for (arguments, setting) in [
        (format!("--seed 1 {FOUR}"), "seed"),
        (format!("--target 3 {FOUR}"), "target"),
        (format!("{FOUR} testbed/004"), "pictures, pictures_sha256"),
        ("--chunk 2 testbed/001 testbed/000 testbed/002 testbed/003".into(), "pictures_sha256"),
        (format!("--reduce abs {FOUR}"), "reduce"),
        (FOUR.replace("--chunk 2", "--chunk 3"), "chunk"),
    ] {
        let message = run(&work, &format!("--resume -m random {arguments}"), "").failure(1);
        let expected = format!("maps/random/settings.json is of a run with another {setting}");
        assert!(message.ends_with(&expected), "{message}");
    }
    assert_eq!(run(&work, &format!("--resume -m random {FOUR}"), "").success(), seed_0);
    let overwritten = WorkDir::new();
    run(&overwritten, "-m random testbed/000", "").success();
    let output =
        overwritten.run(EXPLAIN, ["-m", "random", "--seed", "3", "--device", "cpu", "testbed/000"], "");
    let note = "explain: maps in maps/random are overwritten: they are of a run with another seed";
    assert!(output.stderr.lines().any(|line| line == note), "{}", output.stderr);
    // A run with another seed that was cut short, resumed: nothing of the older run may be taken for its own.
    let own = work.write("maps/random/mine.csv", "somebody's own file");
    run(&work, &format!("--seed 1 --shard 1/2 -m random {FOUR}"), "").success();
    assert!(own.is_file() && !work.join("maps/random/00001.csv").exists());
    let resumed = maps(&work, &run(&work, &format!("--seed 1 --resume -m random {FOUR}"), "").success());
    let fresh = WorkDir::new();
    assert!(resumed == maps(&fresh, &run(&fresh, &format!("--seed 1 -m random {FOUR}"), "").success()));
}

#[test]
fn a_bad_picture_costs_one_line_and_the_exit_status() {
    let work = WorkDir::new();
    work.write("bad.png", "this is no picture");
    let arguments = "-m gradcam -m random --errors errors.csv testbed/000 bad.png gone.png testbed/001";
    let output = run(&work, arguments, "");
    let message = output.failure(1);
    let lines: Vec<&str> = message.lines().collect();
    assert_eq!(lines.len(), 3, "{message}");
    assert!(
        lines[0].starts_with("explain: bad.png, open: The image format could not be determined"),
        "{message}"
    );
    assert!(lines[1].starts_with("explain: gone.png, open: No such file"), "{message}");
    assert_eq!(lines[2], "explain: 2 of 4 failed; see errors.csv");
    let images: Vec<String> = rows(&output.text()).into_iter().map(|row| row.image).collect();
    assert_eq!(images, ["testbed/000", "testbed/001", "testbed/000", "testbed/001"]);
    let errors = work.read("errors.csv");
    assert!(errors.starts_with("image,method,stage,error\nbad.png,,open,The image format"), "{errors}");
    assert_eq!(errors.lines().count(), 3);
    assert_eq!(run(&work, &format!("{arguments} --max-errors 2"), "").success(), output.text());
    assert_eq!(run(&work, &format!("{arguments} --max-errors 50%"), "").success(), output.text());
    // What failed is remembered: a resumed run is no success either, until somebody has looked.
    let resumed = run(&work, &format!("{arguments} --resume"), "");
    assert_eq!(resumed.text(), output.text());
    let message = resumed.failure(1);
    assert!(message.contains("bad.png, gradcam, resume: failed in an earlier run"), "{message}");
}

#[test]
fn models_of_files_bring_their_classes() {
    let work = WorkDir::new();
    png(&work, "a.png", 32, 32);
    weights(&work, "w.safetensors", |_| {});
    let model = "--model cifar-resnet20 --weights w.safetensors";
    let rows = rows(&run(&work, &format!("{model} -m gradcam -m random --target 6 a.png"), "").success());
    assert_eq!((rows[0].model.as_str(), rows[0].target), ("cifar-resnet20", 6));
    assert_eq!(map(&work, &rows[0]).shape, [32, 32]);
    assert!(run(&work, &format!("{model} --target 7 a.png"), "").failure(2).contains("7 classes"));
    assert!(
        run(&work, &format!("{model} --list-layers"), "").success().lines().last().unwrap().ends_with(" 7")
    );
    // The file ends with a weight of the last class; with that undefined, its maps are.
    weights(&work, "nan.safetensors", |bytes| {
        let end = bytes.len() - 4;
        bytes[end..].copy_from_slice(&f32::NAN.to_le_bytes());
    });
    let arguments =
        "--model cifar-resnet20 --weights nan.safetensors -m gradcam -m random --target 6 -o nan a.png";
    let output = run(&work, arguments, "");
    let message = output.failure(1);
    assert!(
        message.contains("a.png, gradcam, explain: its map holds values that are not finite"),
        "{message}"
    );
    assert_eq!(output.text().lines().count(), 2);
}

#[test]
fn pictures_of_several_sizes_need_a_file_each() {
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
fn wrong_use_is_told_before_any_work() {
    let work = WorkDir::new();
    let wrong_shape = testdata("models/hostile/wrong_shape.safetensors").display().to_string();
    let cifar = format!("--model cifar-resnet20 --weights {wrong_shape} testbed/000");
    for (arguments, status, parts) in [
        ("-m gradcm testbed", 2, &["unknown method `gradcm`", "gradcam"][..]),
        ("-m rise:mask=5 testbed", 2, &["`rise` has no parameter `mask`", "masks=4000"]),
        ("-m occlusion:window=0 testbed", 2, &["window=0 is not a positive whole number"]),
        ("-m smoothgrad:noise=inf testbed", 2, &["noise=inf is not a number >= 0"]),
        ("-m rise -m rise:masks=4000 testbed", 2, &["method rise is given twice"]),
        ("-m gradcam:layer=layer9 testbed", 2, &["it has no layer `layer9`", "--list-layers"]),
        ("--layer layer9 testbed", 2, &["it has no layer `layer9`"]),
        ("-m random --layer layer3 testbed", 2, &["no method reads a layer"]),
        ("--model resnet5 --weights x.pth testbed", 2, &["unknown model `resnet5`", "resnet50"]),
        ("--model resnet50 testbed", 2, &["--weights"]),
        ("--weights x.pth testbed", 2, &["--model"]),
        ("--model resnet50 --weights gone.pth testbed", 1, &["gone.pth", "No such file"]),
        (
            cifar.as_str(),
            1,
            &["wrong_shape.safetensors", "wrong shape: conv1.weight is [8, 3, 3, 3] and not [16, 3, 3, 3]"],
        ),
        ("--preprocess imagenette testbed", 2, &["imagenette", "inception"]),
        ("--target 10 testbed", 2, &["10 classes"]),
        ("--target dog testbed", 2, &["label, predicted or a class index"]),
        ("--target label gone.png", 2, &["no picture has a label"]),
        ("--shard 0/2 testbed", 2, &["1 <= K <= N"]),
        ("--shard 3/2 testbed", 2, &["1 <= K <= N"]),
        ("--chunk 0 testbed", 2, &["--chunk"]),
        ("--threads 0 testbed", 2, &["--threads"]),
        ("--batch-size 0 testbed", 2, &["auto or a positive whole number"]),
        ("--npy -m gradcam -m random testbed", 2, &["--npy takes one method"]),
        ("--npy --resume testbed", 2, &["--resume"]),
        ("--npy --images list.csv", 2, &["pictures on the command line"]),
        ("--images list.csv testbed", 2, &["--images"]),
        ("--images list.csv", 1, &["cannot open list.csv"]),
        ("--images -", 1, &["standard input: empty input"]),
        ("--errors no/folder/e.csv testbed", 1, &["no/folder/e.csv"]),
    ] {
        let message = run(&work, arguments, "").failure(status);
        for part in parts {
            assert!(message.contains(part), "{arguments}: {message}");
        }
    }
    work.write("taken", "a file");
    assert!(run(&work, "-o taken testbed", "").failure(1).contains("cannot create the folder taken/gradcam"));
}

#[test]
#[cfg(not(feature = "cuda"))]
fn cuda_that_is_not_built_in_is_an_error() {
    let message = WorkDir::new().run(EXPLAIN, ["--device", "cuda", "testbed/000"], "").failure(1);
    assert_eq!(
        message,
        "explain: no CUDA device 0: this program was built without CUDA (build with --features cuda)"
    );
}

#[test]
fn a_table_chooses_classes_and_carries_what_it_knows() {
    let work = WorkDir::new();
    let list = "image,source,label,target\ntestbed/000,web,4,\ntestbed/001,book,4,7\ntestbed/002,,2,10\ntestbed/003,,,\n";
    let output = run(&work, "--target label -m random", list);
    let message = output.failure(1);
    assert!(message.contains("testbed/002, target: class 10, but the model has 10 classes"), "{message}");
    assert!(
        message.contains("testbed/003, target: --target label, but the picture has no label"),
        "{message}"
    );
    let expected = "testbed/000,4,testbed,random,maps/random/00000.npy,0,web,4,cross\n\
                    testbed/001,7,testbed,random,maps/random/00000.npy,1,book,4,striped\n";
    assert_eq!(output.text(), format!("{HEADER},source,label,class\n{expected}"));
    work.write("list.csv", list.replace(",10\n", ",\n"));
    let classes = |arguments: &str| -> Vec<usize> {
        let table = run(&work, &format!("--images list.csv -m random {arguments}"), "").success();
        rows(&table).iter().map(|row| row.target).collect()
    };
    let predicted = classes("--target predicted");
    assert_eq!((predicted.len(), predicted[1]), (4, 7));
    assert_eq!(classes("--target 5"), [5, 7, 5, 5]);
    assert_eq!(classes(""), predicted);
    for (i, class) in [0, 2, 3].map(|i| (i, predicted[i])) {
        let alone = rows(&run(&work, &format!("-m random testbed/{i:03}"), "").success());
        assert_eq!(alone[0].target, class, "a class in one row does not change the others");
    }
}

#[test]
fn boxes_move_with_the_picture() {
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
fn classes_have_names() {
    let work = WorkDir::new();
    let class = |table: &str| rows(table)[0].extra.get("class").unwrap().to_string();
    assert_eq!(class(&run(&work, "-m random --target 6 testbed/000", "").success()), "crescent");
    work.write(
        "names.txt",
        "thing 0\nthing 1\nthing 2\nthing 3\nthing 4\nthing 5\nthing 6\nthing 7\nthing 8\nthing 9\n",
    );
    let named = run(&work, "-m random --target 6 --labels names.txt testbed/000", "").success();
    assert_eq!(class(&named), "thing 6");
    work.write("few.txt", "a\nb\n");
    let message = run(&work, "-m random --labels few.txt testbed/000", "").failure(1);
    assert!(message.contains("few.txt: 2 names, but the model has 10 classes"), "{message}");
}

#[test]
fn tables_without_rows_and_readers_that_leave() {
    let work = WorkDir::new();
    assert_eq!(run(&work, "", "image,boxes\n").success(), format!("{HEADER},boxes,class\n"));
    assert!(run(&work, "", "").failure(1).contains("empty input"));
    assert!(run(&work, "", "a.png\nb.png\n").failure(1).contains("no column `image`"));
    let first = work.shell(EXPLAIN, "explain -q -m random --chunk 1 testbed | head -1").success();
    assert_eq!(first, format!("{HEADER},label,boxes,class\n"));
    for command in ["-m random testbed/000", "--npy testbed/000", "--list-models"] {
        let message = work.shell(EXPLAIN, &format!("explain -q {command} > /dev/full")).failure(1);
        assert!(message.contains("No space left"), "{command}: {message}");
    }
}

#[test]
fn maps_themselves_can_travel() {
    let work = WorkDir::new();
    work.write("bad.png", "this is no picture");
    let output = run(&work, "--npy -m gradcam testbed/000 testbed/001", "");
    assert_eq!(output.status, Some(0), "{}", output.stderr);
    let arrays: Vec<Array> = npy::Stream::new(&output.stdout[..]).collect::<Result<_, _>>().unwrap();
    assert!(!work.join("maps").exists());
    let rows = rows(&run(&work, "-m gradcam testbed/000 testbed/001", "").success());
    assert_eq!(arrays, [map(&work, &rows[0]), map(&work, &rows[1])]);
    // A gap would give every later array to the wrong picture.
    let message = run(&work, "--npy --max-errors 9 testbed/000 bad.png testbed/001", "").failure(1);
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
fn lists_tell_what_there_is() {
    let work = WorkDir::new();
    let models = run(&work, "--list-models", "").success();
    assert!(models.starts_with("testbed "), "{models}");
    for name in
        ["resnet50-v1", "cifar-resnet56", "vgg16-bn", "densenet201", "efficientnet-lite4", "binary-cnn"]
    {
        assert!(models.contains(&format!("\n{name} ")), "{models}");
    }
    let methods = run(&work, "--list-methods", "").success();
    assert!(methods.contains("rise\n    random masks weighted by the probability behind them"), "{methods}");
    assert!(methods.contains("parameters: masks=4000,grid=7,p=0.5"), "{methods}");
    let layers = run(&work, "--list-layers", "").success();
    let auto: Vec<&str> = layers.lines().filter(|line| line.ends_with("(auto)")).collect();
    assert_eq!(auto.len(), 1, "{layers}");
    assert!(auto[0].starts_with("layer3.0.relu") && auto[0].contains("64x8x8"), "{layers}");
    // Every layer of the list that has feature maps can be named, those before a BatchNorm too.
    for line in
        layers.lines().filter(|line| line.split_whitespace().nth(2).is_some_and(|shape| shape.contains('x')))
    {
        let name = line.split_whitespace().next().unwrap();
        run(&work, &format!("-m layercam:layer={name} -o {name} testbed/000"), "").success();
    }
}

#[test]
fn a_layer_is_part_of_the_name() {
    let work = WorkDir::new();
    let table =
        run(&work, "-m gradcam -m layercam:layer=layer1 -m random --layer layer2 testbed/000", "").success();
    let methods: Vec<String> = rows(&table).into_iter().map(|row| row.method).collect();
    assert_eq!(methods, ["gradcam:layer=layer2", "layercam:layer=layer1", "random"]);
    let table = run(&work, "-m gradcam:relu=false --layer layer2 testbed/000", "").success();
    assert_eq!(rows(&table)[0].method, "gradcam:layer=layer2,relu=false");
    let table = run(&work, "-m gradcam --layer auto testbed/000", "").success();
    assert_eq!(rows(&table)[0].method, "gradcam");
}

#[test]
fn the_record_says_what_was_done() {
    let work = WorkDir::new();
    run(&work, "-m gradcam -m rise:masks=5 --seed 7 --threads 2 testbed/000 testbed/001", "").success();
    let text = work.read("maps/explain.json");
    let record: serde_json::Value = serde_json::from_str(&text).unwrap();
    let expected = serde_json::json!({
        "tool": "explain", "version": env!("CARGO_PKG_VERSION"), "model": "testbed", "layer": "layer3.0.relu",
        "target": "predicted", "reduce": "sum", "seed": 7, "device": "cpu", "threads": 2, "shard": "1/1", "images": 2,
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(record[name], *value, "{name}");
    }
    assert_eq!(record["argv"].as_array().unwrap().len(), 14);
    assert_eq!(record["weights_sha256"].as_str().unwrap().len(), 64);
    assert_eq!(record["preprocess"]["name"], "none");
    assert!(text.contains("0.485,") && !text.contains("0.48500"), "{text}");
    let methods: Vec<&String> = record["seconds_by_method"].as_object().unwrap().keys().collect();
    assert_eq!(methods, ["gradcam", "rise:masks=5"]);
    assert!(record["seconds_compute"].as_f64().unwrap() > 0.0);
}
