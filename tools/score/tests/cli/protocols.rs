//! `--protocol`.

use metrics::{Input, Selection, without_order};
use protocols::{Protocol, Tool};
use testing::run;

use super::{SCORE, curve, expect, falling};

#[test]
fn a_protocol_stands_for_its_metrics_and_a_metric_of_the_user_for_all_of_them() {
    let table = falling("pos");
    expect(&run(SCORE, ["--protocol", "chefer"], &table), &[("pos", "lower", "45")]);
    expect(&run(SCORE, ["--protocol", "chefer", "-m", "del"], &table), &[("del", "lower", "49.5")]);
    let both = run(SCORE, [] as [&str; 0], &table);
    expect(&both, &[("pos", "lower", "45"), ("del", "lower", "49.5")]);
}

#[test]
fn a_parameter_of_the_protocol_is_a_part_of_the_name() {
    let table = curve("road:percent=10+20+30+40+50+70+90", &[(0.0, 0.9, 7), (0.1, 0.8, 7), (0.2, 0.2, 1)]);
    let name = "road:percent=10+20+30+40+50+70+90";
    let hit = format!("{name},score=hit");
    expect(&run(SCORE, ["--protocol", "road"], table), &[(name, "lower", "0.5"), (&hit, "lower", "0.5")]);
}

#[test]
fn a_dry_run_prints_the_flags() {
    let flags = |arguments: &[&str]| run(SCORE, arguments, "").success();
    assert_eq!(flags(&["--protocol", "chefer", "--dry-run"]), "--metric=pos --metric=neg\n");
    assert!(flags(&["--list-protocols"]).contains("\nrise "));
    let message = run(SCORE, ["--dry-run"], "").failure(2);
    assert!(message.contains("--protocol <NAME>"), "{message}");
}

#[test]
fn what_cannot_be_is_told() {
    let message = run(SCORE, ["--protocol", "xplik"], "").failure(2);
    assert!(
        message.contains("unknown protocol `xplik`") && message.contains("did you mean `xplique`?"),
        "{message}"
    );
    assert!(run(SCORE, ["--protocol", "rise", "--density"], "").failure(2).contains("cannot be used with"));
}

/// Whether one of the tests of a protocol makes a metric, or a table of maps does.
fn is_made(protocol: &Protocol, metric: &str) -> bool {
    let selection =
        Selection::new(&[metric.to_owned()], str::to_owned).unwrap_or_else(|error| panic!("{error}"));
    let of_perturb = protocol.perturb.unwrap_or_default().iter();
    let tests = of_perturb.filter_map(|flag| flag.strip_prefix("--test="));
    let of_tests = tests.into_iter().any(|test| {
        let (usual, _) = without_order(test);
        !selection.of_test(test).is_empty()
            || selection.needs_maps(test)
            || !selection.of_both_orders(&usual).is_empty()
    });
    of_tests || !selection.of(|input| matches!(input, Input::Map | Input::Place | Input::Maps)).is_empty()
}

#[test]
fn the_tests_of_a_protocol_make_its_metrics() {
    for protocol in protocols::all() {
        for flag in protocol.flags(Tool::Score).unwrap() {
            assert!(is_made(protocol, flag.trim_start_matches("--metric=")), "{}: {flag}", protocol.name);
        }
    }
}
