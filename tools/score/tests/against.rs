//! `score --against` as a shell sees it. `testdata/stats/generate_tables.py` made the maps.

use pipe::npy::write_file;
use testing::{Output, WorkDir, golden, testdata};

const SCORE: &str = env!("CARGO_BIN_EXE_score");
const MAPS: &str = "image,target,model,method,map,map_index\n";

fn against(work: &WorkDir, arguments: &[&str]) -> Output {
    work.run(SCORE, [&["--against"], arguments].concat(), "")
}

/// A table of the five maps in a pack, explaining targets 10 to 14.
fn maps(pack: &str, model: &str) -> String {
    let pack = testdata(pack);
    (0..5).fold(MAPS.to_owned(), |table, at| {
        format!("{table}{at}.jpg,{},{model},ig,{},{at}\n", 10 + at, pack.display())
    })
}

fn two_tables() -> WorkDir {
    let work = WorkDir::new();
    work.write("a.csv", maps("stats/maps_a.npy", "trained"));
    work.write("b.csv", maps("stats/maps_b.npy", "untrained"));
    work
}

#[test]
fn maps_agree_with_scipy() {
    let work = two_tables();
    let output = against(&work, &["a.csv", "b.csv"]);
    golden::csv("stats/maps.csv", &output.success(), 1e-12);
    let told: Vec<&str> = output.stderr.lines().collect();
    assert_eq!(told.len(), 5, "{told:?}");
    assert_eq!(told[0], "score: 3.jpg, ig, spearman: NaN: a map is constant");
    assert_eq!(told[4], "score: maps of `untrained` are compared with maps of `trained`");
    let piped = work.shell(SCORE, "score --against a.csv < b.csv");
    assert_eq!(piped.success(), output.success());
    assert_eq!(work.shell(SCORE, "score --against a.csv b.csv | head -1").success().lines().count(), 1);
    assert!(work.shell(SCORE, "score --against a.csv b.csv > /dev/full").failure(1).contains("No space"));
    let one = against(&work, &["a.csv", "b.csv", "-m", "pearson"]).success();
    assert_eq!(one.lines().count(), 6);
}

/// What Quantus and scikit-image say of pairs of maps, one of them constant: `testdata/stats/generate_randomised.py`.
#[test]
fn randomised_maps_agree_with_quantus() {
    let work = WorkDir::new();
    let table = |pack: &str| maps(pack, "untrained").lines().take(5).collect::<Vec<_>>().join("\n") + "\n";
    work.write("a.csv", table("stats/randomised_a.npy"));
    work.write("b.csv", table("stats/randomised_b.npy"));
    let metrics = [
        "spearman",
        "pearson",
        "spearman-abs",
        "parameter-randomisation",
        "parameter-randomisation:sign=absolute",
        "parameter-randomisation:similarity=ssim",
        "complexity-rise",
        "complexity-rise:bins=7",
        "ssim",
        "ssim:sign=absolute",
    ];
    let asked: Vec<&str> = metrics.iter().flat_map(|metric| ["-m", *metric]).collect();
    let found = against(&work, &[&["a.csv", "b.csv"], &asked[..]].concat()).success();
    golden::csv("stats/randomised.csv", &found, 1e-12);
}

#[test]
fn the_only_maps_of_an_image_are_paired_whatever_their_targets() {
    let work = two_tables();
    work.write("c.csv", maps("stats/maps_b.npy", "untrained").replace("2.jpg,12", "2.jpg,99"));
    let expected = against(&work, &["a.csv", "b.csv"]).success().replace("2.jpg,12", "2.jpg,99");
    let output = against(&work, &["a.csv", "c.csv"]);
    assert_eq!(output.success(), expected);
    let told = "score: 1 maps explain another target than those that they are compared with\n";
    assert!(output.stderr.ends_with(told), "{}", output.stderr);
}

#[test]
fn several_models_are_compared_with_one_reference() {
    let work = two_tables();
    let (header, more) = (MAPS, maps("stats/maps_b.npy", "other"));
    work.write("more.csv", &more);
    let both = against(&work, &["a.csv", "b.csv", "more.csv"]).success();
    let (one, two) =
        (against(&work, &["a.csv", "b.csv"]).success(), against(&work, &["a.csv", "more.csv"]).success());
    assert_eq!(both, one + two.split_once('\n').unwrap().1);
    assert!(more.starts_with(header));
}

