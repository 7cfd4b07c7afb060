//! `train classifier`: what comes out.

use std::fmt::Write as _;

use models::{Checkpoint, device, zoo};
use testbed::Embedded;
use testing::WorkDir;

use crate::{photos, record, train};

#[test]
fn weights_load_and_the_record_says_what_they_are() {
    let work = WorkDir::new();
    photos(&work, 10);
    let augmented =
        ["--crop", "1", "--flip", "--colour", "0.1,0.1,0.1", "--smoothing", "0.1", "--epochs", "12"];
    let messages = train(
        &work,
        "photos",
        &[&augmented[..], &["--heldout", "list.csv", "--out", "new/a.safetensors"]].concat(),
    );
    assert!(messages.contains("train: epoch 12/12: loss "), "{messages}");
    assert!(messages.contains("train: 100.00 % of 20 training images are right\n"), "{messages}");
    assert!(messages.ends_with("train: 100.00 % of 20 held-out images are right\n"), "{messages}");
    let record = record(&work.join("new/a.safetensors.json"));
    assert_eq!(record["classes"], serde_json::json!(["dark", "light"]));
    assert_eq!((&record["training_accuracy"], &record["heldout_images"]), (&1.0.into(), &20.into()));
    assert_eq!(record["losses"].as_array().unwrap().len(), 12);
    assert_eq!(
        record["weights_sha256"],
        pipe::sha256(&std::fs::read(work.join("new/a.safetensors")).unwrap())
    );
    assert!(!work.join("new/a.safetensors.checkpoint").exists());
    let checkpoint = Checkpoint::open(&work.join("new/a.safetensors")).unwrap();
    let options = zoo::Options::default();
    let loaded = Embedded::ResNet.architecture().open(&checkpoint, &device::cpu().device, options).unwrap();
    assert_eq!(loaded.network.classes(), 2);
    assert_eq!(record["model_key"], loaded.key());
}

#[test]
fn threads_and_sources_change_no_bit_and_settings_do() {
    let work = WorkDir::new();
    photos(&work, 5);
    let weights = |source: &str, arguments: &[&str]| {
        train(&work, source, &[&["-q", "--epochs", "2", "--out", "a.safetensors"], arguments].concat());
        std::fs::read(work.join("a.safetensors")).unwrap()
    };
    let first = weights("photos", &["--mixup", "0.4"]);
    assert!(first == weights("list.csv", &["--mixup", "0.4"]));
    let one = [
        &crate::SMALL[..5],
        &["--threads", "1", "--images", "photos", "-q", "--epochs", "2", "--mixup", "0.4"],
    ]
    .concat();
    work.run(crate::TRAIN, [&one[..], &["--out", "one.safetensors"]].concat(), "").success();
    assert!(first == std::fs::read(work.join("one.safetensors")).unwrap());
    let others: [&[&str]; 7] = [
        &["--cutmix", "1"],
        &["--mixup", "0.4", "--seed", "1"],
        &["--mixup", "0.4", "--optimizer", "adamw"],
        &["--mixup", "0.4", "--schedule", "linear"],
        &["--mixup", "0.4", "--decay-of", "all"],
        &["--mixup", "0.4", "--count", "8"],
        &["--mixup", "0.4", "--permute-labels"],
    ];
    for other in others {
        assert!(first != weights("photos", other), "{other:?}");
    }
}

#[test]
fn permuted_labels_are_said_and_learnt() {
    let work = WorkDir::new();
    photos(&work, 6);
    let messages = train(&work, "photos", &["--permute-labels", "--epochs", "1", "--out", "a.safetensors"]);
    assert!(messages.contains(" % of 12 training images are right by their permuted labels"), "{messages}");
    assert_eq!(record(&work.join("a.safetensors.json"))["permuted_labels"], true);
}

#[test]
fn weights_begin_where_others_ended_as_far_as_they_fit() {
    let work = WorkDir::new();
    photos(&work, 3);
    train(&work, "photos", &["-q", "--epochs", "1", "--out", "two.safetensors"]);
    let mut table = "image,label\n".to_owned();
    for i in 0..8 {
        let class = ["dark", "light"][i % 2];
        writeln!(table, "photos/{class}/{:02}.png,{}", i / 4, i % 3).unwrap();
    }
    work.write("three.csv", table);
    let messages = train(
        &work,
        "three.csv",
        &["--epochs", "1", "--weights", "two.safetensors", "--out", "b.safetensors"],
    );
    let expected = "train: two.safetensors: 2 of 37 weights begin anew: linear.weight is [2, 64] and not [3, 64], linear.bias is [2] and not [3]\n";
    assert!(messages.starts_with(expected), "{messages}");
    let same = train(
        &work,
        "photos",
        &["-q", "--epochs", "1", "--weights", "two.safetensors", "--out", "c.safetensors"],
    );
    assert!(!same.contains("anew"), "{same}");
}
