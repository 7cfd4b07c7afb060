//! The cells of docs/notebooks.md, one after another, by the module that it is about.

use std::fs;
use std::process::Command;

use testing::{WorkDir, root};

use super::{EXPLAIN, extract};

#[test]
fn the_cells_of_the_document_run() {
    if !Command::new("python3")
        .args(["-c", "import pandas"])
        .output()
        .is_ok_and(|output| output.status.success())
    {
        eprintln!("skipped: there is no python3 with pandas");
        return;
    }
    let text = fs::read_to_string(root().join("docs/notebooks.md")).unwrap();
    let mut cells = extract::markdown("docs/notebooks.md", &text);
    cells.retain(|cell| cell.language == "python");
    assert!(cells.len() > 2);
    let work = WorkDir::new();
    work.write("cells.py", cells.into_iter().map(|cell| cell.text).collect::<String>());
    let module = root().join("pipelines/python");
    let line = format!("PYTHONPATH='{}' PYTHONDONTWRITEBYTECODE=1 python3 cells.py", module.display());
    work.shell(EXPLAIN, &line).success();
    let failing = format!(
        "PYTHONPATH='{}' PYTHONDONTWRITEBYTECODE=1 python3 -c 'import plumbline; plumbline.run(\"rank\", \"none.csv\")'",
        module.display()
    );
    let said = work.shell(EXPLAIN, &failing);
    assert!(
        said.status == Some(1) && said.stderr.contains("RuntimeError: rank: cannot open none.csv"),
        "{}",
        said.stderr
    );
}