#[test]
fn maps_without_a_partner_are_told_and_fail_at_the_end() {
    let work = two_tables();
    let b = work.read("b.csv").replace("4.jpg", "5.jpg");
    let two_targets = b.lines().find(|row| row.starts_with("0.jpg")).unwrap().replace("0.jpg,10", "0.jpg,77");
    work.write("b.csv", b + &two_targets + "\n");
    let output = against(&work, &["a.csv", "b.csv", "--errors", "list.csv"]);
    let told = output.failure(1);
    assert_eq!(output.text().lines().count(), 1 + 6 * 4);
    assert_eq!(
        output.text().matches(",NaN,target 14 has no partner in a.csv").count(),
        4,
        "{}",
        output.text()
    );
    assert_eq!(output.text().matches(",NaN,target 77 has no partner in a.csv").count(), 4);
    for line in [
        "score: 0.jpg, ig, score: target 77 has no partner in a.csv",
        "score: 4.jpg, ig, score: target 14 of a.csv has no partner",
        "score: 5.jpg, ig, score: target 14 has no partner in a.csv",
        "score: 3 of 7 failed; see list.csv",
    ] {
        assert!(told.lines().any(|other| other == line), "{told}");
    }
    assert_eq!(work.read("list.csv").lines().count(), 4);
    against(&work, &["a.csv", "b.csv", "--max-errors", "3"]).success();
}

#[test]
fn unreadable_maps_are_told_and_fail_at_the_end() {
    let work = two_tables();
    let other = testdata("stats/maps_b.npy");
    write_file(&work.join("wide.npy"), &[7, 6], &[0.5; 42]).unwrap();
    let row = |index: usize, to: &str| (format!("{},{index}\n", other.display()), format!("{to}\n"));
    let changes = [row(1, "nowhere.npy,1"), row(2, &format!("{},8", other.display())), row(4, "wide.npy,")];
    let b = changes.iter().fold(work.read("b.csv"), |table, (from, to)| table.replace(from, to));
    work.write("b.csv", b);
    let output = against(&work, &["a.csv", "b.csv"]);
    let told = output.failure(1);
    assert_eq!(output.text().lines().count(), 1 + 5 * 4);
    assert!(told.contains("1.jpg, ig, score: nowhere.npy: No such file or directory"), "{told}");
    assert!(told.contains("map_index 8 is not in the pack"), "{told}");
    assert!(told.contains("4.jpg, ig, score: the maps are 6 x 7 and 7 x 6 pixels"), "{told}");
    assert_eq!(output.text().matches(",NaN,the maps are 6 x 7 and 7 x 6 pixels").count(), 4);
}

#[test]
fn what_failed_before_keeps_its_reason() {
    let work = two_tables();
    let failed =
        |model: &str| format!("image,target,model,method,map,map_index,reason\n9.jpg,1,{model},ig,,,gone\n");
    work.write("failed.csv", failed("untrained"));
    work.write("reference.csv", failed("trained"));
    let whole = work.read("a.csv").lines().nth(1).unwrap().replace("0.jpg,10", "9.jpg,1");
    work.write("whole.csv", format!("{MAPS}{whole}\n"));
    let of_b = against(&work, &["whole.csv", "failed.csv"]).success();
    assert_eq!(of_b.matches(",NaN,gone\n").count(), 4, "{of_b}");
    let of_a = against(&work, &["reference.csv", "whole.csv"]).success();
    assert_eq!(of_a.matches(",NaN,the map to compare with is missing: gone\n").count(), 4, "{of_a}");
}

#[test]
fn tables_of_maps_may_be_wrong() {
    let work = two_tables();
    let twice = work.read("a.csv") + "0.jpg,10,trained,ig,0.npy,\n";
    work.write("twice.csv", twice);
    let message = against(&work, &["twice.csv", "b.csv"]).failure(1);
    assert_eq!(message, "score: twice.csv: 0.jpg, target 10, ig: more than one map");
    let message = against(&work, &["b.csv", "twice.csv"]).failure(1);
    assert_eq!(message, "score: 0.jpg, target 10, ig: more than one map");
    let message = against(&work, &["-", "-"]).failure(2);
    assert_eq!(message, "score: --against: only one of the tables can be standard input");
    work.run(SCORE, ["--against"], "").failure(2);
    let message = work.run(SCORE, ["--against", "a.csv", "-"], "image,target,method,metric\n").failure(1);
    assert!(message.contains("standard input: no column `map`"), "{message}");
}
