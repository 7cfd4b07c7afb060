//! Metrics of draws against those of Quantus and Captum on the same draws (`testdata/draws`).

use std::collections::HashMap;

use testing::{run, testdata};

use super::SCORE;

/// (method, metric) and value of each row of a table of scores.
fn values(table: &str, columns: [usize; 3]) -> HashMap<(String, String), f64> {
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let row = |row: csv::StringRecord| {
        let [method, metric, value] = columns.map(|column| row[column].to_owned());
        ((method, metric), value.parse().unwrap())
    };
    reader.records().map(|record| row(record.unwrap())).collect()
}

#[test]
fn draws_are_scored_as_quantus_and_captum_do() {
    let expected = values(&std::fs::read_to_string(testdata("draws/scores.csv")).unwrap(), [0, 1, 2]);
    let names = [
        "faithfulness-correlation",
        "faithfulness-correlation:score=probability",
        "mu-fidelity",
        "faithfulness-estimate",
        "monotonicity-correlation",
        "non-sensitivity",
        "infidelity",
        "infidelity:score=probability",
        "infidelity:scaled=true",
        "infidelity:scaled=true,score=probability",
    ];
    let mut arguments = vec![testdata("draws/responses.csv").display().to_string()];
    arguments.extend(names.into_iter().flat_map(|name| ["-m".to_owned(), name.to_owned()]));
    let found = values(&run(SCORE, arguments, "").success(), [3, 4, 6]);
    assert_eq!(expected.len(), 33);
    for (key, expected) in expected {
        // Three or four digits of an infidelity are lost where falls nearly cancel; all answers are in single precision.
        let (found, scale) = (found[&key], if key.1.starts_with("infidelity") { expected } else { 1.0 });
        assert!((found - expected).abs() < 2e-5 * scale.max(1e-4), "{key:?}: {found} instead of {expected}");
    }
}
