//! `train bee`: a bandit for a method, on the testbed.

use std::fs;

use testing::WorkDir;

use crate::{TRAIN, killed_at, killed_until_done, record};

const SMALL: &str = "bee --model testbed --images testbed --count 8 --device cpu -q \
                     -m pbee:metric=(pos:steps=4),steps=2,arms=constant+blur+normal";

fn train(work: &WorkDir, more: &str) -> testing::Output {
    work.run(TRAIN, format!("{SMALL} {more}").split_whitespace(), "")
}

#[test]
fn equal_seeds_give_equal_bytes_whatever_the_threads_and_batches() {
    let work = WorkDir::new();
    assert_eq!(train(&work, "-o a").success(), "");
    let bytes = |name: &str| fs::read(work.join(name)).unwrap();
    for (name, more) in [("b", "--threads 1"), ("c", "--batch-size 1")] {
        train(&work, &format!("-o {name} {more}")).success();
        assert!(bytes("a") == bytes(name), "{more}");
    }
    for (name, more) in [("d", "--seed 1"), ("e", "--target label"), ("f", "--epochs 2")] {
        train(&work, &format!("-o {name} {more}")).success();
        assert!(bytes("a") != bytes(name), "{more}");
    }
    let record = record(&work.join("a.json"));
    let drawn = record["drawn"].as_object().unwrap();
    let count: u64 = drawn.values().map(|counts| counts[0].as_u64().unwrap()).sum();
    assert_eq!((drawn.len(), count), (3, 8));
    assert!(!work.join("a.checkpoint").exists());
}

#[test]
fn killed_at_random_and_gone_on_with_it_comes_to_the_same_bytes() {
    let work = WorkDir::new();
    train(&work, "--epochs 20 -o whole").success();
    let line = format!("{SMALL} --epochs 20 --checkpoint-minutes 0 --resume -o killed");
    killed_until_done(&work, &line.split_whitespace().collect::<Vec<_>>());
    let bytes = |name: &str| fs::read(work.join(name)).unwrap();
    assert!(bytes("whole") == bytes("killed"));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let work = WorkDir::new();
    work.write("x.checkpoint", "half");
    fs::create_dir(work.join("folder")).unwrap();
    let method = "-m pbee:metric=(pos:steps=4),steps=2,arms=constant+blur+normal";
    for (arguments, status, part) in [
        ("-m nbee", 2, "unknown method with a bandit `nbee`"),
        ("-m pbee:metric=(poss)", 2, "unknown metric `poss`"),
        ("-m pbee:bandit=mine", 2, "names a bandit, and this is to train one"),
        ("-m pbee", 2, "pbee draws from images: --baselines"),
        (&format!("{method} --baselines testbed"), 2, "--baselines, but the method has no arm `training`"),
        (&format!("{method},layers=layer9 -o y"), 2, "it has no layer `layer9`"),
        (method, 2, "x.checkpoint is there: --resume goes on from it"),
        (&format!("{method} --resume"), 1, "x.checkpoint: it is damaged, or no bandit"),
        (&format!("{method} -o folder"), 1, "cannot write folder: it is there and is no file"),
    ] {
        let start = SMALL.split(" -m ").next().unwrap();
        let out = if arguments.contains("-o") { "" } else { "-o x" };
        let line = format!("{start} {arguments} {out}");
        let message = work.run(TRAIN, line.split_whitespace(), "").failure(status);
        assert!(message.contains(part), "{arguments}: {message}");
    }
}

/// A checkpoint of other settings is not gone on with.
#[test]
fn a_checkpoint_of_another_training_is_refused() {
    let work = WorkDir::new();
    let line = format!("{SMALL} --epochs 500 --checkpoint-minutes 0 -o x");
    killed_at(&work, "x.checkpoint", &line.split_whitespace().collect::<Vec<_>>());
    let message = train(&work, "--epochs 400 --resume -o x").failure(1);
    assert!(message.contains("the training was begun with another training"), "{message}");
}
