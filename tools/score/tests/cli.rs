//! `score` as a shell sees it. The expected values are worked out by hand beside each test.

use std::fmt::Write;

use pipe::npy::{PackWriter, write_file};
use testing::{Output, WorkDir, assert_csv, run};

const SCORE: &str = env!("CARGO_BIN_EXE_score");
const HEADER: &str = "image,target,model,method,test,fraction,probability,predicted\n";
const SCORES: &str = "image,target,model,method,metric,direction,value";

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

/// Checks metric, direction and value of each row.
#[track_caller]
fn expect(output: &Output, rows: &[(&str, &str, &str)]) {
    let mut expected = format!("{SCORES}\n");
    for (metric, direction, value) in rows {
        let metric = if metric.contains(',') { format!("\"{metric}\"") } else { (*metric).to_owned() };
        let _ = writeln!(expected, "a.png,7,vgg,ig,{metric},{direction},{value}");
    }
    assert_csv(&output.success(), &expected, 1e-12);
}

#[test]
fn pos_and_del_neg_and_ins() {
    // Hits 1 1 1 1 1 0 0 0 0 0: 0.1 (1/2 + 4) = 0.45. Probabilities 1 - x: 0.9 - 0.9^2 / 2 = 0.495.
    expect(&score(falling("pos")), &[("pos", "lower", "45"), ("del", "lower", "49.5")]);
    expect(&score(falling("neg")), &[("neg", "higher", "45"), ("ins", "higher", "49.5")]);
    expect(
        &score(falling("pos:fill=zero")),
        &[("pos:fill=zero", "lower", "45"), ("del:fill=zero", "lower", "49.5")],
    );
}

#[test]
fn the_most_that_pos_can_be_is_90() {
    let points: Vec<_> = (0..10).map(|step| (f64::from(step) / 10.0, 1.0, 7)).collect();
    expect(&score(curve("pos", &points)), &[("pos", "lower", "90"), ("del", "lower", "90")]);
}

#[test]
fn deletion_and_insertion() {
    // 0.25 0.75 + 0.25 0.375 + 0.5 0.125 = 0.34375
    let points = [(0.0, 1.0, 7), (0.25, 0.5, 7), (0.5, 0.25, 3), (1.0, 0.0, 3)];
    expect(&score(curve("deletion", &points)), &[("deletion", "lower", "0.34375")]);
    expect(&score(curve("insertion", &points)), &[("insertion", "higher", "0.34375")]);
    let spec = "deletion:fill=blur,region=9";
    expect(&score(curve(spec, &points)), &[(spec, "lower", "0.34375")]);
}

#[test]
fn the_reversed_order_turns_the_direction_round() {
    let points = [(0.0, 1.0, 7), (1.0, 0.0, 3)];
    for (spec, direction) in [
        ("deletion:order=lerf", "higher"),
        ("deletion:order=lerf,steps=10", "higher"),
        ("insertion:fill=zero,order=lerf", "lower"),
    ] {
        expect(&score(curve(spec, &points)), &[(spec, direction, "0.5")]);
    }
}

#[test]
fn drop_and_increase_of_confidence() {
    let mask = |clean, masked| score(curve("mask", &[(0.0, clean, 7), (0.4, masked, 7)]));
    expect(&mask(0.8, 0.6), &[("adp", "lower", "25"), ("pic", "higher", "0")]);
    expect(&mask(0.5, 0.5), &[("adp", "lower", "0"), ("pic", "higher", "0")]);
    expect(&mask(0.2, 0.4), &[("adp", "lower", "0"), ("pic", "higher", "100")]);
    let nothing = mask(0.0, 0.4);
    expect(&nothing, &[("adp", "lower", "NaN"), ("pic", "higher", "100")]);
    assert_eq!(nothing.stderr, "score: a.png, ig, adp: NaN: the clean image has probability 0\n");
}

#[test]
fn a_pair_that_is_none_is_an_error() {
    for points in [&[(0.0, 0.5, 7)][..], &[(0.0, 0.5, 7), (0.4, 0.5, 7), (0.5, 0.5, 7)]] {
        let message = score(curve("mask:fill=zero", points)).failure(1);
        let expected = format!("test `mask:fill=zero` has {} rows", points.len());
        assert!(
            message.starts_with("score: a.png, ig, mask:fill=zero: ") && message.contains(&expected),
            "{message}"
        );
    }
}

