//! Trainings that are left, gone on with, or stop by themselves.

use std::fs;

use learning::checkpoint;
use testing::WorkDir;

use crate::{SMALL, TRAIN, killed_at, killed_until_done, photos, refused, train};

const LONG: [&str; 7] = ["photos", "-q", "--epochs", "40", "--flip", "--checkpoint-minutes", "0"];

#[test]
fn killed_at_random_and_gone_on_with_it_comes_to_the_same_bits() {
    let work = WorkDir::new();
    photos(&work, 5);
    train(&work, "photos", &[&LONG[1..], &["--out", "whole.safetensors"]].concat());
    killed_until_done(&work, &[&SMALL[..], &LONG, &["--resume", "--out", "killed.safetensors"]].concat());
    let bytes = |name: &str| fs::read(work.join(name)).unwrap();
    assert!(bytes("whole.safetensors") == bytes("killed.safetensors"));
    let left: Vec<_> = fs::read_dir(work.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains(".tmp.")), "{left:?}");
}

/// `pipelines/training/recipe.sh` of a training that was killed once, with its weights and their accuracy still to come.
#[test]
fn a_recipe_goes_on_where_it_was_killed_and_then_leaves_the_weights_alone() {
    let work = WorkDir::new();
    photos(&work, 5);
    let flags =
        ["--model", "testbed", "--batch-size", "4", "--threads", "2", "-q", "--epochs", "40", "--flip"];
    let recipe = |name: &str| {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../../pipelines/training/recipe.sh");
        let line =
            format!("export CIFAR10=photos; set -- out; source {source}; recipe {name} {}", flags.join(" "));
        work.shell(TRAIN, &line)
    };
    recipe("whole").success();
    let own = ["classifier", "--images", "photos", "--heldout", "photos", "--out", "out/killed.safetensors"];
    killed_at(&work, "out/killed.safetensors.checkpoint", &[&own, &flags[..]].concat());
    assert!(!work.join("out/killed.safetensors.json").exists());
    recipe("killed").success();
    let bytes = |name: &str| fs::read(work.join(format!("out/{name}.safetensors"))).unwrap();
    assert!(bytes("whole") == bytes("killed"));
    fs::write(work.join("out/whole.safetensors"), "mine").unwrap();
    assert_eq!(recipe("whole").stderr, "out/whole.safetensors is there\n");
    assert_eq!(bytes("whole"), b"mine");
}

/// At a rate that no network bears weights are infinite behind the first step, or the loss is none in the second.
#[test]
fn a_loss_that_is_none_stops_and_leaves_what_was_sound() {
    let work = WorkDir::new();
    photos(&work, 4);
    let stopped = |rate: &str| {
        let arguments = ["-q", "--rate", rate, "--schedule", "constant", "--checkpoint-minutes", "0"];
        let message = refused(&work, "photos", &arguments);
        assert!(!work.join("a.safetensors").exists());
        message
    };
    let message = stopped("1e30");
    let start = "train: the loss is NaN in epoch 1, step 2, at a learning rate of 1.000e30: a lower one may help; \
                 the weights of the last checkpoint are finite: a.safetensors.checkpoint";
    assert_eq!(message, start);
    let path = work.join("a.safetensors.checkpoint");
    assert!(checkpoint::settings(&fs::read(&path).unwrap()).is_ok());
    // Gone on with it comes to the same end, and never to weights.
    let arguments =
        ["-q", "--rate", "1e30", "--schedule", "constant", "--checkpoint-minutes", "0", "--resume"];
    assert_eq!(refused(&work, "photos", &arguments), start);
}

#[test]
fn a_checkpoint_of_another_training_is_refused_and_stays() {
    let work = WorkDir::new();
    photos(&work, 4);
    // A run that is killed by a limit on files is not portable: the checkpoint is one that a run left behind.
    let begun = [
        &SMALL[..],
        &["photos", "-q", "--epochs", "4000", "--checkpoint-minutes", "0", "--out", "a.safetensors"],
    ]
    .concat();
    let path = work.join("a.safetensors.checkpoint");
    killed_at(&work, "a.safetensors.checkpoint", &begun);
    let bytes = fs::read(&path).unwrap();
    let message = work
        .run(TRAIN, [&SMALL[..], &["photos", "--epochs", "4000", "--out", "a.safetensors"]].concat(), "")
        .failure(2);
    assert!(message.contains("a.safetensors.checkpoint is there: --resume goes on from it"), "{message}");
    let other = |arguments: &[&str]| refused(&work, "photos", &[&["--resume"], arguments].concat());
    let place = "train: a.safetensors.checkpoint: the training was begun with another";
    assert_eq!(other(&["--epochs", "3"]), format!("{place} `epochs`: 4000, and not 3"));
    let message = other(&["--epochs", "4000", "--crop", "2"]);
    assert!(message.starts_with(&format!("{place} `augmentation`: ")), "{message}");
    crate::image(1, 33).save(work.join("photos/dark/00.png")).unwrap();
    let message = other(&["--epochs", "4000"]);
    assert!(message.starts_with(&format!("{place} `images_and_labels`: ")), "{message}");
    assert!(fs::read(&path).unwrap() == bytes);
    fs::write(&path, &bytes[..bytes.len() - 9]).unwrap();
    let message = other(&["--epochs", "4000"]);
    assert!(message.starts_with("train: a.safetensors.checkpoint: it is damaged"), "{message}");
}

#[test]
fn a_place_that_takes_no_checkpoint_is_told_before_the_training() {
    let work = WorkDir::new();
    photos(&work, 3);
    work.write("taken", "a file");
    let message =
        work.run(TRAIN, [&SMALL[..], &["photos", "--out", "taken/a.safetensors"]].concat(), "").failure(1);
    assert!(message.starts_with("train: cannot write taken/a.safetensors: "), "{message}");
    let message = work.run(TRAIN, [&SMALL[..], &["photos", "--out", "/dev/null"]].concat(), "").failure(1);
    assert_eq!(message, "train: cannot write /dev/null: it is there and is no file");
}

/// A file that may not grow beyond 8 KiB stands for a full disk: what the last checkpoint has stays, and nothing lies half written.
#[test]
fn a_full_disk_ends_a_training_and_leaves_its_last_checkpoint() {
    let common = "--model testbed --images testbed --count 20 --threads 2 -q --epochs 4000 --checkpoint-minutes 0 --out a";
    let eight = "--batch-size 4";
    for what in [
        format!("classifier {eight}"),
        format!("eea {eight}"),
        format!("tame {eight}"),
        "bee -m pbee:metric=(pos:steps=4),steps=2,arms=constant+blur".to_owned(),
    ] {
        let work = WorkDir::new();
        let line = format!("{what} {common}");
        killed_at(&work, "a.checkpoint", &line.split_whitespace().collect::<Vec<_>>());
        let bytes = || fs::read(work.join("a.checkpoint")).unwrap();
        let before = bytes();
        let quoted = line.replace("pbee:", "'pbee:").replace("+blur", "+blur'");
        let message =
            work.shell(TRAIN, &format!("trap '' XFSZ; ulimit -f 8; train {quoted} --resume")).failure(1);
        assert!(message.starts_with("train: cannot write a.checkpoint: "), "{what}: {message}");
        assert!(message.contains("File too large"), "{what}: {message}");
        assert!(bytes() == before, "{what}");
        let names = fs::read_dir(work.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let torn: Vec<_> = names.filter(|name| name.to_string_lossy().contains(".tmp.")).collect();
        assert!(torn.is_empty() && !work.join("a").exists(), "{what}: {torn:?}");
    }
}
