//! Damaged arrays, tables and sidecars are refused, not believed and not fatal.

use std::fs;
use std::path::Path;

use pipe::npy::{self, Header, Stream};
use pipe::{Correlation, Explained, Image, Rank, Response, Row, Rows, Score, Sidecar};
use testing::{WorkDir, fuzz, testdata};

#[test]
fn fuzz_npy() {
    let work = WorkDir::new();
    fuzz::survives("npy", &fuzz::files(testdata("pipe/npy"), &[".npy"]), |bytes| {
        let _ = Header::read(&mut &bytes[..]);
        let _ = Stream::new(bytes).count();
        let path = work.write("map.npy", bytes);
        let _ = npy::read_file(&path);
        let _ = npy::read_map(&path, Some(1));
    });
}

fn rows<R: Row>(path: &Path) {
    let Ok(rows) = Rows::<R>::open(&[path]) else { return };
    let _ = rows.with_flaws().count();
    let _ = Rows::<R>::open(&[path]).map(|rows| rows.filter(Result::is_err).count());
}

#[test]
fn fuzz_tables() {
    let mut tables = fuzz::files(testdata("stats"), &[".csv"]);
    tables.extend(fuzz::files(testdata("figures"), &[".csv"]));
    for table in &mut tables {
        table.truncate(4000);
    }
    tables.extend(["gz", "zst"].map(|ending| compressed(&tables[0], ending)));
    let work = WorkDir::new();
    fuzz::survives("tables", &tables, |bytes| {
        let path = work.write("table.csv", bytes);
        rows::<Explained>(&path);
        rows::<Response>(&path);
        rows::<Score>(&path);
        rows::<Image>(&path);
        rows::<Rank>(&path);
        rows::<Correlation>(&path);
    });
}

/// The table as a tool writes it under a compressed name.
fn compressed(table: &[u8], ending: &str) -> Vec<u8> {
    use std::io::Write;

    use pipe::Finish;

    let work = WorkDir::new();
    let path = work.join(format!("table.csv.{ending}"));
    let mut out = pipe::Output::open(&pipe::OutputArgs { file: Some(path.clone()) }).unwrap();
    out.write_all(table).unwrap();
    out.finish().unwrap();
    fs::read(path).unwrap()
}

#[test]
fn fuzz_sidecars() {
    let work = WorkDir::new();
    fuzz::survives("sidecars", &fuzz::files(testdata("pipe"), &["sidecar.json"]), |bytes| {
        let _ = Sidecar::read(&work.write("pack.json", bytes));
    });
}
