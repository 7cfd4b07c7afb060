//! Metrics of perturbation curves, and curves that are damaged.

use super::{HEADER, SCORES, curve, expect, expect_reasons, falling, score};

#[test]
fn pos_and_del_neg_and_ins() {
    // Hits 1 1 1 1 1 0 0 0 0 0: 0.1 (1/2 + 4) = 0.45. Probabilities 1 - x: 0.9 - 0.9^2 / 2 = 0.495.
    expect(&score(falling("pos")), &[("pos", "lower", "45"), ("del", "lower", "49.5")]);
    expect(&score(falling("neg")), &[("neg", "higher", "45"), ("ins", "higher", "49.5")]);
    expect(
        &score(falling("pos:fill=zero")),
        &[("pos:fill=zero", "lower", "45"), ("del:fill=zero", "lower", "49.5")],
    );
}

#[test]
fn the_most_that_pos_can_be_is_90() {
    let points: Vec<_> = (0..10).map(|step| (f64::from(step) / 10.0, 1.0, 7)).collect();
    expect(&score(curve("pos", &points)), &[("pos", "lower", "90"), ("del", "lower", "90")]);
}

#[test]
fn deletion_and_insertion() {
    // 0.25 0.75 + 0.25 0.375 + 0.5 0.125 = 0.34375
    let points = [(0.0, 1.0, 7), (0.25, 0.5, 7), (0.5, 0.25, 3), (1.0, 0.0, 3)];
    expect(&score(curve("deletion", &points)), &[("deletion", "lower", "0.34375")]);
    expect(&score(curve("insertion", &points)), &[("insertion", "higher", "0.34375")]);
    let spec = "deletion:fill=blur,region=9";
    expect(&score(curve(spec, &points)), &[(spec, "lower", "0.34375")]);
}

#[test]
fn the_reversed_order_turns_the_direction_round() {
    let points = [(0.0, 1.0, 7), (1.0, 0.0, 3)];
    for (spec, direction) in [
        ("deletion:order=lerf", "higher"),
        ("deletion:order=lerf,steps=10", "higher"),
        ("insertion:fill=zero,order=lerf", "lower"),
    ] {
        expect(&score(curve(spec, &points)), &[(spec, direction, "0.5")]);
    }
}

#[test]
fn drop_and_increase_of_confidence() {
    let mask = |clean, masked| score(curve("mask", &[(0.0, clean, 7), (0.4, masked, 7)]));
    expect(&mask(0.8, 0.6), &[("adp", "lower", "25"), ("pic", "higher", "0")]);
    expect(&mask(0.5, 0.5), &[("adp", "lower", "0"), ("pic", "higher", "0")]);
    expect(&mask(0.2, 0.4), &[("adp", "lower", "0"), ("pic", "higher", "100")]);
    let nothing = mask(0.0, 0.4);
    let reason = "the clean image has probability 0";
    expect_reasons(&nothing, &[("adp", "lower", "NaN", reason), ("pic", "higher", "100", "")]);
    assert_eq!(nothing.stderr, format!("score: a.png, ig, adp: NaN: {reason}\n"));
}

/// One damaged curve between two whole ones: its metrics are NaN with this reason, and the others are scored.
#[track_caller]
fn damaged(test: &str, points: &str, reason: &str) {
    const COUNTED: &str = "image,target,model,method,test,point,points,fraction,probability,predicted\n";
    let row = |image: &str, point: &str| format!("{image},7,m,ig,{test},{point}\n");
    let whole = |image: &str| row(image, "0,2,0,1,7") + &row(image, "1,2,1,1,7");
    let rows: String = points.split(' ').map(|point| row("bad", point)).collect();
    let output = score(format!("{COUNTED}{}{rows}{}", whole("a"), whole("z")));
    let scores = output.success();
    let quoted = if reason.contains(',') { format!("\"{reason}\"") } else { reason.to_owned() };
    let (bad, good): (Vec<&str>, Vec<&str>) = scores.lines().skip(1).partition(|row| row.starts_with("bad,"));
    assert!(!bad.is_empty() && bad.iter().all(|row| row.ends_with(&format!(",NaN,{quoted}"))), "{scores}");
    assert!(good.len() == 2 * bad.len() && good.iter().all(|row| !row.contains("NaN")), "{scores}");
    let told: Vec<&str> = output.stderr.lines().collect();
    assert!(told.len() == bad.len() && told.iter().all(|line| line.ends_with(reason)), "{told:?}");
}

