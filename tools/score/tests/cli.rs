//! `score` as a shell sees it. The expected values are worked out by hand beside each test.

use std::fmt::Write;

use pipe::npy::{PackWriter, write_file};
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
    let reason = "the clean image has probability 0";
    expect_reasons(&nothing, &[("adp", "lower", "NaN", reason), ("pic", "higher", "100", "")]);
    assert_eq!(nothing.stderr, format!("score: a.png, ig, adp: NaN: {reason}\n"));
}

/// One damaged curve between two whole ones: its metrics are NaN with this reason, and the others are scored.
#[track_caller]
fn damaged(test: &str, points: &str, reason: &str) {
    const COUNTED: &str = "image,target,model,method,test,point,points,fraction,probability,predicted\n";
    let row = |image: &str, point: &str| format!("{image},7,m,ig,{test},{point}\n");
    let whole = |image: &str| row(image, "0,2,0,1,7") + &row(image, "1,2,1,1,7");
    let rows: String = points.split(' ').map(|point| row("bad", point)).collect();
    let output = score(format!("{COUNTED}{}{rows}{}", whole("a"), whole("z")));
    let scores = output.success();
    let quoted = if reason.contains(',') { format!("\"{reason}\"") } else { reason.to_owned() };
    let (bad, good): (Vec<&str>, Vec<&str>) = scores.lines().skip(1).partition(|row| row.starts_with("bad,"));
    assert!(!bad.is_empty() && bad.iter().all(|row| row.ends_with(&format!(",NaN,{quoted}"))), "{scores}");
    assert!(good.len() == 2 * bad.len() && good.iter().all(|row| !row.contains("NaN")), "{scores}");
    let told: Vec<&str> = output.stderr.lines().collect();
    assert!(told.len() == bad.len() && told.iter().all(|line| line.ends_with(reason)), "{told:?}");
}

#[test]
fn a_damaged_curve_is_nan_with_a_reason_and_the_others_go_on() {
    for test in ["deletion", "pos"] {
        damaged(test, "0,3,0,1,7 1,3,0.5,1,7", "1 of 3 points are missing, from point 2 on");
        damaged(test, "0,3,0,1,7 2,3,1,1,7", "point 1 of 3 is missing");
        damaged(test, "0,3,0,1,7 1,3,0.5,1,7 1,3,0.6,1,7 2,3,1,1,7", "point 1 comes twice");
        damaged(test, "0,3,0,1,7 2,3,1,1,7 1,3,0.5,1,7", "point 2 comes before point 1");
        damaged(
            test,
            "0,3,0,1,7 1,3,0.5,1,7 2,3,0.5,1,7",
            "the fraction does not rise from 0.5 to 0.5 at point 2",
        );
        damaged(
            test,
            "0,3,0,1,7 1,3,0.5,1,7 2,3,0.4,1,7",
            "the fraction does not rise from 0.5 to 0.4 at point 2",
        );
        damaged(test, "0,2,0,1,7 1,2,1,1.5,7", "the probability is 1.5 at point 1, where 0 to 1 is possible");
        damaged(test, "0,2,0,NaN,7 1,2,1,1,7", "the probability is NaN at point 0, where 0 to 1 is possible");
        damaged(test, "0,2,0,1,7 1,2,inf,1,7", "the fraction is inf at point 1, where 0 to 1 is possible");
        damaged(test, "0,2,0,1,7 1,2,,1,7", "the fraction is NaN at point 1, where 0 to 1 is possible");
    }
    damaged("mask", "0,2,0,1,7", "1 of 2 points are missing, from point 1 on");
    damaged("mask", ",,0,1,7", "1 rows, where the clean and the masked image's are needed");
}

