//! Tables that are damaged, or contradict themselves or one another: each message names the file and the line.

use scores::CompareArgs;

use super::{Folder, HEADER, table};

fn error(tables: &[(&str, &str)]) -> String {
    Folder::new().error(tables, CompareArgs::default())
}

#[test]
fn a_bad_cell_is_named_with_file_line_and_column() {
    let good = table(["x,7,m,a,del,lower,1", "y,7,m,a,del,lower,1"]);
    for (from, to, said) in [
        ("y,7", "y,-7", "line 3, column `target`: \"-7\" is not a whole number or nothing"),
        ("lower,1\ny", "lower,much\ny", "line 2, column `value`: \"much\" is not a number"),
        ("lower,1\ny", "down,1\ny", "line 2, column `direction`: \"down\" is not `higher` or `lower`"),
        ("y,7,m,", "y,7,", "line 3: 6 fields, where the header has 7"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_eq!(error(&[("good.csv", &good), ("bad.csv", &bad)]), format!("bad.csv, {said}"), "{bad}");
    }
    // Of two damaged tables always the first is told, whichever thread is faster.
    let long = table((0..20_000).map(|_| "x,7,m,a,del,lower,1")) + "y,7,m,a,del,up,1\n";
    let short = table(["x,7,m,a,del,down,1"]);
    for _ in 0..3 {
        let message = error(&[("long.csv", &long), ("short.csv", &short)]);
        assert!(message.starts_with("long.csv, line 20002, column `direction`: \"up\""), "{message}");
    }
}

#[test]
fn a_line_number_counts_line_ends_inside_quotes() {
    let rows = "\"a\nb\",7,m,a,del,lower,1\nc,7,m,a,del,lower,much\n";
    let message = error(&[("a.csv", &format!("{HEADER}{rows}"))]);
    assert_eq!(message, "a.csv, line 4, column `value`: \"much\" is not a number");
}

#[test]
fn bytes_that_are_no_text_are_named() {
    for (at, cell) in [(0, "image"), (3, "method"), (7, "a column that nobody reads")] {
        let mut cells: Vec<&[u8]> = vec![b"x", b"7", b"m", b"a", b"del", b"lower", b"1", b""];
        cells[at] = b"\xe9t\xe9";
        let header = HEADER.replace("value", "value,note").into_bytes();
        let rows = [&header, &b"w,7,m,a,del,lower,1,\n"[..], &cells.join(&b','), b"\n"].concat();
        let folder = Folder::new();
        let file = folder.table("a.csv", rows);
        let message =
            scores::Scores::read(&[file], CompareArgs::default(), scores::Foreign::SameItems).unwrap_err();
        assert!(message.to_string().ends_with("a.csv, line 3: not valid UTF-8"), "{cell}: {message}");
    }
}

#[test]
fn a_table_cut_anywhere_is_an_error_or_ends_with_a_whole_row() {
    let whole = table(["x,7,m,\"a,b\",del,lower,0.125", "\"y\"\"y\",7,m,\"a,b\",del,lower,0.25"]);
    let folder = Folder::new();
    for length in 0..whole.len() {
        let cut = &whole[..length];
        match folder.read(&[("a.csv", cut)], CompareArgs::default()) {
            Ok(scores) => {
                assert!(cut.ends_with('\n') && scores.items.len() == cut.lines().count() - 1, "{cut}");
            }
            Err(error) => assert!(error.to_string().contains("a.csv"), "{cut}: {error}"),
        }
    }
    let message = error(&[("a.csv", whole.trim_end())]);
    assert!(message.starts_with("a.csv, line 3: the last line has no line end"), "{message}");
    let message = error(&[("a.csv", &whole[..whole.len() - 18])]);
    assert!(message.starts_with("a.csv, line 3: a quote is opened and never closed"), "{message}");
}

#[test]
fn a_table_without_rows_is_an_error_only_if_all_are() {
    let good = table(["x,7,m,a,del,lower,1"]);
    assert_eq!(error(&[("a.csv", HEADER)]), "a.csv: a header and no rows");
    assert_eq!(
        error(&[("a.csv", HEADER), ("b.csv", HEADER), ("c.csv", HEADER)]),
        "a.csv and 2 more: a header and no rows"
    );
    assert!(Folder::new().read(&[("a.csv", HEADER), ("b.csv", &good)], CompareArgs::default()).is_ok());
    let message = error(&[("good.csv", &good), ("b.csv", "")]);
    assert_eq!(message, "b.csv: empty input, where a header line was expected");
}

#[test]
fn a_header_must_name_each_column_once() {
    let good = table(["x,7,m,a,del,lower,1"]);
    let bad = good.replace("value", "value,value");
    assert_eq!(
        error(&[("a.csv", &good), ("b.csv", &bad)]),
        "b.csv: column `value` appears twice in the header"
    );
    let bad = good.replace("metric", "measure");
    let message = error(&[("a.csv", &good), ("b.csv", &bad)]);
    assert!(message.starts_with("b.csv: no column `metric` in the header `image,target,"), "{message}");
}

#[test]
fn contradictions_name_both_places() {
    let [a, b] = [table(["x,7,m,a,del,lower,1", "y,7,m,a,del,lower,1"]), table(["z,7,m,b,del,higher,1"])];
    assert_eq!(
        error(&[("a.csv", &a), ("b.csv", &b)]),
        "b.csv, line 2: the direction of del is `higher`, but `lower` in a.csv, line 2"
    );
}

#[test]
fn a_shard_that_is_given_twice_is_named() {
    let [a, b] = [table(["x,7,m,a,del,lower,1"]), table(["y,7,m,a,del,lower,1"])];
    let message = error(&[("a.csv", &a), ("b.csv", &b), ("c.csv", &a)]);
    assert_eq!(message, "a.csv and c.csv: m, del, a: x (target 7) has more than one value");
}

#[test]
fn a_list_must_be_one() {
    let rows = HEADER.replace("value", "value,list") + "x,7,m,a,del,lower,1,l7f/1\ny,7,m,a,del,lower,1,l7f\n";
    let message = error(&[("a.csv", &rows)]);
    assert!(
        message.starts_with("a.csv, line 3, column `list`: \"l7f\" is not the hash and length of"),
        "{message}"
    );
}

#[test]
fn what_is_pooled_must_have_nothing_in_common() {
    let pool = CompareArgs { pool: true, ..CompareArgs::default() };
    let tables = [
        ("a.csv", &*table(["x,7,m,a,del,lower,1", "y,7,m,a,del,lower,1"])),
        ("b.csv", &*table(["z,7,n,a,del,lower,1", "y,7,n,a,ins,higher,1"])),
    ];
    let said = "y (target 7) is scored both for `m` and for `n`: these cannot be pooled";
    assert_eq!(Folder::new().error(&tables, pool), said);
    assert_eq!(Folder::new().error(&[tables[1], tables[0]], pool), said);
}
