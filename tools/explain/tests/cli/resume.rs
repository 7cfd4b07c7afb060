//! Parts of a run, runs that go on after others, and runs into one folder: a pack is addressed by all that its maps depend on.

use std::fs;

use testing::WorkDir;

use super::{EXPLAIN, files, map, maps, png, rows, run};

#[test]
fn shards_together_are_one_run() {
    let images = "-m gradcam -m rise:masks=5 testbed/000 testbed/001 testbed/002 testbed/003 testbed/004";
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
    assert_eq!(fs::read_dir(parts.join("maps/logs")).unwrap().count(), 2);
    // One shard more than images: a part with nothing to do is a table without rows, and says so before `perturb` refuses it.
    let none = run(&parts, &format!("--shard 6/6 {images}"), "");
    assert_eq!(none.success().lines().count(), 1);
    assert_eq!(none.stderr, "explain: nothing to do for shard 6/6: the list has 5 chunks\n");
}

const FOUR: &str = "--chunk 2 testbed/000 testbed/001 testbed/002 testbed/003";

#[test]
fn a_resumed_run_does_what_is_left() {
    let work = WorkDir::new();
    let both = format!("-m gradcam -m random {FOUR}");
    let table = run(&work, &both, "").success();
    let before = files(&work, "maps");
    let pack = |i: usize| work.join(&rows(&table)[i].map);
    // What is whole is not written again: the file stays the same one.
    let written = |i: usize| fs::metadata(pack(i)).unwrap().modified().unwrap();
    let first = written(0);
    // Lost, torn, with another byte, without its sidecar, with half of it: all of these are made again.
    fs::remove_file(pack(4)).unwrap();
    let bytes = fs::read(pack(2)).unwrap();
    fs::write(pack(2), &bytes[..bytes.len() - 7]).unwrap();
    let sidecar = pack(6).with_extension("json");
    for (damage, what) in [("half", 0), ("gone", 1), ("byte", 2)] {
        match what {
            0 => fs::write(&sidecar, &fs::read(&sidecar).unwrap()[..100]).unwrap(),
            1 => fs::remove_file(&sidecar).unwrap(),
            _ => {
                let mut bytes = fs::read(pack(6)).unwrap();
                *bytes.last_mut().unwrap() ^= 1;
                fs::write(pack(6), bytes).unwrap();
            }
        }
        assert_eq!(run(&work, &format!("--resume {both}"), "").success(), table, "{damage}");
        assert!(files(&work, "maps") == before, "{damage}");
    }
    assert_eq!(written(0), first);
    // Without --resume everything is done again.
    assert_eq!(
        work.run(EXPLAIN, format!("--device cpu {both}").split(' '), "").stderr,
        "explain: testbed on cpu\n"
    );
    assert!(written(0) > first && files(&work, "maps") == before);
    // A method more is no other setting, nor is a longer list whose chunks begin alike.
    let more = run(&work, &format!("--resume {both} -m gradient testbed/004"), "").success();
    assert_eq!(rows(&more).len(), 15);
    assert!(before.keys().all(|name| work.join(name).is_file()));
}

/// A killed process leaves a temporary file; the run that goes on takes it away.
#[test]
fn temporary_files_of_the_dead_are_removed() {
    let work = WorkDir::new();
    let table = run(&work, "-m random testbed/000", "").success();
    let pack = rows(&table)[0].map.clone();
    let (folder, name) = pack.rsplit_once('/').unwrap();
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let host: String = host.trim().chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    let left = work.write(format!("{folder}/.{name}.tmp.{host}.4194305"), "half a pack");
    let second = name.replace(".npy", ".2.npy");
    let second = work.write(format!("{folder}/.{second}.tmp.{host}.4194305"), "half a pack of another size");
    let alive = work.write(format!("{folder}/.{name}.tmp.{host}.{}", std::process::id()), "half a pack");
    run(&work, "-m random --resume --dry-run testbed/000", "").success();
    assert!(left.exists() && second.exists(), "a dry run changes nothing");
    assert_eq!(run(&work, "-m random --resume testbed/000", "").success(), table);
    assert!(!left.exists() && !second.exists() && alive.exists());
}

/// Another seed, target, order, step, chunk, list, weights, preprocessing: other packs. Those of the first run stay as they are.
#[test]
fn runs_into_one_folder_leave_one_another_alone() {
    let work = WorkDir::new();
    png(&work, "a.png", 64, 64);
    let four = "--model testbed -m random --chunk 2 testbed/000 testbed/001 testbed/002 a.png";
    let table = run(&work, four, "").success();
    let before = files(&work, "maps");
    for arguments in [
        format!("--seed 1 {four}"),
        format!("--target 3 {four}"),
        "--model testbed -m random --chunk 2 testbed/001 testbed/000 a.png testbed/002".into(),
        format!("--sign abs {four}"),
        four.replace("--chunk 2", "--chunk 3"),
        format!("--preprocess none {four}"),
        four.replace("--model testbed", "--model testbed-vit"),
    ] {
        for resume in ["", "--resume"] {
            let other = run(&work, &format!("{resume} {arguments}"), "").success();
            let alone = WorkDir::new();
            png(&alone, "a.png", 64, 64);
            assert_eq!(
                maps(&work, &other),
                maps(&alone, &run(&alone, &arguments, "").success()),
                "{arguments}"
            );
        }
    }
    let after = files(&work, "maps");
    assert!(before.iter().all(|(name, bytes)| after[name] == *bytes));
    assert_eq!(run(&work, &format!("--resume {four}"), "").success(), table);
    // An image with another content under the same name.
    png(&work, "a.png", 32, 64);
    let changed = rows(&run(&work, &format!("--resume {four}"), "").success());
    assert_eq!(map(&work, &changed[3]).shape, [64, 32]);
    assert!(changed[0].map == rows(&table)[0].map && changed[2].map != rows(&table)[2].map);
}

