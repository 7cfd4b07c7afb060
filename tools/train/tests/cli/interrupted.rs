//! Trainings that are left, gone on with, or stop by themselves.

use std::fs;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use learning::checkpoint;
use testing::WorkDir;

use crate::{SMALL, TRAIN, photos, refused, train};

const LONG: [&str; 7] = ["photos", "-q", "--epochs", "40", "--flip", "--checkpoint-minutes", "0"];

/// Runs until it is killed, or done; whether it was done.
fn killed_after(work: &WorkDir, wait: Duration) -> bool {
    let arguments = [&SMALL[..], &LONG, &["--resume", "--out", "killed.safetensors"]].concat();
    let mut command = Command::new(TRAIN);
    let mut child = command.args(arguments).current_dir(work.path()).stderr(Stdio::null()).spawn().unwrap();
    sleep(wait);
    if let Some(status) = child.try_wait().unwrap() {
        assert!(status.success());
        return true;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    false
}

#[test]
fn killed_at_random_and_gone_on_with_it_comes_to_the_same_bits() {
    let work = WorkDir::new();
    photos(&work, 5);
    train(&work, "photos", &[&LONG[1..], &["--out", "whole.safetensors"]].concat());
    let mut kills = 0;
    // Longer and longer, so that it ends on a slow machine as well.
    while !killed_after(&work, Duration::from_millis(150 + 90 * kills)) {
        kills += 1;
    }
    assert!(kills > 0, "it was never killed");
    let bytes = |name: &str| fs::read(work.join(name)).unwrap();
    assert!(bytes("whole.safetensors") == bytes("killed.safetensors"), "after {kills} kills");
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
    let (mut command, checkpoint) = (Command::new(TRAIN), work.join("out/killed.safetensors.checkpoint"));
    command.args([&own, &flags[..]].concat()).current_dir(work.path()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    while !checkpoint.exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended without a checkpoint");
        sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(checkpoint.exists() && !work.join("out/killed.safetensors.json").exists());
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
    let mut begun = Command::new(TRAIN);
    let arguments = [
        &SMALL[..],
        &["photos", "-q", "--epochs", "4000", "--checkpoint-minutes", "0", "--out", "a.safetensors"],
    ]
    .concat();
    let mut child = begun.args(arguments).current_dir(work.path()).spawn().unwrap();
    let path = work.join("a.safetensors.checkpoint");
    while !path.exists() {
        sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
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
