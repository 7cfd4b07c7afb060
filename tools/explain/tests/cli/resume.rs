//! Parts of a run: shards, and runs that go on after others.

use std::fs;

use testing::WorkDir;

use super::{EXPLAIN, files, maps, rows, run};

#[test]
fn shards_together_are_one_run() {
    let images =
        "-m gradcam -m rise:masks=5 --chunk 2 testbed/000 testbed/001 testbed/002 testbed/003 testbed/004";
    let (whole, parts) = (WorkDir::new(), WorkDir::new());
    let table = run(&whole, images, "").success();
    let first = run(&parts, &format!("--shard 1/2 {images}"), "").success();
    let second = run(&parts, &format!("--shard 2/2 {images}"), "").success();
    assert_eq!((rows(&first).len(), rows(&second).len()), (6, 4));
    let sorted = |tables: &[&str]| {
        let mut lines: Vec<String> =
            tables.iter().flat_map(|t| t.lines().skip(1)).map(str::to_string).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&[&first, &second]), sorted(&[&table]));
    assert!(files(&whole, "maps") == files(&parts, "maps"));
    let records = ["explain.1-of-2.json", "explain.2-of-2.json"].map(|name| parts.join("maps").join(name));
    assert!(records.iter().all(|path| path.is_file()));
    // One shard more than chunks: a part with nothing to do is a table without rows.
    assert_eq!(run(&parts, &format!("--shard 4/4 {images}"), "").success().lines().count(), 1);
}

const FOUR: &str = "--chunk 2 testbed/000 testbed/001 testbed/002 testbed/003";

#[test]
fn a_resumed_run_does_what_is_left() {
    let work = WorkDir::new();
    let both = format!("-m gradcam -m random {FOUR}");
    let table = run(&work, &both, "").success();
    let before = files(&work, "maps");
    // What was finished is not written again: a mark in a finished pack stays.
    let marked = work.write("maps/gradcam/00000.npy", "mark");
    fs::remove_file(work.join("maps/gradcam/00001.npy")).unwrap();
    fs::remove_file(work.join("maps/random/00000.csv")).unwrap();
    assert_eq!(run(&work, &format!("--resume {both}"), "").success(), table);
    assert_eq!(fs::read(&marked).unwrap(), b"mark");
    work.write("maps/gradcam/00000.npy", &before["maps/gradcam/00000.npy"]);
    assert!(files(&work, "maps") == before);
    // Without --resume everything is done again.
    assert_eq!(
        work.run(EXPLAIN, format!("--device cpu {both}").split(' '), "").stderr,
        "explain: testbed on cpu\n"
    );
    work.write("maps/gradcam/00000.npy", "mark");
    assert_eq!(run(&work, &both, "").success(), table);
    assert!(files(&work, "maps") == before);
    // A method more is no other setting.
    let more = run(&work, &format!("--resume {both} -m gradient"), "").success();
    assert_eq!(rows(&more).len(), 12);
}

#[test]
fn only_equal_settings_can_be_resumed() {
    let work = WorkDir::new();
    let seed_0 = run(&work, &format!("-m random {FOUR}"), "").success();
    for (arguments, setting) in [
        (format!("--seed 1 {FOUR}"), "seed"),
        (format!("--target 3 {FOUR}"), "target"),
        (format!("{FOUR} testbed/004"), "images, images_sha256"),
        ("--chunk 2 testbed/001 testbed/000 testbed/002 testbed/003".into(), "images_sha256"),
        (format!("--reduce abs {FOUR}"), "reduce"),
        (FOUR.replace("--chunk 2", "--chunk 3"), "chunk"),
    ] {
        let message = run(&work, &format!("--resume -m random {arguments}"), "").failure(1);
        let expected = format!("maps/random/settings.json is of a run with another {setting}");
        assert!(message.ends_with(&expected), "{message}");
    }
    assert_eq!(run(&work, &format!("--resume -m random {FOUR}"), "").success(), seed_0);
    let overwritten = WorkDir::new();
    run(&overwritten, "-m random testbed/000", "").success();
    let output =
        overwritten.run(EXPLAIN, ["-m", "random", "--seed", "3", "--device", "cpu", "testbed/000"], "");
    let note = "explain: maps in maps/random are overwritten: they are of a run with another seed";
    assert!(output.stderr.lines().any(|line| line == note), "{}", output.stderr);
    // A run with another seed that was cut short, resumed: nothing of the older run may be taken for its own.
    let own = work.write("maps/random/mine.csv", "somebody's own file");
    run(&work, &format!("--seed 1 --shard 1/2 -m random {FOUR}"), "").success();
    assert!(own.is_file() && !work.join("maps/random/00001.csv").exists());
    let resumed = maps(&work, &run(&work, &format!("--seed 1 --resume -m random {FOUR}"), "").success());
    let fresh = WorkDir::new();
    assert!(resumed == maps(&fresh, &run(&fresh, &format!("--seed 1 -m random {FOUR}"), "").success()));
}
