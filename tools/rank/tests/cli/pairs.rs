//! `--pairs` and `--overall`.

use super::*;

#[test]
fn a_pair_by_hand() {
    // b is better twice, both are equal once, a is better once; less is better.
    let rows = "w,0,m,a,del,lower,4\nx,0,m,a,del,lower,2\ny,0,m,a,del,lower,3\nz,0,m,a,del,lower,1\n\
                w,0,m,b,del,lower,1\nx,0,m,b,del,lower,1\ny,0,m,b,del,lower,3\nz,0,m,b,del,lower,2\n";
    let table = rank(&["--pairs"], rows).success();
    assert!(table.contains("\nm,del,lower,a,b,4,0.75,"), "{table}");
    assert_eq!(numbers(&table, "win_rate"), [0.375]);
    let (low, high, better) =
        (numbers(&table, "ci_low")[0], numbers(&table, "ci_high")[0], numbers(&table, "p_better")[0]);
    assert!(
        (-1.0..0.75).contains(&low) && high > 0.75 && high <= 3.0 && better > 0.0 && better < 0.5,
        "{table}"
    );
    let raised = rank(&["--pairs"], &rows.replace("lower", "higher")).success();
    assert_eq!(
        (numbers(&raised, "win_rate"), numbers(&raised, "p_better")),
        (vec![0.625], vec![1.0 - better])
    );
    assert_eq!((numbers(&raised, "ci_low")[0], numbers(&raised, "ci_high")[0]), (low, high));
}

/// An image that one method has no number for is left out of that method's pairs, and of no other.
#[test]
fn a_pair_is_compared_on_the_images_that_both_have() {
    let rows = "x,0,m,a,del,lower,1\ny,0,m,a,del,lower,2\nz,0,m,a,del,lower,NaN\n\
                x,0,m,b,del,lower,2\ny,0,m,b,del,lower,2\nz,0,m,b,del,lower,7\n\
                x,0,m,c,del,lower,0\ny,0,m,c,del,lower,\nz,0,m,c,del,lower,6\n";
    let output = rank(&["--pairs"], rows);
    let table = output.success();
    assert_eq!(
        (column(&table, "method_a"), column(&table, "method_b")),
        (vec!["a", "a", "b"], vec!["b", "c", "c"])
    );
    assert_eq!(
        (numbers(&table, "n"), numbers(&table, "difference")),
        (vec![2.0, 1.0, 2.0], vec![-0.5, 1.0, 1.5])
    );
    assert_eq!(numbers(&table, "win_rate"), [0.75, 0.0, 0.0]);
    assert!(table.contains(",1,1,NaN,NaN,NaN,0,0,"), "{table}");
    assert_eq!(
        output.stderr,
        "rank: m, del: 1 of 3 pairs have fewer than two images in common, so no interval\n"
    );
}

#[test]
fn rows_that_have_vanished_are_no_loss_to_other_pairs() {
    let rows = "x,0,m,a,del,lower,1\ny,0,m,a,del,lower,2\nz,0,m,a,del,lower,6\n\
                x,0,m,b,del,lower,2\ny,0,m,b,del,lower,2\nz,0,m,b,del,lower,8\n\
                y,0,m,c,del,lower,0\nz,0,m,c,del,lower,6\n";
    let message = rank(&["--pairs"], rows).failure(1);
    assert!(message.contains("m, del, c: 1 of 3 images have no row, first x (target 0)"), "{message}");
    let output = rank(&["--pairs", "--incomplete", "drop"], rows);
    let table = output.success();
    assert_eq!(
        (column(&table, "n"), numbers(&table, "difference")),
        (vec!["3", "2", "2"], vec![-1.0, 1.0, 2.0])
    );
    assert_eq!(output.stderr, "rank: 1 of 9 rows have vanished\n");
    let all = rank(&["--incomplete", "drop"], rows).success();
    assert_eq!(column(&all, "n"), ["2"; 3]);
}

#[test]
fn mean_ranks_are_over_metrics_that_have_all_methods() {
    let mut rows = String::new();
    for (metric, direction, values) in
        [("del", "lower", [1, 2, 3]), ("ins", "higher", [9, 8, 7]), ("road", "lower", [2, 2, 1])]
    {
        for (method, value) in ["a", "b", "c"].into_iter().zip(values) {
            for image in ["x", "y"] {
                writeln!(rows, "{image},0,m,{method},{metric},{direction},{value}").unwrap();
            }
        }
    }
    rows += "x,0,m,a,own,lower,1\ny,0,m,a,own,lower,1\n";
    let output = rank(&["--overall"], &rows);
    let table = output.success();
    assert_eq!(
        output.stderr,
        "rank: 1 of 4 metrics do not have every method and are left out, such as m, own\n"
    );
    assert_eq!(column(&table, "metrics"), ["3"; 3]);
    assert_eq!(
        (column(&table, "method"), column(&table, "rank")),
        (vec!["a", "b", "c"], vec!["1", "2", "3"])
    );
    assert_eq!(numbers(&table, "mean_rank"), [1.5, 6.5 / 3.0, 7.0 / 3.0]);
    assert_eq!(
        (numbers(&table, "ci_low"), numbers(&table, "p_best")),
        (numbers(&table, "mean_rank"), vec![1.0, 0.0, 0.0])
    );
    let apart = "x,0,m,a,del,lower,1\nx,0,m,b,ins,higher,1\n";
    let message = rank(&["--overall"], apart).failure(1);
    assert!(message.ends_with("rank: m: no metric has every method, so there is no mean rank"), "{message}");
    let models =
        rank(&["--overall", "--by-model"], &format!("{rows}{}", rows.replace(",m,", ",n,"))).success();
    assert_eq!(column(&models, "model"), ["m", "m", "m", "n", "n", "n"]);
}

#[test]
fn reports_exclude_one_another() {
    for arguments in [["--pairs", "--overall"], ["--separation", "--pairs"], ["--overall", "--separation"]] {
        assert!(rank(&arguments, "").failure(2).contains("cannot be used with"));
    }
    assert!(rank(&["--pairs", "--median-curve", "at"], "").failure(2).contains("cannot be used with"));
}
