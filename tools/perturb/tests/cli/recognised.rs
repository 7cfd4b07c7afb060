//! `-t recognised` with a generator that paints stored images, so that every number is known.

use testing::{Output, WorkDir, columns, sibling};

use crate::PERTURB;
use crate::inpaint::NPY;

/// Of a class, its image as often as is known; else that of another class. Each class is asked for one image after another.
const PAINT: &str = r#"
import sys
from npy import read, write

known = {}
for line in open("known"):
    words, path, often = line.rstrip("\n").split("\t")
    known[words] = (open(path, "rb").read(), int(often))
print("plumbline generator prompts=yes", flush=True)
asked = {}
for line in sys.stdin:
    images, masks, prompts, results = line.rstrip("\n").split("\t")
    (image, shape), (mask, _) = read(images), read(masks)
    assert not any(image) and all(mask), "it is to be painted from black"
    area = 3 * shape[2] * shape[3]
    for i, words in enumerate(open(prompts)):
        words = words.rstrip("\n").split("\t")[1]
        pixels, often = known[words]
        asked[words] = asked.get(words, 0) + 1
        open("asked", "a").write(words + "\n")
        if asked[words] > often:
            pixels = open("9.planes", "rb").read()
        image[i * area : (i + 1) * area] = type(image)("f", list(pixels))
    write(results, image, shape)
    print("ok", flush=True)
"#;

const GENERATOR: &str = "stub=exec:python3 stub.py";

fn tool(work: &WorkDir, name: &str, arguments: &[&str], stdin: &str) -> Output {
    let program = if name == "perturb" { PERTURB.into() } else { sibling(PERTURB, name) };
    let quiet: &[&str] = if name == "score" { &[] } else { &["-q", "--device", "cpu", "--model", "testbed"] };
    work.run(program, quiet.iter().chain(arguments).copied(), stdin)
}

/// Maps of one image for four classes; of class k, a stored image of it is painted k times of four.
fn study() -> (WorkDir, String) {
    let work = WorkDir::new();
    work.write("stub.py", PAINT);
    work.write("npy.py", NPY);
    let mut known = String::new();
    let mut list = "image,target\n".to_owned();
    for class in [0, 1, 2, 3, 9] {
        let name = format!("testbed/{class:03}");
        let scene = testbed::image(&name).unwrap();
        assert_eq!(scene.label, class, "{name}");
        let (pixels, area) = (scene.image.as_raw(), 64 * 64);
        let planes: Vec<u8> = (0..3 * area).map(|i| pixels[i % area * 3 + i / area]).collect();
        std::fs::write(work.join(format!("{class}.planes")), planes).unwrap();
        if class < 4 {
            known.extend([testbed::CLASSES[class], &format!("\t{class}.planes\t{class}\n")]);
            list.extend(["testbed/009,", &format!("{class}\n")]);
        }
    }
    work.write("known", known);
    work.write("list.csv", list);
    let maps = tool(&work, "explain", &["-m", "random", "--images", "list.csv"], "").success();
    (work, maps)
}

#[test]
fn the_share_of_samples_of_the_class_is_known() {
    let (work, maps) = study();
    let test = "recognised:generator=stub,samples=4";
    let arguments = ["-t", test, "--generator", GENERATOR, "--keep", "kept"];
    let table = tool(&work, "perturb", &arguments, &maps).success();
    let rows = columns(&table, &["target", "fraction", "area", "predicted"]);
    assert_eq!(rows.len(), 20);
    assert_eq!(rows[..2].iter().map(|row| &*row[1]).collect::<Vec<_>>(), ["0", "1"]);
    let scores = tool(&work, "score", &[], &table).success();
    let found = columns(&scores, &["target", "metric", "value"]);
    let expected: Vec<Vec<String>> = (0..4)
        .map(|class| vec![class.to_string(), test.to_owned(), (f64::from(class) / 4.0).to_string()])
        .collect();
    assert_eq!(found, expected, "{scores}");
    // What is kept is not painted again: neither with maps of another image, nor after a kill.
    std::fs::remove_file(work.join("asked")).unwrap();
    let other = maps.replace("testbed/009", "testbed/011");
    let list = work.read("list.csv").replace("testbed/009", "testbed/011");
    work.write("list.csv", list);
    let maps = tool(&work, "explain", &["-m", "random", "--images", "list.csv", "-o", "b"], "").success();
    assert_eq!(columns(&maps, &["image", "target"]), columns(&other, &["image", "target"]));
    let again = tool(&work, "perturb", &arguments, &maps).success();
    let again = tool(&work, "score", &[], &again).success();
    assert_eq!(columns(&again, &["target", "metric", "value"]), expected);
    assert!(!work.join("asked").exists());
}

/// Beside the study's own test, which tells another class.
#[test]
fn each_test_tells_its_own_class() {
    let (work, maps) = study();
    let tests = ["-t", "recognised:generator=stub,samples=1", "-t", "inpaint:generator=stub,samples=1"];
    let arguments = [&tests[..], &["--generator", GENERATOR]].concat();
    let error = tool(&work, "perturb", &arguments, &maps).failure(2);
    assert!(error.contains("wants to be told what is to be seen: --second"), "{error}");
    work.write("silent.py", PAINT.replace("prompts=yes", "prompts=no"));
    let silent = ["-t", "recognised:generator=stub", "--generator", "stub=exec:python3 silent.py"];
    let error = tool(&work, "perturb", &silent, &maps).failure(2);
    assert!(
        error.contains("recognised:generator=stub names a class, and generator stub takes no words"),
        "{error}"
    );
    let error = tool(&work, "perturb", &["-t", "recognised"], &maps).failure(2);
    assert!(error.contains("generator=sd, but there is no --generator sd=exec:COMMAND"), "{error}");
}
