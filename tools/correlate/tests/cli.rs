//! `correlate` as a shell sees it. `testdata/stats/generate_tables.py` made the tables and maps.

use std::fmt::Write;

use testing::{Output, WorkDir, golden, run, testdata};

const CORRELATE: &str = env!("CARGO_BIN_EXE_correlate");
const SCORES: &str = "image,target,model,method,metric,direction,value\n";
const HEADER: &str =
    "model,method,metric_a,metric_b,coefficient,correlation,ci_low,ci_high,p_value,n,p_holm,p_bh\n";

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
    for coefficient in ["spearman", "pearson", "kendall", "rank-biserial"] {
        let output = run(CORRELATE, ["--by-model", "--coefficient", coefficient], scores());
        let expected = format!("stats/{coefficient}.csv");
        golden::csv(expected, &without_bootstrap(&output.success()), 1e-9);
        let told: Vec<&str> = output.stderr.lines().collect();
        let expected = [
            "correlate: resnet50, rise: no correlation for 4 pairs: pointing is the same for all 14 images",
            "correlate: 7 of 60 correlations leave out images without a number from both metrics, at most 2 of 14",
        ];
        assert_eq!(told, expected);
    }
    assert_eq!(
        run(CORRELATE, ["--by-model"], scores()).success(),
        run(CORRELATE, ["--by-model", "--coefficient", "spearman"], scores()).success()
    );
}

#[test]
fn partial_correlations_agree_with_pingouin() {
    for coefficient in ["spearman", "pearson"] {
        let arguments = ["--by-model", "--given", "insertion", "--coefficient", coefficient];
        let output = run(CORRELATE, arguments, scores());
        let expected = format!("stats/partial-{coefficient}.csv");
        golden::csv(expected, &without_bootstrap(&output.success()), 1e-9);
        assert!(
            output.stderr.contains(
                "resnet50, rise: no correlation for 3 pairs: pointing is the same for all 14 images"
            ),
            "{}",
            output.stderr
        );
    }
}

/// Far from Fisher's by what fourteen images allow: the interval of a partial correlation, or of one near 1, is rough.
#[test]
fn bootstrap_intervals_are_near_fisher_and_follow_the_seed() {
    for (arguments, far) in [
        (&["--coefficient", "spearman"], 0.35),
        (&["--coefficient", "pearson"], 0.45),
        (&["--coefficient", "kendall"], 0.35),
        (&["--coefficient", "rank-biserial"], 0.65),
        (&["--given", "insertion"], 0.6),
    ] {
        let plain = [&["--by-model"][..], arguments].concat();
        let fisher = intervals(&run(CORRELATE, &plain, scores()).success());
        let resampled =
            run(CORRELATE, [&plain[..], &["--interval", "bootstrap"]].concat(), scores()).success();
        for (fisher, resampled) in fisher.iter().zip(intervals(&resampled)) {
            assert_eq!(fisher[0].to_bits(), resampled[0].to_bits());
            let holds = resampled[1] <= fisher[0] && fisher[0] <= resampled[2];
            let near = (fisher[1] - resampled[1]).abs() < far && (fisher[2] - resampled[2]).abs() < far;
            assert!(
                holds && near || fisher[0].is_nan() && resampled[1].is_nan(),
                "{arguments:?} {fisher:?} {resampled:?}"
            );
        }
    }
    let resampled = run(CORRELATE, ["--by-model", "--interval", "bootstrap"], scores()).success();
    let again = ["--by-model", "--interval", "bootstrap", "--seed", "0", "--resamples", "1000"];
    assert_eq!(run(CORRELATE, again, scores()).success(), resampled);
    assert_ne!(
        run(CORRELATE, ["--by-model", "--interval", "bootstrap", "--seed", "1"], scores()).success(),
        resampled
    );
}

#[test]
fn means_over_methods_come_last_with_an_interval() {
    let table = run(CORRELATE, ["--by-model"], scores()).success();
    let is_mean: Vec<bool> = table.lines().skip(1).map(|row| row.split(',').nth(1) == Some("mean")).collect();
    assert!(is_mean.is_sorted() && is_mean.iter().filter(|mean| **mean).count() == 20);
    let means = &intervals(&table)[60..];
    assert!(means.iter().all(|[mean, low, high]| low <= mean && mean <= high), "{means:?}");
    let alone = correlate(&[], &two_metrics(&["1", "2", "3"], &["1", "3", "2"])).success();
    assert_eq!(alone.lines().nth(2), Some("m,mean,x,y,spearman,0.5,,,,1,,"));
}

