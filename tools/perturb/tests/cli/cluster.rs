//! Shards, runs that go on after a kill, and what a run would cost.

use super::{HEADER, TABLE, all_cells, cells, run, work};

/// Every third image's maps, together all of them, however many maps an image has.
#[test]
fn shards_together_are_one_run() {
    let work = work();
    let row = |i: usize, method: &str| format!("testbed/{i:03},1,{method},one.npy\n");
    let rows: Vec<String> = (0..7).flat_map(|i| [row(i, "a"), row(i, "b")]).collect();
    let rows = rows.concat();
    let table = format!("image,target,method,map\n{rows}");
    let whole = run(&work, "-t pos:steps=2", &table).success();
    let mut parts: Vec<String> = (1..=3)
        .flat_map(|k| {
            let part = run(&work, &format!("-t pos:steps=2 --shard {k}/3"), &table).success();
            part.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    let mut all: Vec<String> = whole.lines().skip(1).map(str::to_owned).collect();
    parts.sort();
    all.sort();
    assert_eq!(parts, all);
    let first = run(&work, "-t pos:steps=2 --shard 1/3", &table).success();
    let images: Vec<String> = cells(&first).into_iter().map(|row| row[0].clone() + &row[3]).collect();
    assert_eq!(
        images.iter().step_by(2).collect::<Vec<_>>(),
        ["testbed/000a", "testbed/000b", "testbed/003a", "testbed/003b", "testbed/006a", "testbed/006b"]
    );
}

/// Wherever a run is killed, the next one goes on behind the last complete map, and the table is that of one run.
#[test]
fn a_killed_run_is_gone_on_with() {
    let work = work();
    work.write("maps.csv", TABLE);
    let arguments = "-t pos:steps=2 -t mask maps.csv --resume -O out/t.csv";
    run(&work, arguments, "").success();
    let whole = work.read("out/t.csv");
    assert_eq!(whole, run(&work, "-t pos:steps=2 -t mask maps.csv", "").success());
    let complete = run(&work, arguments, "");
    assert!(
        complete.success().is_empty() && complete.stderr.contains("the table is complete"),
        "{}",
        complete.stderr
    );
    let settings: serde_json::Value = serde_json::from_str(&work.read("out/t.csv.run.json")).unwrap();
    let mut begun = settings.clone();
    begun.as_object_mut().unwrap().remove("sha256");
    for length in [HEADER.len() / 2, whole.len() / 3, whole.len() / 2, whole.len() - 1] {
        std::fs::remove_file(work.join("out/t.csv")).unwrap();
        work.write("out/t.csv.run.json", begun.to_string());
        let header = whole.find('\n').unwrap() + 1;
        work.write("out/t.csv.part", &whole[..length.max(header)]);
        run(&work, arguments, "").success();
        assert_eq!(work.read("out/t.csv"), whole, "cut at {length}");
        assert!(!work.join("out/t.csv.part").exists());
    }
    // A complete table of other maps is not taken for that of these.
    work.write("other.csv", TABLE.replace("testbed/004,4,7", "testbed/004,4,6"));
    let message = run(&work, &arguments.replace("maps.csv", "other.csv"), "").failure(1);
    assert_eq!(message, "perturb: --resume: the table is complete, but of other maps");
    // A table that was damaged afterwards is made again; one of another run, or with other maps, is an error.
    work.write("out/t.csv", &whole[..whole.len() / 2]);
    run(&work, arguments, "").success();
    assert_eq!(work.read("out/t.csv"), whole);
    let message = run(&work, &format!("{arguments} --seed 1"), "").failure(1);
    assert!(message.ends_with("--resume: out/t.csv is of a run with another seed"), "{message}");
    work.write("out/t.csv.run.json", begun.to_string());
    work.write("out/t.csv.part", &whole[..whole.len() / 2]);
    work.write(
        "maps.csv",
        TABLE
            .replace("pack.npy,0", "pack.npy,1")
            .replace("testbed/004,4,7,a,pack.npy,1", "testbed/004,4,7,a,pack.npy,0"),
    );
    let message = run(&work, arguments, "").failure(1);
    assert!(
        message.contains("--resume: the table was begun with other maps: testbed/003, a, pack.npy, 0 where"),
        "{message}"
    );
    assert_eq!(run(&work, "--resume maps.csv", "").status, Some(2));
}

/// What `--dry-run` says is what the run then counts.
#[test]
fn a_dry_run_foretells_the_forwards() {
    let work = work();
    let tests = "-t pos -t neg:steps=5 -t deletion:steps=20";
    let dry = run(&work, &format!("{tests} --dry-run"), TABLE).success();
    let rows = all_cells(&dry);
    let names: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(names, ["pos", "neg:steps=5", "deletion:steps=20", "(clean images)", "(all)"]);
    assert!(rows.iter().all(|row| row[5] == "exact"), "{dry}");
    run(&work, &format!("{tests} --record run.json"), TABLE).success();
    let record: serde_json::Value = serde_json::from_str(&work.read("run.json")).unwrap();
    assert_eq!(record["forwards"].to_string(), rows[4][4], "{dry}");
    assert_eq!([&rows[0][4], &rows[3][4]], ["27", "2"]);
    // How much a map keeps decides whether there is anything to mask.
    let mask = all_cells(&run(&work, "-t mask --dry-run", TABLE).success());
    assert_eq!(mask[0][1..6], ["2", "3", "0", "3", "at most"]);
    // What is done costs nothing, and a dry run leaves the table alone.
    run(&work, &format!("{tests} --resume -O t.csv"), TABLE).success();
    let table = work.read("t.csv");
    let left = all_cells(&run(&work, &format!("{tests} --resume -O t.csv --dry-run"), TABLE).success());
    assert_eq!(left[4][1..5], ["0", "0", "3", "0"]);
    assert_eq!(work.read("t.csv"), table);
}
