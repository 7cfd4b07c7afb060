//! Files of explainers: read as they were written, refused where they do not belong or are damaged.

mod golden;

use std::fs;
use std::path::{Path, PathBuf};

use explainers::eea::{self, Loss, MaskLoss};
use explainers::{EeaFacts, EeaFile, TameFacts, TameFile, trained_for};
use learning::Learner;
use models::{Classifier, Engine, Network, device};
use serde_json::{Value, json};

/// The small ResNet of the testbed, which is an architecture by name, with first weights.
fn raw() -> Classifier {
    let architecture = testbed::architecture("testbed").unwrap();
    golden::classifier(golden::first((architecture.build)(3)))
}

fn facts(classifier: &Classifier) -> EeaFacts {
    EeaFacts {
        explained: classifier.key(),
        explainer: "testbed".into(),
        input: [3, 16, 16],
        preprocess: classifier.preprocess.clone(),
        loss: Loss { mask: MaskLoss::L1, lambda: 2.0 },
        decay: 0.01,
        rate: 0.01,
        warm_up: 0.5,
        course: 10,
        steps: 1,
    }
}

fn settings(method: &str, facts: impl serde::Serialize) -> Value {
    let mut settings = serde_json::to_value(facts).unwrap();
    settings["method"] = json!(method);
    settings
}

/// An explainer behind one step.
fn learner(facts: &EeaFacts) -> Learner {
    let mut learner = facts.learner(eea::explainer(&raw().network, 0).unwrap());
    let images = golden::Golden::open("eea").images(0..2).autodiff();
    let loss =
        |network: &Network, _: &mut learning::BatchStatistics| MaskLoss::L1.of(eea::logits(network, images));
    learner.step(0.01, loss).unwrap();
    learner
}

fn write(work: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = work.join(name);
    fs::write(&path, bytes).unwrap();
    path
}

fn refused(path: &Path) -> String {
    format!("{:#}", EeaFile::open(path, &device::cpu().device).err().unwrap())
}

#[test]
fn an_explainer_is_read_as_it_was_written_and_learns_on() {
    let work = testing::WorkDir::new();
    let (classifier, facts) = (raw().folded(&[], Engine::Best), facts(&raw()));
    let mut written = learner(&facts);
    let bytes = EeaFile::bytes(&written, &settings("eea", &facts).to_string()).unwrap();
    let path = write(work.path(), "a", &bytes);
    let mut file = EeaFile::open(&path, &device::cpu().device).unwrap();
    assert_eq!(file.facts, facts);
    trained_for(&file.facts.explained, &classifier).unwrap();
    assert!((file.facts.next_rate(0) - 0.002).abs() < 1e-15 && file.facts.next_rate(500) == 0.0);
    let images = golden::Golden::open("eea").images(2..3).autodiff();
    let loss = |network: &Network, _: &mut learning::BatchStatistics| {
        let logits = eea::logits(network, images.clone());
        facts.loss.of(&classifier, images.clone(), logits, &[1])
    };
    let losses = [&mut written, &mut file.learner].map(|learner| learner.step(0.01, loss).unwrap());
    assert_eq!(losses[0], losses[1]);
    let again = |learner: &Learner| EeaFile::bytes(learner, "").unwrap();
    assert!(again(&written) == again(&file.learner));
}

#[test]
fn another_network_is_refused() {
    let classifier = raw();
    let mut other = classifier.clone();
    other.preprocess = models::Preprocess::preset("vit").unwrap();
    let error = trained_for(&classifier.key(), &other).unwrap_err().to_string();
    let expected = format!("it was trained to explain {}, and this is {}", classifier.key(), other.key());
    assert_eq!(error, expected);
}

