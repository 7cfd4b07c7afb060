//! `docs/methods.md` holds a table of the methods of this crate too; `BLESS=1` rewrites it.

use attribution::Entry;
use explainers::METHODS;

fn row(entry: &Entry) -> String {
    let parameters = entry.parameters();
    let parameters: Vec<String> =
        spec::split(&parameters, ',').unwrap().into_iter().map(|part| format!("`{part}`")).collect();
    let Entry { name, summary, paper, cost, .. } = entry;
    format!("| `{name}` | {summary} | {paper} | {cost} | {} |\n", parameters.join(" "))
}

#[test]
fn the_table_of_methods_is_that_of_the_code() {
    let head = "| method | what it gives | paper | cost | parameters and defaults |\n|---|---|---|---|---|\n";
    let table = head.to_string() + &METHODS.iter().map(row).collect::<String>();
    testing::golden::section("methods.md", "adapted", &table);
}
