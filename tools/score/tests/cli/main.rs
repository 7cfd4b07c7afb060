//! `score` as a shell sees it. The expected values are worked out by hand beside each test.

mod curves;
mod draws;
mod maps;
mod protocols;
mod truth;

use std::fmt::Write;

use testing::{Output, WorkDir, assert_csv, run};

const SCORE: &str = env!("CARGO_BIN_EXE_score");

const HEADER: &str = "image,target,model,method,test,fraction,probability,predicted\n";

const SCORES: &str = "image,target,model,method,metric,direction,value,reason";

fn score(table: impl AsRef<[u8]>) -> Output {
    run(SCORE, [] as [&str; 0], table)
}

/// Responses to one test of one map: fraction, probability, predicted class. The target is class 7.
fn curve(test: &str, points: &[(f64, f64, usize)]) -> String {
    let mut table = HEADER.to_owned();
    for (fraction, probability, predicted) in points {
        let _ = writeln!(table, "a.png,7,vgg,ig,\"{test}\",{fraction},{probability},{predicted}");
    }
    table
}

/// The grid of POS and NEG; the target is predicted at the first five points, with probability 1 - fraction.
fn falling(test: &str) -> String {
    let point = |step: usize| (step as f64 / 10.0, 1.0 - step as f64 / 10.0, if step < 5 { 7 } else { 3 });
    curve(test, &(0..10).map(point).collect::<Vec<_>>())
}

/// Checks metric, direction, value and reason of each row.
#[track_caller]
fn expect(output: &Output, rows: &[(&str, &str, &str)]) {
    expect_reasons(
        output,
        &rows.iter().map(|&(metric, way, value)| (metric, way, value, "")).collect::<Vec<_>>(),
    );
}

#[track_caller]
fn expect_reasons(output: &Output, rows: &[(&str, &str, &str, &str)]) {
    let quoted = |text: &str| if text.contains(',') { format!("\"{text}\"") } else { text.to_owned() };
    let mut expected = format!("{SCORES}\n");
    for (metric, direction, value, reason) in rows {
        let (metric, reason) = (quoted(metric), quoted(reason));
        let _ = writeln!(expected, "a.png,7,vgg,ig,{metric},{direction},{value},{reason}");
    }
    assert_csv(&output.success(), &expected, 1e-12);
}

#[test]
fn files_and_standard_input_agree() {
    let work = WorkDir::new();
    let (pos, neg) = (work.write("pos.csv", falling("pos")), work.write("neg.csv", falling("neg")));
    let both = falling("pos") + falling("neg").strip_prefix(HEADER).unwrap();
    let scores = score(&both).success();
    assert_eq!(run(SCORE, ["-"], &both).success(), scores);
    assert_eq!(run(SCORE, [&pos, &neg], "").success(), scores);
    assert_eq!(work.shell(SCORE, "score < pos.csv && score neg.csv | tail -n +2").success(), scores);
    assert_eq!(work.shell(SCORE, "score <(cat pos.csv) neg.csv").success(), scores);
}

#[test]
fn columns_may_stand_in_any_order_and_unknown_ones_are_carried() {
    let table = "information,predicted,label,fraction,test,probability,method,\"fold, no\",target,image\n\
        0.5,7,2,0,deletion,1,ig,\"x\"\"y\",7,\"a, b.png\"\n\
        0.6,7,2,1,deletion,0,ig,later,7,\"a, b.png\"\n";
    let expected =
        format!("{SCORES},label,\"fold, no\"\n\"a, b.png\",7,,ig,deletion,lower,0.5,,2,\"x\"\"y\"\n");
    assert_eq!(score(table).success(), expected);
    assert_eq!(score(format!("\u{feff}{}", table.replace('\n', "\r\n"))).success(), expected);
}

#[test]
fn damaged_tables_are_named_with_the_place() {
    let message = |table: &str| score(table).failure(1);
    let bad = HEADER.replace("probability", "p");
    assert!(
        message(&bad)
            .starts_with("score: standard input: no column `probability` in the header `image,target,")
    );
    assert_eq!(message(""), "score: standard input: empty input, where a header line was expected");
    assert!(run(SCORE, ["no.csv"], "").failure(1).starts_with("score: cannot open no.csv: "));
}

#[test]
fn a_cell_that_cannot_be_read_is_a_failure_of_its_curve() {
    let work = WorkDir::new();
    let rows = |table: String| table.strip_prefix(HEADER).unwrap().to_owned();
    let bad = falling("pos").replace("0.3,0.7", "0.3,seven");
    let lost = rows(falling("pos").replace("a.png", "b.png"))
        .replace("b.png,7,vgg,ig,\"pos\",0.4", "b.png,?,vgg,ig,\"pos\",0.4");
    let table = bad + &lost + &rows(falling("other")) + &rows(falling("pos").replace("a.png", "c.png"));
    let output = work.run(SCORE, ["-m", "pos", "--errors", "errors.csv"], &table);
    let message = output.failure(1);
    let lines: Vec<&str> = message.lines().collect();
    assert_eq!(
        lines[0],
        "score: a.png, ig, score: standard input, line 5, column `probability`: \"seven\" is not a number"
    );
    assert_eq!(
        lines[1],
        "score: b.png, ig, score: standard input, line 16, column `target`: \"?\" is not a whole number or nothing"
    );
    assert!(
        lines[2].starts_with(
            "score: a.png, ig, score: no metric is made from the test `other`; known tests are "
        ),
        "{message}"
    );
    assert_eq!(lines[3..], ["score: 3 of 4 failed; see errors.csv"]);
    let reasons: Vec<String> =
        output.text().lines().skip(1).map(|row| row.chars().take(28).collect()).collect();
    assert_eq!(
        reasons,
        ["a.png,7,vgg,ig,pos,lower,NaN", "b.png,7,vgg,ig,pos,lower,NaN", "c.png,7,vgg,ig,pos,lower,45,"]
    );
    assert_eq!(work.run(SCORE, ["--max-errors", "75%"], &table).status, Some(0));
}

