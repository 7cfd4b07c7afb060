//! `train eea` and `train tame`: what comes out, what is refused, and that a training that was left comes to the same file.

use std::fs;
use std::path::Path;

use explainers::{EeaFacts, EeaFile, TameFile};
use learning::checkpoint;
use models::device;
use models::zoo::Options;
use testbed::Embedded;
use testing::WorkDir;

use crate::{TRAIN, killed_at, killed_until_done, photos, record};

/// Sixteen scenes of the testbed, explained by its ResNet.
const COMMON: [&str; 10] =
    ["--model", "testbed", "--images", "testbed", "--count", "16", "--batch-size", "8", "--threads", "2"];

fn run(work: &WorkDir, method: &str, arguments: &[&str]) -> testing::Output {
    work.run(TRAIN, [&[method], &COMMON[..], arguments].concat(), "")
}

fn bytes(work: &WorkDir, name: &str) -> Vec<u8> {
    fs::read(work.join(name)).unwrap()
}

#[test]
fn an_explainer_says_what_it_belongs_to() {
    let work = WorkDir::new();
    let arguments = ["--epochs", "2", "--loss", "l1", "--lambda", "0.5", "-o", "new/a.safetensors"];
    let output = run(&work, "eea", &arguments);
    output.success();
    assert!(output.stderr.contains("train: epoch 2/2: loss "), "{}", output.stderr);
    assert!(output.stderr.contains("of 16 training images are still of their class\n"), "{}", output.stderr);
    let device = device::cpu().device;
    let file = EeaFile::open(&work.join("new/a.safetensors"), &device).unwrap();
    let explained = Embedded::ResNet.classifier(&device, Options::default()).unwrap();
    let EeaFacts { explained: key, explainer, input, loss, steps, course, .. } = &file.facts;
    assert_eq!((key, &explainer[..], *input), (&explained.key(), "testbed", [3, 64, 64]));
    assert_eq!((loss.lambda, *steps, *course), (0.5, 4, 2 * 50_000 / 8));
    // The schedule goes on where the training was left.
    let rate = |step: f64| 0.002 * step / (0.2 * *course as f64);
    assert!((file.facts.next_rate(0) - rate(4.0)).abs() < 1e-12);
    assert!((file.facts.next_rate(3) - rate(7.0)).abs() < 1e-12);
    let record = record(&work.join("new/a.safetensors.json"));
    assert_eq!(record["sha256"], pipe::sha256(&bytes(&work, "new/a.safetensors")));
    assert_eq!((&record["explained"], record["losses"].as_array().unwrap().len()), (&key.as_str().into(), 2));
    assert!(!work.join("new/a.safetensors.checkpoint").exists());
}

/// A ViT explains a ResNet, and back.
#[test]
fn explainer_and_explained_may_be_of_other_architectures() {
    let work = WorkDir::new();
    for (model, explainer) in [("testbed", "testbed-vit"), ("testbed-vit", "testbed")] {
        let arguments = ["--images", "testbed", "--count", "8", "--epochs", "1", "--threads", "2", "-q"];
        let own = ["eea", "--model", model, "--explainer", explainer, "-o", explainer];
        let output = work.run(TRAIN, [&own[..], &arguments].concat(), "");
        output.success();
        let file = EeaFile::open(&work.join(explainer), &device::cpu().device).unwrap();
        assert_eq!(file.facts.explainer, explainer);
        assert!(file.facts.explained.starts_with(&format!("{model}@")), "{}", file.facts.explained);
    }
}

#[test]
fn attention_belongs_to_its_network() {
    let work = WorkDir::new();
    run(&work, "tame", &["--epochs", "1", "--flip", "-q", "-o", "a"]).success();
    let open = |embedded: Embedded| {
        let classifier = embedded.classifier(&device::cpu().device, Options::default()).unwrap();
        TameFile::open(&work.join("a"), &classifier).map_err(|error| format!("{error:#}"))
    };
    let file = open(Embedded::ResNet).unwrap();
    assert_eq!(file.facts.layers, ["layer1.0.relu", "layer2.0.relu", "layer3.0.relu"]);
    let error = open(Embedded::ViT).err().unwrap();
    assert!(error.starts_with("it was trained to explain testbed@"), "{error}");
    // The backbone is the classifier's, and not in the file.
    let names = String::from_utf8_lossy(&bytes(&work, "a")[..4000]).into_owned();
    assert!(names.contains("weights.tame.0.conv.weight") && !names.contains("weights.conv1"), "{names}");
}