#[test]
fn what_is_no_file_of_an_explainer_is_told() {
    let work = testing::WorkDir::new();
    let facts = facts(&raw());
    let learner = learner(&facts);
    let with = |name: &str, settings: &Value| {
        write(work.path(), name, &EeaFile::bytes(&learner, &settings.to_string()).unwrap())
    };
    let whole = settings("eea", &facts);
    let bytes = fs::read(with("whole", &whole)).unwrap();
    for cut in [0, 7, 300, bytes.len() / 2, bytes.len() - 1] {
        let message = refused(&write(work.path(), "cut", &bytes[..cut]));
        assert!(message.starts_with("it is no file of an explainer: it is damaged"), "{cut}: {message}");
    }
    assert!(refused(&work.join("none")).starts_with("No such file"));
    let plain = learning::to_safetensors(&raw().network).unwrap();
    let message = refused(&write(work.path(), "plain", &plain));
    assert_eq!(message, "it is no file of an explainer: it is no checkpoint of a training");
    let changed = |name: &str, value: Value| {
        let mut settings = whole.clone();
        settings[name] = value;
        refused(&with("changed", &settings))
    };
    assert_eq!(changed("method", json!("tame")), "it is an explainer of tame, and not of eea");
    assert!(changed("method", json!(3)).starts_with("it is no file of an explainer: invalid type"));
    assert!(changed("explainer", json!("resnet9")).starts_with("unknown model `resnet9`"));
    let message = changed("explainer", json!("cifar-resnet20"));
    assert!(message.starts_with("weights.layer1.1.conv1.weight is missing: another network"), "{message}");
    for (name, value, reason) in [
        ("input", json!([3, 0, 16]), "images of 3 channels and 0 x 16 pixels"),
        ("input", json!([3, 99_999_999, 16]), "images of 3 channels and 99999999 x 16 pixels"),
        ("course", json!(0), "rate 0.01 over 0 steps"),
        ("rate", json!(-1.0), "rate -1 over 10 steps"),
        ("warm_up", json!(1.0), "a warm-up of 1"),
    ] {
        assert_eq!(changed(name, value), format!("what it says of itself: {reason}"));
    }
    assert!(
        changed("loss", json!({"mask": "l2", "lambda": 1.0}))
            .starts_with("what it says of itself: unknown variant")
    );
    // A weight that is not there, one too many, and one that is no number.
    let replaced = |from: &str, to: &str| {
        let at = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
        let mut bytes = bytes.clone();
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        refused(&write(work.path(), "replaced", &bytes))
    };
    assert!(replaced("weights.mask.bias", "weights.nask.bias").contains("weights.nask.bias is no weight"));
    let mut broken = bytes.clone();
    let weight = learner.network().weights().last().unwrap().data();
    let number = weight.iter::<f32>().next().unwrap().to_le_bytes();
    let at = bytes.windows(4).rposition(|window| window == number).unwrap();
    broken[at..at + 4].copy_from_slice(&f32::NAN.to_le_bytes());
    assert!(refused(&write(work.path(), "broken", &broken)).ends_with("is not finite"));
}

#[test]
fn attention_is_read_without_its_network() {
    let work = testing::WorkDir::new();
    let classifier = raw().folded(&[], Engine::Best);
    let layers = explainers::tame::layers(classifier.network.graph(), [16, 16]).unwrap();
    let loss = explainers::tame::Loss::PUBLISHED;
    let facts = TameFacts { explained: classifier.key(), layers, input: [3, 16, 16], loss };
    let explainer = facts.explainer(&classifier, 3).unwrap();
    let settings = settings("tame", &facts);
    let bytes = TameFile::bytes(&explainer.network, &settings.to_string()).unwrap();
    let path = write(work.path(), "a", &bytes);
    let file = TameFile::open(&path, &classifier).unwrap();
    assert_eq!(file.facts, facts);
    let images = golden::Golden::open("eea").images(0..2);
    let maps = |network: &Network| {
        golden::numbers(explainers::tame::class_maps(network, images.clone(), &mut models::Plain))
    };
    assert_eq!(maps(&explainer.network), maps(&file.network));
    let refused = |name: &str, value: Value| {
        let mut settings = settings.clone();
        settings[name] = value;
        let path =
            write(work.path(), "b", &TameFile::bytes(&explainer.network, &settings.to_string()).unwrap());
        format!("{:#}", TameFile::open(&path, &classifier).err().unwrap())
    };
    assert!(
        refused("explained", json!("other@12345678")).starts_with("it was trained to explain other@12345678")
    );
    assert_eq!(refused("layers", json!(["layer1", "layer2", "layer7"])), "it has no layer `layer7`");
    assert!(refused("layers", json!(["layer1", "layer2"])).starts_with("what it says of itself: "));
    let message = refused("layers", json!(["layer1", "layer2", "layer2"]));
    assert!(message.ends_with("another network"), "{message}");
}

#[test]
fn an_explainer_learns() {
    let (classifier, facts) = (raw().folded(&[], Engine::Best), facts(&raw()));
    let mut learner = facts.learner(eea::explainer(&raw().network, 0).unwrap());
    let images = golden::Golden::open("eea").images(0..4).autodiff();
    let loss = Loss { mask: MaskLoss::L1, lambda: 1.0 };
    let targets: Vec<usize> = classifier
        .logits(images.clone().inner())
        .argmax(1)
        .into_data()
        .iter::<i64>()
        .map(|c| c as usize)
        .collect();
    let mut all = Vec::new();
    for _ in 0..12 {
        let step = |network: &Network, _: &mut learning::BatchStatistics| {
            loss.of(&classifier, images.clone(), eea::logits(network, images.clone()), &targets)
        };
        all.push(learner.step(0.01, step).unwrap());
    }
    assert!(all[11] < 0.9 * all[0], "{all:?}");
}
