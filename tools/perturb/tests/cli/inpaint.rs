//! `-t inpaint` with generators in Python, whose images can be computed by hand.

use std::collections::HashMap;
use std::fs;

use pipe::npy;
use testing::{Output, WorkDir, columns, sibling};

use crate::PERTURB;

/// `.npy` files without NumPy, for programs in Python.
pub const NPY: &str = r#"
import array, re

def read(path):
    data = open(path, "rb").read()
    end = 10 + int.from_bytes(data[8:10], "little")
    shape = re.search(rb"\(([^)]*)\)", data[:end]).group(1)
    values = array.array("f")
    values.frombytes(data[end:])
    return values, [int(n) for n in shape.split(b",") if n.strip()]

def write(path, values, shape):
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {tuple(shape)}, }}"
    text += " " * (-(len(text) + 11) % 64) + "\n"
    head = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()
    open(path, "wb").write(head + values.tobytes())
"#;

/// Paints what is open in the seed's last digit times 20, plus the length of the prompt.
const PAINT: &str = r#"
import os, sys
from npy import read, write

print("plumbline generator prompts=" + os.environ.get("PROMPTS", "no"), flush=True)
asked = 0
for line in sys.stdin:
    images, masks, prompts, results = line.rstrip("\n").split("\t")
    (image, shape), (mask, _) = read(images), read(masks)
    area = shape[2] * shape[3]
    for i, words in enumerate(open(prompts)):
        asked += 1
        if asked > int(os.environ.get("LAST", "9999")):
            sys.exit(3)
        open("asked", "a").write(words)
        seed, prompt = words.rstrip("\n").split("\t")
        for c in range(3):
            for pixel in range(area):
                if mask[i * area + pixel]:
                    image[(3 * i + c) * area + pixel] = 20 * (int(seed) % 10) + len(prompt)
    write(results, image, shape)
    print("ok", flush=True)
"#;

const TEST: &str = "inpaint:end=0.4,generator=stub,patch=8,samples=2,steps=5";

fn tool(work: &WorkDir, name: &str, line: &str, stdin: &str) -> Output {
    let program = if name == "perturb" { PERTURB.into() } else { sibling(PERTURB, name) };
    let quiet: &[&str] = if name == "score" { &[] } else { &["-q", "--device", "cpu", "--model", "testbed"] };
    let line = line.replace("STUB", "stub=exec:python3_paint.py");
    let words = line.split_whitespace().map(|word| word.replace("python3_paint.py", "python3 paint.py"));
    work.run(program, quiet.iter().map(|word| (*word).to_owned()).chain(words), stdin)
}

fn study() -> (WorkDir, String) {
    let work = WorkDir::new();
    work.write("npy.py", NPY);
    work.write("paint.py", PAINT);
    let maps = tool(&work, "explain", "-m gradient -m gradcam testbed/004 testbed/005", "").success();
    (work, maps)
}

