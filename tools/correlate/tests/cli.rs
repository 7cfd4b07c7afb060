//! `correlate` as a shell sees it. `testdata/stats/generate_tables.py` made the tables and maps.

use std::fmt::Write;

use testing::{Output, WorkDir, golden, run, testdata};

const CORRELATE: &str = env!("CARGO_BIN_EXE_correlate");
const SCORES: &str = "image,target,model,method,metric,direction,value\n";
const MAPS: &str = "image,target,model,method,map,map_index\n";
const HEADER: &str = "model,method,metric_a,metric_b,coefficient,correlation,ci_low,ci_high,p_value,n\n";

fn scores() -> String {
    std::fs::read_to_string(testdata("stats/scores.csv")).unwrap()
}

fn correlate(arguments: &[&str], rows: &str) -> Output {
    run(CORRELATE, arguments, format!("{SCORES}{rows}"))
}

/// Scores of method `a` by two metrics that are better if higher.
fn two_metrics(x: &[&str], y: &[&str]) -> String {
    let mut rows = String::new();
    for (at, (x, y)) in x.iter().zip(y).enumerate() {
        writeln!(rows, "{at}.png,0,m,a,x,higher,{x}\n{at}.png,0,m,a,y,higher,{y}").unwrap();
    }
    rows
}

/// The rows in another order.
fn shuffled(table: &str) -> String {
    let (header, rows) = table.split_once('\n').unwrap();
    let mut rows: Vec<&str> = rows.lines().collect();
    rows.sort_by_key(|row| row.bytes().rev().collect::<Vec<_>>());
    format!("{header}\n{}\n", rows.join("\n"))
}

/// The table with the intervals of means blank: they depend on the generator, which SciPy has not.
fn without_bootstrap(table: &str) -> String {
    let blank = |row: &str| {
        let mut cells: Vec<&str> = row.split(',').collect();
        if cells[1] == "mean" {
            (cells[6], cells[7]) = ("", "");
        }
        cells.join(",")
    };
    table.lines().fold(String::new(), |table, row| table + &blank(row) + "\n")
}

/// Row by row, the correlation with the ends of its interval.
fn intervals(table: &str) -> Vec<[f64; 3]> {
    let number = |cell: Option<&str>| cell.unwrap().parse().unwrap();
    let row = |row: &str| [5, 6, 7].map(|place| number(row.split(',').nth(place)));
    table.lines().skip(1).map(row).collect()
}

#[test]
fn correlations_agree_with_scipy() {
    for coefficient in ["spearman", "pearson", "kendall"] {
        let output = run(CORRELATE, ["--coefficient", coefficient], scores());
        let expected = format!("stats/{coefficient}.csv");
        golden::csv(expected, &without_bootstrap(&output.success()), 1e-9);
        let told: Vec<&str> = output.stderr.lines().collect();
        let expected =
            "correlate: resnet50, rise: no correlation for 4 pairs: pointing is the same for all 14 images";
        assert_eq!(told, [expected]);
    }
    assert_eq!(
        run(CORRELATE, ["-"], scores()).success(),
        run(CORRELATE, ["--coefficient", "spearman"], scores()).success()
    );
}

#[test]
fn bootstrap_intervals_are_near_fisher_and_follow_the_seed() {
    let fisher = intervals(&run(CORRELATE, ["-"], scores()).success());
    let resampled = run(CORRELATE, ["--interval", "bootstrap"], scores()).success();
    for (fisher, resampled) in fisher.iter().zip(intervals(&resampled)) {
        assert_eq!(fisher[0].to_bits(), resampled[0].to_bits());
        let holds = resampled[1] <= fisher[0] && fisher[0] <= resampled[2];
        let near = (fisher[1] - resampled[1]).abs() < 0.35 && (fisher[2] - resampled[2]).abs() < 0.35;
        assert!(holds && near || fisher[0].is_nan() && resampled[1].is_nan(), "{fisher:?} {resampled:?}");
    }
    let again = ["--interval", "bootstrap", "--seed", "0", "--resamples", "1000"];
    assert_eq!(run(CORRELATE, again, scores()).success(), resampled);
    assert_ne!(run(CORRELATE, ["--interval", "bootstrap", "--seed", "1"], scores()).success(), resampled);
}

