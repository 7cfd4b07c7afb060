//! `explain -m eea`, `peea` and `tame`: files by name, the same maps whatever the threads, and what is refused.

use std::fs;

use explainers::eea::{self, Loss, MaskLoss};
use explainers::{EeaFacts, EeaFile};
use models::zoo::Options;
use models::{Engine, device};
use serde_json::json;
use testbed::Embedded;
use testing::WorkDir;

use crate::EXPLAIN;

/// An explainer of the testbed's ResNet, by its ViT, that has learnt nothing yet.
fn explainer(work: &WorkDir) {
    let open = |embedded: Embedded| embedded.open(&device::cpu().device, Options::default()).unwrap();
    let encoder = open(Embedded::ViT);
    let facts = EeaFacts {
        explained: open(Embedded::ResNet).folded(&[], Engine::Best).key(),
        explainer: encoder.name.clone(),
        input: [3, 64, 64],
        preprocess: encoder.preprocess.clone(),
        loss: Loss { mask: MaskLoss::DoubleSigmoid, lambda: 5.0 },
        decay: 0.01,
        rate: 0.004,
        warm_up: 0.5,
        course: 100,
        steps: 25,
    };
    let learner = facts.learner(eea::explainer(&encoder.network, 0).unwrap());
    let mut settings = json!(facts);
    settings["method"] = json!("eea");
    work.write("mine.safetensors", EeaFile::bytes(&learner, &settings.to_string()).unwrap());
}

const EEA: &str = "eea:explainer=a,select=(del:steps=3),steps=3";
const FILE: [&str; 3] = ["--file", "a=mine.safetensors", "-q"];

#[test]
fn maps_are_the_same_whatever_the_threads() {
    let work = WorkDir::new();
    explainer(&work);
    let run = |threads: &str| {
        let images = ["testbed/000", "testbed/003", "testbed/001"];
        let methods = ["-m", EEA, "-m", "peea:explainer=a", "--threads", threads, "-o", threads];
        work.run(EXPLAIN, [&methods[..], &FILE, &images].concat(), "").success()
    };
    let tables = ["1", "2"].map(run);
    assert_eq!(tables[0].replace("1/", "2/"), tables[1].replace("1/", "2/"));
    assert!(tables[0].contains(EEA), "{}", tables[0]);
    for method in [EEA, "peea:explainer=a"] {
        let pack = |folder: &str| {
            let files = fs::read_dir(work.join(folder).join(method)).unwrap();
            let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
            paths.sort();
            paths.into_iter().map(|path| fs::read(path).unwrap()).collect::<Vec<_>>()
        };
        assert!(pack("1") == pack("2"), "{method}");
    }
}

#[test]
fn what_does_not_belong_is_refused() {
    let work = WorkDir::new();
    explainer(&work);
    let run = |arguments: &[&str], code: i32| {
        let common = [&["-q", "-o", "maps"], arguments, &["testbed/000"]].concat();
        work.run(EXPLAIN, common, "").failure(code)
    };
    let message = run(&["-m", "peea:explainer=a"], 2);
    assert!(message.contains("needs the file that it calls `a`: --file a=PATH"), "{message}");
    let message =
        run(&["-m", "peea:explainer=a", "--file", "a=mine.safetensors", "--model", "testbed-vit"], 2);
    assert!(message.contains("mine.safetensors: it was trained to explain testbed@"), "{message}");
    let message = run(&["-m", "tame:explainer=a", "--file", "a=mine.safetensors"], 2);
    assert!(message.ends_with("it is an explainer of eea, and not of tame"), "{message}");
    fs::write(work.join("cut"), &fs::read(work.join("mine.safetensors")).unwrap()[..5000]).unwrap();
    let message = run(&["-m", "peea:explainer=a", "--file", "a=cut"], 2);
    assert!(message.contains("cut: it is no file of an explainer: it is damaged"), "{message}");
    let message = run(&["-m", "peea:explainer=a", "--file", "a=none"], 2);
    assert!(message.contains("none"), "{message}");
}
