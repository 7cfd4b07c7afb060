//! Real weights on real pictures, and full-depth networks against PyTorch. Each test says so where its data are not
//! there: real ones lie in the folder `PLUMBLINE_DATA`, those of `pipelines/parity.py depth` in `PLUMBLINE_PARITY`.

use std::fs;
use std::path::Path;

use models::image::{Picture, decode};
use models::zoo::{self, Options};
use models::{Checkpoint, Classifier, Tensor, TensorData, device};
use testing::{Tolerance, golden};

fn load(name: &str, weights: &Path) -> Classifier {
    let checkpoint = Checkpoint::open(weights).unwrap();
    zoo::load(name, &checkpoint, &device::cpu().device, Options::default()).unwrap()
}

fn numbers(logits: Tensor<2>) -> Vec<f32> {
    logits.into_data().try_into_vec().unwrap()
}

/// How many classes have a higher score than the label's.
fn place(scores: &[f32], label: usize) -> usize {
    scores.iter().filter(|score| **score > scores[label]).count()
}

/// The rows `name,label` of a table.
fn labels(path: &Path) -> Vec<(String, usize)> {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let row = |line: &str| {
        let (name, label) = line.split_once(',').unwrap();
        (name.to_string(), label.trim().parse().unwrap())
    };
    text.lines().skip(1).map(row).collect()
}

/// PyTorch finds 91.0 % (98.6 % among the first five) of all 500 pictures.
#[test]
fn resnet50_recognises_imagenet() {
    let Some(data) = testing::data_dir() else { return };
    let classifier = load("resnet50-v1", &data.join("weights/resnet50-v1.safetensors"));
    let rows: Vec<(String, usize)> =
        labels(&data.join("imagenet/labels.csv")).into_iter().step_by(12).take(40).collect();
    let (mut first, mut five) = (0, 0);
    for (name, label) in &rows {
        let image = decode(&data.join("imagenet").join(name)).unwrap();
        let picture = Picture::prepare(name, &image, &classifier.preprocess).unwrap();
        let place = place(&numbers(classifier.logits(classifier.input(&[&picture]))), *label);
        first += usize::from(place == 0);
        five += usize::from(place < 5);
    }
    println!("{first} and {five} of {} right", rows.len());
    assert_eq!(rows.len(), 40);
    assert!(first >= 34 && five >= 38, "{first} and {five} of 40 are right");
}

/// PyTorch finds 91.5 % and 92.6 % of the first 1000 test pictures.
#[test]
fn cifar_resnets_recognise_cifar() {
    const PICTURES: usize = 300;
    let Some(data) = testing::data_dir() else { return };
    let pixels = golden::array(data.join("cifar10/test-images.npy"));
    assert_eq!(pixels.shape[1..], [32, 32, 3]);
    let labels: Vec<usize> =
        labels(&data.join("cifar10/test-labels.csv")).into_iter().map(|row| row.1).collect();
    for (name, expected) in [("cifar-resnet20", 91.5), ("cifar-resnet56", 92.6)] {
        let file = format!("weights/{}.safetensors", name.replace("cifar-", "cifar10-"));
        let classifier = load(name, &data.join(file));
        let right = pixels.data.chunks(3 * 32 * 32).zip(&labels).take(PICTURES).filter(|(bytes, label)| {
            let image =
                image::RgbImage::from_raw(32, 32, bytes.iter().map(|byte| *byte as u8).collect()).unwrap();
            let picture = Picture::prepare("cifar", &image, &classifier.preprocess).unwrap();
            place(&numbers(classifier.logits(classifier.input(&[&picture]))), **label) == 0
        });
        let percent = 100.0 * right.count() as f64 / PICTURES as f64;
        println!("{name}: {percent:.1} %");
        assert!((percent - expected).abs() <= 3.0, "{name}: {percent} %, expected about {expected} %");
    }
}

/// Compares the logits of `NAME.input.npy` with `NAME.logits.npy`.
fn assert_logits(classifier: &Classifier, folder: &Path, name: &str, tolerance: Tolerance) {
    let input = golden::array(folder.join(format!("{name}.input.npy")));
    let expected = golden::array(folder.join(format!("{name}.logits.npy")));
    let shape: [usize; 4] = input.shape.try_into().expect("four axes");
    let x = Tensor::from_data(TensorData::new(input.data, shape), &classifier.device);
    let close = testing::compare::close(&numbers(classifier.logits(x)), &expected.data, tolerance);
    close.unwrap_or_else(|error| panic!("{name}: {error}"));
    println!("{name} is equal");
}

#[test]
fn full_depth_equals_torchvision() {
    let Some(folder) = testing::parity_dir() else { return };
    for name in ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"] {
        for extension in ["pth", "safetensors"] {
            let classifier = load(name, &folder.join(format!("{name}.{extension}")));
            assert_logits(&classifier, &folder, name, Tolerance::new(f64::INFINITY, 1e-4));
        }
    }
}

#[test]
fn real_weights_on_real_pictures_give_pytorchs_logits() {
    let (Some(folder), Some(data)) = (testing::parity_dir(), testing::data_dir()) else { return };
    let classifier = load("resnet50-v1", &data.join("weights/resnet50-v1.safetensors"));
    assert_logits(&classifier, &folder, "resnet50-v1", Tolerance::new(1e-3, 1e-4));
}
