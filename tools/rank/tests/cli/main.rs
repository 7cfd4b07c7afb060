//! `rank` as a shell sees it. `testdata/stats/generate_tables.py` made the tables.

mod choices;
mod pairs;
mod pipeline;
mod power;
mod resamples;
mod significance;
mod study;

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

/// The first columns of the table, up to the rank, with the intervals blank: SciPy's table has no resamples.
fn without_resamples(table: &str) -> String {
    let blank = |row: &str| {
        let mut cells: Vec<&str> = row.split(',').take(9).collect();
        (cells[6], cells[7]) = ("", "");
        cells.join(",") + "\n"
    };
    let (_, rows) = table.split_once('\n').unwrap();
    let header = "model,metric,direction,method,n,mean,ci_low,ci_high,rank\n";
    rows.lines().fold(header.to_owned(), |table, row| table + &blank(row))
}

#[test]
fn means_and_ranks_agree_with_scipy() {
    let output = run(RANK, ["--by-model", "-"], scores());
    golden::csv("stats/ranks.csv", &without_resamples(&output.success()), 1e-12);
    let told: Vec<&str> = output.stderr.lines().collect();
    assert_eq!(
        told,
        [
            "rank: vit, deletion, rise: 2 of 14 values are NaN or infinite: left out for all methods (which moves the \
             mean of ig:steps=20 most, from 0.4357 to 0.4281)",
            "rank: vit, insertion, rise: 1 of 14 values are NaN or infinite: left out for all methods (which moves the \
             mean of random most, from 0.5721 to 0.5631)"
        ]
    );
}

#[test]
fn intervals_hold_their_mean_and_follow_the_level_and_the_seed() {
    let wide = run(RANK, ["--by-model", "-"], scores()).success();
    let narrow = run(RANK, ["--by-model", "--level", "0.5"], scores()).success();
    let other = run(RANK, ["--by-model", "--seed", "1"], scores()).success();
    let (low, high) = (numbers(&wide, "ci_low"), numbers(&wide, "ci_high"));
    for (at, mean) in numbers(&wide, "mean").into_iter().enumerate() {
        assert!(low[at] <= mean && mean <= high[at]);
        assert!(low[at] <= numbers(&narrow, "ci_low")[at] && numbers(&narrow, "ci_high")[at] <= high[at]);
    }
    assert_ne!(wide, other);
    assert_eq!(without_resamples(&wide), without_resamples(&other));
    assert_eq!(wide, run(RANK, ["--by-model", "--seed", "0"], scores()).success());
}

#[test]
fn separation_agrees_with_numpy() {
    let found = run(RANK, ["--by-model", "--separation"], scores()).success();
    let distances = |row: &str| row.split(',').take(5).collect::<Vec<_>>().join(",") + "\n";
    golden::csv("stats/separations.csv", &found.lines().map(distances).collect::<String>(), 1e-12);
}

#[test]
fn files_and_standard_input_agree() {
    let whole = run(RANK, ["--by-model", "-"], scores()).success();
    assert_eq!(run(RANK, ["--by-model"], scores()).success(), whole);
    assert_eq!(run(RANK, ["--by-model".into(), testdata("stats/scores.csv")], "").success(), whole);
    let work = WorkDir::new();
    let text = scores();
    let (header, rows) = text.split_once('\n').unwrap();
    let rows: Vec<&str> = rows.lines().collect();
    work.write("1.csv", format!("{header}\n{}\n", rows[200..].join("\n")));
    work.write("2.csv", format!("{header}\n{}\n", rows[..200].join("\n")));
    assert_eq!(work.run(RANK, ["--by-model", "1.csv", "2.csv"], "").success(), whole);
}

