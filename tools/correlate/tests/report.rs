//! `correlate --report` as a shell sees it. `testdata/stats/coherency.csv` holds Table A1 of the Coherency paper (Vandersmissen and
//! Oramas 2023), with our names for its methods and configurations.

use std::collections::BTreeMap;
use std::fmt::Write;

use testing::{Output, WorkDir, run, testdata};

const CORRELATE: &str = env!("CARGO_BIN_EXE_correlate");
const SCORES: &str = "image,target,model,method,metric,direction,value\n";

fn report(arguments: &[&str], rows: &str) -> Output {
    run(CORRELATE, arguments, format!("{SCORES}{rows}"))
}

/// Scores of several methods by one metric, image by image.
fn scores(metric: &str, direction: &str, methods: &[(&str, &[f64])]) -> String {
    let mut rows = String::new();
    for (method, values) in methods {
        for (at, value) in values.iter().enumerate() {
            writeln!(rows, "{at}.png,0,m,{method},{metric},{direction},{value}").unwrap();
        }
    }
    rows
}

/// Six samples whose correlations are those of a matrix: rows of its Cholesky factor times Helmert's contrasts.
fn samples(matrix: &[[f64; 6]; 6]) -> Vec<[f64; 7]> {
    let mut factor = [[0.0_f64; 6]; 6];
    for i in 0..6 {
        for j in 0..=i {
            let rest = matrix[i][j] - (0..j).map(|k| factor[i][k] * factor[j][k]).sum::<f64>();
            factor[i][j] = if i == j { rest.sqrt() } else { rest / factor[j][j] };
        }
    }
    let contrast = |k: usize, image: usize| {
        let size = ((k + 1) * (k + 2)) as f64;
        let height = if image <= k {
            1.0
        } else if image == k + 1 {
            -(k as f64 + 1.0)
        } else {
            0.0
        };
        height / size.sqrt()
    };
    let value = |row: &[f64; 6], image: usize| (0..6).map(|k| row[k] * contrast(k, image)).sum();
    factor.iter().map(|row| std::array::from_fn(|image| value(row, image))).collect()
}

/// Correlations, and the metrics that they are of.
type Matrix = ([[f64; 6]; 6], Vec<String>);

/// A table of scores whose Pearson correlations are Table A1's.
fn coherency() -> String {
    let text = std::fs::read_to_string(testdata("stats/coherency.csv")).unwrap();
    let mut matrices: BTreeMap<(String, String), Matrix> = BTreeMap::new();
    for row in csv_rows(&text) {
        let [method, a, b, value] = &row[..] else { panic!("{row:?}") };
        let metric = a.split(':').next().unwrap().to_owned();
        let (matrix, names) = matrices.entry((method.clone(), metric)).or_default();
        let mut place = |name: &String| {
            names.iter().position(|other| other == name).unwrap_or_else(|| {
                names.push(name.clone());
                names.len() - 1
            })
        };
        let (i, j) = (place(a), place(b));
        (matrix[i][j], matrix[j][i]) = (value.parse().unwrap(), value.parse().unwrap());
        (matrix[i][i], matrix[j][j]) = (1.0, 1.0);
    }
    let mut rows = SCORES.to_owned();
    for ((method, metric), (matrix, names)) in &matrices {
        let direction = if metric == "deletion" { "lower" } else { "higher" };
        for (name, values) in names.iter().zip(samples(matrix)) {
            for (image, value) in values.iter().enumerate() {
                writeln!(rows, "{image}.png,0,resnet50,{method},\"{name}\",{direction},{value}").unwrap();
            }
        }
    }
    rows
}

/// Cells of a table without its header.
fn csv_rows(text: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| {
        let (mut cells, mut quoted) = (vec![String::new()], false);
        for letter in line.chars() {
            match letter {
                '"' => quoted = !quoted,
                ',' if !quoted => cells.push(String::new()),
                letter => cells.last_mut().unwrap().push(letter),
            }
        }
        cells
    };
    text.lines().skip(1).map(cells).collect()
}

/// Table 1 of the paper, by configuration.
const TABLE_1: [(&str, &str, &str, f64); 12] = [
    ("insertion", "mean", "blur", 0.816),
    ("insertion", "mean", "mean,region=9", 0.873),
    ("insertion", "mean", "blur,region=9", 0.775),
    ("insertion", "blur", "mean,region=9", 0.786),
    ("insertion", "blur", "blur,region=9", 0.948),
    ("insertion", "mean,region=9", "blur,region=9", 0.807),
    ("deletion", "mean", "uniform", 0.965),
    ("deletion", "mean", "mean,region=9", 0.890),
    ("deletion", "mean", "uniform,region=9", 0.881),
    ("deletion", "uniform", "mean,region=9", 0.872),
    ("deletion", "uniform", "uniform,region=9", 0.897),
    ("deletion", "mean,region=9", "uniform,region=9", 0.966),
];

