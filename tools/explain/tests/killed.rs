//! Every stage is killed at ten moments, SIGKILL each time, and started again: the files are those of a run that was left alone, byte for
//! byte, and nothing else lies about.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use testing::{WorkDir, sibling};

const EXPLAIN: &str = env!("CARGO_BIN_EXE_explain");
const MOMENTS: u32 = 10;

/// The stages one after another, each with what it writes.
const STAGES: [&str; 7] = [
    "explain -q --model testbed -m gradcam -m rise:masks=60 -m random testbed --chunk 7 -o maps --resume -O maps.csv",
    "perturb -q --model testbed -t deletion:steps=8 -t insertion:steps=8 maps.csv --resume -O answers.csv",
    "score answers.csv -O scores.csv.gz",
    "rank scores.csv.gz -O ranks.csv",
    "correlate scores.csv.gz -O correlations.csv",
    "plot curves answers.csv -o curves.png",
    "render -q maps.csv --sheet sheet.png --limit 5",
];

fn start(work: &WorkDir, line: &str) -> std::process::Child {
    let mut words = line.split_whitespace();
    let program = sibling(EXPLAIN, words.next().unwrap());
    let mut command = Command::new(program);
    command.args(words).current_dir(work.path()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// All files below a folder but the run records, which have the time in their names.
fn files(folder: &Path, below: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("logs") {
            files(&path, below, found);
        } else if path.is_file() && !path.to_string_lossy().ends_with(".run.json") {
            let name = path.strip_prefix(below).unwrap().display().to_string();
            found.insert(name, fs::read(path).unwrap());
        }
    }
}

fn left(work: &WorkDir) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    files(work.path(), work.path(), &mut found);
    found
}

#[test]
fn a_stage_that_is_killed_and_started_again_has_done_the_same() {
    let (alone, killed) = (WorkDir::new(), WorkDir::new());
    for line in STAGES {
        let begun = Instant::now();
        assert!(start(&alone, line).wait().unwrap().success(), "{line}");
        let took = begun.elapsed();
        for moment in 0..MOMENTS {
            let mut running = start(&killed, line);
            // The first ones before anything is written, the last one when it may be done.
            sleep(took * moment / (MOMENTS - 1));
            running.kill().unwrap();
            running.wait().unwrap();
        }
        sleep(Duration::from_millis(20));
        assert!(start(&killed, line).wait().unwrap().success(), "{line}");
        let (expected, found) = (left(&alone), left(&killed));
        let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&found), names(&expected), "{line}");
        for (name, bytes) in expected {
            assert!(found[&name] == bytes, "{line}: {name} differs");
        }
    }
}