#[test]
fn means_over_methods_come_last_with_an_interval() {
    let table = run(CORRELATE, ["-"], scores()).success();
    let is_mean: Vec<bool> = table.lines().skip(1).map(|row| row.split(',').nth(1) == Some("mean")).collect();
    assert!(is_mean.is_sorted() && is_mean.iter().filter(|mean| **mean).count() == 20);
    let means = &intervals(&table)[60..];
    assert!(means.iter().all(|[mean, low, high]| low <= mean && mean <= high), "{means:?}");
    let alone = correlate(&[], &two_metrics(&["1", "2", "3"], &["1", "3", "2"])).success();
    assert_eq!(alone.lines().nth(2), Some("m,mean,x,y,spearman,0.5,,,,1"));
}

#[test]
fn files_and_standard_input_agree() {
    let whole = run(CORRELATE, ["-"], scores()).success();
    assert_eq!(run(CORRELATE, [] as [&str; 0], scores()).success(), whole);
    assert_eq!(run(CORRELATE, [testdata("stats/scores.csv")], "").success(), whole);
    let work = WorkDir::new();
    let text = scores();
    let (header, rows) = text.split_once('\n').unwrap();
    let rows: Vec<&str> = rows.lines().collect();
    work.write("1.csv", format!("{header}\n{}\n", rows[200..].join("\n")));
    work.write("2.csv", format!("{header}\n{}\n", rows[..200].join("\n")));
    assert_eq!(work.run(CORRELATE, ["1.csv", "2.csv"], "").success(), whole);
}

#[test]
fn the_order_of_rows_and_columns_does_not_matter() {
    let arguments = ["--interval", "bootstrap"];
    let whole = run(CORRELATE, arguments, scores()).success();
    assert_eq!(run(CORRELATE, arguments, shuffled(&scores())).success(), whole);
    let reversed: String = scores()
        .replace("\"a, b.jpg\"", "ab.jpg")
        .lines()
        .map(|row| row.split(',').rev().collect::<Vec<_>>().join(",") + "\n")
        .collect();
    assert_eq!(run(CORRELATE, ["-"], reversed).success(), run(CORRELATE, ["-"], scores()).success());
}

#[test]
fn lower_is_turned_round() {
    let rows = "1,0,m,a,del,lower,0.1\n2,0,m,a,del,lower,0.2\n3,0,m,a,del,lower,0.3\n\
                1,0,m,a,ins,higher,9\n2,0,m,a,ins,higher,5\n3,0,m,a,ins,higher,4\n";
    let table = correlate(&[], rows).success();
    assert!(table.contains("m,a,del,ins,spearman,1,-1,1,0,3\n"), "{table}");
}

#[test]
fn images_are_matched_by_target_too() {
    let rows = "1,0,m,a,x,higher,1\n1,5,m,a,x,higher,2\n2,0,m,a,x,higher,3\n\
                2,0,m,a,y,higher,3\n1,5,m,a,y,higher,2\n1,0,m,a,y,higher,1\n3,0,m,a,y,higher,-8\n";
    let output = correlate(&[], rows);
    assert!(output.success().contains("m,a,x,y,spearman,1,-1,1,0,3\n"));
    assert_eq!(
        output.stderr,
        "correlate: 1 correlations leave out images that have only one of the two metrics\n"
    );
}