#[test]
fn an_undefined_area_is_nan_with_a_reason() {
    let short = score(curve("deletion", &[(0.0, 1.0, 7)]));
    expect(&short, &[("deletion", "lower", "NaN")]);
    assert_eq!(short.stderr, "score: a.png, ig, deletion: NaN: a curve needs two points, not 1\n");

    let unknown = score(curve("pos", &[(0.0, f64::NAN, 7), (0.9, 0.5, 7)]));
    expect(&unknown, &[("pos", "lower", "90"), ("del", "lower", "NaN")]);
    assert_eq!(unknown.stderr, "score: a.png, ig, del: NaN: a probability is not a finite number\n");

    let nowhere = score(curve("deletion", &[(0.0, 1.0, 7), (f64::INFINITY, 0.5, 7)]));
    expect(&nowhere, &[("deletion", "lower", "NaN")]);
}

#[test]
fn a_curve_that_runs_backwards_is_an_error() {
    let message = score(curve("deletion", &[(0.0, 1.0, 7), (1.0, 0.0, 7), (0.0, 1.0, 7)])).failure(1);
    assert!(
        message.starts_with("score: a.png, ig, deletion: the rows of one curve must stand together"),
        "{message}"
    );
}

#[test]
fn curves_end_where_any_key_changes() {
    let line = |key: &str, fraction: f64| format!("{key},{fraction},1,7\n");
    let keys = [
        "a,7,m,ig,deletion",
        "b,7,m,ig,deletion",
        "b,8,m,ig,deletion",
        "b,8,n,ig,deletion",
        "b,8,n,gc,deletion",
    ];
    let table: String = keys.iter().flat_map(|key| [line(key, 0.0), line(key, 1.0)]).collect();
    let scores = score(format!("{HEADER}{table}")).success();
    assert_eq!(scores.lines().count(), 6);
    assert!(scores.lines().skip(1).all(|row| row.ends_with(",deletion,lower,1")), "{scores}");
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
        format!("{SCORES},label,\"fold, no\"\n\"a, b.png\",7,,ig,deletion,lower,0.5,2,\"x\"\"y\"\n");
    assert_eq!(score(table).success(), expected);
    assert_eq!(score(format!("\u{feff}{}", table.replace('\n', "\r\n"))).success(), expected);
}

#[test]
fn damaged_tables_are_named_with_the_place() {
    let message = |table: &str| score(table).failure(1);
    let bad = falling("pos").replace("0.3,0.7", "0.3,seven");
    assert_eq!(
        message(&bad),
        "score: standard input, line 5, column `probability`: \"seven\" is not a number"
    );
    let bad = HEADER.replace("probability", "p");
    assert!(
        message(&bad)
            .starts_with("score: standard input: no column `probability` in the header `image,target,")
    );
    assert_eq!(message(""), "score: standard input: empty input, where a header line was expected");
    let message = message(&falling("road"));
    assert!(
        message.starts_with("score: a.png, ig, road: no metric is made from the test `road`; known"),
        "{message}"
    );
    assert!(run(SCORE, ["no.csv"], "").failure(1).starts_with("score: cannot open no.csv: "));
}

#[test]
fn a_header_alone_gives_a_header() {
    assert_eq!(score(HEADER).success(), format!("{SCORES}\n"));
    assert_eq!(score("image,target,method,map,label\n").success(), format!("{SCORES},label\n"));
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
    assert_eq!(
        names,
        [
            "deletion",
            "insertion",
            "pos",
            "del",
            "neg",
            "ins",
            "adp",
            "pic",
            "pointing-game",
            "energy-pointing-game"
        ]
    );
}

/// A map of 2 rows and 3 columns: the highest value lies in column 2 of row 1, and 3 of 10 lie in the left column.
const MAP: [f32; 6] = [1.0, 2.0, -5.0, 2.0, 0.0, 5.0];

