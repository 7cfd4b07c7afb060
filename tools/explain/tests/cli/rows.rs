//! Rows that cannot be understood: each is a failure of its image, and of no other.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use testing::WorkDir;

use super::{EXPLAIN, explained, rows, run};

#[test]
fn a_bad_row_is_one_line_and_disturbs_no_other() {
    let work = WorkDir::new();
    let list = "image,label,target,boxes\ntestbed/000,-1,,\ntestbed/001,,nan,\ntestbed/002,n01440764,,\ntestbed/003,1,,5 5 5 9\n\
        ,1,,\ntestbed/004,1\ntestbed/005,star,,0 0 5 9\ntestbed/006,,cross,\n";
    let arguments = "-m random -m center --errors errors.csv";
    let output = run(&work, arguments, list);
    let message = output.failure(1);
    let lines = [
        "explain: testbed/000, list: standard input, line 2, column `label`: \"-1\" is not a class: a whole number from 0, a name, or nothing",
        "explain: testbed/001, list: standard input, line 3, column `target`: \"nan\" is not a class: a whole number from 0, a name, or nothing",
        "explain: testbed/002, list: label `n01440764` is not among the names of the model's classes (--labels)",
        "explain: testbed/003, list: standard input, line 5, column `boxes`: \"5 5 5 9\" is not boxes `x0 y0 x1 y1` with x0 < x1 and y0 < y1, separated by `;`",
        "explain: list: standard input, line 6, column `image`: \"\" is not the name of an image",
        "explain: testbed/004, list: standard input, line 7: 2 fields, where the header has 4",
        "explain: 12 of 16 failed; see errors.csv",
    ];
    assert_eq!(message.lines().collect::<Vec<_>>(), lines);
    let table = output.text();
    // Names of classes are understood where the model brings them, for a label and for a target.
    let targets = |image: &str| {
        let good = explained(&table).into_iter().filter(|row| row.image == image);
        good.map(|row| row.target.unwrap()).collect::<Vec<_>>()
    };
    assert_eq!((explained(&table).len(), targets("testbed/006")), (4, vec![4, 4]));
    // What failed does not vanish.
    let failed: Vec<_> = rows(&table).into_iter().filter(|row| !row.reason.is_empty()).collect();
    assert!(failed.len() == 12 && failed.iter().all(|row| row.reason.starts_with("list: ")), "{table}");
    assert_eq!(work.read("errors.csv").lines().count(), 7);
    assert_eq!(run(&work, &format!("{arguments} --max-errors 75%"), list).success(), table);
    assert_eq!(run(&work, &format!("{arguments} --max-errors 12 --resume"), list).success(), table);
    // With labels asked for the rows are the same; with another list of names the synset is one of them.
    let names = (0..10).map(|i| format!("n0144076{i} name {i}\n")).collect::<Vec<_>>().concat();
    work.write("names.txt", format!("\u{feff}{names}\r\n"));
    let output = run(
        &work,
        "-m random --labels names.txt --target label",
        "image,label\ntestbed/002,n01440764\ntestbed/003,name 7\n",
    );
    assert_eq!(rows(&output.success()).iter().map(|row| row.target).collect::<Vec<_>>(), [Some(4), Some(7)]);
}

#[test]
fn labels_are_told_about_where_there_are_no_names() {
    let work = WorkDir::new();
    super::png(&work, "a.png", 32, 32);
    super::weights(&work, "cifar-resnet20", "w.safetensors", ("", 0.0));
    let model = "-m random --model cifar-resnet20 --weights w.safetensors";
    let output = run(&work, model, "image,label\na.png,n01440764\na.png,3\n");
    let message = output.failure(1);
    assert!(
        message.starts_with("explain: a.png, list: label `n01440764` is no number: --labels FILE says"),
        "{message}"
    );
    assert_eq!(explained(&output.text()).len(), 1);
}

/// A table is text, so such a name can stand in none: it is a failure under the name as far as it can be read.
#[test]
fn a_name_that_is_not_utf_8_is_a_failure_of_its_image() {
    let work = WorkDir::new();
    super::png(&work, "photos/a.png", 64, 64);
    let bad = OsString::from_vec(b"photos/caf\xe9.png".to_vec());
    std::fs::copy(work.join("photos/a.png"), work.join(&bad)).unwrap();
    let common = ["-q", "--device", "cpu", "--model", "testbed", "-m", "random"].map(OsString::from);
    let by_name = work.run(EXPLAIN, common.iter().chain([&"photos/a.png".into(), &bad]), "");
    let in_folder = work.run(EXPLAIN, common.iter().chain([&"photos".into()]), "");
    let mut list = b"image\nphotos/a.png\n".to_vec();
    list.extend(b"photos/caf\xe9.png\n");
    let in_table = work.run(EXPLAIN, &common, list);
    for output in [&by_name, &in_folder, &in_table] {
        let message = output.failure(1);
        assert!(message.starts_with("explain: photos/caf\u{fffd}.png, list: "), "{message}");
        assert!(
            message.contains("not valid UTF-8") && message.ends_with("explain: 1 of 2 failed"),
            "{message}"
        );
        assert_eq!((rows(&output.text()).len(), explained(&output.text()).len()), (2, 1));
    }
}
