//! `--study`. `testdata/stats/generate_pairs.py` made the tables.

use super::*;

const COLUMNS: &str = "participant,group,image,method_a,method_b,chosen\n";

fn answers() -> String {
    std::fs::read_to_string(testdata("stats/answers.csv")).unwrap()
}

fn study(rows: &str) -> Output {
    run(RANK, ["--study"], format!("{COLUMNS}{rows}"))
}

/// Answers of as many participants as there are letters: `a` or `b`, or `-` for none.
fn image(group: &str, name: &str, chosen: &str) -> String {
    let row = |(at, letter): (usize, char)| {
        let chosen = if letter == '-' { String::new() } else { letter.to_string() };
        format!("p{at},{group},{name},a,b,{chosen}\n")
    };
    chosen.chars().enumerate().map(row).collect()
}

/// The table with the intervals blank that resample images.
fn without_resampling(table: &str) -> String {
    let mut reader = table.lines();
    let header = reader.next().unwrap();
    let blank = |row: &str| {
        let mut cells: Vec<&str> = row.rsplitn(8, ',').collect();
        // From the end: kappa_sd, kappa_mean, kappa_high, kappa_low, kappa, images_high, images_low.
        for at in [2, 3, 5, 6] {
            cells[at] = "";
        }
        cells.into_iter().rev().collect::<Vec<_>>().join(",")
    };
    reader.fold(format!("{header}\n"), |table, row| table + &blank(row) + "\n")
}

#[test]
fn a_study_agrees_with_scipy_and_statsmodels() {
    let output = run(RANK, ["--study"], answers());
    let table = output.success();
    golden::csv("stats/study.csv", &without_resampling(&table), 1e-12);
    assert_eq!(
        output.stderr,
        "rank: 2 questions have no answer\n\
         rank: vit, blur: no kappa: all answers are for the same method, which leaves open what chance would do\n\
         rank: 2 of 3 groups have a kappa to take the mean of\n"
    );
    assert_eq!(run(RANK, ["--study"], shuffled(&answers())).success(), table);
    assert_ne!(run(RANK, ["--study", "--seed", "1"], answers()).success(), table);
    let file = run(RANK, ["--study".into(), testdata("stats/answers.csv")], "");
    assert_eq!(file.success(), table);
}

/// Two images with three answers each, 3:0 and 1:2: P = (1 + 1 / 3) / 2, by chance 4 / 9 + 1 / 9, so kappa = 1 / 4; six answers,
/// four of them for a: p = 44 / 64. A resample has one image twice or both.
#[test]
fn a_group_by_hand() {
    let table = study(&(image("g", "x", "aaa") + &image("g", "y", "bab"))).success();
    let expected = [
        ("n", 6.0),
        ("participants", 3.0),
        ("images", 2.0),
        ("preference", 4.0 / 6.0),
        ("p_value", 44.0 / 64.0),
        ("images_low", 1.0 / 3.0),
        ("images_high", 1.0),
        ("kappa", 0.25),
        ("kappa_low", -0.5),
        ("kappa_high", 0.25),
    ];
    for (name, value) in expected {
        for found in numbers(&table, name) {
            assert!((found - value).abs() < 1e-12, "{name}: {found}");
        }
    }
    assert_eq!(column(&table, "group"), ["g", "all"]);
    assert_eq!(column(&table, "kappa_mean")[0], "");
    assert!((column(&table, "kappa_mean")[1].parse::<f64>().unwrap() - 0.25).abs() < 1e-12, "{table}");
    assert_eq!(column(&table, "kappa_sd"), ["", "NaN"]);
}

#[test]
fn the_level_is_that_of_both_intervals() {
    let rows = image("g", "x", "aaabb") + &image("g", "y", "babab") + &image("g", "z", "aabaa");
    let wide = study(&rows).success();
    let narrow = run(RANK, ["--study", "--level", "0.5"], format!("{COLUMNS}{rows}")).success();
    for name in ["ci_low", "images_low"] {
        assert!(numbers(&wide, name)[0] < numbers(&narrow, name)[0], "{name}");
    }
}

#[test]
fn an_image_without_two_answers_has_no_agreement() {
    let output = study(&(image("g", "x", "a--") + &image("g", "y", "--b") + &image("g", "z", "---")));
    let table = output.success();
    assert_eq!(
        ["n", "participants", "images", "kappa"].map(|name| column(&table, name)[0]),
        ["2", "2", "2", "NaN"]
    );
    assert!(output.stderr.contains("g: no kappa: no image has two answers"), "{}", output.stderr);
    let nothing = study(&image("g", "x", "--")).success();
    assert_eq!(
        ["n", "preference", "ci_low", "p_value", "kappa"].map(|name| column(&nothing, name)[0]),
        ["0", "NaN", "NaN", "1", "NaN"]
    );
}

#[test]
fn contradictions_are_errors() {
    let good = image("g", "x.jpg", "ab");
    for (rows, told) in [
        ("p0,g,x.jpg,a,b,a\n", "x.jpg: p0 has two rows"),
        ("p0,g,x.jpg,a,b,\n", "x.jpg: p0 has two rows"),
        ("p7,g,x.jpg,b,a,b\n", "x.jpg: p7 is asked about `b` and `a`, others about `a` and `b`"),
        (
            "p7,h,x.jpg,a,b,b\n",
            "x.jpg is in two groups, `g` and `h`: an image that is asked about twice needs two names",
        ),
        ("p7,g,x.jpg,a,b,left\n", "x.jpg, p7: `left` is neither `a` nor `b`"),
        ("p7,g,y.jpg,a,a,a\n", "y.jpg, p7: both methods are `a`"),
        (
            ",g,y.jpg,a,b,a\n",
            "a row without a participant or an image: participant ``, group `g`, image `y.jpg`",
        ),
        ("p7,all,y.jpg,a,b,a\n", "y.jpg, p7: a group cannot be called `all`, which is the row of all groups"),
    ] {
        assert_eq!(study(&format!("{good}{rows}")).failure(1), format!("rank: {told}"));
    }
    let message = run(RANK, ["--study"], "participant,group,image,method_a,method_b\n").failure(1);
    assert!(message.contains("standard input: no column `chosen`"), "{message}");
    assert_eq!(study("").failure(1), "rank: standard input: a header and no rows");
    for other in ["--best=t", "--pool", "--by-model", "--separation"] {
        let message = run(RANK, ["--study", other], "").failure(2);
        assert!(message.contains("cannot be used with"), "{message}");
    }
}