#[test]
fn pointing_and_energy_of_maps() {
    let work = WorkDir::new();
    let mut pack = PackWriter::create(&work.join("maps/ig/0.npy"), &[2, 3]).unwrap();
    pack.push(&[0.0; 6]).unwrap();
    pack.push(&MAP).unwrap();
    pack.finish().unwrap();
    write_file(&work.join("one.npy"), &[2, 1, 3], &[1.0, 2.0, 0.0, -1.0, -1.0, 0.5]).unwrap();
    let table = "boxes,image,target,model,method,map,map_index\n\
        0 0 1 2,a,1,m,ig,maps/ig/0.npy,1\n\
        0 0 1 2;2 1 3 2,a,1,m,ig,maps/ig/0.npy,1\n\
        ,b,1,m,ig,no-such.npy,\n\
        1 0 2 1,c,1,m,ig,one.npy,\n\
        0 0 1 2,d,1,m,ig,maps/ig/0.npy,0\n";
    let output = work.run(SCORE, [] as [&str; 0], table);
    // 3 of 10 in the left column, 8 with the corner; channels summed are 0, 1 and 0.5; all zero has no energy.
    let expected = "image,target,model,method,metric,direction,value,boxes\n\
        a,1,m,ig,pointing-game,higher,0,0 0 1 2\n\
        a,1,m,ig,energy-pointing-game,higher,0.3,0 0 1 2\n\
        a,1,m,ig,pointing-game,higher,1,0 0 1 2;2 1 3 2\n\
        a,1,m,ig,energy-pointing-game,higher,0.8,0 0 1 2;2 1 3 2\n\
        c,1,m,ig,pointing-game,higher,1,1 0 2 1\n\
        c,1,m,ig,energy-pointing-game,higher,0.6666666666666666,1 0 2 1\n\
        d,1,m,ig,pointing-game,higher,1,0 0 1 2\n\
        d,1,m,ig,energy-pointing-game,higher,NaN,0 0 1 2\n";
    assert_csv(&output.success(), expected, 1e-12);
    let notes = "score: d, ig, energy-pointing-game: NaN: no value of the map is positive\n\
        score: 1 of 5 maps have no boxes: not scored\n";
    assert_eq!(output.stderr, notes);
}

#[test]
fn the_tolerance_is_in_the_metrics_name() {
    let work = WorkDir::new();
    write_file(&work.join("a.npy"), &[2, 3], &MAP).unwrap();
    let table = "image,target,method,map,boxes\na,1,ig,a.npy,0 0 1 2\n";
    let near = work.run(SCORE, ["--tolerance", "2", "-m", "pointing-game"], table).success();
    assert!(near.contains("\na,1,,ig,pointing-game:tolerance=2,higher,1,"), "{near}");
    let far = work.run(SCORE, ["--tolerance", "1.5", "-m", "pointing-game"], table).success();
    assert!(far.contains("\na,1,,ig,pointing-game:tolerance=1.5,higher,0,"), "{far}");
}

#[test]
fn a_map_with_nan_has_nan_scores() {
    let work = WorkDir::new();
    write_file(&work.join("a.npy"), &[1, 3], &[1.0, f32::NAN, 2.0]).unwrap();
    let output = work.run(SCORE, [] as [&str; 0], "image,target,method,map,boxes\na,1,ig,a.npy,0 0 1 1\n");
    let scores = output.success();
    assert_eq!(scores.matches(",higher,NaN,").count(), 2, "{scores}");
    assert_eq!(output.stderr.matches(": NaN: the map holds NaN\n").count(), 2, "{}", output.stderr);
}

#[test]
fn a_map_that_cannot_be_read_fails_alone() {
    let work = WorkDir::new();
    write_file(&work.join("good.npy"), &[2, 3], &MAP).unwrap();
    let whole = std::fs::read(work.join("good.npy")).unwrap();
    work.write("cut.npy", &whole[..whole.len() - 1]);
    let table = "image,target,method,map,boxes\n\
        a,1,ig,cut.npy,0 0 1 1\n\
        b,1,ig,good.npy,0 0 1 1\n\
        c,1,ig,good.npy,0 0 1\n\
        d,1,ig,none.npy,0 0 1 1\n";
    let output = work.run(SCORE, ["--errors", "errors.csv"], table);
    let message = output.failure(1);
    assert_eq!(output.text().lines().count(), 3, "b has two scores");
    assert!(
        message.starts_with("score: a, ig, score: cut.npy: truncated: shape (2, 3) needs 24 bytes"),
        "{message}"
    );
    assert!(message.ends_with("score: 3 of 4 failed; see errors.csv"), "{message}");
    let errors = work.read("errors.csv");
    assert!(errors.starts_with("image,method,stage,error\na,ig,score,"), "{errors}");
    assert_eq!(errors.lines().count(), 4);
    for (allowed, status) in [("3", 0), ("75%", 0), ("2", 1), ("50%", 1)] {
        assert_eq!(work.run(SCORE, ["--max-errors", allowed], table).status, Some(status), "{allowed}");
    }
}

#[test]
fn a_file_of_two_arrays_is_no_map() {
    let work = WorkDir::new();
    write_file(&work.join("a.npy"), &[2, 3], &MAP).unwrap();
    work.shell(SCORE, "cat a.npy a.npy > two.npy").success();
    let message =
        work.run(SCORE, ["-"], "image,target,method,map,boxes\na,1,ig,two.npy,0 0 1 1\n").failure(1);
    assert!(message.contains("two.npy: 152 bytes follow the array of shape (2, 3)"), "{message}");
}
