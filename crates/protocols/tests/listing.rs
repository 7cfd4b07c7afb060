//! `docs/protocols.md` holds what each protocol stands for; `BLESS=1` rewrites the tables.

use protocols::{Protocol, Tool, all};
use testing::golden;

const DOCUMENT: &str = "protocols.md";

fn row(protocol: &Protocol) -> String {
    let Protocol { name, summary, source, .. } = protocol;
    format!("| [`{name}`](#{name}) | {summary} | {source} | {} |\n", protocol.tools().join(", "))
}

/// The flags and the differences of one.
fn tables(protocol: &Protocol) -> String {
    let flags = |tool: Tool| match protocol.line(tool) {
        Ok(line) => format!("| `{tool}` | `{line}` |\n"),
        Err(_) => format!("| `{tool}` | says nothing |\n"),
    };
    let images = match protocol.images {
        "" => String::new(),
        images => format!("Its images are {images}.\n\n"),
    };
    let differs =
        protocol.differs.iter().map(|differs| format!("| {} | {} |\n", differs.there, differs.here));
    let (flags, differs) = (Tool::ALL.map(flags).concat(), differs.collect::<String>());
    format!("| tool | flags |\n|---|---|\n{flags}\n{images}| there | here |\n|---|---|\n{differs}")
}

#[test]
fn the_tables_are_those_of_the_data() {
    let head = "| protocol | what it measures | source | tools |\n|---|---|---|---|\n";
    golden::section(DOCUMENT, "protocols", &(head.to_owned() + &all().map(row).collect::<String>()));
    for protocol in all() {
        golden::section(DOCUMENT, protocol.name, &tables(protocol));
    }
}

#[test]
fn every_protocol_has_a_pipeline_of_all_tools_that_it_concerns() {
    let text = std::fs::read_to_string(testing::root().join("docs").join(DOCUMENT)).unwrap();
    for protocol in all() {
        let name = protocol.name;
        let start = text.find(&format!("\n## {name}\n")).unwrap_or_else(|| panic!("{name} has no section"));
        let section = text[start + 1..].split("\n## ").next().unwrap_or_default();
        let pipeline = section.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next());
        let pipeline = pipeline.unwrap_or_else(|| panic!("{name} has no pipeline"));
        let flag = format!("--protocol {name} ");
        assert!(pipeline.replace('\n', " ").matches(&flag).count() >= protocol.tools().len(), "{name}");
    }
}
