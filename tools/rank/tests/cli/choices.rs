//! `--best` and `--median-curve`: numbers of a whole table.

use super::*;

fn of(method: &str, metric: &str, values: &[f64]) -> String {
    let row = |(image, value)| format!("{image},0,m,{method},{metric},higher,{value}\n");
    values.iter().enumerate().map(row).collect()
}

#[test]
fn each_method_is_ranked_by_its_best_threshold() {
    let of_both = |metric: &str, a: [f64; 3], b: [f64; 3]| of("a", metric, &a) + &of("b", metric, &b);
    let rows = [
        of_both("box-accuracy", [0.0, 1.0, 0.0], [1.0, 1.0, 0.0]),
        of_both("box-accuracy:threshold=0.3", [1.0, 1.0, 1.0], [0.0, 0.0, 0.0]),
        of_both("box-accuracy:threshold=0.5", [1.0, 0.0, 0.0], [0.0, 1.0, 1.0]),
        of_both("pointing-game", [1.0, 1.0, 1.0], [1.0, 0.0, 1.0]),
    ];
    let table = rank(&["--best", "threshold"], &rows.concat()).success();
    let row = |metric: &str, method: &str| {
        let whole = rank(&[], &rows.concat()).success();
        let start = format!("m,{metric},higher,{method},");
        let row = whole.lines().find(|row| row.starts_with(&start)).unwrap();
        row.split(',').take(8).collect::<Vec<_>>().join(",")
    };
    let shown: String = table
        .lines()
        .skip(1)
        .map(|row| row.split(',').take(9).collect::<Vec<_>>().join(",") + "\n")
        .collect();
    // Of equal means the first, the default; a metric without the parameter stays as it is.
    let best = row("box-accuracy:threshold=0.3", "a") + ",1\n" + &row("box-accuracy", "b") + ",2\n";
    let other = row("pointing-game", "a") + ",1\n" + &row("pointing-game", "b") + ",2\n";
    assert_eq!(shown, best + &other);
    assert_eq!(numbers(&table, "mean"), [1.0, 2.0 / 3.0, 1.0, 2.0 / 3.0]);

    let lower = rank(&["--best", "threshold"], &rows.concat().replace("higher", "lower")).success();
    assert_eq!(numbers(&lower, "mean"), [0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0]);
    let separation = rank(&["--best", "threshold", "--separation", "--random", "b"], &rows.concat());
    assert!(separation.success().contains("m,box-accuracy,1,1,1,"), "{}", separation.text());
}

#[test]
fn thresholds_are_compared_on_the_same_images() {
    let rows = [
        of("a", "x:t=1", &[1.0, 1.0, f64::NAN, 0.0]),
        of("b", "x:t=1", &[1.0, 0.0, 0.0, 0.0]),
        of("a", "x:t=2", &[f64::NAN, 1.0, 1.0, 1.0]),
        of("b", "x:t=2", &[0.0, 0.0, 0.0, 1.0]),
    ];
    let output = rank(&["--best", "t"], &rows.concat());
    let table = output.success();
    assert_eq!((column(&table, "metric"), column(&table, "n")), (vec!["x:t=2", "x:t=2"], vec!["2", "2"]));
    assert_eq!(numbers(&table, "mean"), [1.0, 0.5]);
    assert!(output.stderr.contains("m, x:t=1, a: 1 of 4 values are NaN"), "{}", output.stderr);
    assert!(output.stderr.ends_with("rank: x: 2 images have a number for every value of the parameter\n"));

    let message = rank(&["--best", "u"], &rows.concat()).failure(1);
    assert_eq!(message, "rank: no metric has the parameter `u`");
    let apart = of("a", "x:t=1", &[1.0, f64::NAN]) + &of("a", "x:t=2", &[f64::NAN, 1.0]);
    let message = rank(&["--best", "t"], &apart).failure(1);
    assert!(
        message.ends_with("x: no image has a number from every method for every value of the parameter"),
        "{message}"
    );
    let lost = of("a", "x:t=1", &[1.0]) + &of("b", "x:t=1", &[1.0]) + &of("a", "x:t=2", &[1.0]);
    let message = rank(&["--best", "t", "--incomplete", "drop"], &lost).failure(1);
    assert!(message.ends_with("m, x:t=1 and m, x:t=2 are not of the same methods"), "{message}");
    assert!(rank(&["--best", "t", "--median-curve", "t"], "").failure(2).contains("cannot be used with"));
}

