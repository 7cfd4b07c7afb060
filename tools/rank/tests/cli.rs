//! `rank` as a shell sees it. `testdata/stats/generate_tables.py` made the tables.

use std::fmt::Write;

use testing::{Output, WorkDir, golden, run, testdata};

const RANK: &str = env!("CARGO_BIN_EXE_rank");
const HEADER: &str = "image,target,model,method,metric,direction,value\n";

fn scores() -> String {
    std::fs::read_to_string(testdata("stats/scores.csv")).unwrap()
}

fn rank(arguments: &[&str], rows: &str) -> Output {
    run(RANK, arguments, format!("{HEADER}{rows}"))
}

/// The rows in another order.
fn shuffled(table: &str) -> String {
    let (header, rows) = table.split_once('\n').unwrap();
    let mut rows: Vec<&str> = rows.lines().collect();
    rows.sort_by_key(|row| row.bytes().rev().collect::<Vec<_>>());
    format!("{header}\n{}\n", rows.join("\n"))
}

/// The cells of one column, by its name.
fn column<'a>(table: &'a str, name: &str) -> Vec<&'a str> {
    let place = table.lines().next().unwrap().split(',').position(|other| other == name).unwrap();
    table.lines().skip(1).map(|row| row.split(',').nth(place).unwrap()).collect()
}

fn numbers(table: &str, name: &str) -> Vec<f64> {
    column(table, name).into_iter().map(|cell| cell.parse().unwrap()).collect()
}

/// The table with its intervals blank: they depend on the generator, which SciPy has not.
fn without_intervals(table: &str) -> String {
    let blank = |row: &str| {
        let mut cells: Vec<&str> = row.split(',').collect();
        (cells[6], cells[7]) = ("", "");
        cells.join(",")
    };
    let (header, rows) = table.split_once('\n').unwrap();
    rows.lines().fold(format!("{header}\n"), |table, row| table + &blank(row) + "\n")
}

#[test]
fn means_and_ranks_agree_with_scipy() {
    let output = run(RANK, ["-"], scores());
    golden::csv("stats/ranks.csv", &without_intervals(&output.success()), 1e-12);
    let told: Vec<&str> = output.stderr.lines().collect();
    assert_eq!(
        told,
        [
            "rank: vit, deletion, rise: 2 of 14 values are NaN and left out",
            "rank: vit, insertion, rise: 1 of 14 values are NaN and left out"
        ]
    );
}

#[test]
fn intervals_hold_their_mean_and_follow_the_level_and_the_seed() {
    let wide = run(RANK, ["-"], scores()).success();
    let narrow = run(RANK, ["--level", "0.5"], scores()).success();
    let other = run(RANK, ["--seed", "1"], scores()).success();
    let (low, high) = (numbers(&wide, "ci_low"), numbers(&wide, "ci_high"));
    for (at, mean) in numbers(&wide, "mean").into_iter().enumerate() {
        assert!(low[at] <= mean && mean <= high[at]);
        assert!(low[at] <= numbers(&narrow, "ci_low")[at] && numbers(&narrow, "ci_high")[at] <= high[at]);
    }
    assert_ne!(wide, other);
    assert_eq!(without_intervals(&wide), without_intervals(&other));
    assert_eq!(wide, run(RANK, ["--seed", "0"], scores()).success());
}

#[test]
fn separation_agrees_with_numpy() {
    let found = run(RANK, ["--separation"], scores()).success();
    golden::csv("stats/separations.csv", &found, 1e-12);
}

#[test]
fn files_and_standard_input_agree() {
    let whole = run(RANK, ["-"], scores()).success();
    assert_eq!(run(RANK, [] as [&str; 0], scores()).success(), whole);
    assert_eq!(run(RANK, [testdata("stats/scores.csv")], "").success(), whole);
    let work = WorkDir::new();
    let text = scores();
    let (header, rows) = text.split_once('\n').unwrap();
    let rows: Vec<&str> = rows.lines().collect();
    work.write("1.csv", format!("{header}\n{}\n", rows[200..].join("\n")));
    work.write("2.csv", format!("{header}\n{}\n", rows[..200].join("\n")));
    assert_eq!(work.run(RANK, ["1.csv", "2.csv"], "").success(), whole);
}

#[test]
fn the_order_of_rows_and_columns_does_not_matter() {
    let whole = run(RANK, ["-"], scores()).success();
    assert_eq!(run(RANK, ["-"], shuffled(&scores())).success(), whole);
    let a = "value,direction,metric,method,model,target,image,label\n\
             0.5,lower,deletion,b,m,1,x.png,3\n0.7,lower,deletion,a,m,1,x.png,3\n";
    let b = "x.png,1,m,a,deletion,lower,0.7\nx.png,1,m,b,deletion,lower,0.5\n";
    assert_eq!(run(RANK, ["-"], a).success(), rank(&[], b).success());
}

#[test]
fn the_direction_decides_and_ties_share_a_rank() {
    let up = rank(&[], "x,0,m,a,ins,higher,1\nx,0,m,b,ins,higher,3\nx,0,m,c,ins,higher,1\n").success();
    assert_eq!((column(&up, "method"), column(&up, "rank")), (vec!["b", "a", "c"], vec!["1", "2.5", "2.5"]));
    let down = rank(&[], "x,0,m,a,del,lower,1\nx,0,m,b,del,lower,3\nx,0,m,c,del,lower,1\n").success();
    assert_eq!(
        (column(&down, "method"), column(&down, "rank")),
        (vec!["a", "c", "b"], vec!["1.5", "1.5", "3"])
    );
}