#[test]
fn files_and_standard_input_agree() {
    let whole = run(CORRELATE, ["--by-model"], scores()).success();
    assert_eq!(run(CORRELATE, ["--by-model", "-"], scores()).success(), whole);
    assert_eq!(run(CORRELATE, ["--by-model".into(), testdata("stats/scores.csv")], "").success(), whole);
    let work = WorkDir::new();
    let text = scores();
    let (header, rows) = text.split_once('\n').unwrap();
    let rows: Vec<&str> = rows.lines().collect();
    work.write("1.csv", format!("{header}\n{}\n", rows[200..].join("\n")));
    work.write("2.csv", format!("{header}\n{}\n", rows[..200].join("\n")));
    assert_eq!(work.run(CORRELATE, ["--by-model", "1.csv", "2.csv"], "").success(), whole);
}

#[test]
fn the_order_of_rows_and_columns_does_not_matter() {
    let arguments = ["--by-model", "--interval", "bootstrap"];
    let whole = run(CORRELATE, arguments, scores()).success();
    assert_eq!(run(CORRELATE, arguments, shuffled(&scores())).success(), whole);
    let reversed: String = scores()
        .replace("\"a, b.jpg\"", "ab.jpg")
        .lines()
        .map(|row| row.split(',').rev().collect::<Vec<_>>().join(",") + "\n")
        .collect();
    assert_eq!(
        run(CORRELATE, ["--by-model"], reversed).success(),
        run(CORRELATE, ["--by-model"], scores()).success()
    );
}

#[test]
fn lower_is_turned_round() {
    let rows = "1,0,m,a,del,lower,0.1\n2,0,m,a,del,lower,0.2\n3,0,m,a,del,lower,0.3\n\
                1,0,m,a,ins,higher,9\n2,0,m,a,ins,higher,5\n3,0,m,a,ins,higher,4\n";
    let table = correlate(&[], rows).success();
    assert!(table.contains("m,a,del,ins,spearman,1,-1,1,0,3,0,0\n"), "{table}");
}

#[test]
fn images_are_matched_by_target_too() {
    let rows = "1,0,m,a,x,higher,1\n1,5,m,a,x,higher,2\n2,0,m,a,x,higher,3\n\
                2,0,m,a,y,higher,3\n1,5,m,a,y,higher,2\n1,0,m,a,y,higher,1\n3,0,m,a,y,higher,-8\n";
    let output = correlate(&[], rows);
    assert!(output.success().contains("m,a,x,y,spearman,1,-1,1,0,3,0,0\n"));
    assert_eq!(
        output.stderr,
        "correlate: 1 of 1 correlations leave out images without a number from both metrics, at most 1 of 4\n"
    );
    let output = correlate(&[], &two_metrics(&["1", "2", "NaN", "4"], &["1", "2", "3", "NaN"]));
    assert_eq!(output.success().lines().nth(1).unwrap().split(',').nth(9), Some("2"));
    assert!(output.stderr.contains("at most 2 of 4"), "{}", output.stderr);
}

#[test]
fn a_list_knows_what_has_vanished() {
    let rows = two_metrics(&["1", "2", "3"], &["1", "3", "2"]).replace('\n', ",l1/3\n");
    let table = SCORES.replace("value", "value,list") + &rows;
    run(CORRELATE, ["-"], &table).success();
    let lost = table.replace("2.png,0,m,a,x,higher,3,l1/3\n", "");
    let message = run(CORRELATE, ["-"], &lost).failure(1);
    assert!(
        message.starts_with("correlate: m, x, a: 1 of 3 images have no row; in all 1 of 6 rows"),
        "{message}"
    );
    let dropped = run(CORRELATE, ["--incomplete", "drop"], &lost);
    assert_eq!(dropped.success().lines().nth(1).unwrap().split(',').nth(9), Some("2"));
    assert!(dropped.stderr.contains("m, x: compared on the 2 of 3 images"), "{}", dropped.stderr);
    let two = format!("{SCORES}1,0,m@1,a,x,higher,1\n1,0,m@2,a,x,higher,1\n");
    assert!(run(CORRELATE, ["-"], two).failure(1).contains("2 models, such as `m@1` and `m@2`"));
}

#[test]
fn an_output_file_is_written() {
    let work = WorkDir::new();
    work.run(CORRELATE, ["--by-model", "-O", "c.csv"], scores()).success();
    assert_eq!(work.read("c.csv"), run(CORRELATE, ["--by-model"], scores()).success());
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
        let told = format!("correlate: m, a, x and y: no correlation: {reason}\n");
        assert!(output.stderr.starts_with(&told), "{}", output.stderr);
    }
    let infinite = two_metrics(&["1", "inf", "3"], &["1", "2", "3"]);
    let output = correlate(&["--coefficient", "pearson"], &infinite);
    assert!(output.stderr.contains("some values are infinite"), "{}", output.stderr);
}

