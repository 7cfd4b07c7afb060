//! `perturb` as a shell sees it, on the embedded images and classifier.

mod cluster;
mod inpaint;
mod protocols;
mod recognised;
mod refused;

use std::fmt::Write;

use std::path::PathBuf;

use pipe::npy;

use testing::{Output, WorkDir};

const PERTURB: &str = env!("CARGO_BIN_EXE_perturb");

const SIDE: usize = 64;

const HEADER: &str = "image,target,model,method,test,fraction,probability,predicted,point,points,map,map_index,reason,logit,mass,information,area,distance";

/// A map without ties that is different for every `seed`.
fn map(seed: usize) -> Vec<f32> {
    (0..SIDE * SIDE).map(|i| ((i * 2654 + seed * 977) % 4099) as f32).collect()
}

/// A folder with a pack of two maps and a single map.
fn work() -> WorkDir {
    let work = WorkDir::new();
    let pack = [map(0), map(1)].concat();
    npy::write_file(&work.join("pack.npy"), &[2, SIDE, SIDE], &pack).unwrap();
    npy::write_file(&work.join("one.npy"), &[SIDE, SIDE], &map(2)).unwrap();
    work
}

const TABLE: &str = "\
image,label,target,method,map,map_index
testbed/003,3,3,a,pack.npy,0
testbed/004,4,7,a,pack.npy,1
testbed/003,3,5,b,one.npy,
";

fn run(work: &WorkDir, arguments: &str, stdin: impl AsRef<[u8]>) -> Output {
    let arguments = arguments.split_whitespace().chain(["-q", "--device", "cpu"]);
    work.run(PERTURB, arguments, stdin)
}

/// All cells of a table, without its header.
fn all_cells(table: &str) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// Image, target, model without its hash, method, test, fraction, probability, predicted, and what is carried, of the rows
/// that have an answer.
fn cells(table: &str) -> Vec<Vec<String>> {
    let chosen = |row: Vec<String>| {
        let model = row[2].split_once('@').unwrap().0.to_owned();
        [&row[..2], &[model], &row[3..8], &row[18..]].concat()
    };
    all_cells(table).into_iter().filter(|row| row[12].is_empty()).map(chosen).collect()
}

/// `.npy` arrays one after another.
fn arrays(seeds: &[usize]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for &seed in seeds {
        npy::write(&mut bytes, &[SIDE, SIDE], &map(seed)).unwrap();
    }
    bytes
}

#[test]
fn a_file_and_standard_input_agree() {
    let work = work();
    let file = work.write("maps.csv", TABLE);
    let named = run(&work, &file.display().to_string(), "").success();
    assert_eq!(run(&work, "", TABLE).success(), named);
    assert_eq!(run(&work, "-", TABLE).success(), named);
    assert_eq!(named.lines().next(), Some(format!("{HEADER},label").as_str()));
    assert_eq!(cells(&named).len(), 3 * (101 + 101));
}

#[test]
fn rows_come_in_order_and_carry_their_columns() {
    let work = work();
    let table = run(&work, "-t pos -t mask:percentile=85", TABLE).success();
    let rows = cells(&table);
    assert_eq!(rows.len(), 3 * (10 + 2));
    let key = |i: usize| [0, 1, 2, 3, 4, 8].map(|column| rows[i][column].as_str());
    assert_eq!(key(0), ["testbed/003", "3", "testbed", "a", "pos", "3"]);
    assert_eq!(key(11), ["testbed/003", "3", "testbed", "a", "mask:percentile=85", "3"]);
    assert_eq!(key(12), ["testbed/004", "7", "testbed", "a", "pos", "4"]);
    assert_eq!(key(35), ["testbed/003", "5", "testbed", "b", "mask:percentile=85", "3"]);
    let fractions: Vec<&str> = rows[..10].iter().map(|row| row[5].as_str()).collect();
    assert_eq!(fractions, ["0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9"]);
    // Both tests, and the maps of one image, share the answer to the clean image.
    assert_eq!(rows[0][6..8], rows[10][6..8]);
    assert_eq!(rows[0][7], rows[24][7]);
}

#[test]
fn the_order_of_the_rows_and_the_batch_size_do_not_matter() {
    let work = work();
    let lines: Vec<&str> = TABLE.lines().collect();
    let turned = [lines[0], lines[3], lines[2], lines[1], ""].join("\n");
    let arguments = "-t neg -t deletion:fill=uniform,runs=2,steps=5";
    let sorted = |table: String| {
        let mut lines: Vec<String> = table.lines().map(str::to_owned).collect();
        lines.sort();
        lines.join("\n")
    };
    let expected = sorted(run(&work, arguments, TABLE).success());
    let found = sorted(run(&work, &format!("{arguments} --batch-size 3"), turned).success());
    testing::assert_csv(&found, &expected, 1e-6);
}

#[test]
fn deletion_and_insertion_end_where_the_other_starts() {
    let work = work();
    let table = run(&work, "-t deletion:fill=zero,steps=4 -t insertion:fill=zero,steps=4", TABLE).success();
    for curves in cells(&table).chunks(10) {
        let probability = |i: usize| curves[i][6].as_str();
        assert_eq!((probability(0), probability(4)), (probability(9), probability(5)));
        assert_ne!(probability(0), probability(4));
    }
}