/// At once: equal runs write equal files over each other, others write others.
#[test]
fn runs_at_the_same_time_are_as_good_as_one_after_another() {
    let work = WorkDir::new();
    let arguments = |seed: usize| format!("-m rise:masks=50 -m gradcam --seed {} {FOUR}", seed % 2);
    let tables: Vec<String> = std::thread::scope(|scope| {
        let start = |seed| {
            let work = &work;
            scope.spawn(move || run(work, &arguments(seed), "").success())
        };
        (0..4).map(start).collect::<Vec<_>>().into_iter().map(|run| run.join().unwrap()).collect()
    });
    assert!(tables[0] == tables[2] && tables[1] == tables[3]);
    for (seed, table) in tables[..2].iter().enumerate() {
        let alone = WorkDir::new();
        assert_eq!(run(&alone, &arguments(seed), "").success(), *table);
        assert_eq!(maps(&work, table), maps(&alone, table));
    }
    assert!(files(&work, "maps").keys().all(|name| !name.contains(".tmp.")));
}

/// The key of random numbers is what the image is, not how its path is spelled.
#[test]
fn one_image_has_the_same_map_under_every_spelling() {
    let work = WorkDir::new();
    fs::create_dir(work.join("p")).unwrap();
    png(&work, "p/0.png", 64, 64);
    let absolute = work.join("p/0.png").display().to_string();
    let map_of = |path: &str| {
        let table = run(&work, &format!("--model testbed -m rise:masks=20 {path}"), "").success();
        map(&work, &rows(&table)[0]).data
    };
    let expected = map_of("p/0.png");
    assert!(map_of("./p/0.png") == expected && map_of(&absolute) == expected);
}

#[test]
fn labels_are_those_of_the_run_that_prints_them() {
    let work = WorkDir::new();
    let names: Vec<String> = (0..10).map(|i| format!("thing {i}\n")).collect();
    work.write("names.txt", names.concat());
    let class = |arguments: &str| {
        let table = run(&work, &format!("-m random --target 6 {arguments} testbed/000"), "").success();
        rows(&table)[0].extra.get("class").unwrap().to_owned()
    };
    assert_eq!(class(""), "crescent");
    assert_eq!(class("--resume --labels names.txt"), "thing 6");
}

/// The numbers of a table's columns by the first column.
fn numbers(table: &str, columns: [&str; 2]) -> std::collections::BTreeMap<String, [u64; 2]> {
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let header = reader.headers().unwrap().clone();
    let places = columns.map(|name| header.iter().position(|other| other == name).unwrap());
    let row = |record: csv::StringRecord| {
        (record[0].to_owned(), places.map(|place| record[place].parse().unwrap()))
    };
    reader.records().map(|record| row(record.unwrap())).collect()
}

/// What `--dry-run` says is what the run then counts, and what is done already is not counted.
#[test]
fn a_dry_run_foretells_the_passes() {
    let work = WorkDir::new();
    let methods = "-m gradcam -m gradient -m rise:masks=7 -m integrated-gradients:steps=3 -m occlusion:window=32 -m lrp";
    let list = "image,target\ntestbed/000,\ntestbed/001,3\ntestbed/002,\n";
    work.write("list.csv", list);
    let arguments = format!("{methods} --chunk 2 --images list.csv");
    let dry = run(&work, &format!("--dry-run {arguments}"), "").success();
    assert_eq!(numbers(&dry, ["images", "forwards"])["(predicted classes)"], [2, 2]);
    assert!(!work.join("maps").exists());
    assert!(!dry.contains("at most"), "{dry}");
    let expected = numbers(&dry, ["forwards", "backwards"]);
    assert_eq!(numbers(&dry, ["packs", "packs_done"])["gradcam"], [2, 0]);
    assert_eq!(numbers(&dry, ["files", "bytes"])["gradcam"], [4, 3 * 64 * 64 * 4]);
    run(&work, &format!("--record record.json {arguments}"), "").success();
    let record = super::record(&work);
    for (place, name) in ["forwards", "backwards"].into_iter().enumerate() {
        let total: u64 = expected.values().map(|row| row[place]).sum();
        assert_eq!(record[name], total, "{name}");
        for (method, counted) in record[format!("{name}_by_method")].as_object().unwrap() {
            assert_eq!(*counted, expected[method][place], "{name} of {method}");
        }
    }
    let left = run(&work, &format!("--dry-run --resume -m random {arguments}"), "").success();
    assert_eq!(numbers(&left, ["packs", "packs_done"])["rise:masks=7"], [2, 2]);
    assert_eq!(numbers(&left, ["forwards", "backwards"])["rise:masks=7"], [0, 0]);
    assert_eq!(numbers(&left, ["packs", "packs_done"])["random"], [2, 0]);
}