#[test]
fn the_first_patches_are_those_of_the_generator_and_the_rest_is_the_image() {
    let (work, maps) = study();
    let line = format!("-t {TEST} --generator STUB --keep kept");
    let table = tool(&work, "perturb", &line, &maps).success();
    let rows = columns(
        &table,
        &["fraction", "sample", "second", "predicted", "kept", "kept_index", "area", "image"],
    );
    // The clean image and two samples of two fractions, of four maps.
    assert_eq!(rows.len(), 20);
    let places: Vec<[&str; 2]> = rows[..5].iter().map(|row| [&*row[0], &*row[1]]).collect();
    assert_eq!(places, [["0", "0"], ["0.2", "0"], ["0.4", "0"], ["0.2", "1"], ["0.4", "1"]]);
    assert!(
        rows.iter().all(|row| row[2] != row[3] || row[0] != "0"),
        "the second class is not the predicted one"
    );
    for row in &rows[1..5] {
        let pack = npy::read_file(&work.join(&row[4])).unwrap();
        let values = &pack.data[row[5].parse::<usize>().unwrap() * 3 * 4096..][..3 * 4096];
        // The colours of patches of one colour, how often each.
        let mut colours: HashMap<Vec<u32>, usize> = HashMap::new();
        for patch in 0..64 {
            let pixel = |c: usize, i: usize| {
                values[c * 4096 + (patch / 8 * 8 + i / 8) * 64 + patch % 8 * 8 + i % 8].to_bits()
            };
            if (0..3).all(|c| (0..64).all(|i| pixel(c, i) == pixel(c, 0))) {
                *colours.entry((0..3).map(|c| pixel(c, 0)).collect()).or_default() += 1;
            }
        }
        // 13 and 26 of 64 patches.
        let patches = if row[0] == "0.2" { 13 } else { 26 };
        assert_eq!(colours.values().max(), Some(&patches), "{row:?}");
        assert!((row[6].parse::<f64>().unwrap() - (1.0 - patches as f64 / 64.0)).abs() < 1e-6);
    }
    // Two samples have two seeds.
    let asked = work.read("asked");
    let seeds: std::collections::HashSet<&str> =
        asked.lines().map(|line| line.split('\t').next().unwrap()).collect();
    assert_eq!(seeds.len(), 4, "two samples of two images, whatever the method: {asked}");
    // Everything again: nobody is asked.
    fs::remove_file(work.join("asked")).unwrap();
    assert_eq!(tool(&work, "perturb", &line, &maps).success(), table);
    assert!(!work.join("asked").exists());
}

#[test]
fn words_are_those_of_the_second_class() {
    let (work, maps) = study();
    let second = tool(&work, "explain", "-m gradient -m gradcam --target second testbed/004 testbed/005", "")
        .success();
    work.write("second.csv", &second);
    work.write("paint.py", PAINT.replace("\"no\"", "\"yes\""));
    let line = format!("-t {TEST} --generator STUB --second second.csv --keep kept");
    let table = tool(&work, "perturb", &line, &maps).success();
    let (classes, found) = (columns(&second, &["target", "class"]), columns(&table, &["second"]));
    assert_eq!([&found[0][0], &found[19][0]], [&classes[0][0], &classes[3][0]]);
    assert!(
        work.read("asked")
            .lines()
            .all(|line| classes.iter().any(|row| line.ends_with(&format!("\t{}", row[1]))))
    );
    let missing = tool(&work, "perturb", &format!("-t {TEST} --generator STUB"), &maps).failure(2);
    assert!(missing.contains("wants to be told what is to be seen: --second"), "{missing}");
    // Another class than the second one.
    let column = format!(",{},", classes[0][0]);
    let wrong = second.lines().map(|line| line.replacen(&column, ",3,", 1) + "\n").collect::<String>();
    work.write("wrong.csv", if classes[0][0] == "3" { second.replace(",3,", ",2,") } else { wrong });
    let line = format!("-t {TEST} --generator STUB --second wrong.csv --keep kept");
    let output = tool(&work, "perturb", &line, &maps);
    assert_eq!(output.status, Some(1));
    assert!(output.stderr.contains("--second says class"), "{}", output.stderr);
}

/// The whole of it, with the explanations of what was painted.
#[test]
fn the_stratified_metric_weighs_what_plain_success_counts() {
    let (work, maps) = study();
    let second =
        tool(&work, "explain", "-m gradient -m gradcam --target second -o two testbed/004 testbed/005", "")
            .success();
    work.write("second.csv", &second);
    let table = tool(&work, "perturb", &format!("-t {TEST} --generator STUB --keep kept"), &maps).success();
    let again = tool(&work, "explain", "--again --target-column second -o again", &table).success();
    let scores = tool(
        &work,
        "score",
        "--second second.csv -m inpaint:class=other -m stratified:class=other -m inpaint -m stratified",
        &again,
    );
    let scores = scores.success();
    let rows = columns(&scores, &["metric", "value", "reason"]);
    let values = |name: &str, class: &str| -> Vec<f64> {
        let wanted = |row: &&Vec<String>| {
            row[0].split(':').next() == Some(name) && row[0].contains("class=other") == (class == "other")
        };
        rows.iter().filter(wanted).map(|row| row[1].parse().unwrap()).collect()
    };
    for class in ["second", "other"] {
        let (plain, weighed) = (values("inpaint", class), values("stratified", class));
        assert_eq!((plain.len(), weighed.len()), (4, 4), "{scores}");
        // A weight is at most 1, and both are at most 0.4.
        assert!(
            plain.iter().zip(&weighed).all(|(plain, weighed)| plain <= weighed && *weighed <= 0.4),
            "{scores}"
        );
    }
    let without = tool(&work, "score", "-m stratified", &again).success();
    assert!(
        columns(&without, &["reason"])
            .iter()
            .all(|row| row[0] == "the map of the second class is missing (--second)")
    );
}

