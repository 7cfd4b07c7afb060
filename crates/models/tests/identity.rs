//! Keys of classifiers: what makes two of them one.

use std::sync::Arc;

use models::zoo::resnet::{Block, ResNet};
use models::zoo::{Architecture, Options};
use models::{Checkpoint, Classifier, Preprocess, Scores, device};
use safetensors::tensor::{Dtype, TensorView};
use testing::testdata;

fn architecture(name: &str) -> Architecture {
    let graph = |classes| ResNet { block: Block::Basic, layers: [1; 4], width: 8, v1: false }.graph(classes);
    Architecture::imagenet(name, "fc.weight", graph)
}

fn load(name: &str, checkpoint: &Checkpoint) -> Classifier {
    architecture(name).load(checkpoint, &device::cpu().device, Options::default()).unwrap()
}

/// The tensors of a checkpoint in another file format and another order, after a change of the numbers.
fn rewritten(checkpoint: &Checkpoint, change: impl Fn(&mut [f32])) -> Checkpoint {
    let parameters = architecture("any").build.as_ref()(10).parameters;
    let bytes = |data: models::TensorData| {
        let mut numbers = data.try_into_vec::<f32>().unwrap();
        change(&mut numbers);
        numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>()
    };
    let stored: Vec<Vec<u8>> = checkpoint.weights(&parameters).unwrap().into_iter().map(bytes).collect();
    let views = parameters.iter().zip(&stored).rev().map(|(parameter, bytes)| {
        (&parameter.name, TensorView::new(Dtype::F32, parameter.shape.clone(), bytes).unwrap())
    });
    let file = safetensors::serialize(views, None).unwrap();
    Checkpoint::from_safetensors("rewritten", &file).unwrap()
}

#[test]
fn a_file_format_makes_no_other_classifier_and_a_weight_does() {
    let checkpoint = Checkpoint::open(&testdata("models/tiny_basic.pth")).unwrap();
    let classifier = load("tiny", &checkpoint);
    assert_eq!(classifier.digest.len(), 64);
    let same = load("tiny", &rewritten(&checkpoint, |_| {}));
    assert_eq!((same.digest.as_str(), same.key()), (classifier.digest.as_str(), classifier.key()));
    let other = load("tiny", &rewritten(&checkpoint, |numbers| numbers[0] += 1e-3));
    assert_ne!(other.key(), classifier.key());
}

#[test]
fn the_name_is_beside_the_hash_and_the_preparation_in_it() {
    let checkpoint = Checkpoint::open(&testdata("models/tiny_basic.pth")).unwrap();
    let classifier = load("tiny", &checkpoint);
    let hash = |classifier: &Classifier| classifier.key().split_once('@').unwrap().1.to_string();
    assert_eq!(classifier.key(), format!("tiny@{}", hash(&classifier)));
    assert_eq!(hash(&classifier).len(), 8);
    assert_eq!(hash(&load("other", &checkpoint)), hash(&classifier));
    let prepared = |preprocess| Classifier { preprocess, ..classifier.clone() };
    assert_ne!(hash(&prepared(Preprocess::preset("clip").unwrap())), hash(&classifier));
    let renamed = Preprocess { name: "config.json".into(), ..classifier.preprocess.clone() };
    assert_eq!(hash(&prepared(renamed)), hash(&classifier));
}

struct Unknown;

impl Scores for Unknown {
    fn classes(&self) -> usize {
        2
    }

    fn probabilities(&self) -> bool {
        false
    }

    fn scores(&self, _: Vec<f32>, _: [usize; 4]) -> Result<Vec<f32>, String> {
        Err("never asked".into())
    }
}

#[test]
fn of_a_black_box_only_the_preparation_is_known() {
    let external = |name: &str, preprocess: &str| {
        let preprocess = Preprocess::preset(preprocess).unwrap();
        Classifier::external(name.into(), Arc::new(Unknown), preprocess, &device::cpu().device)
    };
    let one = external("a", "imagenet");
    assert!(one.digest.is_empty());
    assert_eq!(external("b", "imagenet").key().replace("b@", "a@"), one.key());
    assert_ne!(external("a", "clip").key(), one.key());
}
