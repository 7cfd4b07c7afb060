//! Methods on networks that were read from ONNX files, against Captum and pytorch-grad-cam
//! (`testdata/onnx/generate.py`), and against the built-in network with the same weights.

mod tiny;

use std::path::{Path, PathBuf};

use attribution::{Context, Error, METHODS, Request, parse};
use models::resize::Resample;
use models::zoo::Options;
use models::zoo::vit::ViT;
use models::{Checkpoint, Classifier, Preprocess, Tensor, TensorData, device};
use testing::{Tolerance, golden, testdata};
use tiny::numbers;

const SIDE: usize = 16;

fn array(name: &str) -> Tensor<4> {
    let array = golden::array(format!("onnx/{name}.npy"));
    let shape: Vec<usize> = [vec![1; 4 - array.shape.len()], array.shape].concat();
    let shape: [usize; 4] = shape.try_into().unwrap();
    Tensor::from_data(TensorData::new(array.data, shape), &device::cpu().device)
}

/// The files of a network, from each exporter and operator set.
fn files(name: &str) -> Vec<PathBuf> {
    let kinds = ["11.fixed", "17.free", "newest.free"];
    kinds.iter().map(|kind| testdata(format!("onnx/{name}.{kind}.onnx"))).collect()
}

fn imported(path: &Path) -> Classifier {
    let options = Options { preprocess: Preprocess::preset("none"), ..Options::default() };
    let (classifier, _) = onnx::load(path, &device::cpu().device, options).unwrap();
    classifier
}

fn targets(name: &str) -> Vec<usize> {
    let logits = golden::array(format!("onnx/{name}.logits.npy")).data;
    let largest = |row: &[f32]| (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap();
    logits.chunks(logits.len() / 2).map(largest).collect()
}

fn explain(spec: &str, classifier: &Classifier, targets: &[usize]) -> Tensor<4> {
    let images = array("input");
    let request = Request { images, targets, ..tiny::request(8) };
    tiny::explain(spec, classifier, &request).unwrap()
}

fn assert_close(found: Tensor<4>, expected: Tensor<4>, tolerance: f64, what: &str) {
    let close = Tolerance::new(f64::INFINITY, tolerance);
    let result = testing::compare::close(&numbers(found), &numbers(expected), close);
    result.unwrap_or_else(|error| panic!("{what}: {error}"));
}

#[test]
fn gradcam_and_integrated_gradients_equal_pytorch() {
    for name in ["tiny_resnet", "tiny_vit"] {
        let targets = targets(name);
        let small = array(&format!("{name}.gradcam")).swap_dims(0, 1);
        let expected = Resample::BILINEAR.resize(small, SIDE, SIDE);
        let integrated = array(&format!("{name}.integrated_gradients")).swap_dims(0, 1);
        for path in files(name) {
            let (classifier, what) = (imported(&path), path.display().to_string());
            assert_close(explain("gradcam", &classifier, &targets), expected.clone(), 5e-4, &what);
            let sum = explain("integrated-gradients", &classifier, &targets).sum_dim(1);
            assert_close(sum, integrated.clone(), 5e-4, &what);
        }
    }
}

/// Rules, attention, paths and layers see the same network, whether it was built or read.
#[test]
fn every_method_sees_the_built_in_network_in_a_file() {
    let architecture =
        ViT { side: SIDE, patch: 4, hidden: 12, ..ViT::new(6, 1, 3) }.architecture("tiny_vit", "none");
    let checkpoint = Checkpoint::open(&testdata("onnx/tiny_vit.safetensors")).unwrap();
    let native = architecture.load(&checkpoint, &device::cpu().device, Options::default()).unwrap();
    let targets = targets("tiny_vit");
    let mut compared = 0;
    for path in files("tiny_vit") {
        let imported = imported(&path);
        for entry in METHODS {
            let few = ["steps", "samples", "masks", "designs"].into_iter().find(|key| entry.takes(key));
            let window = if entry.name == "occlusion" { ":window=4" } else { "" };
            let spec = few.map_or(format!("{}{window}", entry.name), |key| format!("{}:{key}=4", entry.name));
            let fits = [&native, &imported].map(|classifier| tiny::check(&spec, classifier).is_ok());
            assert_eq!(fits[0], fits[1], "{spec}");
            if fits[0] {
                let what = format!("{spec} of {}", path.display());
                let expected = explain(&spec, &native, &targets);
                assert_close(explain(&spec, &imported, &targets), expected, 1e-3, &what);
                compared += 1;
            }
        }
    }
    println!("{compared} maps are equal");
    assert!(compared > 3 * 35);
}