#[test]
fn a_method_without_numbers_is_ranked_last_and_named() {
    let output = rank(&[], "x,0,m,a,del,lower,NaN\nx,0,m,b,del,lower,3\n");
    let table = output.success();
    assert_eq!(table.lines().nth(1), Some("m,del,lower,b,1,3,NaN,NaN,1"));
    assert_eq!(table.lines().nth(2), Some("m,del,lower,a,0,NaN,NaN,NaN,NaN"));
    assert!(output.stderr.contains("m, del, a: no mean, for 0 values"), "{}", output.stderr);
}

#[test]
fn missing_scores_are_an_error_or_left_out_everywhere() {
    let rows = "x,0,m,a,del,lower,1\ny,0,m,a,del,lower,2\nz,4,m,a,del,lower,6\n\
                x,0,m,b,del,lower,3\nz,4,m,b,del,lower,NaN\nx,0,m,b,ins,higher,3\n";
    let message = rank(&[], rows).failure(1);
    assert!(message.contains("m, del, b: 1 of 3 images have no row, first y (target 0)"), "{message}");
    let output = rank(&["--allow-missing"], rows);
    let table = output.success();
    assert_eq!(column(&table, "n"), ["1", "1", "1"]);
    assert_eq!(column(&table, "mean"), ["1", "3", "3"]);
    let told = "m, del: compared on the 1 of 3 images with a value from every method";
    assert!(output.stderr.contains(told), "{}", output.stderr);
    let last = "x,0,m,a,del,lower,1\nx,0,m,b,del,lower,1\nz,4,m,a,del,lower,6\n";
    assert!(rank(&[], last).failure(1).contains("first z (target 4)"));
}

#[test]
fn contradictions_are_errors() {
    let message = rank(&[], "x,7,m,a,del,lower,1\nx,7,m,a,del,lower,1\n").failure(1);
    assert_eq!(message, "rank: m, del, a: x (target 7) has more than one value");
    let message = rank(&[], "x,7,m,a,del,lower,1\ny,7,n,b,del,higher,1\n").failure(1);
    assert_eq!(message, "rank: del: the direction is `higher` in some rows and `lower` in others");
    let message = rank(&["--separation"], "x,7,m,a,del,lower,1\n").failure(1);
    assert_eq!(message, "rank: m, del: no method `random` to compare with (--random names another)");
    let named =
        rank(&["--separation", "--random", "a"], "x,7,m,a,del,lower,1\nx,7,m,b,del,lower,3\n").success();
    assert_eq!(named, "model,metric,rand_dist,rand_dist_inside,n\nm,del,1,1,1\n");
}

#[test]
fn bad_input_is_named() {
    let work = WorkDir::new();
    work.write("bad.csv", format!("{HEADER}x,0,m,a,del,lower,1\ny,0,m,a,del,lower,much\n"));
    let message = work.run(RANK, ["bad.csv"], "").failure(1);
    assert_eq!(message, "rank: bad.csv, line 3, column `value`: \"much\" is not a number");
    work.write("way.csv", format!("{HEADER}x,0,m,a,del,down,1\n"));
    let message = work.run(RANK, ["way.csv"], "").failure(1);
    assert!(message.contains("way.csv, line 2, column `direction`: \"down\""), "{message}");
    work.write("short.csv", format!("{HEADER}x,0,m,a,del,lower\n"));
    let message = work.run(RANK, ["short.csv"], "").failure(1);
    assert!(message.contains("short.csv, line 2: 6 fields"), "{message}");
    let message = run(RANK, ["-"], "image,target,method,metric,value\n").failure(1);
    assert!(message.contains("standard input: no column `direction`"), "{message}");
    let message = run(RANK, ["-"], "").failure(1);
    assert!(message.contains("standard input: empty input"), "{message}");
    let message = work.run(RANK, ["nowhere.csv"], "").failure(1);
    assert!(message.contains("cannot open nowhere.csv"), "{message}");
    for level in ["0", "1", "NaN", "95"] {
        assert!(rank(&["--level", level], "").failure(2).contains("between 0 and 1"));
    }
}

#[test]
fn no_rows_in_no_rows_out() {
    assert_eq!(rank(&[], "").success(), "model,metric,direction,method,n,mean,ci_low,ci_high,rank\n");
    assert_eq!(rank(&["--separation"], "").success(), "model,metric,rand_dist,rand_dist_inside,n\n");
}

#[test]
fn output_that_cannot_be_written() {
    let work = WorkDir::new();
    let mut table = HEADER.to_owned();
    for method in 0..8000 {
        writeln!(table, "x,0,model,method-{method},del,lower,{method}").unwrap();
    }
    work.write("long.csv", table);
    let output = work.shell(RANK, "rank long.csv 2> told | head -1");
    assert_eq!(output.success(), "model,metric,direction,method,n,mean,ci_low,ci_high,rank\n");
    assert_eq!(work.read("told"), "");
    for line in ["rank long.csv > /dev/full", "rank --separation --random method-1 long.csv > /dev/full"] {
        let message = work.shell(RANK, line).failure(1);
        assert!(message.contains("No space left on device"), "{message}");
    }
}

#[test]
fn help_shows_examples_first() {
    let help = run(RANK, ["--help"], "").success();
    let (examples, usage) = (help.find("rank scores.csv").unwrap(), help.find("Usage:").unwrap());
    assert!(examples < usage, "{help}");
}
