//! The whole chain, `explain | perturb | score | rank`, broken in every way that a pipeline, a cluster or a hurried person breaks
//! it: what does not belong together is an error or makes no difference, and never another number.

mod classifiers;

use std::fmt::Write;

use testing::{Output, WorkDir, sibling};

const EXPLAIN: &str = env!("CARGO_BIN_EXE_explain");
const IMAGES: &str = "testbed/000 testbed/001 testbed/002";
const TESTS: &str = "-t deletion:steps=2 -t mask";

fn tool(work: &WorkDir, line: &str, stdin: &str) -> Output {
    let (name, arguments) = line.split_once(' ').unwrap_or((line, ""));
    let program = if name == "explain" { EXPLAIN.into() } else { sibling(EXPLAIN, name) };
    let quiet: &[&str] = if matches!(name, "explain" | "perturb") { &["-q", "--device", "cpu"] } else { &[] };
    work.run(program, quiet.iter().copied().chain(arguments.split_whitespace()), stdin)
}

/// The tables of a small study.
struct Study {
    work: WorkDir,
    maps: String,
    curves: String,
    scores: String,
    ranks: String,
}

/// Where a table enters the chain.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    Maps,
    Curves,
    Scores,
}

/// What came of a broken chain.
#[derive(Debug, PartialEq)]
enum Verdict {
    /// A stage refused.
    Refused,
    /// All went on with fewer images, for all methods alike, and said so.
    Told,
    /// The same ranking.
    Same,
    /// Another ranking without a word.
    Lie(String),
}

impl Study {
    fn new() -> Self {
        let work = WorkDir::new();
        let maps = tool(&work, &format!("explain -m gradcam -m gradient -m random --chunk 2 {IMAGES}"), "")
            .success();
        let curves = tool(&work, &format!("perturb {TESTS}"), &maps).success();
        let scores = tool(&work, "score", &curves).success();
        let ranks = without_model(&tool(&work, "rank", &scores).success());
        Self { work, maps, curves, scores, ranks }
    }

    fn table(&self, stage: Stage) -> &str {
        match stage {
            Stage::Maps => &self.maps,
            Stage::Curves => &self.curves,
            Stage::Scores => &self.scores,
        }
    }

    /// Sends a table through the rest of the chain.
    fn verdict(&self, stage: Stage, table: &str) -> Verdict {
        let mut table = table.to_owned();
        let mut told = String::new();
        for (from, line) in [
            (Stage::Maps, format!("perturb {TESTS}")),
            (Stage::Curves, "score".into()),
            (Stage::Scores, "rank".into()),
        ] {
            if (stage == Stage::Scores && from != Stage::Scores)
                || (stage == Stage::Curves && from == Stage::Maps)
            {
                continue;
            }
            let output = tool(&self.work, &line, &table);
            if output.status != Some(0) {
                assert!(output.status == Some(1) || output.status == Some(2), "{line}: {}", output.stderr);
                return Verdict::Refused;
            }
            told += &output.stderr;
            table = output.text();
        }
        match without_model(&table) {
            ranks if ranks == self.ranks => Verdict::Same,
            _ if told.contains("left out for all methods") => Verdict::Told,
            ranks => Verdict::Lie(ranks),
        }
    }

    /// Breaks a table and checks that nothing lies; how many ways were refused, told, and made no difference.
    fn try_all(&self, stage: Stage, ways: impl Iterator<Item = (String, String)>) -> [usize; 3] {
        let mut counts = [0; 3];
        for (what, table) in ways {
            match self.verdict(stage, &table) {
                Verdict::Refused => counts[0] += 1,
                Verdict::Told => counts[1] += 1,
                Verdict::Same => counts[2] += 1,
                Verdict::Lie(ranks) => panic!("{stage:?}, {what}: another ranking, and not a word:\n{ranks}"),
            }
        }
        counts
    }
}

/// A ranking, whatever the classifier is called.
fn without_model(ranks: &str) -> String {
    ranks
        .lines()
        .map(|line| line.split_once(',').map_or(line, |(_, rest)| rest).to_owned() + "\n")
        .collect::<Vec<_>>()
        .concat()
}