#[test]
fn undefined_correlations_are_nan_with_a_reason() {
    let cases = [
        (["NaN", "1", "NaN"], ["1", "2", "3"], "only 1 images have a number from both"),
        (["4", "4", "4"], ["1", "2", "3"], "x is the same for all 3 images"),
        (["1", "2", "3"], ["NaN", "2", "2"], "y is the same for all 2 images"),
    ];
    for (x, y, reason) in cases {
        let output = correlate(&["--coefficient", "pearson"], &two_metrics(&x, &y));
        let table = output.success();
        assert_eq!(table.lines().nth(1).unwrap().split(',').nth(5), Some("NaN"), "{table}");
        assert_eq!(table.lines().nth(2).unwrap().split(',').nth(9), Some("0"), "{table}");
        assert_eq!(output.stderr, format!("correlate: m, a, x and y: no correlation: {reason}\n"));
    }
    let infinite = two_metrics(&["1", "inf", "3"], &["1", "2", "3"]);
    let output = correlate(&["--coefficient", "pearson"], &infinite);
    assert!(output.stderr.contains("some values are infinite"), "{}", output.stderr);
}

#[test]
fn contradictions_are_errors() {
    let message = correlate(&[], "x,7,m,a,del,lower,1\nx,7,m,a,del,lower,1\n").failure(1);
    assert_eq!(message, "correlate: m, a, del: x (target 7) has more than one value");
    let message = correlate(&[], "x,7,m,a,del,lower,1\ny,7,n,b,del,higher,1\n").failure(1);
    assert_eq!(message, "correlate: del: the direction is `higher` in some rows and `lower` in others");
    assert!(correlate(&[], "x,7,m,mean,del,lower,1\n").failure(1).contains("`mean`"));
}

#[test]
fn bad_input_is_named() {
    let work = WorkDir::new();
    work.write("bad.csv", format!("{SCORES}x,0,m,a,del,lower,1\ny,-3,m,a,del,lower,2\n"));
    let message = work.run(CORRELATE, ["bad.csv"], "").failure(1);
    assert_eq!(message, "correlate: bad.csv, line 3, column `target`: \"-3\" is not a whole number");
    let message = run(CORRELATE, ["-"], "image,target,method,direction,value\n").failure(1);
    assert!(message.contains("standard input: no column `metric`"), "{message}");
    assert!(run(CORRELATE, ["-"], "").failure(1).contains("standard input: empty input"));
    assert!(work.run(CORRELATE, ["nowhere.csv"], "").failure(1).contains("cannot open nowhere.csv"));
    correlate(&["--coefficient", "tau"], "").failure(2);
    correlate(&["--level", "2"], "").failure(2);
    correlate(&["--max-errors", "2"], "").failure(2);
    assert_eq!(correlate(&[], "").success(), HEADER);
}

#[test]
fn output_that_cannot_be_written() {
    let work = WorkDir::new();
    let mut table = SCORES.to_owned();
    for (metric, image) in (0..150).flat_map(|metric| (0..4).map(move |image| (metric, image))) {
        writeln!(table, "{image},0,model,method,metric-{metric},lower,{}", (metric + 7) * (image + 3) % 11)
            .unwrap();
    }
    work.write("long.csv", table);
    let output = work.shell(CORRELATE, "correlate long.csv 2> told | head -1");
    assert_eq!(output.success(), HEADER);
    assert!(!work.read("told").contains("roken pipe"));
    let message = work.shell(CORRELATE, "correlate long.csv > /dev/full").failure(1);
    assert!(message.contains("No space left on device"), "{message}");
}

#[test]
fn help_shows_examples_first() {
    let help = run(CORRELATE, ["--help"], "").success();
    let (examples, usage) = (help.find("correlate scores.csv").unwrap(), help.find("Usage:").unwrap());
    assert!(examples < usage, "{help}");
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
    work.write("b.csv", shuffled(&maps("stats/maps_b.npy", "untrained")));
    work
}