/// At a rate that is too high later epochs may be worse.
#[test]
fn the_epoch_with_the_best_masks_of_other_images_is_kept() {
    let work = WorkDir::new();
    fs::create_dir(work.join("other")).unwrap();
    for name in testbed::names().iter().take(6) {
        let path = work.join(format!("other/{}.png", name.rsplit('/').next().unwrap()));
        testbed::image(name).unwrap().image.save(path).unwrap();
    }
    let recipe = ["--epochs", "5", "--warm-up", "0", "--schedule-images", "16", "--lambda", "1"];
    let select = ["--heldout", "other", "--select", "adp"];
    let output = run(&work, "eea", &[&recipe[..], &select, &["-o", "a"]].concat());
    output.success();
    let told = output.stderr.lines().filter_map(|line| line.split_once("adp of 6 held-out images is "));
    let values: Vec<f64> = told.map(|(_, told)| told.split(',').next().unwrap().parse().unwrap()).collect();
    assert_eq!(values.len(), 5, "{}", output.stderr);
    let least = (0..5).min_by(|&a, &b| values[a].total_cmp(&values[b])).unwrap();
    let (record, file) =
        (record(&work.join("a.json")), EeaFile::open(&work.join("a"), &device::cpu().device).unwrap());
    assert_eq!(record["kept"]["epoch"], least + 1);
    assert!((record["kept"]["value"].as_f64().unwrap() - values[least]).abs() < 1e-3);
    assert_eq!(file.facts.steps, 2 * (least + 1));
    assert_eq!(record["sha256"], pipe::sha256(&bytes(&work, "a")));
    // Killed and gone on with it comes to the same file.
    let resumed = ["-q", "--checkpoint-minutes", "0", "--resume", "-o", "b"];
    killed_until_done(&work, &[&["eea"], &COMMON[..], &recipe, &select, &resumed].concat());
    assert!(bytes(&work, "a") == bytes(&work, "b"));
    for left in ["a.best", "a.checkpoint", "b.best", "b.checkpoint"] {
        assert!(!work.join(left).exists(), "{left}");
    }
    // Masks that are the same everywhere have no value: no epoch is better than none.
    let constant = ["--epochs", "2", "--rate", "1", "--warm-up", "0", "--schedule-images", "16", "-o", "d"];
    let output = run(&work, "eea", &[&constant[..], &select].concat());
    let message = output.failure(1);
    let why = "no epoch has masks with adp: the map is constant: it puts no pixel first";
    assert!(message.ends_with(why), "{message}");
    assert!(!work.join("d").exists() && work.join("d.checkpoint").exists());
    let message = run(&work, "eea", &["--select", "adp", "-o", "c"]).failure(2);
    assert!(message.contains("--heldout <SOURCE>"), "{message}");
    let message = run(&work, "eea", &["--heldout", "other", "--select", "stratified", "-o", "c"]).failure(2);
    assert!(message.contains("is made from explanations of what is shown"), "{message}");
}

/// The class that is explained is the predicted one: nobody needs to know what an image shows.
#[test]
fn images_without_labels_are_enough_for_predicted_classes() {
    let work = WorkDir::new();
    photos(&work, 3);
    work.write("names.csv", "image\nphotos/dark/00.png\nphotos/dark/01.png\nphotos/dark/02.png\n");
    let run = |source: &str, target: &str, out: &str| {
        let arguments =
            ["eea", "--model", "testbed", "--epochs", "1", "--threads", "2", "-q", "--images", source];
        work.run(TRAIN, [&arguments[..], &["--target", target, "-o", out]].concat(), "")
    };
    for (source, out) in [("photos/dark", "a"), ("names.csv", "b")] {
        run(source, "predicted", out).success();
    }
    assert!(bytes(&work, "a") == bytes(&work, "b"));
    let message = run("names.csv", "label", "c").failure(1);
    assert_eq!(message, "train: names.csv: photos/dark/00.png has no label");
    let message = run("photos/dark", "label", "c").failure(1);
    assert_eq!(message, "train: photos/dark: there is no folder of a class in it");
    work.write("empty.csv", "image\n");
    assert_eq!(run("empty.csv", "predicted", "c").failure(1), "train: empty.csv: a header and no rows");
}

#[test]
fn killed_at_random_and_gone_on_with_it_comes_to_the_same_bits() {
    for method in ["eea", "tame"] {
        let work = WorkDir::new();
        let long = [&[method], &COMMON[..], &["-q", "--epochs", "6", "--checkpoint-minutes", "0"]].concat();
        work.run(TRAIN, [&long[..], &["-o", "whole"]].concat(), "").success();
        let resumed = [&long[..], &["--resume", "-o", "killed"]].concat();
        killed_until_done(&work, &resumed);
        assert!(bytes(&work, "whole") == bytes(&work, "killed"), "{method}");
    }
}

