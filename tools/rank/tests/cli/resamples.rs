//! Intervals, and whatever else comes from the resamples that all methods share. `testdata/rank/generate.py` made the tables.

use stats::draws::Draws;

use super::*;

fn resampled(arguments: &[&str]) -> String {
    let table = std::fs::read_to_string(testdata("rank/scores.csv")).unwrap();
    run(RANK, [arguments, &["--resamples", "200"]].concat(), table).success()
}

/// What NumPy is given. Published intervals were drawn with these numbers.
#[test]
fn the_draws_are_those_of_the_goldens() {
    let draws = Draws::new(14, 200, 0);
    let row =
        |resample| draws.counts(resample).iter().map(u8::to_string).collect::<Vec<_>>().join(",") + "\n";
    golden::text("rank/draws.csv", &(0..200).map(row).collect::<String>());
}

#[test]
fn rankings_agree_with_numpy_in_the_same_resamples() {
    golden::csv("rank/ranks.csv", &resampled(&[]), 1e-12);
}

#[test]
fn pairs_agree_with_numpy_in_the_same_resamples() {
    golden::csv("rank/pairs.csv", &resampled(&["--pairs"]), 1e-12);
}

#[test]
fn separations_agree_with_numpy_in_the_same_resamples() {
    golden::csv("rank/separations.csv", &resampled(&["--separation"]), 1e-12);
}

#[test]
fn mean_ranks_agree_with_numpy_in_the_same_resamples() {
    golden::csv("rank/overall.csv", &resampled(&["--overall"]), 1e-12);
}

/// Rows of a method, an image for each value.
fn of(method: &str, metric: &str, values: &[f64]) -> String {
    let row = |(image, value)| format!("{image},0,m,{method},{metric},higher,{value}\n");
    values.iter().enumerate().map(row).collect()
}

fn wave(step: f64) -> Vec<f64> {
    (0..60).map(|at| (f64::from(at) * step).sin()).collect()
}

#[test]
fn another_method_or_metric_changes_nobody() {
    let two = of("a", "ins", &wave(0.7)) + &of("b", "ins", &wave(0.9));
    let more = format!("{two}{}{}", of("c", "ins", &wave(1.1)), of("a", "road", &wave(0.3)));
    let more = format!("{more}{}{}", of("b", "road", &wave(0.4)), of("c", "road", &wave(0.5)));
    let kept = |table: &str| {
        let kept = table
            .lines()
            .filter(|row| row.starts_with("m,ins,higher,a") || row.starts_with("m,ins,higher,b"));
        kept.map(|row| row.split(',').take(8).collect::<Vec<_>>().join(",")).collect::<Vec<_>>()
    };
    assert_eq!(kept(&rank(&[], &two).success()).len(), 2);
    assert_eq!(kept(&rank(&[], &two).success()), kept(&rank(&[], &more).success()));
    let pair = |rows| {
        let table = rank(&["--pairs"], rows).success();
        table.lines().find(|row| row.starts_with("m,ins,higher,a,b,")).unwrap().to_owned()
    };
    assert_eq!(pair(&two), pair(&more));
}

#[test]
fn bytes_depend_neither_on_threads_nor_on_the_order_of_rows() {
    let methods = ["a", "b", "c", "d", "e"];
    let rows: String = methods
        .iter()
        .zip(1_u8..)
        .map(|(method, step)| of(method, "ins", &wave(f64::from(step) * 0.3)))
        .collect();
    let table = format!("{HEADER}{rows}");
    let work = WorkDir::new();
    work.write("table.csv", &table);
    work.write("shuffled.csv", shuffled(&table));
    for report in ["", "--pairs", "--overall", "--separation --random a"] {
        let found = |threads, file| {
            work.shell(RANK, &format!("RAYON_NUM_THREADS={threads} rank {report} {file}")).success()
        };
        let one = found(1, "table.csv");
        assert_eq!(found(3, "table.csv"), one);
        assert_eq!(found(2, "shuffled.csv"), one);
    }
}

/// Two methods that are equal, and one that is always worse.
#[test]
fn what_is_equal_is_shared() {
    let rows = of("a", "ins", &wave(0.7)) + &of("b", "ins", &wave(0.7));
    let worse: Vec<f64> = wave(0.7).iter().map(|value| value - 1.0).collect();
    let rows = rows + &of("c", "ins", &worse);
    let table = rank(&[], &rows).success();
    assert_eq!(column(&table, "rank"), ["1.5", "1.5", "3"]);
    assert_eq!(
        (column(&table, "rank_low"), column(&table, "rank_high")),
        (vec!["1.5", "1.5", "3"], vec!["1.5", "1.5", "3"])
    );
    assert_eq!(
        (column(&table, "p_best"), column(&table, "win_rate")),
        (vec!["0.5", "0.5", "0"], vec!["0.5", "0.5", "0"])
    );
    let overall = rank(&["--overall"], &rows).success();
    assert_eq!(
        overall,
        "model,method,metrics,mean_rank,ci_low,ci_high,rank,p_best\nm,a,1,1.5,1.5,1.5,1.5,0.5\nm,b,1,1.5,1.5,1.5,1.5,0.5\nm,c,1,3,3,3,3,0\n"
    );
}

#[test]
fn constants_and_single_methods_have_what_they_have() {
    let table = rank(&[], &of("a", "ins", &[0.4; 1100])).success();
    assert!(table.ends_with("m,ins,higher,a,1100,0.4,0.4,0.4,1,0.4,1,1,1,1\n"), "{table}");
    let median = rank(&[], &of("a", "ins", &[5.0, 1.0, 2.0, 100.0])).success();
    assert_eq!(column(&median, "median"), ["3.5"]);
}

#[test]
fn one_image_has_no_interval() {
    let output = rank(&[], "x,0,m,a,del,lower,1\nx,0,m,b,del,lower,3\n");
    assert!(output.success().contains("m,del,lower,a,1,1,NaN,NaN,1,1,NaN,NaN,NaN,1\n"), "{}", output.text());
    assert_eq!(output.stderr, "rank: m, del: one image, so no interval\n");
    let none = rank(&["--resamples", "0"], &of("a", "ins", &[1.0, 2.0])).success();
    assert!(none.ends_with("m,ins,higher,a,2,1.5,NaN,NaN,1,1.5,NaN,NaN,NaN,1\n"), "{none}");
}
