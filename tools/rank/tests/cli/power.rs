//! `--power`.

use super::*;

/// Rows of `a` and `b` by a metric of two values: `a` is better on the first images, `b` on the others.
fn contest(a: usize, b: usize) -> String {
    let row = |image: usize| {
        format!(
            "{image},0,m,a,hit,higher,{}\n{image},0,m,b,hit,higher,{}\n",
            u8::from(image < a),
            u8::from(image >= a)
        )
    };
    (0..a + b).map(row).collect()
}

/// All differences have one size, so z = (2 k - n) / √n, where a is better on k images: of 10 at least 9, of 20 at least 15, and of
/// 50 at least 32, of binomial numbers with probability 0.8. Three standard errors of 4,000 resamples are 0.024.
#[test]
fn power_is_that_of_the_binomial_distribution() {
    let output = rank(&["--power=0.9999", "--resamples", "4000"], &contest(8, 2));
    let table = output.success();
    assert_eq!(column(&table, "n"), ["10", "20", "50", "100"]);
    for (found, expected) in numbers(&table, "power").into_iter().zip([0.3758, 0.8042, 0.9974, 1.0]) {
        assert!((found - expected).abs() < 0.024, "{found} {expected}");
    }
    assert_eq!(column(&table, "images"), ["10"; 4]);
    for needed in numbers(&rank(&["--power"], &contest(8, 2)).success(), "needed") {
        assert!((18.0..=22.0).contains(&needed), "{needed}");
    }
    assert_eq!(
        output.stderr,
        "rank: the images are taken for all there could be, also where more are drawn than there are\n"
    );
}

#[test]
fn the_direction_and_the_order_of_rows_do_not_matter() {
    let rows = contest(8, 2);
    let table = rank(&["--power"], &rows).success();
    assert_eq!(run(RANK, ["--power"], shuffled(&format!("{HEADER}{rows}"))).success(), table);
    let lower = rank(&["--power"], &rows.replace("higher", "lower")).success();
    assert_eq!(lower.replace("lower", "higher"), table);
    assert_ne!(rank(&["--power", "--seed", "1"], &rows).success(), table);
    assert_eq!(rank(&["--power=0.8"], &rows).success(), table);
}

#[test]
fn more_power_takes_more_images() {
    let needed = |arguments: &[&str]| numbers(&rank(arguments, &contest(8, 2)).success(), "needed")[0];
    assert!(needed(&["--power=0.5"]) < needed(&["--power"]));
    assert!(needed(&["--power"]) < needed(&["--power=0.95"]));
    assert!(needed(&["--power"]) < needed(&["--power", "--level", "0.99"]));
    assert_eq!(needed(&["--power=0.2"]), 10.0);
}

#[test]
fn where_no_number_of_images_is_enough() {
    let output = rank(
        &["--power"],
        &(contest(5, 5) + &contest(5, 5).replace(",hit,", ",tie,").replace(",1\n", ",0\n")),
    );
    let table = output.success();
    assert_eq!(column(&table, "needed"), ["NaN"; 8]);
    assert!(numbers(&table, "power")[..4].iter().all(|power| *power < 0.15), "{table}");
    assert_eq!(numbers(&table, "power")[4..], [0.0; 4]);
    assert!(
        output.stderr.contains("m, hit: 1 of 1 pairs have no power of 0.8 with 100 images"),
        "{}",
        output.stderr
    );
}

#[test]
fn a_pair_ends_where_it_has_the_power() {
    let table = rank(&["--power"], &contest(12, 0)).success();
    assert_eq!(
        (column(&table, "n"), column(&table, "power"), column(&table, "needed")),
        (vec!["10"], vec!["1"], vec!["10"])
    );
}

#[test]
fn one_image_has_no_power() {
    let output = rank(&["--power"], &contest(1, 0));
    assert_eq!(column(&output.success(), "power"), ["NaN"]);
    assert!(output.stderr.contains("1 of 1 pairs have no power"), "{}", output.stderr);
    let none = rank(&["--power", "--resamples", "0"], &contest(8, 2)).success();
    assert!(column(&none, "power").iter().all(|power| *power == "NaN"), "{none}");
    for wrong in ["--power=1", "--power=0", "--power=much"] {
        assert!(rank(&[wrong], "").failure(2).contains("between 0 and 1"));
    }
}
