//! Real architectures as PyTorch exports them, against PyTorch and against the built-in networks: the files of
//! `pipelines/parity onnx` in the folder that `PLUMBLINE_PARITY` names.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{Answers, distance};
use images::decode;
use models::zoo::{self, Options};
use models::{Checkpoint, Classifier, Image, Preprocess, Tensor, TensorData, device};
use testing::golden;

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .map(|entries| entries.map(|entry| entry.unwrap().path()).collect())
        .unwrap_or_default();
    assert!(!paths.is_empty(), "{} is empty: run pipelines/parity onnx", folder.display());
    paths.sort();
    paths
}

fn is_onnx(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "onnx")
}

/// The built-in network of the name before `@`, if there is one.
fn built_in(place: &Path) -> Option<Classifier> {
    let name = place.file_name()?.to_str()?.split('@').next()?;
    zoo::architecture(name).ok()?;
    let checkpoint = Checkpoint::open(&place.join("weights.safetensors")).unwrap();
    Some(zoo::load(name, &checkpoint, &device::cpu().device, Options::default()).unwrap())
}

/// Gradients jump where an activation crosses zero, and rounding is enough for that: PyTorch's own float32 is as far from
/// its float64 as `rounding.npy` says. Ours may be 1e-3 away, or twice as far as that. The gradient of the built-in network is
/// 1e-3 away: the newer exporter folds BatchNorm as we do, or it stays apart. The older one folds with other roundings.
#[test]
fn exports_equal_pytorch() {
    let Some(folder) = testing::parity_dir() else { return };
    println!("| network | file | logits | gradient | PyTorch's own float32 | from the built-in network |");
    println!("|---|---|---:|---:|---:|---:|");
    let (mut far, mut files) = (Vec::new(), 0);
    for place in entries(&folder.join("onnx")) {
        let expected = Answers::read(&place);
        let rounding = golden::array(place.join("rounding.npy")).data;
        let own = f64::from(rounding.into_iter().fold(0.0, f32::max));
        let native = built_in(&place).map(|classifier| common::answers(&classifier, &expected).gradient);
        for path in entries(&place).into_iter().filter(|path| is_onnx(path)) {
            let file = path.file_stem().unwrap().to_string_lossy().into_owned();
            let found = common::answers(&common::load(&path), &expected);
            let logits = distance(&found.logits, &expected.logits);
            let gradient = distance(&found.gradient, &expected.gradient);
            let native = native.as_ref().map_or(f64::NAN, |native| distance(&found.gradient, native));
            let name = format!("{} | {file}", place.file_name().unwrap().display());
            println!("| {name} | {logits:.1e} | {gradient:.1e} | {own:.1e} | {native:.1e} |");
            let limit = f64::max(1e-3, 2.0 * own);
            let same_weights = file.starts_with("dynamo") || file.ends_with("apart");
            if logits > 1e-4 || gradient > limit || native > if same_weights { 1e-3 } else { limit } {
                far.push(name);
            }
            files += 1;
        }
    }
    println!("{files} files");
    assert!(far.is_empty(), "too far from PyTorch: {far:?}");
}