/// Header and rows, cell by cell.
fn cells(table: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(table.as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

fn csv_of(cells: &[Vec<String>]) -> String {
    let mut out = csv::Writer::from_writer(Vec::new());
    for row in cells {
        out.write_record(row).unwrap();
    }
    String::from_utf8(out.into_inner().unwrap()).unwrap()
}

#[test]
fn a_line_that_is_lost_doubled_or_torn_is_never_another_ranking() {
    let study = Study::new();
    for stage in [Stage::Maps, Stage::Curves, Stage::Scores] {
        let lines: Vec<&str> = study.table(stage).lines().collect();
        let join = |lines: &[&str]| {
            lines.iter().fold(String::new(), |mut all, line| {
                let _ = writeln!(all, "{line}");
                all
            })
        };
        let places = (1..lines.len()).step_by(lines.len() / 12 + 1);
        let lost = places
            .clone()
            .map(|i| (format!("line {i} lost"), join(&[&lines[..i], &lines[i + 1..]].concat())));
        let twice =
            places.clone().map(|i| (format!("line {i} twice"), join(&[&lines[..=i], &lines[i..]].concat())));
        let head = places.clone().map(|i| (format!("head -{i}"), join(&lines[..i])));
        let torn = places.map(|i| {
            let whole = join(&lines[..=i]);
            (format!("torn in line {i}"), whole[..whole.len() - 3].to_owned())
        });
        let [refused, told, same] = study.try_all(stage, lost.chain(twice).chain(head).chain(torn));
        // A lost point is a curve that is undefined, so its image is left out; everything else is refused.
        assert!(refused > 20 && same == 0, "{stage:?}: {refused} refused, {told} told, {same} the same");
        assert_eq!(told > 0, stage == Stage::Curves, "{stage:?}: {told} told");
    }
}

#[test]
fn the_order_of_lines_and_columns_makes_no_difference() {
    let study = Study::new();
    for stage in [Stage::Maps, Stage::Scores] {
        let mut lines: Vec<&str> = study.table(stage).lines().collect();
        lines[1..].reverse();
        assert_eq!(study.verdict(stage, &(lines.join("\n") + "\n")), Verdict::Same, "{stage:?}");
    }
    for stage in [Stage::Maps, Stage::Curves, Stage::Scores] {
        let mut table = cells(study.table(stage));
        for row in &mut table {
            row.reverse();
        }
        assert_eq!(study.verdict(stage, &csv_of(&table)), Verdict::Same, "{stage:?}");
    }
}

#[test]
fn a_column_that_is_lost_is_refused_or_makes_no_difference() {
    let study = Study::new();
    for (stage, needed) in [
        (Stage::Maps, &["image", "target", "method", "map", "map_index"][..]),
        (Stage::Curves, &["image", "target", "method", "test", "fraction", "probability", "predicted"]),
        (Stage::Scores, &["image", "target", "method", "metric", "direction", "value"]),
    ] {
        let table = cells(study.table(stage));
        for (place, name) in table[0].iter().enumerate() {
            let mut less = table.clone();
            for row in &mut less {
                row.remove(place);
            }
            let verdict = study.verdict(stage, &csv_of(&less));
            let is_needed = needed.contains(&name.as_str());
            // One without the other tells that somebody has lost a column.
            let expected =
                if is_needed || name.starts_with("point") { Verdict::Refused } else { Verdict::Same };
            assert_eq!(verdict, expected, "{stage:?} without {name}");
        }
    }
}

/// As a join by the wrong key, or a copied cell, leaves them. What a number is called (the metric of a value) is not known from
/// anywhere else.
#[test]
fn cells_of_other_rows_are_refused() {
    let study = Study::new();
    let keys = [
        "image",
        "target",
        "model",
        "method",
        "map",
        "map_index",
        "test",
        "point",
        "points",
        "list",
        "direction",
    ];
    for stage in [Stage::Maps, Stage::Curves, Stage::Scores] {
        let table = cells(study.table(stage));
        let last = table.len() - 1;
        let pairs = [(1, 2), (1, last), (2, last / 2), (last / 2, last)];
        let columns = table[0].iter().enumerate().filter(|(_, name)| keys.contains(&name.as_str()));
        let ways = columns.flat_map(|(place, name)| pairs.map(|(a, b)| (place, name.clone(), a, b)));
        let swapped = ways.map(|(place, name, a, b)| {
            let mut other = table.clone();
            let cell = std::mem::replace(&mut other[a][place], table[b][place].clone());
            other[b][place] = cell;
            (format!("{name} of lines {a} and {b} swapped"), csv_of(&other))
        });
        let counts = study.try_all(stage, swapped);
        assert!(counts[0] > 0, "{stage:?}: {counts:?}");
    }
}

/// `score` reads maps too: rows that took one another's cells are failures there.
#[test]
fn maps_of_other_rows_have_no_scores() {
    let study = Study::new();
    let whole = tool(&study.work, "score", &study.maps).success();
    assert!(whole.lines().count() == 1 + 9 * 2 && !whole.contains("NaN"), "{whole}");
    let table = cells(&study.maps);
    for (name, place) in [("target", 1), ("model", 2), ("method", 3), ("map", 4), ("map_index", 5)] {
        let mut other = table.clone();
        let cells = [1, table.len() - 2].map(|line| table[line][place].clone());
        assert!(cells[0] != cells[1] || name == "model" || name == "map_index", "{name}");
        other[1][place].clone_from(&cells[1]);
        if cells[0] == cells[1] {
            other[1][place] += "7";
        }
        let output = tool(&study.work, "score", &csv_of(&other));
        assert_eq!(output.status, Some(1), "{name}");
        assert_eq!(output.text().matches("NaN").count(), 2, "{name}: {}", output.text());
    }
}

#[test]
fn an_image_that_has_changed_is_refused() {
    let work = WorkDir::new();
    let image =
        |seed: u8| image::RgbImage::from_fn(64, 64, |x, y| image::Rgb([(x * 3) as u8, (y * 5) as u8, seed]));
    image(0).save(work.join("a.png")).unwrap();
    let maps = tool(&work, "explain --model testbed -m gradcam a.png", "").success();
    tool(&work, "perturb --model testbed -t mask", &maps).success();
    image(9).save(work.join("a.png")).unwrap();
    for line in ["perturb --model testbed -t mask", "render -o png"] {
        let message = tool(&work, line, &maps).failure(1);
        assert!(
            message.contains("the map explains another image than the one that is there now"),
            "{message}"
        );
    }
}

#[test]
fn a_table_in_another_folder_does_not_find_other_maps() {
    let (here, there) = (WorkDir::new(), WorkDir::new());
    let maps = tool(&here, "explain -m random testbed/000", "").success();
    tool(&there, "explain -m random --seed 1 testbed/000", "").success();
    let message = tool(&there, "perturb -t mask", &maps).failure(1);
    let path = cells(&maps)[1][4].clone();
    assert!(message.contains(&path) && message.contains("No such file"), "{message}");
}

/// The first run's table is as true as before, whatever was done in its folder since.
#[test]
fn runs_into_one_folder_do_not_disturb_each_other() {
    let study = Study::new();
    for arguments in
        ["--seed 1", "--target 3", "--sign abs", "--model testbed --preprocess none", "--chunk 1"]
    {
        tool(
            &study.work,
            &format!("explain -m gradcam -m gradient -m random {arguments} testbed/002 testbed/000"),
            "",
        )
        .success();
        assert_eq!(study.verdict(Stage::Maps, &study.maps), Verdict::Same, "{arguments}");
    }
}

#[test]
fn a_lost_shard_is_refused_and_all_of_them_are_one_run() {
    let study = Study::new();
    let shard = |k: usize| {
        let line = format!("explain -m gradcam -m gradient -m random --chunk 1 --shard {k}/3 {IMAGES}");
        let maps = tool(&study.work, &line, "").success();
        let curves = tool(&study.work, &format!("perturb {TESTS}"), &maps).success();
        study.work.write(format!("{k}.csv"), tool(&study.work, "score", &curves).success());
    };
    (1..=3).for_each(shard);
    let ranks = tool(&study.work, "rank 3.csv 1.csv 2.csv", "").success();
    assert_eq!(without_model(&ranks), study.ranks);
    for lost in ["1.csv 2.csv", "3.csv"] {
        for line in [format!("rank {lost}"), format!("correlate {lost}")] {
            let message = tool(&study.work, &line, "").failure(1);
            assert!(message.contains("of 3"), "{line}: {message}");
        }
    }
}

/// A column of the user's own may be called as a later stage calls one of its own.
#[test]
fn a_user_s_columns_reach_the_scores() {
    let work = WorkDir::new();
    let names = ["test", "value", "class", "model", "method", "metric", "reason", "area", "fold"];
    let row = |image: &str| format!("{image},{}", names.map(|name| format!("my {name}")).join(","));
    let table = format!("image,{}\n{}\n{}\n", names.join(","), row("testbed/000"), row("testbed/001"));
    let maps = tool(&work, "explain -m gradcam -m random", &table).success();
    let curves = tool(&work, &format!("perturb {TESTS}"), &maps).success();
    let scores = tool(&work, "score", &curves).success();
    for (what, table) in [("maps", &maps), ("curves", &curves), ("scores", &scores)] {
        let cells = cells(table);
        for name in names {
            let carried = if name == "fold" { name.to_owned() } else { format!("user.{name}") };
            let place = cells[0].iter().position(|other| *other == carried);
            let place = place.unwrap_or_else(|| panic!("{what}: no column {carried} in {:?}", cells[0]));
            assert!(cells[1..].iter().all(|row| row[place] == format!("my {name}")), "{what}: {carried}");
        }
    }
    assert_eq!(tool(&work, "rank", &scores).success().lines().count(), 1 + 3 * 2);
}

/// What fails at the first stage is in the last one's account.
#[test]
fn failures_reach_the_end() {
    let study = Study::new();
    let line =
        format!("explain --model testbed -m gradcam -m gradient -m random --max-errors 3 gone.png {IMAGES}");
    let maps = tool(&study.work, &line, "").success();
    let curves = tool(&study.work, &format!("perturb {TESTS} --model testbed"), &maps).success();
    let scores = tool(&study.work, "score", &curves).success();
    assert_eq!(scores.matches("open: No such file").count(), 3 * 3);
    let output = tool(&study.work, "rank", &scores);
    assert_eq!(without_model(&output.success()), study.ranks);
    assert!(output.stderr.contains("left out for all methods"), "{}", output.stderr);
    // Somebody who drops the rows of what has failed hides it no better.
    let without: Vec<&str> = scores.lines().filter(|line| !line.contains("No such file")).collect();
    let message = tool(&study.work, "rank", &(without.join("\n") + "\n")).failure(1);
    assert!(message.contains("of 4"), "{message}");
}
