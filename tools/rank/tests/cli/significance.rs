//! `--significance`. `testdata/stats/generate_pairs.py` made the tables.

use super::*;

const COLUMNS: &str = "model,metric,direction,method_a,method_b,n,mean_rank_a,mean_rank_b,chi_square,p_friedman,f_statistic,\
                       p_iman_davenport,critical_difference,cliques,p_nemenyi,p_conover,p_wilcoxon,p_sign,rank_biserial,\
                       cohen_d,win_rate,significant\n";

fn pairs() -> String {
    std::fs::read_to_string(testdata("stats/pairs.csv")).unwrap()
}

fn significance(rows: &str) -> Output {
    rank(&["--significance"], rows)
}

/// Rows of a method by the metric `ins`, an image for each value.
fn of(method: &str, values: &[f64]) -> String {
    let row = |(image, value)| format!("{image},0,m,{method},ins,higher,{value}\n");
    values.iter().enumerate().map(row).collect()
}

#[test]
fn tests_agree_with_scipy_scikit_posthocs_and_statsmodels() {
    let output = run(RANK, ["--significance"], pairs());
    golden::csv("stats/significance.csv", &output.success(), 1e-9);
    assert!(output.stderr.contains("deletion, rise: 1 of 90 values are NaN"), "{}", output.stderr);
    assert_eq!(run(RANK, ["--significance"], shuffled(&pairs())).success(), output.success());
}

/// b is better on four of four images: chi-squared 4, F infinite; signs and signed ranks 2 / 16; d = 2.5 / 1.29.
#[test]
fn two_methods_by_hand() {
    let table = significance(&(of("a", &[0.0; 4]) + &of("b", &[1.0, 2.0, 3.0, 4.0]))).success();
    assert!(table.starts_with(COLUMNS));
    let expected = [
        ("n", 4.0),
        ("mean_rank_a", 2.0),
        ("mean_rank_b", 1.0),
        ("chi_square", 4.0),
        ("p_friedman", 0.045_500_263_896_358_42),
        ("f_statistic", f64::INFINITY),
        ("p_iman_davenport", 0.0),
        ("critical_difference", 1.959_963_984_540_054 / 2.0),
        ("p_nemenyi", 0.045_500_263_896_358_42),
        ("p_conover", 0.0),
        ("p_wilcoxon", 0.125),
        ("p_sign", 0.125),
        ("rank_biserial", -1.0),
        ("cohen_d", -2.5 / (5.0_f64 / 3.0).sqrt()),
        ("win_rate", 0.0),
    ];
    for (name, value) in expected {
        let found = numbers(&table, name)[0];
        assert!(found == value || (found - value).abs() < 1e-9, "{name}: {found}");
    }
    assert_eq!((column(&table, "significant"), column(&table, "cliques")), (vec!["false"], vec![""]));
    let lower =
        significance(&(of("a", &[0.0; 4]) + &of("b", &[1.0, 2.0, 3.0, 4.0])).replace("higher", "lower"));
    assert_eq!(numbers(&lower.success(), "win_rate"), [1.0]);
    assert_eq!(numbers(&lower.success(), "mean_rank_a"), [1.0]);
}

#[test]
fn cliques_are_the_bars_of_the_diagram() {
    // Mean ranks 1, 2, 3, 4 on 16 images: the critical difference is 4.69 / √16 = 1.17.
    let rows: String =
        ["a", "b", "c", "d"].iter().zip(0..).map(|(method, at)| of(method, &[f64::from(-at); 16])).collect();
    let table = significance(&rows).success();
    assert_eq!(column(&table, "cliques"), ["1", "", "", "2", "", "3"]);
    // The adjusted signed ranks tell all apart: six times 2 / 2^16.
    assert_eq!(column(&table, "significant"), ["true"; 6]);
    assert_eq!(numbers(&table, "p_wilcoxon"), [6.0 / 32768.0; 6]);
    let strict = rank(&["--significance", "--level", "0.99999"], &rows).success();
    assert_eq!(column(&strict, "cliques"), ["1", "1", "", "1;2", "2", "2"]);
    assert_eq!(column(&strict, "significant"), ["false"; 6]);
}

#[test]
fn equal_methods_have_no_test_of_their_own() {
    let rows = of("a", &[1.0, 2.0, 3.0]) + &of("b", &[1.0, 2.0, 3.0]);
    let output = significance(&rows);
    let table = output.success();
    for name in
        ["chi_square", "p_iman_davenport", "p_conover", "p_wilcoxon", "p_sign", "rank_biserial", "cohen_d"]
    {
        assert_eq!(column(&table, name), ["NaN"], "{name}");
    }
    let plain = ["mean_rank_a", "win_rate", "p_nemenyi", "cliques", "significant"]
        .map(|name| column(&table, name)[0]);
    assert_eq!(plain, ["1.5", "0.5", "1", "1", "false"]);
    assert_eq!(
        output.stderr,
        "rank: m, ins: every image ties all methods: no test of them together\n\
         rank: m, ins: a and b are equal on every image: no test of the two\n"
    );
    // NaN does not count among the tests that Holm adjusts for: b and c differ as a and c do.
    let three = significance(&(rows + &of("c", &[0.0, 1.5, 2.0]))).success();
    let p_sign = numbers(&three, "p_sign");
    assert!(p_sign[0].is_nan() && p_sign[1..].iter().all(|p| (p - 0.5).abs() < 1e-12), "{three}");
}

#[test]
fn one_image_tells_little() {
    let output = significance(&(of("a", &[1.0]) + &of("b", &[2.0])));
    let table = output.success();
    assert_eq!(["n", "f_statistic", "p_conover"].map(|name| column(&table, name)[0]), ["1", "NaN", "NaN"]);
    assert!((numbers(&table, "p_sign")[0] - 1.0).abs() < 1e-12, "{table}");
    assert_eq!(output.stderr, "rank: m, ins: one image: no Iman-Davenport and no Conover test\n");
}

#[test]
fn one_method_makes_no_pair() {
    let output = significance(&of("a", &[1.0, 2.0]));
    assert_eq!(output.success(), COLUMNS);
    assert_eq!(output.stderr, "rank: m, ins: one method makes no pair\n");
}

#[test]
fn reports_exclude_each_other() {
    for other in ["--separation", "--pairs", "--overall", "--power", "--study", "--median-curve=at"] {
        let message = rank(&["--significance", other], "").failure(2);
        assert!(message.contains("cannot be used with"), "{message}");
    }
}