#[test]
fn the_papers_table_1_follows_from_its_table_a1() {
    let work = WorkDir::new();
    let arguments = ["--report", "consistency", "--coefficient", "pearson", "-O", "rows.csv"];
    let tables = work.run(CORRELATE, arguments, coherency()).success();
    let rows = csv_rows(&work.read("rows.csv"));
    let number = |row: &[String], at: usize| row[at].parse::<f64>().unwrap();
    let find = |method: &str, a: &str, b: &str| {
        let is = |row: &&Vec<String>| {
            row[1] == method && (row[2] == a && row[3] == b || row[2] == b && row[3] == a)
        };
        rows.iter().find(is).unwrap_or_else(|| panic!("{method} {a} {b}"))
    };
    for (metric, a, b, expected) in TABLE_1 {
        let (a, b) = (format!("{metric}:fill={a}"), format!("{metric}:fill={b}"));
        let row = find("mean", &a, &b);
        let mean = number(row, 5);
        assert!((mean - expected).abs() < 0.001, "{a} {b}: {mean}, not {expected}");
        assert!(number(row, 6) < mean && mean < number(row, 7) && row[9] == "8", "{row:?}");
    }
    let published = std::fs::read_to_string(testdata("stats/coherency.csv")).unwrap();
    for row in csv_rows(&published) {
        let found = number(find(&row[0], &row[1], &row[2]), 5);
        assert!((found - number(&row, 3)).abs() < 1e-9, "{row:?}: {found}");
    }
    assert_eq!(tables.matches("\n## Consistency of").count() + 1, 2);
    assert!(
        tables.starts_with("## Consistency of deletion, resnet50\n\n1. `deletion:fill=blur`\n"),
        "{tables}"
    );
    // Sorted by name, mean is the third and mean in regions the fourth: .890 in Table 1.
    let means: Vec<&str> = tables.lines().filter(|line| line.starts_with("| 3 ")).collect();
    assert!(means[0].contains(" 0.890 |"), "{means:?}");
}

#[test]
fn consistency_is_a_table_for_each_metric_with_configurations() {
    let del = scores("del", "lower", &[("a", &[1.0, 2.0, 3.0, 4.0]), ("b", &[1.0, 2.0, 3.0, 4.0])]);
    let blur =
        scores("del:fill=blur", "lower", &[("a", &[1.0, 2.0, 4.0, 3.0]), ("b", &[4.0, 3.0, 2.0, 1.0])]);
    let other = scores("ins", "higher", &[("a", &[1.0, 2.0, 4.0, 3.0])]);
    let text = report(&["--report", "consistency"], &format!("{del}{blur}{other}")).success();
    let expected = "\
## Consistency of del, m

1. `del`
2. `del:fill=blur`

Correlations (spearman) over 4 images, positive where the metrics agree; intervals of 95 %.

| method           |             1-2 |
| ---------------- | --------------: |
| a                |           0.800 |
| b                |          -1.000 |
| mean             |          -0.100 |
| 95 % of the mean | [-1.000, 0.800] |

| mean |      1 |      2 |
| ---- | -----: | -----: |
| 1    |        | -0.100 |
| 2    | -0.100 |        |
";
    assert_eq!(text, expected);
    let message = report(&["--report", "consistency"], &format!("{del}{other}")).failure(1);
    assert_eq!(message, "correlate: no metric has two configurations");
}

#[test]
fn reliability_takes_one_configuration_of_each_metric() {
    let values = |step: usize| -> Vec<f64> { (0..20).map(|at| (at * step % 19) as f64).collect() };
    let hit: Vec<f64> = (0..20).map(|at| f64::from(u8::from(at % 3 == 0))).collect();
    let mut rows = String::new();
    for (metric, direction, step) in [("ins", "higher", 3), ("del:x=1", "lower", 7), ("del:x=2", "lower", 5)]
    {
        rows += &scores(metric, direction, &[("a", &values(step)), ("b|c", &values(step + 4))]);
    }
    rows += &scores("hit", "higher", &[("a", &hit), ("b|c", &hit)]);
    let text = report(&["--report", "reliability"], &rows).success();
    assert!(text.contains("| method      |"), "{text}");
    assert!(
        text.contains("del & hit |") && text.contains("hit & ins |") && !text.contains("del:x=2"),
        "{text}"
    );
    assert!(text.starts_with("## Reliability of metrics, m\n\n- del: `del:x=1`\n"), "{text}");
    assert!(text.contains("| coefficient |") && text.contains(" point-biserial |"), "{text}");
    assert!(text.contains("| b\\|c"), "{text}");
    // As in Table A3: one metric against several configurations of another.
    let arguments = ["--report", "reliability", "-m", "ins", "-m", "del:x=1", "-m", "del:x=2"];
    let text = report(&arguments, &rows).success();
    assert!(text.contains(" del:x=1 & ins |") && text.contains(" del:x=2 & ins |"), "{text}");
    assert!(!text.contains("del:x=1 & del:x=2") && !text.contains("hit"), "{text}");
    let only = ["--report", "reliability", "-m", "del"];
    assert!(report(&only, &rows).failure(1).contains("no two metrics to compare"));
}

