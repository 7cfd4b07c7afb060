//! Real weights on real images, and full-depth networks against PyTorch. Each test says so where its data are not
//! there: real ones lie in the folder `PLUMBLINE_DATA`, those of `pipelines/parity depth` in `PLUMBLINE_PARITY`.

mod outputs;

use std::fs;
use std::path::Path;

use images::{Image, decode};
use models::zoo::{self, Options};
use models::{Checkpoint, Classifier, Tensor, device};
use testing::{Tolerance, golden};

fn load(name: &str, weights: &Path) -> Classifier {
    let checkpoint = Checkpoint::open(weights).unwrap();
    zoo::load(name, &checkpoint, &device::cpu().device, Options::default()).unwrap()
}

fn numbers(logits: Tensor<2>) -> Vec<f32> {
    logits.into_data().try_into_vec().unwrap()
}

fn largest(numbers: &[f64]) -> f64 {
    numbers.iter().copied().fold(0.0, f64::max)
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

/// Weight files, and how many per cent of the 500 images PyTorch gets right with them: first, and among the first
/// five (`pipelines/parity accuracy`).
const REAL: [(&str, &str, [f64; 2]); 4] = [
    ("resnet50-v1", "resnet50-v1.safetensors", [90.4, 98.6]),
    ("mobilenet-v2", "mobilenet_v2-b0353104.pth", [82.8, 96.6]),
    ("squeezenet1.1", "squeezenet1_1.safetensors", [60.0, 82.0]),
    ("efficientnet-lite0", "efficientnet-lite0-57934424.pth", [88.4, 97.2]),
];

/// The percentages of some of the 500 images that are right: first, and among the first five.
fn recognised(classifier: &Classifier, data: &Path, rows: &[(String, usize)]) -> [f64; 2] {
    let (mut first, mut five) = (0, 0);
    for (name, label) in rows {
        let image = decode(&data.join("imagenet").join(name)).unwrap();
        let image = image.prepare(name, &classifier.preprocess).unwrap();
        let place = place(&numbers(classifier.logits(classifier.input(&[&image]))), *label);
        first += usize::from(place == 0);
        five += usize::from(place < 5);
    }
    [first, five].map(|right| 100.0 * f64::from(u16::try_from(right).unwrap()) / rows.len() as f64)
}

/// Each weight file on every `step`-th image, within `slack` per cent of PyTorch on all.
fn assert_recognised(step: usize, slack: f64) {
    let Some(data) = testing::data_dir() else { return };
    let rows: Vec<_> = labels(&data.join("imagenet/labels.csv")).into_iter().step_by(step).collect();
    for (name, file, expected) in REAL {
        let found = recognised(&load(name, &data.join("weights").join(file)), &data, &rows);
        println!("{name}: {:.1} % and {:.1} % of {} images", found[0], found[1], rows.len());
        let close = found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() <= slack);
        assert!(close, "{name}: {found:?} %, expected about {expected:?} %");
    }
}

/// Every twelfth image; all of them, to PyTorch's own figures, with the rest of `make parity`.
#[test]
fn real_weights_recognise_as_many_images_as_in_pytorch() {
    let all = std::env::var_os("PLUMBLINE_PARITY").is_some();
    let (step, slack) = if all { (1, 0.41) } else { (12, 10.0) };
    assert_recognised(step, slack);
}

/// PyTorch finds 91.5 %, 92.6 % and 71.7 % of the first 1000 test images.
#[test]
fn cifar_networks_recognise_cifar() {
    const IMAGES: usize = 300;
    let Some(data) = testing::data_dir() else { return };
    let pixels = golden::array(data.join("cifar10/test-images.npy"));
    assert_eq!(pixels.shape[1..], [32, 32, 3]);
    let labels: Vec<usize> =
        labels(&data.join("cifar10/test-labels.csv")).into_iter().map(|row| row.1).collect();
    for (name, expected) in [("cifar-resnet20", 91.5), ("cifar-resnet56", 92.6), ("cifar-vit", 71.7)] {
        let file = format!("weights/{}.safetensors", name.replace("cifar-", "cifar10-"));
        let classifier = load(name, &data.join(file));
        let right = pixels.data.chunks(3 * 32 * 32).zip(&labels).take(IMAGES).filter(|(bytes, label)| {
            let image =
                image::RgbImage::from_raw(32, 32, bytes.iter().map(|byte| *byte as u8).collect()).unwrap();
            let image = Image::prepare("cifar", &image, &classifier.preprocess).unwrap();
            place(&numbers(classifier.logits(classifier.input(&[&image]))), **label) == 0
        });
        let percent = 100.0 * right.count() as f64 / IMAGES as f64;
        println!("{name}: {percent:.1} %");
        assert!((percent - expected).abs() <= 3.0, "{name}: {percent} %, expected about {expected} %");
    }
}

/// Every architecture that the folder has, from each of its weight files.
#[test]
fn full_size_networks_equal_pytorch() {
    let Some(folder) = testing::parity_dir() else { return };
    let mut compared = 0;
    // torchvision's other layout of an architecture is a network of its own.
    let both = |name: String| [(name.clone(), name.clone()), (format!("{name}@torchvision"), name)];
    for (place, name) in zoo::names().into_iter().flat_map(both) {
        let place = folder.join(place);
        for file in ["weights.pth", "weights.safetensors"] {
            if place.join(file).is_file() {
                let classifier = load(&name, &place.join(file));
                let input = outputs::tensor(place.join("input.npy"));
                let tolerance = Tolerance::new(f64::INFINITY, 1e-4);
                outputs::assert_alone(&classifier.network, input.clone());
                let apart = outputs::assert_equal(&classifier.network, input, &place, tolerance);
                assert_eq!(apart.len(), 4, "{name}: three layers and the scores");
                println!("{}: relative L2 at most {:.1e}", place.join(file).display(), largest(&apart));
                compared += 1;
            }
        }
    }
    assert!(compared > 0, "{} has no network: run pipelines/parity depth", folder.display());
}

#[test]
fn real_weights_on_real_images_give_pytorchs_logits() {
    let (Some(folder), Some(data)) = (testing::parity_dir(), testing::data_dir()) else { return };
    for (name, file, ..) in REAL {
        let classifier = load(name, &data.join("weights").join(file));
        let place = folder.join(format!("real-{name}"));
        let input = outputs::tensor(place.join("input.npy"));
        let apart = outputs::assert_equal(&classifier.network, input, &place, Tolerance::new(1e-3, 1e-4));
        println!("{name}: relative L2 {:.1e}", largest(&apart));
    }
}