#[test]
fn a_foreign_curve_need_not_count_its_points() {
    let short = score(curve("deletion", &[(0.0, 1.0, 7)]));
    expect_reasons(&short, &[("deletion", "lower", "NaN", "a curve needs two points, not 1")]);
    assert_eq!(short.stderr, "score: a.png, ig, deletion: NaN: a curve needs two points, not 1\n");
    // Two tables of the same curve, one behind the other.
    let twice = score(curve("deletion", &[(0.0, 1.0, 7), (1.0, 0.0, 7), (0.0, 1.0, 7)]));
    let reason = "the fraction does not rise from 1 to 0 at point 2";
    expect_reasons(&twice, &[("deletion", "lower", "NaN", reason)]);
}

#[test]
fn what_failed_before_is_one_row_for_each_metric_with_the_reason_given_there() {
    let header = HEADER.replace("predicted", "predicted,reason");
    let output = score(format!(
        "{header}a,,m,ig,pos,,,,not an image\na,,m,ig,mask,NaN,NaN,,not an image\nb,7,m,ig,deletion,0,1,7,\n\
         b,7,m,ig,deletion,1,1,7,\n"
    ));
    let expected = format!(
        "{SCORES}\na,,m,ig,pos,lower,NaN,not an image\na,,m,ig,del,lower,NaN,not an image\n\
         a,,m,ig,adp,lower,NaN,not an image\na,,m,ig,pic,higher,NaN,not an image\nb,7,m,ig,deletion,lower,1,\n"
    );
    assert_eq!((output.success(), &*output.stderr), (expected, ""));
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
    assert!(scores.lines().skip(1).all(|row| row.ends_with(",deletion,lower,1,")), "{scores}");
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
fn an_output_file_appears_whole_or_not_at_all() {
    let work = WorkDir::new();
    let whole = score(falling("pos")).success();
    for name in ["s.csv", "s.csv.gz", "s.csv.zst"] {
        let output = work.run(SCORE, ["-O", name], falling("pos"));
        assert_eq!((output.success(), &*output.stderr), (String::new(), ""));
        let read = pipe::input(&work.join(name)).unwrap();
        assert_eq!(std::io::read_to_string(read).unwrap(), whole, "{name}");
        let before = std::fs::read(work.join(name)).unwrap();
        for broken in [falling("pos") + "a.png", falling("pos") + &falling("road").replace(HEADER, "")] {
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
            "energy-pointing-game",
            "spearman",
            "pearson",
            "spearman-abs",
            "pearson-abs"
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
    write_file(&work.join("one.npy"), &[3, 1, 3], &[1.0, 2.0, 0.0, -1.0, -1.0, 0.5, 0.0, 0.0, 0.0]).unwrap();
    let table = "boxes,image,target,model,method,map,map_index,reason\n\
        0 0 1 2,a,1,m,ig,maps/ig/0.npy,1,\n\
        0 0 1 2;2 1 3 2,a,1,m,ig,maps/ig/0.npy,1,\n\
        ,b,1,m,ig,no-such.npy,,\n\
        1 0 2 1,c,1,m,ig,one.npy,,\n\
        0 0 1 2,d,1,m,ig,maps/ig/0.npy,0,\n\
        0 0 1 2,e,,m,ig,,,not an image\n";
    let output = work.run(SCORE, [] as [&str; 0], table);
    // 3 of 10 in the left column, 8 with the corner; channels summed are 0, 1 and 0.5; all zero has no energy.
    let expected = "image,target,model,method,metric,direction,value,reason,boxes\n\
        a,1,m,ig,pointing-game,higher,0,,0 0 1 2\n\
        a,1,m,ig,energy-pointing-game,higher,0.3,,0 0 1 2\n\
        a,1,m,ig,pointing-game,higher,1,,0 0 1 2;2 1 3 2\n\
        a,1,m,ig,energy-pointing-game,higher,0.8,,0 0 1 2;2 1 3 2\n\
        b,1,m,ig,pointing-game,higher,NaN,no boxes,\n\
        b,1,m,ig,energy-pointing-game,higher,NaN,no boxes,\n\
        c,1,m,ig,pointing-game,higher,1,,1 0 2 1\n\
        c,1,m,ig,energy-pointing-game,higher,0.6666666666666666,,1 0 2 1\n\
        d,1,m,ig,pointing-game,higher,NaN,the map is constant: it points nowhere,0 0 1 2\n\
        d,1,m,ig,energy-pointing-game,higher,NaN,no value of the map is positive,0 0 1 2\n\
        e,,m,ig,pointing-game,higher,NaN,not an image,0 0 1 2\n\
        e,,m,ig,energy-pointing-game,higher,NaN,not an image,0 0 1 2\n";
    assert_csv(&output.success(), expected, 1e-12);
    let notes = "score: d, ig, pointing-game: NaN: the map is constant: it points nowhere\n\
        score: d, ig, energy-pointing-game: NaN: no value of the map is positive\n\
        score: 1 of 6 maps have no boxes: their scores are NaN\n";
    assert_eq!(output.stderr, notes);
}

#[test]
fn a_map_of_another_size_than_its_boxes_and_a_lost_map_index_are_refused() {
    let work = WorkDir::new();
    write_file(&work.join("a.npy"), &[2, 3], &MAP).unwrap();
    write_file(&work.join("pack.npy"), &[4, 3, 2], &[MAP; 4].concat()).unwrap();
    write_file(&work.join("last.npy"), &[2, 3, 1], &MAP).unwrap();
    let row = |map: &str, boxes: &str| {
        let table = format!("image,target,method,map,boxes\na,1,ig,{map},{boxes}\n");
        work.run(SCORE, ["-m", "energy-pointing-game"], table)
    };
    assert!(row("last.npy", "0 0 1 2").success().contains(",0.3,,"));
    for boxes in ["0 0 4 2", "0 0 3 2.5", "-1 0 2 2", "0 -1 2 2"] {
        let output = row("a.npy", boxes);
        let reason = format!("the box `{boxes}` reaches beyond the map, which is 3 wide and 2 high");
        assert!(output.failure(1).contains(&reason), "{}", output.stderr);
        assert!(output.text().contains(",higher,NaN,\"the box"), "{}", output.text());
    }
    let lost = row("pack.npy", "0 0 1 2").failure(1);
    assert!(lost.contains("pack.npy: shape (4, 3, 2) looks like a pack whose map_index is lost"), "{lost}");
}

#[test]
fn the_tolerance_is_in_the_metrics_name() {
    let work = WorkDir::new();
    write_file(&work.join("a.npy"), &[2, 3], &MAP).unwrap();
    let table = "image,target,method,map,boxes\na,1,ig,a.npy,0 0 1 2\n";
    let near = work.run(SCORE, ["--tolerance", "2", "-m", "pointing-game"], table).success();
    assert!(near.contains("\na,1,,ig,pointing-game:tolerance=2,higher,1,,"), "{near}");
    let far = work.run(SCORE, ["--tolerance", "1.5", "-m", "pointing-game"], table).success();
    assert!(far.contains("\na,1,,ig,pointing-game:tolerance=1.5,higher,0,,"), "{far}");
}

#[test]
fn a_map_with_nan_has_nan_scores() {
    let work = WorkDir::new();
    write_file(&work.join("a.npy"), &[1, 3], &[1.0, f32::NAN, 2.0]).unwrap();
    let output = work.run(SCORE, [] as [&str; 0], "image,target,method,map,boxes\na,1,ig,a.npy,0 0 1 1\n");
    let scores = output.success();
    assert_eq!(scores.matches(",higher,NaN,").count(), 2, "{scores}");
    assert_eq!(
        output.stderr.matches(": NaN: the map is NaN at row 0, column 1\n").count(),
        2,
        "{}",
        output.stderr
    );
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
    assert_eq!(output.text().lines().count(), 9, "what failed has rows too");
    assert_eq!(output.text().matches(",NaN,").count(), 6, "{}", output.text());
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
