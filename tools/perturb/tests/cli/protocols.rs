//! `--protocol`.

use perturbation::{ParsedTest, TESTS};

use super::{TABLE, all_cells, run, work};

/// The tests of a run, in order.
fn tests(arguments: &str) -> Vec<String> {
    let table = run(&work(), &format!("{arguments} --model testbed"), TABLE).success();
    let mut tests: Vec<String> = all_cells(&table).into_iter().map(|mut row| row.swap_remove(4)).collect();
    tests.dedup();
    tests.truncate(2);
    tests
}

#[test]
fn a_protocol_stands_for_its_tests_and_a_test_of_the_user_for_all_of_them() {
    assert_eq!(tests("--protocol chefer"), ["pos", "neg"]);
    assert_eq!(tests("--protocol chefer -t neg"), ["neg"]);
    assert_eq!(tests("-tmask --protocol=chefer"), ["mask"]);
}

#[test]
fn a_dry_run_of_no_table_prints_the_flags_and_of_a_table_the_cost() {
    let work = work();
    let flags = "--test=pos --test=neg\n";
    assert_eq!(run(&work, "--protocol chefer --dry-run", TABLE).success(), flags);
    let cost = run(&work, "--protocol chefer --model testbed --dry-run -", TABLE).success();
    assert!(cost.starts_with("test,") && cost.contains("pos"), "{cost}");
    assert!(run(&work, "--list-protocols", "").success().contains("\nrise "));
}

#[test]
fn what_cannot_be_is_told() {
    let message = run(&work(), "--protocol capton", TABLE).failure(2);
    assert!(
        message.contains("unknown protocol `capton`") && message.contains("did you mean `captum`?"),
        "{message}"
    );
}

#[test]
fn the_tests_of_all_protocols_are_as_the_tables_write_them() {
    for protocol in protocols::all() {
        // Protocols of maps alone say nothing about this tool.
        for flag in protocol.perturb.unwrap_or_default() {
            let Some(spec) = flag.strip_prefix("--test=") else {
                assert!(flag.starts_with("--keep-test="), "{}: {flag}", protocol.name);
                continue;
            };
            let test = ParsedTest::parse(spec, &[TESTS])
                .unwrap_or_else(|error| panic!("{}: {error}", protocol.name));
            assert_eq!(test.spec(), spec, "{}", protocol.name);
        }
    }
}