#[test]
fn a_generator_that_fails_ends_the_run_which_goes_on_to_the_same_bytes() {
    let (work, maps) = study();
    work.write("maps.csv", &maps);
    let whole = tool(
        &work,
        "perturb",
        &format!("-t {TEST} --generator STUB --keep kept -O whole.csv maps.csv --resume"),
        "",
    );
    whole.success();
    for last in [0, 5, 9] {
        let folder = WorkDir::new();
        folder.write("npy.py", NPY);
        folder.write("paint.py", PAINT.replace("\"9999\"", &format!("\"{last}\"")));
        folder.write("maps.csv", maps.replace(",maps/", &format!(",{}/maps/", work.path().display())));
        let line = format!("-t {TEST} --generator STUB --keep kept -O all.csv maps.csv --resume");
        let error = tool(&folder, "perturb", &line, "").failure(1);
        assert!(
            error.contains("generator stub: ended before its answer to a batch (exit status 3)"),
            "{error}"
        );
        assert!(!folder.join("all.csv").exists());
        folder.write("paint.py", PAINT);
        tool(&folder, "perturb", &line, "").success();
        let of = |table: String| table.replace(&format!("{}/maps/", work.path().display()), "maps/");
        assert_eq!(of(folder.read("all.csv")), work.read("whole.csv"), "{last}");
        // Another program of that name would go on with the images of the first one.
        let other = line.replace("STUB", "stub=exec:cat");
        let error = tool(&folder, "perturb", &other, "").failure(1);
        assert!(error.contains("generators"), "{error}");
    }
}

#[test]
fn a_generator_that_breaks_the_protocol_is_told() {
    let (work, maps) = study();
    let hello = "print(\"plumbline generator prompts=no\", flush=True)";
    let ask = "import sys\n".to_owned() + hello + "\nfor line in sys.stdin:\n    ";
    for (program, expected) in [
        (
            "print('hello')".to_owned(),
            "said `hello`, where `plumbline generator prompts=yes|no` was expected",
        ),
        ("import sys; sys.exit(1)".to_owned(), "ended before its first line (exit status 1)"),
        (ask.clone() + "print('what?', flush=True)", "answered `what?` instead of `ok`"),
        (ask.clone() + "print('ok', flush=True)", "answered `ok`, but has not written"),
        (
            ask.clone() + "open(line.split('\\t')[3].strip(), 'w').write('x'); print('ok', flush=True)",
            "not a .npy file",
        ),
        (
            PAINT.replace("write(results, image, shape)", "write(results, image[:1], [1])"),
            "its results have the shape [1], and not [2, 3, 64, 64]",
        ),
        (PAINT.replace("= 20 *", "= 2000 *"), "where 0 to 255 is possible"),
        (ask + "import time; time.sleep(60)", "did not come within 1 s (see --exec-timeout)"),
    ] {
        work.write("paint.py", &program);
        let line = format!("-t {TEST} --generator STUB --exec-timeout 1");
        let error = tool(&work, "perturb", &line, &maps).failure(1);
        assert!(error.contains(expected), "{program}: {error}");
    }
    let refused = |line: &str, why: &str| {
        let error = tool(&work, "perturb", line, &maps).failure(2);
        assert!(error.contains(why), "{line}: {error}");
    };
    refused(&format!("-t {TEST}"), "generator=stub, but there is no --generator stub=exec:COMMAND");
    refused("-t mask --generator STUB", "--generator stub, but no test has generator=stub");
    refused("-t mask --generator stub", "NAME=exec:COMMAND is needed");
    refused("-t inpaint:end=1", "end");
    refused("-t inpaint:rank=1", "rank");
}
