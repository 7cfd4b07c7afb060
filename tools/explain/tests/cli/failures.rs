//! What goes wrong, and how it is told.

use testing::{WorkDir, testdata};

use super::{EXPLAIN, HEADER, explained, rows, run};

#[test]
fn a_bad_image_costs_one_line_and_the_exit_status() {
    let work = WorkDir::new();
    work.write("bad.png", "this is no image");
    let images = "testbed/000 bad.png gone.png testbed/001";
    let arguments = format!("-m gradcam -m random --model testbed --chunk 4 --errors errors.csv {images}");
    let output = run(&work, &arguments, "");
    let message = output.failure(1);
    let lines: Vec<&str> = message.lines().collect();
    assert_eq!(lines.len(), 3, "{message}");
    assert!(lines[0].starts_with("explain: gone.png, open: No such file"), "{message}");
    assert!(
        lines[1].starts_with("explain: bad.png, open: The image format could not be determined"),
        "{message}"
    );
    // Counted in maps: each of the images costs one of each method.
    assert_eq!(lines[2], "explain: 4 of 8 failed; see errors.csv");
    let table = output.text();
    let images = |rows: Vec<pipe::Explained>| rows.into_iter().map(|row| row.image).collect::<Vec<_>>();
    assert_eq!(images(explained(&table)), ["testbed/000", "testbed/001", "testbed/000", "testbed/001"]);
    // What failed does not vanish: its rows say why there is no map.
    let failed = rows(&table).into_iter().filter(|row| !row.reason.is_empty()).collect::<Vec<_>>();
    assert!(failed[1].reason.starts_with("open: No such file") && failed[1].target.is_none(), "{table}");
    assert_eq!(images(failed), ["bad.png", "gone.png", "bad.png", "gone.png"]);
    let errors = work.read("errors.csv");
    assert!(errors.starts_with("image,method,stage,error\ngone.png,,open,No such file"), "{errors}");
    assert_eq!(errors.lines().count(), 3);
    assert_eq!(run(&work, &format!("{arguments} --max-errors 4"), "").success(), table);
    assert_eq!(run(&work, &format!("{arguments} --max-errors 50%"), "").success(), table);
    // A resumed run is no success either, until somebody has looked.
    let resumed = run(&work, &format!("{arguments} --resume"), "");
    assert_eq!(resumed.text(), table);
    let message = resumed.failure(1);
    assert!(message.contains("bad.png, open: The image format"), "{message}");
    assert!(message.ends_with("explain: 4 of 8 failed; see errors.csv"), "{message}");
    // An image that has come back is another content, so what was done without it does not count.
    std::fs::rename(work.join("bad.png"), work.join("gone.png")).unwrap();
    super::png(&work, "bad.png", 64, 64);
    let message = run(&work, &format!("{arguments} --resume"), "").failure(1);
    assert!(
        message.contains("gone.png, open: The image format") && message.contains("2 of 8 failed"),
        "{message}"
    );
}

/// A toy network explains photographs without a word, and nobody sees that it is one.
#[test]
fn photographs_need_a_model() {
    let work = WorkDir::new();
    super::png(&work, "cat.png", 64, 64);
    let reason = "cat.png is no image of the testbed: name the classifier with --model (--model testbed means the embedded one)";
    for (arguments, table) in [("testbed/000 cat.png", ""), ("--images -", "image\ntestbed/000\ncat.png\n")] {
        assert_eq!(run(&work, arguments, table).failure(2), format!("explain: {reason}"));
    }
    assert_eq!(rows(&run(&work, "--model testbed cat.png", "").success()).len(), 1);
}

#[test]
fn wrong_use_is_told_before_any_work() {
    let work = WorkDir::new();
    let wrong_shape = testdata("models/hostile/wrong_shape.safetensors").display().to_string();
    let cifar = format!("--model cifar-resnet20 --weights {wrong_shape} testbed/000");
    for (arguments, status, parts) in [
        ("-m gradcm testbed", 2, &["unknown method `gradcm`", "gradcam"][..]),
        ("-m rise:mask=5 testbed", 2, &["`rise` has no parameter `mask`", "masks=4000"]),
        ("-m occlusion:window=0 testbed", 2, &["window=0 is not positive whole numbers"]),
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
        ("--preprocess gone.json testbed", 1, &["gone.json", "No such file"]),
        ("--target 10 testbed", 2, &["10 classes"]),
        ("--target dog testbed", 2, &["label, predicted, second, rank:K or a class index"]),
        ("--target rank:0 testbed", 2, &["rank:K"]),
        ("--target rank:11 testbed", 2, &["--target rank:11, but the model has 10 classes"]),
        ("--model testbed --target label gone.png", 2, &["no image has a label"]),
        ("--shard 0/2 testbed", 2, &["1 <= K <= N"]),
        ("--shard 3/2 testbed", 2, &["1 <= K <= N"]),
        ("--chunk 0 testbed", 2, &["--chunk"]),
        ("--threads 0 testbed", 2, &["--threads"]),
        ("--batch-size 0 testbed", 2, &["auto or a positive whole number"]),
        ("--npy -m gradcam -m random testbed", 2, &["--npy takes one method"]),
        ("--npy --resume testbed", 2, &["--resume"]),
        ("--npy --images list.csv", 2, &["images on the command line"]),
        ("--images list.csv testbed", 2, &["--images"]),
        ("--images list.csv", 1, &["cannot open list.csv"]),
        ("--images -", 1, &["standard input: empty input"]),
        ("--model testbed -m sobol:designs=2000000 gone.png", 2, &["needs 1481 MiB", "256 MiB are allowed"]),
        ("--model testbed -m hsic:grid=64,designs=100000 gone.png", 2, &["needs 393 MiB"]),
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
fn tables_without_rows_and_readers_that_leave() {
    let work = WorkDir::new();
    let message = run(&work, "", "image,boxes\n").failure(1);
    assert_eq!(message, "explain: standard input: a header and no rows");
    assert!(run(&work, "", "").failure(1).contains("empty input"));
    assert!(run(&work, "", "a.png\nb.png\n").failure(1).contains("no column `image`"));
    let first = work.shell(EXPLAIN, "explain -q -m random --chunk 1 testbed | head -1").success();
    assert_eq!(first, format!("{HEADER},label,boxes,class\n"));
    for command in ["-m random testbed/000", "--npy testbed/000", "--list-models"] {
        let message = work.shell(EXPLAIN, &format!("explain -q {command} > /dev/full")).failure(1);
        assert!(message.contains("No space left"), "{command}: {message}");
    }
}