#[test]
fn arrays_on_standard_input_are_taken_for_the_named_images() {
    let work = work();
    let table = run(&work, "-t pos", TABLE).success();
    let predicted = cells(&table).swap_remove(0).swap_remove(7);
    let piped = run(&work, "-t pos --image testbed/003 testbed/004 --method mine", arrays(&[0, 1])).success();
    let rows = cells(&piped);
    assert_eq!((piped.lines().next(), rows.len()), (Some(HEADER), 20));
    assert_eq!(rows[0][..5], ["testbed/003", predicted.as_str(), "testbed", "mine", "pos"]);
    let targeted = run(&work, "-t pos --image testbed/003 --target 3", arrays(&[0])).success();
    let probabilities =
        |table: &str| cells(table)[..10].iter().map(|row| row[6].clone() + "\n").collect::<String>();
    testing::assert_csv(&probabilities(&targeted), &probabilities(&table), 1e-6);
    assert_eq!(cells(&targeted)[0][3], "stdin");
}

#[test]
fn arrays_and_images_must_be_equally_many() {
    let work = work();
    let few = run(&work, "-t pos --image testbed/003 testbed/004", arrays(&[0]));
    assert!(few.failure(1).ends_with("standard input ends after 1 arrays: none is left for testbed/004"));
    // The image that had its map was done.
    assert_eq!(few.text().lines().count(), 11);
    let many = run(&work, "-t pos --image testbed/003", arrays(&[0, 1])).failure(1);
    assert!(many.ends_with("more arrays than the 1 images of --image"), "{many}");
    let cut = &arrays(&[0, 1])[..20_000];
    let cut = run(&work, "-t pos --image testbed/003 testbed/004", cut).failure(1);
    assert!(cut.contains("standard input, array 2: truncated"), "{cut}");
}

#[test]
fn an_early_reader_is_no_error() {
    let work = work();
    let row = |i| format!("testbed/{i:03},0,m,one.npy\n");
    let rows: String = (0..20).map(row).collect();
    work.write("many.csv", format!("image,target,method,map\n{rows}"));
    let output = work.shell(PERTURB, "perturb -q -t pos many.csv | head -1");
    assert_eq!(output.success(), format!("{HEADER}\n"));
    assert_eq!(output.stderr, "");
}

#[test]
fn the_seed_changes_random_fills_only() {
    let work = work();
    let arguments = "-t deletion:fill=uniform,runs=1,steps=1 -t deletion:fill=mean,steps=1";
    let tables =
        ["", "--seed 0", "--seed 1"].map(|seed| run(&work, &format!("{arguments} {seed}"), TABLE).success());
    assert_eq!(tables[0], tables[1]);
    let (first, second) = (cells(&tables[1]), cells(&tables[2]));
    let changed: Vec<usize> = (0..12).filter(|&i| first[i] != second[i]).collect();
    assert_eq!(changed, [1, 5, 9]);
}

#[test]
fn the_record_tells_what_was_computed() {
    let work = work();
    run(&work, "-t pos -t neg --record run.json --seed 5", TABLE).success();
    let record: serde_json::Value = serde_json::from_str(&work.read("run.json")).unwrap();
    // Two clean images and nine of each test for each of three maps.
    assert_eq!((&record["forwards"], &record["maps"], &record["seed"]), (&56.into(), &3.into(), &5.into()));
    assert!((record["forwards_per_map"].as_f64().unwrap() - 56.0 / 3.0).abs() < 1e-9);
    assert!(record["seconds_compute"].as_f64().unwrap() > 0.0);
    assert_eq!(record["tests"][1], "neg");
}

#[test]
fn tests_are_listed_with_their_parameters() {
    let list = testing::run(PERTURB, ["--list-tests"], "").success();
    for line in [
        "deletion",
        "    parameters: fill=black,order=morf,region=1,blocks=0,segments=0,steps=100",
        "    zero ",
    ] {
        assert!(list.lines().any(|other| other.starts_with(line)), "{list}");
    }
}

#[test]
fn a_true_map_is_better_than_its_opposite() {
    // The images' own masks of the object: deleting the object must hurt more than deleting the rest.
    let work = WorkDir::new();
    let mut rows = String::from("image,target,method,map\n");
    for name in testbed::names().iter().take(8) {
        let scene = testbed::image(name).unwrap();
        let truth = object_map(&scene);
        let opposite: Vec<f32> = truth.iter().map(|value| -value).collect();
        for (method, values) in [("truth", truth), ("opposite", opposite)] {
            let path = PathBuf::from(format!("{method}-{}.npy", name.replace('/', "-")));
            npy::write_file(&work.join(&path), &[SIDE, SIDE], &values).unwrap();
            writeln!(rows, "{name},{},{method},{}", scene.label, path.display()).unwrap();
        }
    }
    let table = run(&work, "-t deletion:fill=blur,steps=10", rows).success();
    let rows = cells(&table);
    let mean = |method: &str| {
        let values: Vec<f64> =
            rows.iter().filter(|row| row[3] == method).map(|row| row[6].parse().unwrap()).collect();
        values.iter().sum::<f64>() / values.len() as f64
    };
    assert!(mean("truth") + 0.1 < mean("opposite"), "{} {}", mean("truth"), mean("opposite"));
}

/// 1 on the objects and 0 elsewhere, with a slope so that there are no ties.
fn object_map(scene: &testbed::Scene) -> Vec<f32> {
    let inside = |i: usize| scene.objects.iter().any(|object| object.mask[i]);
    (0..SIDE * SIDE).map(|i| f32::from(u8::from(inside(i))) + i as f32 * 1e-5).collect()
}

#[test]
fn maps_are_found_from_any_folder() {
    let work = work();
    let table = TABLE.replace("pack.npy", &work.join("pack.npy").display().to_string());
    let table = table.replace("one.npy", &work.join("one.npy").display().to_string());
    let elsewhere = testing::run(PERTURB, ["-q", "-t", "pos"], table);
    assert_eq!(cells(&elsewhere.success()), cells(&run(&work, "-t pos", TABLE).success()));
}
