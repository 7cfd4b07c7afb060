//! `docs/metrics.md` holds the tables of all metrics, ours and other programs'; `BLESS=1` rewrites ours.

use metrics::{Input, Metric, ParsedMetric};

const DOCUMENT: &str = "metrics.md";

fn row(metric: &Metric) -> String {
    let Metric { name, direction, summary, input, on_request, .. } = metric;
    let on = match input {
        Input::Curve(tests) => tests.join(", "),
        Input::BothOrders(tests) => format!("{}, both orders", tests.join(", ")),
        Input::Again(tests) => format!("{}, explained again", tests.join(", ")),
        Input::Joined(again, curves) => format!("{again}, explained again, and {curves} in both orders"),
        Input::Map => "a map".to_owned(),
        Input::Place => "a map and where the object is".to_owned(),
        Input::Maps => "two maps".to_owned(),
    };
    let parameters = metric.parameters().replace("it has none", "");
    let parameters: Vec<String> =
        parameters.split(',').filter(|part| !part.is_empty()).map(|part| format!("`{part}`")).collect();
    let star = if *on_request { "*" } else { "" };
    format!("| `{name}`{star} | {direction} | {on} | {summary} | {} |\n", parameters.join(" "))
}

#[test]
fn the_table_of_metrics_is_that_of_the_code() {
    let head = "| metric | better | of | what it is | parameters and defaults |\n|---|---|---|---|---|\n";
    let table = head.to_owned() + &metrics::all().map(row).collect::<String>();
    testing::golden::section(DOCUMENT, "metrics", &table);
}

/// What Quantus lists; a release with another metric needs another row.
const QUANTUS: usize = 37;

#[test]
fn every_metric_of_other_programs_is_here_or_says_why_not() {
    let text = std::fs::read_to_string(testing::root().join("docs").join(DOCUMENT)).unwrap();
    let table = &text[testing::golden::between(&text, "toolkits").unwrap()];
    let rows: Vec<Vec<&str>> = table
        .lines()
        .skip(2)
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect();
    assert_eq!(rows.iter().filter(|row| row[0].starts_with("Quantus")).count(), QUANTUS);
    for row in &rows {
        let [_, name, here, why] = row[..] else { panic!("{row:?}") };
        assert!(!why.is_empty(), "{name} says nothing");
        for spec in here.split(", ").filter(|&here| here != "—") {
            let spec = spec.trim_matches('`');
            ParsedMetric::parse(spec).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
}