#[test]
fn the_order_of_rows_and_columns_does_not_matter() {
    let whole = run(RANK, ["--by-model", "-"], scores()).success();
    assert_eq!(run(RANK, ["--by-model"], shuffled(&scores())).success(), whole);
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

/// Rows of one method and metric, an image for each value.
#[test]
fn a_method_without_numbers_does_not_empty_the_board() {
    let message = rank(&[], "x,0,m,a,del,lower,NaN\nx,0,m,b,del,lower,3\n").failure(1);
    assert_eq!(
        message,
        "rank: m, del, a: 1 of 1 values are NaN or infinite, which leaves no image to compare on: leave the method out \
         of the table"
    );
    let apart = "x,0,m,a,del,lower,NaN\ny,0,m,a,del,lower,1\nx,0,m,b,del,lower,1\ny,0,m,b,del,lower,NaN\n";
    let message = rank(&[], apart).failure(1);
    assert!(message.ends_with("m, del: no image has a number from every method"), "{message}");
}

#[test]
fn failing_is_never_rewarded() {
    // `a` fails on the hard image z; without it both are equally good. An infinite value is no best value either.
    for failed in ["NaN", "", "-inf"] {
        let rows = format!(
            "x,0,m,a,del,lower,1\ny,0,m,a,del,lower,2\nz,0,m,a,del,lower,{failed}\n\
             x,0,m,b,del,lower,2\ny,0,m,b,del,lower,1\nz,0,m,b,del,lower,9\n"
        );
        let output = rank(&[], &rows);
        let table = output.success();
        assert_eq!((column(&table, "n"), column(&table, "mean")), (vec!["2", "2"], vec!["1.5", "1.5"]));
        assert_eq!(column(&table, "rank"), ["1.5", "1.5"]);
        let told = "rank: m, del, a: 1 of 3 values are NaN or infinite: left out for all methods (which moves the mean \
                    of b most, from 4.0000 to 1.5000)\n";
        assert_eq!(output.stderr, told);
        let separation = rank(&["--separation", "--random", "a"], &rows);
        assert!(separation.success().ends_with("m,del,0,0,1,0,1,0,1\n"), "{}", separation.text());
        assert_eq!(separation.stderr, told);
    }
}

#[test]
fn missing_scores_are_an_error_or_left_out_everywhere() {
    let rows = "x,0,m,a,del,lower,1\ny,0,m,a,del,lower,2\nz,4,m,a,del,lower,6\n\
                x,0,m,b,del,lower,3\nz,4,m,b,del,lower,5\nx,0,m,b,ins,higher,3\n";
    let message = rank(&[], rows).failure(1);
    assert_eq!(
        message,
        "rank: m, del, b: 1 of 3 images have no row, first y (target 0); in all 1 of 7 rows have vanished; \
         --incomplete drop compares on what all methods have"
    );
    let output = rank(&["--incomplete", "drop"], rows);
    let table = output.success();
    assert_eq!(column(&table, "n"), ["2", "2", "1"]);
    assert_eq!(column(&table, "mean"), ["3.5", "4", "3"]);
    let told = "m, del: compared on the 2 of 3 images with a row from every method";
    assert!(output.stderr.contains(told), "{}", output.stderr);
    let last = "x,0,m,a,del,lower,1\nx,0,m,b,del,lower,1\nz,4,m,a,del,lower,6\n";
    assert!(rank(&[], last).failure(1).contains("first z (target 4)"));
}

/// Rows of two methods and two metrics for a list of three images.
fn listed() -> String {
    let mut table = HEADER.replace("value", "value,list");
    for (method, metric, direction) in
        [("a", "del", "lower"), ("b", "del", "lower"), ("a", "ins", "higher"), ("b", "ins", "higher")]
    {
        for (image, target, value) in [("x", "0", "1"), ("y", "0", "2"), ("z", "", "")] {
            writeln!(table, "{image},{target},m@12345678,{method},{metric},{direction},{value},l7f/3")
                .unwrap();
        }
    }
    table
}

/// The table without the rows that contain a text.
fn without(table: &str, text: &str) -> String {
    table.lines().filter(|row| !row.contains(text)).fold(String::new(), |table, row| table + row + "\n")
}

#[test]
fn a_list_knows_what_has_vanished() {
    let whole = run(RANK, ["-"], listed());
    assert_eq!(column(&whole.success(), "n"), ["2"; 4]);
    assert!(
        whole.stderr.contains("a: 1 of 3 values are NaN"),
        "the unreadable image counts: {}",
        whole.stderr
    );
    // A lost shard leaves all methods with the same images, and a lost stage all of one method.
    for (text, lost) in [
        ("y,0", "m@12345678, del, a: 1 of 3 images have no row; in all 4 of 12 rows have vanished"),
        ("z,,", "m@12345678, del, a: 1 of 3 images have no row; in all 4 of 12 rows have vanished"),
        ("b,ins", "m@12345678, ins, b: 3 of 3 images have no row; in all 3 of 12 rows have vanished"),
        ("x,0,m@12345678,b,del", "del, b: 1 of 3 images have no row, first x (target 0); in all 1 of 12"),
    ] {
        let message = run(RANK, ["-"], without(&listed(), text)).failure(1);
        assert!(message.contains(lost), "{text}: {message}");
    }
    let head: String = listed().lines().take(5).fold(String::new(), |table, row| table + row + "\n");
    assert!(run(RANK, ["-"], head).failure(1).contains("2 of 3 images have no row, first y"));
    let dropped = run(RANK, ["--incomplete", "drop"], without(&listed(), "y,0"));
    assert_eq!(column(&dropped.success(), "n"), ["1"; 4]);
    assert!(dropped.stderr.starts_with("rank: 4 of 12 rows have vanished\n"), "{}", dropped.stderr);
    assert!(dropped.stderr.contains("m@12345678, ins: compared on the 2 of 3 images"), "{}", dropped.stderr);
    let message = run(RANK, ["-"], listed().replace("l7f/3", "l7f")).failure(1);
    assert!(
        message.contains("line 2, column `list`: \"l7f\" is not the hash and length of a list"),
        "{message}"
    );
    let message = run(RANK, ["-"], listed().replace("l7f/3", "l7f/2")).failure(1);
    assert!(
        message.contains("m@12345678: the rows are of 3 images with their classes, where the list has 2"),
        "{message}"
    );
    // As many rows as there should be, but one has the image of another row.
    let message = run(RANK, ["-"], listed().replacen("x,0,", "z,1,", 1)).failure(1);
    assert!(
        message.contains("the rows are of 4 images with their classes, where the list has 3, such as z"),
        "{message}"
    );
}

#[test]
fn several_models_or_lists_are_an_error_unless_told() {
    let two = "x,0,m,a,del,lower,1\ny,0,n,a,del,lower,2\n";
    let message = rank(&[], two).failure(1);
    assert!(
        message.starts_with("rank: the scores are of 2 models, such as `m` and `n`; --by-model"),
        "{message}"
    );
    assert_eq!(column(&rank(&["--by-model"], two).success(), "model"), ["m", "n"]);
    let pooled = rank(&["--pool"], two).success();
    assert_eq!((column(&pooled, "model"), column(&pooled, "mean")), (vec!["m;n"], vec!["1.5"]));
    let message = rank(&["--pool"], &two.replace("y,", "x,")).failure(1);
    assert_eq!(message, "rank: x (target 0) is scored both for `m` and for `n`: these cannot be pooled");

    for bare in ["vit", ""] {
        let message =
            rank(&[], &two.replace(",m,", &format!(",{bare},")).replace(",n,", ",vit@1,")).failure(1);
        let named =
            format!("`{bare}` and `vit@1` are two models: a name without a hash may have any weights");
        assert!(message.contains(&named), "{message}");
    }

    let lists = |y: &str| {
        format!(
            "{}x,0,m,a,del,lower,1,l1/1\n{y},0,m,a,del,lower,2,l2/1\n",
            HEADER.replace("value", "value,list")
        )
    };
    let message = run(RANK, ["-"], lists("y")).failure(1);
    assert!(
        message.starts_with("rank: m: the scores are of two lists of images, l1/1 and l2/1; --pool"),
        "{message}"
    );
    assert_eq!(column(&run(RANK, ["--pool"], lists("y")).success(), "n"), ["2"]);
    let message = run(RANK, ["--pool"], lists("x")).failure(1);
    assert!(message.contains("is scored both for `m`, list l1/1 and for `m`, list l2/1"), "{message}");
}

#[test]
fn random_maps_are_found_behind_their_steps() {
    let rows = "x,7,m,random+reduce=abs,del,lower,1\nx,7,m,b,del,lower,3\n";
    assert!(rank(&["--separation"], rows).success().ends_with("m,del,1,1,1,NaN,NaN,NaN,NaN\n"));
    let two = format!("{rows}x,7,m,random+positive,del,lower,1\n");
    let message = rank(&["--separation"], &two).failure(1);
    assert!(message.contains("`random+positive` and `random+reduce=abs` are both random maps"), "{message}");
}

#[test]
fn a_table_cut_in_a_number_is_not_ranked() {
    let message = rank(&[], "x,7,m,a,del,lower,0.019822478\nx,7,m,b,del,lower,0.0198").failure(1);
    assert!(message.starts_with("rank: standard input, line 3: the last line has no line end"), "{message}");
}

#[test]
fn an_output_file_appears_whole_or_not_at_all() {
    let work = WorkDir::new();
    let whole = run(RANK, ["--by-model"], scores()).success();
    work.write("scores.csv", scores());
    work.write("cut.csv", scores().trim_end());
    work.run(RANK, ["--by-model", "scores.csv", "-O", "out/ranks.csv"], "").success();
    assert_eq!(work.read("out/ranks.csv"), whole);
    work.run(RANK, ["--by-model", "cut.csv", "--output", "out/ranks.csv"], "").failure(1);
    assert_eq!(work.read("out/ranks.csv"), whole);
    assert_eq!(std::fs::read_dir(work.join("out")).unwrap().count(), 1);
    work.shell(RANK, "gzip -k scores.csv; rank --by-model scores.csv -O ranks.csv.gz").success();
    assert_eq!(work.shell(RANK, "gzip -dc ranks.csv.gz").success(), whole);
    assert_eq!(work.run(RANK, ["--by-model", "scores.csv.gz"], "").success(), whole);
    let message = work.run(RANK, ["--by-model", "scores.csv", "-O", "/dev/full"], "").failure(1);
    assert!(message.contains("rank: /dev/full: No space left on device"), "{message}");
}

#[test]
fn contradictions_are_errors() {
    let message = rank(&[], "x,7,m,a,del,lower,1\nx,7,m,a,del,lower,1\n").failure(1);
    assert_eq!(message, "rank: standard input: m, del, a: x (target 7) has more than one value");
    let message = rank(&["--by-model"], "x,7,m,a,del,lower,1\ny,7,n,b,del,higher,1\n").failure(1);
    let told = "rank: standard input, line 3: the direction of del is `higher`, but `lower` in standard input, line 2";
    assert_eq!(message, told);
    let message = rank(&["--separation"], "x,7,m,a,del,lower,1\ny,7,m,a,del,lower,1\n").failure(1);
    assert_eq!(message, "rank: m, del: no method `random` to compare with (--random names another)");
    let named =
        rank(&["--separation", "--random", "a"], "x,7,m,a,del,lower,1\nx,7,m,b,del,lower,3\n").success();
    let header = "model,metric,rand_dist,rand_dist_inside,n,rand_dist_low,rand_dist_high,rand_dist_inside_low,rand_dist_inside_high";
    assert_eq!(named, format!("{header}\nm,del,1,1,1,NaN,NaN,NaN,NaN\n"));
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
    for resamples in ["100001", "18446744073709551615", "-1", "many"] {
        assert!(
            rank(&[&format!("--resamples={resamples}")], "").failure(2).contains("whole number up to 100000")
        );
    }
    for level in ["0", "1", "NaN", "95"] {
        assert!(rank(&["--level", level], "").failure(2).contains("between 0 and 1"));
    }
}

#[test]
fn a_table_without_rows_is_an_error() {
    for arguments in [&[][..], &["--separation"], &["--pairs"], &["--overall"]] {
        assert_eq!(rank(arguments, "").failure(1), "rank: standard input: a header and no rows");
    }
}

#[test]
fn output_that_cannot_be_written() {
    let work = WorkDir::new();
    let mut table = HEADER.to_owned();
    for method in 0..8000 {
        for image in ["x", "y"] {
            writeln!(table, "{image},0,model,method-{method},del,lower,{method}").unwrap();
        }
    }
    work.write("long.csv", table);
    let output = work.shell(RANK, "rank long.csv 2> told | head -1");
    assert!(output.success().starts_with("model,metric,direction,method,n,mean,ci_low,ci_high,rank,median,"));
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