#[test]
fn threads_change_no_bit() {
    let work = WorkDir::new();
    for method in ["eea", "tame"] {
        for threads in ["1", "2"] {
            let arguments = ["--epochs", "1", "-q", "-o", threads];
            let common: Vec<&str> = COMMON[..8].to_vec();
            work.run(TRAIN, [&[method], &common[..], &["--threads", threads], &arguments].concat(), "")
                .success();
        }
        assert!(bytes(&work, "1") == bytes(&work, "2"), "{method}");
    }
}

/// A checkpoint of another training, and one that is damaged.
#[test]
fn a_checkpoint_of_another_training_is_refused() {
    let work = WorkDir::new();
    let begun =
        [&["eea"], &COMMON[..], &["-q", "--epochs", "4000", "--checkpoint-minutes", "0", "-o", "a"]].concat();
    let path = work.join("a.checkpoint");
    killed_at(&work, "a.checkpoint", &begun);
    let refused = |arguments: &[&str]| {
        run(&work, "eea", &[&["-q", "--resume", "-o", "a"], arguments].concat()).failure(1)
    };
    let place = "train: a.checkpoint: the training was begun with another";
    let message = refused(&["--epochs", "4000", "--lambda", "3"]);
    assert!(message.starts_with(&format!("{place} `loss`: ")), "{message}");
    let message = refused(&["--epochs", "4000", "--seed", "3"]);
    assert!(message.starts_with(&format!("{place} `images_and_targets`: ")), "{message}");
    // What is not done explains nothing.
    let error = format!("{:#}", EeaFile::open(&path, &device::cpu().device).err().unwrap());
    assert_eq!(error, "it is a checkpoint of a training that is not done");
    assert!(checkpoint::settings(&fs::read(&path).unwrap()).is_ok());
}

#[test]
fn what_cannot_be_trained_is_told() {
    let work = WorkDir::new();
    photos(&work, 2);
    let refused = |code: i32, arguments: &[&str]| {
        work.run(TRAIN, [arguments, &["--threads", "2", "-q", "-o", "a"]].concat(), "").failure(code)
    };
    let testbed = ["--images", "testbed", "--count", "4"];
    let with = |arguments: &[&'static str]| [arguments, &testbed].concat();
    let message = refused(2, &with(&["eea", "--model", "testbed", "--explainer", "cifar-resnet20"]));
    assert_eq!(message, "train: --explainer cifar-resnet20 needs --explainer-weights");
    let message = refused(1, &with(&["eea", "--model", "testbed", "--explainer", "resnet"]));
    assert!(message.starts_with("train: --explainer: unknown model `resnet`"), "{message}");
    let message = refused(2, &with(&["tame", "--model", "testbed-vit"]));
    let expected = "train: testbed-vit cannot have attention: it is a transformer, whose features are tokens and no maps";
    assert_eq!(message, expected);
    let message = refused(2, &with(&["tame", "--model", "testbed", "--layers", "layer1,layer2"]));
    assert_eq!(message, "train: --layers names 2, and three are needed");
    let message = refused(2, &with(&["tame", "--model", "testbed", "--layers", "layer1,layer2,linear"]));
    assert_eq!(message, "train: testbed cannot have attention: layer `linear` has no feature maps");
    let message = refused(2, &with(&["tame", "--model", "testbed", "--layers", "layer1,layer2,layer9"]));
    assert_eq!(message, "train: testbed cannot have attention: it has no layer `layer9`");
    let message = refused(2, &["eea", "--model", "exec:true", "--images", "photos"]);
    assert_eq!(message, "train: exec:true only gives scores, and an explainer learns from gradients");
    let message = refused(1, &["eea", "--model", "testbed", "--images", "photos", "--target", "label"]);
    assert!(message.contains("photos/dark: dark is no class of the training images"), "{message}");
    let message = refused(1, &["eea", "--model", "testbed-vit", "--images", "list.csv"]);
    assert!(message.ends_with("the network takes 64 x 64 pixels only"), "{message}");
    let explainer = ["eea", "--model", "testbed", "--explainer", "testbed-vit", "--images", "photos"];
    let message = refused(1, &explainer);
    assert!(message.starts_with("train: testbed-vit as the explainer: input (input)"), "{message}");
    let rate = with(&["eea", "--model", "testbed", "--rate", "1e30", "--warm-up", "0", "--epochs", "3"]);
    let message = refused(1, &rate);
    assert!(message.starts_with("train: the loss is NaN in epoch "), "{message}");
    assert!(!Path::new(&work.join("a")).exists());
}
