//! Small networks of torchvision's and timm's parts as PyTorch's exporters write them, against PyTorch
//! (`testdata/onnx/generate.py`).

mod common;

use std::path::PathBuf;

use common::{Answers, distance, stem};
use testing::{golden, testdata};

/// The files whose name holds a text.
fn files(part: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(testdata("onnx")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.ends_with(".onnx") && name.contains(part)
    });
    files.sort();
    assert!(!files.is_empty());
    files
}

fn expected(path: &std::path::Path) -> Answers {
    let array = |name: String| golden::array(testdata("onnx").join(name));
    let input = array("input.npy".into());
    Answers {
        shape: input.shape.try_into().unwrap(),
        input: input.data,
        logits: array(format!("{}.logits.npy", stem(path))).data,
        gradient: array(format!("{}.gradient.npy", stem(path))).data,
    }
}

#[test]
fn scores_and_gradients_equal_pytorch() {
    for path in files("") {
        let expected = expected(&path);
        let found = common::answers(&common::load(&path), &expected);
        let logits = distance(&found.logits, &expected.logits);
        let gradient = distance(&found.gradient, &expected.gradient);
        println!("{:<40} {logits:.1e} {gradient:.1e}", path.file_name().unwrap().to_string_lossy());
        // The goldens of gradients are f16.
        assert!(logits < 1e-5 && gradient < 5e-4, "{}: {logits:e} {gradient:e}", path.display());
    }
}

/// How often each kind of operation is in a file's network.
fn count(path: &std::path::Path, kind: &str) -> usize {
    let import = onnx::import(path, None, None).unwrap();
    import.graph.nodes.iter().filter(|node| node.op.kind() == kind).count()
}

#[test]
fn what_an_exporter_spells_out_is_one_node_again() {
    for path in files("tiny_vit").into_iter().chain(files("tiny_convnext")) {
        let name = path.display();
        let (norms, gelus) = if name.to_string().contains("vit") { (3, 1) } else { (5, 2) };
        assert_eq!(count(&path, "layernorm"), norms, "{name}");
        assert_eq!(count(&path, "gelu"), gelus, "{name}");
        for kind in ["erf", "sqrt", "divide", "subtract"] {
            assert_eq!(count(&path, kind), 0, "{name}: {kind}");
        }
        let import = onnx::import(&path, None, None).unwrap();
        let biases =
            import.graph.nodes.iter().filter(|node| matches!(node.op, models::Op::Linear { bias: None, .. }));
        assert_eq!(biases.count(), 0, "{name}");
    }
    for path in files("tiny_efficientnet") {
        assert_eq!((count(&path, "silu"), count(&path, "sigmoid")), (8, 3), "{}", path.display());
    }
    for path in files("tiny_mobilenet") {
        assert_eq!((count(&path, "hardswish"), count(&path, "hardsigmoid")), (4, 2), "{}", path.display());
    }
    for path in files("mixed") {
        assert_eq!(count(&path, "softmax"), 1, "{}: the last one is left out", path.display());
    }
}

#[test]
fn the_usual_layer_is_found() {
    let layer = |part: &str| {
        let layer = |path: &PathBuf| {
            let classifier = common::load(path);
            let graph = classifier.network.graph();
            let shape = graph.shapes(graph.input).unwrap().swap_remove(classifier.layer);
            (graph.nodes[classifier.layer].op.kind(), shape)
        };
        let all: Vec<_> = files(part).iter().map(layer).collect();
        assert!(all.windows(2).all(|pair| pair[0] == pair[1]), "{part}: {all:?}");
        all[0].clone()
    };
    assert_eq!(layer("tiny_resnet"), ("relu", vec![1, 16, 2, 2]));
    assert_eq!(layer("tiny_densenet"), ("relu", vec![1, 6, 2, 2]));
    assert_eq!(layer("tiny_vit."), ("layernorm", vec![1, 17, 6]));
    assert_eq!(layer("tiny_vit_torchvision"), ("layernorm", vec![1, 17, 6]));
}

#[test]
fn scores_do_not_depend_on_the_batch() {
    for path in files("") {
        let expected = expected(&path);
        let classifier = common::load(&path);
        let numbers = |x: models::Tensor<2>| -> Vec<f32> { x.into_data().try_into_vec().unwrap() };
        let two = expected.tensor();
        let alone = numbers(classifier.logits(two.clone().narrow(0, 1, 1)));
        let many = models::Tensor::cat(vec![two.clone(), two.clone(), two], 0);
        let together = numbers(classifier.logits(many));
        assert_eq!(together[5 * alone.len()..], alone, "{}", path.display());
    }
}

#[test]
fn images_of_another_size_are_refused() {
    let path = &files("tiny_vit.newest")[0];
    let error = onnx::load(path, &models::device::cpu().device, models::zoo::Options::default()).unwrap_err();
    let reason = "it takes images of 16 x 16 pixels, and the preprocessing imagenet gives 224 x 224 (see --preprocess)";
    assert_eq!(error.to_string(), format!("{}: {reason}", path.display()));
}

/// Keys tell the structure, the output and the weights of files of one stem.
#[test]
fn another_file_has_another_digest() {
    let digests: Vec<String> = files("").iter().map(|path| common::load(path).digest).collect();
    assert!(digests.iter().all(|digest| digest.len() == 64));
    let again = common::load(&files("")[0]).digest;
    assert_eq!(again, digests[0]);
    let (resnet, vgg) = (common::load(&files("tiny_resnet")[0]), common::load(&files("tiny_vgg")[0]));
    assert_ne!(resnet.digest, vgg.digest);
}
