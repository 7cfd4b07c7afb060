//! `docs/methods.md` holds the table of all methods; `BLESS=1` rewrites it.

use std::fs;

use attribution::{Entry, METHODS};

const START: &str = "<!-- table: written by the tests of attribution with BLESS=1 -->\n";
const END: &str = "<!-- end of table -->";

fn row(entry: &Entry) -> String {
    let needs = if entry.is_black_box() { "scores" } else { "the network" };
    let parameters = entry.parameters().replace("it has none", "");
    let parameters: Vec<String> =
        parameters.split(',').filter(|part| !part.is_empty()).map(|part| format!("`{part}`")).collect();
    let Entry { name, summary, paper, cost, .. } = entry;
    format!("| `{name}` | {summary} | {paper} | {needs} | {cost} | {} |\n", parameters.join(" "))
}

#[test]
fn the_table_of_methods_is_that_of_the_code() {
    let path = testing::root().join("docs/methods.md");
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(START).expect("the table starts");
    let (table, after) = rest.split_once(END).expect("the table ends");
    let head = "| method | what it gives | paper | asks for | cost | parameters and defaults |\n|---|---|---|---|---|---|\n";
    let expected = head.to_string() + &METHODS.iter().map(row).collect::<String>();
    if testing::golden::bless() {
        fs::write(&path, format!("{before}{START}{expected}{END}{after}")).unwrap();
    } else {
        assert!(table == expected, "docs/methods.md is not up to date; `make bless` rewrites it");
    }
}
