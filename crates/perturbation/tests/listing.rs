//! `docs/metrics.md` holds the table of all tests; `BLESS=1` rewrites it.

use perturbation::{Entry, TESTS, fill};

fn row(entry: &Entry) -> String {
    let Entry { name, summary, source, .. } = entry;
    let parameters = entry.parameters();
    let parameters: Vec<String> = parameters.split(',').map(|part| format!("`{part}`")).collect();
    format!("| `{name}` | {summary} | {source} | {} |\n", parameters.join(" "))
}

#[test]
fn the_table_of_tests_is_that_of_the_code() {
    let head =
        "| test | what the classifier is shown | source | parameters and defaults |\n|---|---|---|---|\n";
    let fills = fill::WORDS.map(|(word, what)| format!("| `{word}` | {what} |\n")).concat();
    let fills = format!("\n| `fill` | what replaces pixels |\n|---|---|\n{fills}");
    let table = head.to_owned() + &TESTS.iter().map(row).collect::<String>() + &fills;
    testing::golden::section("metrics.md", "tests", &table);
}