#[test]
fn rows_go_where_they_are_wanted() {
    let rows = scores("x", "higher", &[("a", &[1.0, 2.0, 3.0, 4.0])])
        + &scores("y", "higher", &[("a", &[1.0, 2.0, 4.0, 3.0])]);
    let work = WorkDir::new();
    let table = format!("{SCORES}{rows}");
    let text = work.run(CORRELATE, ["--report", "reliability"], &table).success();
    assert_eq!(work.run(CORRELATE, ["--report", "reliability", "-O", "rows.csv"], &table).success(), text);
    let plain = work.run(CORRELATE, ["-"], &table).success();
    assert_eq!(work.read("rows.csv"), plain);
    assert_eq!(work.run(CORRELATE, ["--report", "reliability", "-O", "-"], &table).success(), plain);
}

/// Three images rank three methods as in the textbook case of `stats::rankings`: W 4/9, alpha 1 - 20/27.
#[test]
fn images_and_metrics_agree_on_rankings() {
    let x =
        scores("x", "lower", &[("a", &[1.0, 1.0, 2.0]), ("b", &[2.0, 3.0, 1.0]), ("c", &[3.0, 2.0, 3.0])]);
    let y =
        scores("y", "higher", &[("a", &[9.0, 8.0, 7.0]), ("b", &[5.0, 6.0, 4.0]), ("c", &[3.0, 2.0, 1.0])]);
    let work = WorkDir::new();
    let arguments = ["--report", "agreement", "-O", "rows.csv"];
    let text = work.run(CORRELATE, arguments, format!("{SCORES}{x}{y}")).success();
    let rows = work.read("rows.csv");
    assert!(
        rows.starts_with("model,metric_a,metric_b,statistic,value,ci_low,ci_high,methods,images\n"),
        "{rows}"
    );
    let cells = csv_rows(&rows);
    let value = |at: usize| cells[at][4].parse::<f64>().unwrap();
    assert_eq!(cells[0][..4], ["m", "x", "", "krippendorff-alpha"]);
    assert!((value(0) - 7.0 / 27.0).abs() < 1e-12 && (value(1) - 4.0 / 9.0).abs() < 1e-12, "{rows}");
    assert!((value(2) - 1.0).abs() < 1e-12 && (value(3) - 1.0).abs() < 1e-12);
    // By both means a is best; x puts b and c level (2 and 8/3 turned), y puts b before c: means 4/3 2 8/3, so all agree.
    assert_eq!(cells[4][..4], ["m", "x", "y", "kendall"]);
    assert_eq!((value(4), value(5)), (1.0, 1.0));
    assert_eq!(cells[5][7..], ["3", "3"]);
    assert!(text.starts_with("## Agreement of images on the ranking of methods, m\n"), "{text}");
    assert!(
        text.contains("\n## Agreement of metrics on the ranking of methods by their means, m\n"),
        "{text}"
    );
    assert!(text.lines().any(|line| line.starts_with("| x & y") && line.contains("| 1.000 [")), "{text}");
}

#[test]
fn agreement_leaves_out_images_without_a_number_and_says_what_is_undefined() {
    let x = scores("x", "higher", &[("a", &[1.0, 2.0, f64::NAN, 4.0]), ("b", &[2.0, 3.0, 4.0, 5.0])]);
    let flat = scores("flat", "higher", &[("a", &[1.0; 4]), ("b", &[1.0; 4])]);
    let output = report(&["--report", "agreement", "-O", "-"], &format!("{x}{flat}"));
    let rows = csv_rows(&output.success());
    let x = rows.iter().find(|row| row[1] == "x" && row[3] == "kendall-w").unwrap();
    assert_eq!((&*x[4], &*x[5], &*x[8]), ("1", "1", "3"));
    assert!(output.stderr.contains("m, x, a: 1 of 4 values are NaN or infinite"), "{}", output.stderr);
    assert!(output.stderr.contains("m, flat: no agreement: all methods are equal"), "{}", output.stderr);
    assert!(
        output.stderr.contains("m, flat and x: no agreement: all methods are equal"),
        "{}",
        output.stderr
    );
    let lost = scores("x", "higher", &[("a", &[1.0, 2.0]), ("b", &[2.0])]);
    assert!(report(&["--report", "agreement"], &lost).failure(1).contains("1 of 2 images have no row"));
    let alone = scores("x", "higher", &[("a", &[1.0, 2.0])]);
    assert!(report(&["--report", "agreement"], &alone).failure(1).contains("two methods"));
}

/// Tables do not depend on the order of the rows.
#[test]
fn reports_do_not_depend_on_the_order_of_rows() {
    let table = coherency();
    let (header, rows) = table.split_once('\n').unwrap();
    let mut rows: Vec<&str> = rows.lines().collect();
    rows.sort_by_key(|row| row.bytes().rev().collect::<Vec<_>>());
    let shuffled = format!("{header}\n{}\n", rows.join("\n"));
    for which in ["consistency", "reliability", "agreement"] {
        let arguments = ["--report", which, "--interval", "bootstrap", "--resamples", "50"];
        assert_eq!(
            run(CORRELATE, arguments, &shuffled).success(),
            run(CORRELATE, arguments, &table).success()
        );
    }
}