#[test]
fn a_header_alone_is_an_error() {
    for header in [HEADER, "image,target,method,map,label\n"] {
        let output = run(SCORE, ["-"], header);
        assert_eq!(output.failure(1), "score: standard input: a header and no rows");
    }
}

#[test]
fn only_the_metrics_asked_for_are_written() {
    let table = falling("pos") + falling("neg:fill=zero").strip_prefix(HEADER).unwrap();
    let metrics = |arguments: &[&str]| {
        let scores = run(SCORE, arguments, &table).success();
        scores.lines().skip(1).map(|row| row.split(',').nth(4).unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(metrics(&[]), ["pos", "del", "neg:fill=zero", "ins:fill=zero"]);
    assert_eq!(metrics(&["-m", "del", "--metric", "ins"]), ["del", "ins:fill=zero"]);
    assert_eq!(metrics(&["-m", "neg:fill=zero"]), ["neg:fill=zero"]);
    assert!(metrics(&["-m", "neg:fill=blur"]).is_empty());
    let message = run(SCORE, ["-m", "auc"], &table).failure(2);
    assert!(
        message.starts_with("score: unknown metric `auc`: known are deletion, insertion, pos,"),
        "{message}"
    );
}

#[test]
fn an_early_reader_is_no_error_and_a_full_disk_is_one() {
    let work = WorkDir::new();
    let mut table = HEADER.to_owned();
    for image in 0..50_000 {
        let _ = writeln!(table, "{image}.png,7,vgg,ig,deletion,0,1,7\n{image}.png,7,vgg,ig,deletion,1,0,7");
    }
    work.write("big.csv", table);
    let first = work.shell(SCORE, "score big.csv | head -1");
    assert_eq!((first.success(), &*first.stderr), (format!("{SCORES}\n"), ""));
    let message = work.shell(SCORE, "score big.csv > /dev/full").failure(1);
    assert!(message.starts_with("score: No space left on device"), "{message}");
    work.write("small.csv", falling("pos"));
    assert!(!work.shell(SCORE, "score small.csv > /dev/full").failure(1).is_empty());
}

#[test]
fn an_output_file_appears_whole_or_not_at_all() {
    let work = WorkDir::new();
    let whole = score(falling("pos")).success();
    for name in ["s.csv", "s.csv.gz", "s.csv.zst"] {
        let output = work.run(SCORE, ["-O", name], falling("pos"));
        assert_eq!((output.success(), &*output.stderr), (String::new(), ""));
        let read = pipe::input(&work.join(name)).unwrap();
        assert_eq!(std::io::read_to_string(read).unwrap(), whole, "{name}");
        let before = std::fs::read(work.join(name)).unwrap();
        for broken in [falling("pos") + "a.png", falling("pos") + "\"a.png,7\n"] {
            work.run(SCORE, ["-O", name], broken).failure(1);
            assert_eq!(std::fs::read(work.join(name)).unwrap(), before, "{name}");
        }
    }
    assert_eq!(std::fs::read_dir(work.path()).unwrap().count(), 3, "no temporary file is left");
    let message = work.run(SCORE, ["-O", "/dev/full"], falling("pos")).failure(1);
    assert!(message.starts_with("score: /dev/full: No space left on device"), "{message}");
    let message = work.run(SCORE, ["-O", "."], falling("pos")).failure(1);
    assert_eq!(message, "score: cannot create .: it is a folder");
}

#[test]
fn wrong_use_is_status_2() {
    for arguments in [["--no-such"], ["--tolerance=-1"], ["--tolerance=nan"], ["--max-errors=x"]] {
        run(SCORE, arguments, "").failure(2);
    }
}

#[test]
fn the_help_starts_with_examples_and_the_list_names_each_metric() {
    let help = run(SCORE, ["--help"], "").success();
    assert!(help.starts_with("Examples:\n") && help.contains("--tolerance"), "{help}");
    let list = run(SCORE, ["--list-metrics"], "").success();
    let names: Vec<&str> = list.lines().filter_map(|line| line.split_whitespace().next()).collect();
    for on_request in ["gini*", "roc-auc*", "box-iou*", "ssim*", "auc-judd*"] {
        assert!(names.contains(&on_request), "{names:?}");
    }
    for usual in ["deletion", "insertion", "pos", "adp", "pointing-game", "energy-pointing-game", "spearman"]
    {
        assert!(names.contains(&usual), "{names:?}");
    }
}