/// Three performance information curves, for which PAIR's program has 0.5859375; the mean of the three areas is 0.5518229.
#[test]
fn the_median_curve_is_that_of_the_toolkit() {
    let level = |at: &str, heights: [f64; 3]| {
        of("a", &format!("sic:at={at}"), &heights) + &of("b", &format!("sic:at={at}"), &[heights[2]; 3])
    };
    let rows = [
        level("0.075", [0.0625, 0.5, 0.0]),
        level("0", [0.0; 3]),
        level("0.15", [0.375, 0.625, 0.0]),
        level("0.375", [0.375, 0.75, 0.125]),
        level("0.725", [0.875, 0.9375, 0.25]),
        level("1.0", [1.0; 3]),
        level("0.9", [1.0; 3]),
        of("a", "sic", &[0.585_937_5, 0.780_468_75, 0.289_062_5]),
        of("b", "sic", &[0.289_062_5; 3]),
        of("a", "pointing-game", &[1.0; 3]),
        of("b", "pointing-game", &[1.0; 3]),
    ];
    let table = rank(&["--median-curve", "at"], &rows.concat()).success();
    let (metrics, methods) = (column(&table, "metric"), column(&table, "method"));
    assert_eq!((metrics, methods), (vec!["sic:median-curve=at"; 2], vec!["a", "b"]));
    assert_eq!((column(&table, "rank"), column(&table, "n")), (vec!["1", "2"], vec!["3", "3"]));
    let (means, low, high) = (numbers(&table, "mean"), numbers(&table, "ci_low"), numbers(&table, "ci_high"));
    assert!((means[0] - 0.585_937_5).abs() < 1e-12 && (means[1] - 0.289_062_5).abs() < 1e-12, "{table}");
    // Two of three draws are one image often enough: the interval goes from curve to curve.
    assert!((low[0] - 0.289_062_5).abs() < 1e-12 && (high[0] - 0.780_468_75).abs() < 1e-12, "{table}");
    assert_eq!((low[1], high[1]), (means[1], means[1]));
    assert_eq!((column(&table, "median"), column(&table, "win_rate")), (vec![""; 2], vec![""; 2]));
    assert_eq!(numbers(&table, "p_best").iter().sum::<f64>(), 1.0);
    let plain = rank(&[], &rows.concat()).success();
    let of_area = plain.lines().find(|row| row.starts_with("m,sic,higher,a,3,0.551822916")).is_some();
    assert!(of_area, "{plain}");
}

#[test]
fn a_curve_needs_numbers() {
    let message = rank(&["--median-curve", "at"], &of("a", "sic:at=0.5", &[1.0])).failure(1);
    assert_eq!(message, "rank: sic:median-curve=at: a curve needs two points, not 1");
    let rows = of("a", "sic:at=0.5", &[1.0]) + &of("a", "sic:at=end", &[1.0]);
    let message = rank(&["--median-curve", "at"], &rows).failure(1);
    assert_eq!(message, "rank: m, sic:at=end: at=end is not a number");
    let rows =
        of("a", "\"sic:at=0,monotone=false\"", &[1.0]) + &of("a", "\"sic:at=2,monotone=false\"", &[0.0]);
    let table = rank(&["--median-curve", "at"], &rows).success();
    assert!(
        table.ends_with("m,\"sic:monotone=false,median-curve=at\",higher,a,1,0.5,NaN,NaN,1,,NaN,NaN,NaN,\n"),
        "{table}"
    );
}