#[test]
fn maps_agree_with_scipy() {
    let work = two_tables();
    let output = work.run(CORRELATE, ["--maps", "a.csv", "b.csv"], "");
    golden::csv("stats/maps.csv", &output.success(), 1e-12);
    assert_eq!(output.stderr.lines().count(), 4, "{}", output.stderr);
    let constant =
        "correlate: 3.jpg, target 13, ig: no spearman correlation: a map is constant or not finite";
    assert_eq!(output.stderr.lines().next(), Some(constant));
    let piped = work.shell(CORRELATE, "correlate --maps a.csv - < b.csv");
    assert_eq!(piped.success(), output.success());
    assert_eq!(work.shell(CORRELATE, "correlate --maps a.csv b.csv | head -1").success().lines().count(), 1);
    assert!(
        work.shell(CORRELATE, "correlate --maps a.csv b.csv > /dev/full").failure(1).contains("No space")
    );
}

#[test]
fn the_only_maps_of_an_image_are_paired_whatever_their_targets() {
    let work = two_tables();
    work.write("c.csv", maps("stats/maps_b.npy", "untrained").replace("2.jpg,12", "2.jpg,99"));
    let expected =
        work.run(CORRELATE, ["--maps", "a.csv", "b.csv"], "").success().replace("2.jpg,12", "2.jpg,99");
    assert_eq!(work.run(CORRELATE, ["--maps", "a.csv", "c.csv"], "").success(), expected);
}

#[test]
fn maps_without_a_partner_are_told_and_fail_at_the_end() {
    let work = two_tables();
    let b = work.read("b.csv").replace("4.jpg", "5.jpg");
    let two_targets = b.lines().find(|row| row.starts_with("0.jpg")).unwrap().replace("0.jpg,10", "0.jpg,77");
    work.write("b.csv", b + &two_targets + "\n");
    let output = work.run(CORRELATE, ["--maps", "a.csv", "b.csv", "--errors", "list.csv"], "");
    let told = output.failure(1);
    assert_eq!(output.text().lines().count(), 1 + 4 * 4);
    for line in [
        "correlate: 0.jpg, ig, match: target 77 of b.csv has no partner in a.csv",
        "correlate: 4.jpg, ig, match: target 14 of a.csv has no partner in b.csv",
        "correlate: 5.jpg, ig, match: target 14 of b.csv has no partner in a.csv",
        "correlate: 3 of 7 failed; see list.csv",
    ] {
        assert!(told.lines().any(|other| other == line), "{told}");
    }
    assert_eq!(work.read("list.csv").lines().count(), 4);
    work.run(CORRELATE, ["--maps", "a.csv", "b.csv", "--max-errors", "3"], "").success();
}

#[test]
fn unreadable_maps_are_told_and_fail_at_the_end() {
    let work = two_tables();
    let other = testdata("stats/maps_b.npy");
    let b = work.read("b.csv").replace(&format!("{},1", other.display()), "nowhere.npy,1");
    work.write("b.csv", b.replace(&format!("{},2", other.display()), &format!("{},8", other.display())));
    let output = work.run(CORRELATE, ["--maps", "a.csv", "b.csv"], "");
    let told = output.failure(1);
    assert_eq!(output.text().lines().count(), 1 + 3 * 4);
    assert!(told.contains("1.jpg, ig, correlate: nowhere.npy: No such file or directory"), "{told}");
    assert!(told.contains("map_index 8 is not in the pack"), "{told}");
}

#[test]
fn tables_of_maps_may_be_wrong() {
    let work = two_tables();
    let twice = work.read("a.csv") + "0.jpg,10,other,ig,0.npy,\n";
    work.write("twice.csv", twice);
    let message = work.run(CORRELATE, ["--maps", "a.csv", "twice.csv"], "").failure(1);
    assert_eq!(message, "correlate: twice.csv: 0.jpg, target 10, ig: more than one map");
    work.run(CORRELATE, ["--maps", "-", "-"], "").failure(2);
    work.run(CORRELATE, ["--maps", "a.csv"], "").failure(2);
    work.run(CORRELATE, ["--maps", "a.csv", "b.csv", "--coefficient", "pearson"], "").failure(2);
    let message = work.run(CORRELATE, ["--maps", "a.csv", "-"], SCORES).failure(1);
    assert!(message.contains("standard input: no column `map`"), "{message}");
}