#[test]
fn contradictions_are_errors() {
    let message = correlate(&[], "x,7,m,a,del,lower,1\nx,7,m,a,del,lower,1\n").failure(1);
    assert_eq!(message, "correlate: standard input: m, del, a: x (target 7) has more than one value");
    let message = correlate(&["--by-model"], "x,7,m,a,del,lower,1\ny,7,n,b,del,higher,1\n").failure(1);
    let told = "correlate: standard input, line 3: the direction of del is `higher`, but `lower` in standard input, line 2";
    assert_eq!(message, told);
    assert!(correlate(&[], "x,7,m,mean,del,lower,1\n").failure(1).contains("`mean`"));
}

/// Half a dozen images that one metric lacks change no other pair's coefficient, and all intervals come of the same draws.
#[test]
fn metrics_with_other_images_are_paired_on_those_of_both() {
    let value = |at: usize, step: usize| (at * step % 41) as f64 / 7.0;
    let mut rows = String::new();
    for at in 0..40 {
        for (metric, step) in [("x", 7), ("y", 9), ("z", 23)] {
            if metric != "z" || at >= 6 {
                writeln!(rows, "{at:02}.png,0,m,a,{metric},higher,{}", value(at, step)).unwrap();
            }
        }
    }
    for coefficient in ["spearman", "pearson", "kendall"] {
        let arguments = ["--coefficient", coefficient, "--interval", "bootstrap"];
        let all = correlate(&arguments, &rows).success();
        let row = |table: &str, pair: &str| table.lines().find(|row| row.contains(pair)).unwrap().to_owned();
        let cells = |row: &str| row.split(',').take(10).map(str::to_owned).collect::<Vec<_>>();
        // Over all images the pair is the same beside a third metric or alone.
        let without: String = rows.split_inclusive('\n').filter(|row| !row.contains(",z,")).collect();
        let alone = correlate(&arguments, &without).success();
        assert_eq!(cells(&row(&all, "a,x,y,")), cells(&row(&alone, "a,x,y,")));
        // A pair over fewer images has the coefficient that it has there alone.
        let fewer: String = rows.split_inclusive('\n').filter(|row| *row >= "06").collect();
        let alone = correlate(&arguments, &fewer).success();
        assert_eq!(cells(&row(&all, "a,x,z,"))[5], cells(&row(&alone, "a,x,z,"))[5]);
        let ends = |table: &str| intervals(&format!("{HEADER}{}", row(table, "a,x,z,")))[0];
        let (joint, alone) = (ends(&all), ends(&alone));
        assert!(joint.iter().zip(alone).all(|(a, b)| (a - b).abs() < 0.08), "{joint:?} {alone:?}");
    }
}

#[test]
fn only_the_metrics_asked_for_are_correlated() {
    let pairs = |arguments: &[&str]| {
        let arguments = [&["--by-model"][..], arguments].concat();
        let table = run(CORRELATE, arguments, scores()).success();
        let pair = |row: &str| row.split(',').skip(2).take(2).collect::<Vec<_>>().join(" ");
        table
            .lines()
            .skip(1)
            .map(pair)
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
    };
    assert_eq!(pairs(&["-m", "road:order=morf", "-m", "pic"]), ["pic road:order=morf"]);
    assert_eq!(pairs(&["-m", "road", "-m", "pic", "--given", "deletion"]), ["pic road:order=morf"]);
    let failure = |arguments: &[&str]| {
        let arguments = [&["--by-model"][..], arguments].concat();
        run(CORRELATE, arguments, scores()).failure(1)
    };
    assert_eq!(
        failure(&["-m", "roar"]),
        "correlate: --metric roar: no score is of the metric `roar`: there are deletion, insertion, pic, pointing, road:order=morf"
    );
    assert!(failure(&["--given", "confidence"]).contains("--given confidence: no score is of the metric"));
    let message = failure(&["--given", "pic", "--coefficient", "kendall"]);
    assert!(message.contains("--given goes with --coefficient spearman or pearson"), "{message}");
}

#[test]
fn bad_input_is_named() {
    let work = WorkDir::new();
    work.write("bad.csv", format!("{SCORES}x,0,m,a,del,lower,1\ny,-3,m,a,del,lower,2\n"));
    let message = work.run(CORRELATE, ["bad.csv"], "").failure(1);
    assert_eq!(
        message,
        "correlate: bad.csv, line 3, column `target`: \"-3\" is not a whole number or nothing"
    );
    let message = run(CORRELATE, ["-"], "image,target,method,direction,value\n").failure(1);
    assert!(message.contains("standard input: no column `metric`"), "{message}");
    assert!(run(CORRELATE, ["-"], "").failure(1).contains("standard input: empty input"));
    assert!(work.run(CORRELATE, ["nowhere.csv"], "").failure(1).contains("cannot open nowhere.csv"));
    correlate(&["--coefficient", "tau"], "").failure(2);
    correlate(&["--level", "2"], "").failure(2);
    correlate(&["--max-errors", "2"], "").failure(2);
    assert_eq!(correlate(&[], "").failure(1), "correlate: standard input: a header and no rows");
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
