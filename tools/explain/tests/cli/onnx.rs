//! Classifiers from ONNX files.

use testing::testdata;

use super::*;

const METHODS: &str = "-m gradient -m input-x-gradient -m smoothgrad:samples=2 -m integrated-gradients:steps=3 \
                       -m deeplift -m gradcam -m layercam -m occlusion:window=8 -m rise:masks=5";

/// A fixture as bytes.
fn fixture(name: &str) -> Vec<u8> {
    fs::read(testdata(format!("onnx/{name}.onnx"))).unwrap()
}

#[test]
fn every_method_works_on_a_file() {
    let work = WorkDir::new();
    png(&work, "a.png", 16, 16);
    for name in ["tiny_resnet.11.fixed", "tiny_efficientnet.17.free", "tiny_vit_torchvision.newest.fixed"] {
        work.write("classifier.onnx", fixture(name));
        let arguments = format!("--model classifier.onnx --preprocess none {METHODS} -o {name} a.png");
        let table = run(&work, &arguments, "").success();
        let rows = rows(&table);
        assert_eq!(rows.len(), 9);
        for row in rows {
            assert_eq!(super::name(&row), "classifier");
            let map = map(&work, &row);
            assert_eq!(map.shape, [16, 16]);
            assert!(map.data.iter().all(|value| value.is_finite()), "{name}: {}", row.method);
        }
        let guided = run(&work, "--model classifier.onnx --preprocess none -m guided-backprop a.png", "");
        if name.contains("resnet") {
            guided.success();
        } else {
            let message = guided.failure(2);
            assert!(message.contains("guided-backprop does not fit classifier: it has no ReLU"), "{message}");
        }
    }
}

#[test]
fn layers_have_the_names_of_the_file() {
    let work = WorkDir::new();
    work.write("classifier.onnx", fixture("tiny_resnet.11.fixed"));
    let model = "--model classifier.onnx --preprocess none";
    let layers = run(&work, &format!("{model} --list-layers"), "").success();
    let auto: Vec<&str> = layers.lines().filter(|line| line.ends_with("(auto)")).collect();
    let with = "/layer2/layer2.0/downsample/downsample.0/Conv";
    let line = format!(
        "/layer2/layer2.0/relu_2/Relu                  relu           16x2x2  (blocks of 16)  (with {with})  (auto)"
    );
    assert_eq!(auto, [line]);
    png(&work, "a.png", 16, 16);
    run(&work, &format!("{model} -m gradcam:layer=/layer1/layer1.0/Add a.png"), "").success();
}

#[test]
fn broken_files_are_one_line_and_status_1() {
    let work = WorkDir::new();
    let whole = fixture("tiny_resnet.11.fixed");
    let error = |bytes: &[u8]| {
        work.write("broken.onnx", bytes);
        let message = run(&work, "--model broken.onnx --preprocess none testbed/000", "").failure(1);
        assert_eq!(message.lines().count(), 1, "{message}");
        assert!(message.starts_with("explain: broken.onnx: "), "{message}");
        message
    };
    assert!(error(&whole[..whole.len() / 2]).contains("not an ONNX file"));
    assert!(error(b"PK\x03\x04 something else").contains("not an ONNX file"));
    assert!(error(b"").contains("not an ONNX file"));
    assert!(error(b"version https://git-lfs.github.com/spec/v1\n").contains("a Git LFS pointer"));
    // An operator of the same length that does not exist.
    let mut changed = whole.clone();
    let places = (0..whole.len() - 5).filter(|&i| whole[i..].starts_with(b"\x04Relu"));
    places.for_each(|i| changed[i + 1..i + 5].copy_from_slice(b"Rely"));
    let message = error(&changed);
    assert!(
        message.contains("unsupported operators: /relu/Relu (Rely), /layer1/layer1.0/relu/Relu (Rely), "),
        "{message}"
    );
    fs::remove_file(work.join("broken.onnx")).unwrap();
    let gone = run(&work, "--model broken.onnx testbed/000", "").failure(1);
    assert!(gone.starts_with("explain: broken.onnx: No such file"), "{gone}");
}

#[test]
fn one_of_several_outputs_is_named() {
    let work = WorkDir::new();
    work.write("several.onnx", fixture("ends/several"));
    png(&work, "a.png", 16, 16);
    let explain = |more: &str| {
        run(&work, &format!("--model several.onnx --preprocess none -m gradient -m random a.png {more}"), "")
    };
    let message = explain("").failure(1);
    let expected = "explain: several.onnx: 3 outputs, and which of them are the class scores is not known: \
                    features (? x 6 x 7 x 7), aux (? x 3), z (? x 3); name it with --model-output";
    assert_eq!(message, expected);
    let model = |output: &str| {
        let output = explain(&format!("--model-output {output}"));
        assert!(
            output.stderr.starts_with("explain: several.onnx: the scores are output "),
            "{}",
            output.stderr
        );
        rows(&output.success())[0].model.clone()
    };
    assert_ne!(model("z"), model("aux"));
    assert!(explain("--model-output features").failure(1).contains("output `features`: its shape"));
    assert!(explain("--model-output gone").failure(1).contains("it has no output `gone`: it has features"));
}

#[test]
fn images_of_another_size_and_weights_of_their_own_are_refused() {
    let work = WorkDir::new();
    work.write("classifier.onnx", fixture("tiny_vit.17.free"));
    let size = run(&work, "--model classifier.onnx testbed/000", "").failure(1);
    let reason = "it takes images of 16 x 16 pixels, and the preprocessing imagenet gives 224 x 224 (see --preprocess)";
    assert_eq!(size, format!("explain: classifier.onnx: {reason}"));
    let own = run(&work, "--model classifier.onnx --preprocess none -m gradient testbed/000", "").failure(1);
    assert!(own.contains("16 x 16 pixels only"), "{own}");
    let weights = run(&work, "--model classifier.onnx --weights classifier.onnx testbed/000", "").failure(2);
    assert!(weights.ends_with("--model classifier.onnx takes no --weights"), "{weights}");
}