/// The predicted class of each image.
fn predicted(classifier: &Classifier, images: &[Image]) -> Vec<usize> {
    let largest = |row: &[f32]| (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap();
    let one = |image: &Image| -> usize {
        let logits = classifier.logits(classifier.input(&[image]));
        largest(&logits.into_data().try_into_vec::<f32>().unwrap())
    };
    images.iter().map(one).collect()
}

/// Images as a preprocessing gives them, and their labels.
fn sample(data: &Path, preprocess: &Preprocess, cifar: bool) -> (Vec<Image>, Vec<usize>) {
    let table = data.join(if cifar { "cifar10/test-labels.csv" } else { "imagenet/labels.csv" });
    let text = fs::read_to_string(table).unwrap();
    let rows: Vec<(&str, usize)> = text
        .lines()
        .skip(1)
        .map(|line| line.split_once(',').unwrap())
        .map(|(name, label)| (name, label.trim().parse().unwrap()))
        .collect();
    let pixels = cifar.then(|| golden::array(data.join("cifar10/test-images.npy")).data);
    let image = |i: usize| match &pixels {
        Some(pixels) => {
            let bytes = pixels[i * 3072..][..3072].iter().map(|byte| *byte as u8).collect();
            image::RgbImage::from_raw(32, 32, bytes).unwrap()
        }
        None => decode(&data.join("imagenet").join(rows[i].0)).unwrap().pixels,
    };
    let chosen: Vec<usize> =
        if cifar { (0..300).collect() } else { (0..rows.len()).step_by(12).take(40).collect() };
    let image = |&i: &usize| Image::prepare(rows[i].0, &image(i), preprocess).unwrap();
    (chosen.iter().map(image).collect(), chosen.iter().map(|&i| rows[i].1).collect())
}

#[test]
fn real_weights_recognise_what_the_built_in_networks_recognise() {
    let (Some(folder), Some(data)) = (testing::parity_dir(), testing::data_dir()) else { return };
    let weights = [
        ("resnet50-v1", "resnet50-v1.safetensors"),
        ("mobilenet-v2", "mobilenet_v2-b0353104.pth"),
        ("squeezenet1.1", "squeezenet1_1.safetensors"),
        ("efficientnet-lite0", "efficientnet-lite0-57934424.pth"),
        ("cifar-resnet56", "cifar10-resnet56.safetensors"),
        ("cifar-vit", "cifar10-vit.safetensors"),
    ];
    let device = device::cpu().device;
    for path in entries(&folder.join("onnx-real")) {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let (_, file) = weights.iter().find(|(known, _)| *known == name).expect("a known network");
        let checkpoint = Checkpoint::open(&data.join("weights").join(file)).unwrap();
        let native = zoo::load(name, &checkpoint, &device, Options::default()).unwrap();
        let options = Options { preprocess: Some(native.preprocess.clone()), ..Options::default() };
        let (imported, _) = onnx::load(&path, &device, options).unwrap();
        let (images, labels) = sample(&data, &native.preprocess, name.starts_with("cifar"));
        let [ours, theirs] = [&imported, &native].map(|classifier| predicted(classifier, &images));
        let right =
            |found: &[usize]| found.iter().zip(&labels).filter(|(found, label)| found == label).count();
        println!("{name}: {} of {} right, as built in {}", right(&ours), labels.len(), right(&theirs));
        assert_eq!(ours, theirs, "{name}");
    }
}

/// Exponentials of each row over their sum, unless the other scores are no probabilities.
fn comparable(logits: &[f32], scores: &[f32], rows: usize) -> Vec<f32> {
    let width = logits.len() / rows;
    let one =
        |row: &[f32]| (row.iter().sum::<f32>() - 1.0).abs() < 1e-4 && row.iter().all(|score| *score >= 0.0);
    if !scores.chunks(width).all(one) {
        return logits.to_vec();
    }
    let softmax = |row: &[f32]| -> Vec<f32> {
        let most = row.iter().copied().fold(f32::MIN, f32::max);
        let powers: Vec<f32> = row.iter().map(|score| (score - most).exp()).collect();
        let sum: f32 = powers.iter().sum();
        powers.iter().map(|power| power / sum).collect()
    };
    logits.chunks(width).flat_map(softmax).collect()
}

/// Files that other people made, of other exporters.
#[test]
fn files_of_others_score_as_in_onnx_runtime() {
    let Some(folder) = testing::parity_dir() else { return };
    for place in
        entries(&folder.join("onnx-others")).into_iter().filter(|place| place.join("scores.npy").exists())
    {
        let (input, scores) =
            (golden::array(place.join("input.npy")), golden::array(place.join("scores.npy")));
        let shape: [usize; 4] = input.shape.try_into().unwrap();
        let classifier = common::load_sized(&place.join("classifier.onnx"), [shape[2], shape[3]]);
        let x = Tensor::from_data(TensorData::new(input.data, shape), &classifier.device);
        let logits: Vec<f32> = classifier.logits(x).into_data().try_into_vec().unwrap();
        let apart = distance(&comparable(&logits, &scores.data, shape[0]), &scores.data);
        println!("{}: relative L2 {apart:.1e}", place.file_name().unwrap().display());
        assert!(apart < 1e-4, "{}: {apart:e}", place.display());
    }
}
