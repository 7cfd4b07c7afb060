//! A run on ten images: the tables of the figures' goldens, and maps that go with them.

use std::fmt::Write;
use std::fs;

use testing::{Output, WorkDir, testdata};

pub const REPORT: &str = env!("CARGO_BIN_EXE_report");
/// The tables, as they are called in the folder.
pub const TABLES: &str =
    "maps.csv answers.csv scores.csv ranks.csv significance.csv pairs.csv correlations.csv densities.csv";
const SIDE: usize = 64;

/// A folder with all tables of the run.
pub fn folder() -> WorkDir {
    let work = WorkDir::new();
    for name in TABLES.split(' ').filter(|name| *name != "maps.csv") {
        work.write(name, fs::read_to_string(testdata(format!("figures/{name}"))).unwrap());
    }
    let answers = with_predictions(&work.read("answers.csv"));
    work.write("answers.csv", answers);
    let scores = work.read("scores.csv");
    let methods: Vec<&str> = methods(&scores);
    maps(&work, &items(&scores), &methods);
    work
}

/// The classifier is right about all images but `testbed/003`.
fn with_predictions(answers: &str) -> String {
    let mut out = String::new();
    for (at, line) in answers.lines().enumerate() {
        let target = line.split(',').nth(1).unwrap();
        let predicted = if line.starts_with("testbed/003") { "9" } else { target };
        writeln!(
            out,
            "{}{}",
            line.trim_end_matches(','),
            if at == 0 { String::new() } else { format!(",{predicted}") }
        )
        .unwrap();
    }
    out
}

/// Images and targets of a table of scores, in its order.
fn items(scores: &str) -> Vec<(String, String)> {
    let mut items = Vec::new();
    for line in scores.lines().skip(1) {
        let mut cells = line.split(',').map(str::to_owned);
        let item = (cells.next().unwrap(), cells.next().unwrap());
        if !items.contains(&item) {
            items.push(item);
        }
    }
    items
}

fn methods(scores: &str) -> Vec<&str> {
    let mut methods: Vec<&str> = scores.lines().skip(1).map(|line| line.split(',').nth(3).unwrap()).collect();
    methods.sort_unstable();
    methods.dedup();
    methods
}

/// Writes a pack of maps for each method, a bump that stands elsewhere for each image, signed for every second method.
fn maps(work: &WorkDir, items: &[(String, String)], methods: &[&str]) {
    let mut table = "image,target,model,method,map,map_index,reason,label,class\n".to_owned();
    for (number, method) in methods.iter().enumerate() {
        let mut pack = Vec::new();
        for (at, (image, target)) in items.iter().enumerate() {
            pack.extend(bump(at, number));
            writeln!(
                table,
                "{image},{target},testbed@5c696930,{method},pack-{number}.npy,{at},,{target},class {target}"
            )
            .unwrap();
        }
        let path = work.join(format!("pack-{number}.npy"));
        pipe::npy::write_file(&path, &[items.len(), SIDE, SIDE], &pack).unwrap();
    }
    work.write("maps.csv", table);
}

/// A map of [`SIDE`] x [`SIDE`].
fn bump(at: usize, method: usize) -> impl Iterator<Item = f32> {
    let (x, y) = ((13 * at + 7 * method) % SIDE, (29 * at + 17 * method) % SIDE);
    let far = |a: usize, b: usize| (a as f32 - b as f32).powi(2);
    let sign = move |value: f32| if method % 2 == 1 { value - 0.3 } else { value };
    (0..SIDE * SIDE).map(move |pixel| sign((-(far(pixel % SIDE, x) + far(pixel / SIDE, y)) / 200.0).exp()))
}

/// Runs the tool in the folder.
pub fn report(work: &WorkDir, arguments: &str) -> Output {
    work.shell(REPORT, &format!("report -q {arguments}"))
}

/// The page of all tables.
pub fn page(work: &WorkDir, arguments: &str) -> String {
    report(work, &format!("{TABLES} -o report.html {arguments}")).success();
    work.read("report.html")
}
