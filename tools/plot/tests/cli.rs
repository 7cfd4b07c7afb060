//! `plot` as a shell sees it. The tables are those of the goldens of `figures`.

use std::fs;

use testing::{Output, WorkDir, run, testdata};

const PLOT: &str = env!("CARGO_BIN_EXE_plot");
const KINDS: [(&str, &str, &str); 8] = [
    ("ranking", "ranks", "ranking"),
    ("critical-differences", "significance", "critical-differences"),
    ("wins", "pairs", "wins"),
    ("agreement", "correlations", "agreement"),
    ("curves", "answers", "curves"),
    ("boxes", "scores", "boxes"),
    ("densities", "densities", "densities"),
    ("convergence", "trace", "convergence"),
];

fn table(name: &str) -> String {
    fs::read_to_string(testdata(format!("figures/{name}.csv"))).unwrap()
}

fn plot(arguments: &[&str], table: &str) -> Output {
    run(PLOT, arguments, table)
}

#[test]
fn every_kind_is_drawn_from_the_table_that_the_tool_writes() {
    for (kind, from, golden) in KINDS {
        let found = plot(&[kind, "--resamples", "200"], &table(from)).success();
        let expected = fs::read_to_string(testdata(format!("figures/{golden}.svg"))).unwrap();
        assert!(found == expected, "{kind}: the SVG is not testdata/figures/{golden}.svg");
    }
}

#[test]
fn files_have_their_numbers_beside_them() {
    let work = WorkDir::new();
    work.write("ranks.csv", table("ranks"));
    let line = "plot ranking ranks.csv -o a/ranks.svg -o ranks.PNG --scale 1";
    assert_eq!(work.shell(PLOT, line).success(), "");
    let golden = |name: &str| fs::read(testdata(format!("figures/{name}"))).unwrap();
    assert_eq!(fs::read(work.join("a/ranks.svg")).unwrap(), golden("ranking.svg"));
    assert_eq!(fs::read(work.join("a/ranks.svg.csv")).unwrap(), golden("ranking.svg.csv"));
    // On a machine without fonts, or with others, the bytes are the same: only the embedded font is looked at.
    assert_eq!(fs::read(work.join("ranks.PNG")).unwrap(), golden("ranking.png"));
    assert_eq!(fs::read(work.join("ranks.PNG.csv")).unwrap(), golden("ranking.svg.csv"));
    assert_eq!(work.read("ranks.csv"), table("ranks"), "the table that was read");
    let names: Vec<_> = fs::read_dir(work.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 4, "{names:?}");
}

#[test]
fn what_is_read_is_not_replaced() {
    let work = WorkDir::new();
    work.write("r.svg.csv", table("ranks"));
    let said = work.shell(PLOT, "plot ranking ./r.svg.csv -o r.svg").failure(2);
    assert!(said.contains("r.svg.csv is read, and would be replaced"), "{said}");
    assert_eq!(work.read("r.svg.csv"), table("ranks"));
}

#[test]
fn a_wrong_table_is_named() {
    let work = WorkDir::new();
    let ranks = work.write("ranks.csv", table("ranks"));
    let ranks = ranks.to_str().unwrap();
    let said = plot(&["boxes", ranks], "").failure(1);
    assert!(said.contains("ranks.csv") && said.contains("no column `image`"), "{said}");
    let torn = table("ranks").trim_end().to_owned();
    assert!(plot(&["ranking"], &torn).failure(1).contains("standard input"), "a torn table");
    let header = table("ranks").lines().next().unwrap().to_owned() + "\n";
    let said = plot(&["ranking"], &header).failure(1);
    assert_eq!(said, "plot: standard input: a header and no rows");
    let wrong = table("ranks").replace(",lower,", ",sideways,");
    let said = plot(&["ranking"], &wrong).failure(1);
    assert!(said.contains("line 2") && said.contains("sideways"), "{said}");
    assert!(plot(&["ranking", "-o", "figure.pdf"], "").failure(2).contains("figure.pdf"));
    assert!(plot(&["ranking", "/nowhere.csv"], "").failure(1).contains("/nowhere.csv"));
}

#[test]
fn answers_without_a_number_are_counted() {
    let header = "image,target,model,method,test,fraction,probability,predicted,reason\n";
    let rows = "a.png,0,m,x,deletion,0,0.9,0,\na.png,0,m,x,deletion,1,0.1,0,\nb.png,0,m,x,deletion,NaN,NaN,,broken\n";
    let output = plot(&["curves"], &format!("{header}{rows}"));
    assert!(output.stderr.contains("1 rows without a number are left out"), "{}", output.stderr);
    assert!(output.success().contains("deletion"));
    let none = "b.png,0,m,x,deletion,NaN,NaN,,broken\n";
    assert!(plot(&["curves"], &format!("{header}{none}")).failure(1).contains("no rows to draw"));
}

#[test]
fn letters_that_a_png_cannot_show_are_said() {
    let work = WorkDir::new();
    work.write("ranks.csv", table("ranks").replace("gradcam", "猫cam"));
    let output = work.shell(PLOT, "plot ranking ranks.csv -o r.png");
    assert!(output.stderr.contains("cannot show 猫"), "{}", output.stderr);
    assert_eq!(work.shell(PLOT, "plot ranking ranks.csv -o r.svg").stderr, "");
    assert!(work.read("r.svg").contains("猫cam"));
}

#[test]
fn a_closed_pipe_is_no_error_and_a_full_disk_is_one() {
    let work = WorkDir::new();
    work.write("answers.csv", table("answers"));
    work.shell(PLOT, "plot curves answers.csv | head -c 10").success();
    assert!(work.shell(PLOT, "plot curves answers.csv > /dev/full").failure(1).contains("No space"));
    let said = work.shell(PLOT, "plot curves answers.csv -o /dev/full/x.svg").failure(1);
    assert!(said.contains("cannot write /dev/full/x.svg"), "{said}");
}
