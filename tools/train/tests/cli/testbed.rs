//! `train testbed`: a few images, one pass.

use models::{Checkpoint, device};
use testbed::Embedded;
use testing::WorkDir;

use crate::TRAIN;

const SMALL: [&str; 9] = ["testbed", "--images", "48", "--epochs", "2", "--heldout", "16", "--threads", "2"];

#[test]
fn equal_seeds_give_equal_weights_that_load() {
    let work = WorkDir::new();
    let train = |arguments: &[&str]| work.run(TRAIN, [&SMALL[..], arguments].concat(), "");
    let output = train(&["--out", "weights/a.safetensors"]);
    assert_eq!(output.success(), "");
    let lines: Vec<&str> = output.stderr.lines().collect();
    assert_eq!(lines.len(), 3, "{}", output.stderr);
    assert!(lines[0].starts_with("train: epoch 1/2: loss "), "{}", lines[0]);
    assert!(lines[2].ends_with(" % of 16 held-out images are right"), "{}", lines[2]);
    let quiet = train(&["-q", "--out", "b.safetensors"]);
    quiet.success();
    assert_eq!(quiet.stderr.lines().count(), 1);
    train(&["-q", "--out", "c.safetensors", "--seed", "1"]).success();
    let bytes = |name: &str| std::fs::read(work.join(name)).unwrap();
    assert!(bytes("weights/a.safetensors") == bytes("b.safetensors"));
    assert!(bytes("b.safetensors") != bytes("c.safetensors"));
    let checkpoint = Checkpoint::open(&work.join("b.safetensors")).unwrap();
    let options = models::zoo::Options::default();
    let loaded = Embedded::ResNet.architecture().load(&checkpoint, &device::cpu().device, options);
    assert_eq!(loaded.unwrap().network.classes(), 10);
}

#[test]
fn the_transformer_is_trained_by_the_same_command() {
    let work = WorkDir::new();
    for threads in ["1", "2"] {
        let arguments = ["-q", "--network", "testbed-vit", "--threads", threads, "--out", threads];
        work.run(TRAIN, [&SMALL[..7], &arguments].concat(), "").success();
    }
    assert!(std::fs::read(work.join("1")).unwrap() == std::fs::read(work.join("2")).unwrap());
    let checkpoint = Checkpoint::from_safetensors("1", &std::fs::read(work.join("1")).unwrap()).unwrap();
    let options = models::zoo::Options::default();
    let loaded = Embedded::ViT.architecture().load(&checkpoint, &device::cpu().device, options);
    assert_eq!(loaded.unwrap().network.classes(), 10);
}

#[test]
fn wrong_use_is_told_before_the_training() {
    let work = WorkDir::new();
    work.write("taken", "a file");
    let message = work.run(TRAIN, [&SMALL[..], &["--out", "taken/a.safetensors"]].concat(), "").failure(1);
    assert!(message.starts_with("train: cannot write taken/a.safetensors: "), "{message}");
    assert!(!message.contains("epoch"), "{message}");
    work.run(TRAIN, ["testbed"], "").failure(2);
    work.run(TRAIN, ["testbed", "--out", "a", "--images", "0"], "").failure(2);
    work.run(TRAIN, ["imagenet", "--out", "a"], "").failure(2);
    let message = work.run(TRAIN, ["testbed", "--network", "resnet50", "--out", "a"], "").failure(2);
    assert!(message.contains("known are testbed, testbed-vit"), "{message}");
}