#[test]
fn a_damaged_curve_is_nan_with_a_reason_and_the_others_go_on() {
    for test in ["deletion", "pos"] {
        damaged(test, "0,3,0,1,7 1,3,0.5,1,7", "1 of 3 points are missing, from point 2 on");
        damaged(test, "0,3,0,1,7 2,3,1,1,7", "point 1 of 3 is missing");
        damaged(test, "0,3,0,1,7 1,3,0.5,1,7 1,3,0.6,1,7 2,3,1,1,7", "point 1 comes twice");
        damaged(test, "0,3,0,1,7 2,3,1,1,7 1,3,0.5,1,7", "point 2 comes before point 1");
        damaged(
            test,
            "0,3,0,1,7 1,3,0.5,1,7 2,3,0.5,1,7",
            "the fraction does not rise from 0.5 to 0.5 at point 2",
        );
        damaged(
            test,
            "0,3,0,1,7 1,3,0.5,1,7 2,3,0.4,1,7",
            "the fraction does not rise from 0.5 to 0.4 at point 2",
        );
        damaged(test, "0,2,0,1,7 1,2,1,1.5,7", "the probability is 1.5 at point 1, where 0 to 1 is possible");
        damaged(test, "0,2,0,NaN,7 1,2,1,1,7", "the probability is NaN at point 0, where 0 to 1 is possible");
        damaged(test, "0,2,0,1,7 1,2,inf,1,7", "the fraction is inf at point 1, where 0 to 1 is possible");
        damaged(test, "0,2,0,1,7 1,2,,1,7", "the fraction is NaN at point 1, where 0 to 1 is possible");
    }
    damaged("mask", "0,2,0,1,7", "1 of 2 points are missing, from point 1 on");
    damaged("mask", ",,0,1,7", "1 rows, where the clean and the masked image's are needed");
}

#[test]
fn a_foreign_curve_need_not_count_its_points() {
    let short = score(curve("deletion", &[(0.0, 1.0, 7)]));
    expect_reasons(&short, &[("deletion", "lower", "NaN", "a curve needs two points, not 1")]);
    assert_eq!(short.stderr, "score: a.png, ig, deletion: NaN: a curve needs two points, not 1\n");
    // Two tables of the same curve, one behind the other.
    let twice = score(curve("deletion", &[(0.0, 1.0, 7), (1.0, 0.0, 7), (0.0, 1.0, 7)]));
    let reason = "the fraction does not rise from 1 to 0 at point 2";
    expect_reasons(&twice, &[("deletion", "lower", "NaN", reason)]);
}

#[test]
fn what_failed_before_is_one_row_for_each_metric_with_the_reason_given_there() {
    let header = HEADER.replace("predicted", "predicted,reason");
    let output = score(format!(
        "{header}a,,m,ig,pos,,,,not an image\na,,m,ig,mask,NaN,NaN,,not an image\nb,7,m,ig,deletion,0,1,7,\n\
         b,7,m,ig,deletion,1,1,7,\n"
    ));
    let expected = format!(
        "{SCORES}\na,,m,ig,pos,lower,NaN,not an image\na,,m,ig,del,lower,NaN,not an image\n\
         a,,m,ig,adp,lower,NaN,not an image\na,,m,ig,pic,higher,NaN,not an image\nb,7,m,ig,deletion,lower,1,\n"
    );
    assert_eq!((output.success(), &*output.stderr), (expected, ""));
}

#[test]
fn curves_end_where_any_key_changes() {
    let line = |key: &str, fraction: f64| format!("{key},{fraction},1,7\n");
    let keys = [
        "a,7,m,ig,deletion",
        "b,7,m,ig,deletion",
        "b,8,m,ig,deletion",
        "b,8,n,ig,deletion",
        "b,8,n,gc,deletion",
    ];
    let table: String = keys.iter().flat_map(|key| [line(key, 0.0), line(key, 1.0)]).collect();
    let scores = score(format!("{HEADER}{table}")).success();
    assert_eq!(scores.lines().count(), 6);
    assert!(scores.lines().skip(1).all(|row| row.ends_with(",deletion,lower,1,")), "{scores}");
}
