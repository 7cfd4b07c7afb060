//! What does not belong together or is damaged, and how it is told.

use pipe::npy;
use testing::WorkDir;

use super::{SIDE, TABLE, all_cells, arrays, cells, map, run, work};

/// A table in which every row but the last is wrong in its own way.
fn broken(work: &WorkDir) -> String {
    let mut nan = map(0);
    nan[SIDE + 2] = f32::NAN;
    npy::write_file(&work.join("nan.npy"), &[SIDE, SIDE], &nan).unwrap();
    npy::write_file(&work.join("small.npy"), &[7, 9], &[0.5; 63]).unwrap();
    work.write("cut.npy", &arrays(&[0])[..1000]);
    work.write("text.png", "no image");
    let rows = [
        ("text.png", "3", "one.npy", ""),
        ("testbed/003", "3", "nan.npy", ""),
        ("testbed/003", "3", "small.npy", ""),
        ("testbed/003", "3", "cut.npy", ""),
        ("testbed/003", "3", "pack.npy", "2"),
        ("testbed/003", "999", "one.npy", ""),
        ("testbed/003", "3", "one.npy", ""),
    ];
    let lines = rows.map(|(image, target, map, index)| format!("{image},{target},m,{map},{index}\n"));
    format!("image,target,method,map,map_index\n{}", lines.concat())
}

#[test]
fn a_bad_row_is_one_line_and_disturbs_no_other() {
    let work = work();
    let table = broken(&work);
    let output = run(&work, "-t pos --model testbed --errors errors.csv", &table);
    assert_eq!(output.status, Some(1));
    assert_eq!(cells(&output.text()).len(), 10);
    // What failed does not vanish: one row for each test, in its place, with the reason and no number.
    let rows = all_cells(&output.text());
    assert_eq!(rows.len(), 6 + 10);
    for (row, reason) in
        rows.iter().zip(["open: The image", "map: nan.npy", "map: small.npy", "map: cut.npy"])
    {
        assert_eq!([4, 5, 6, 7, 8, 9].map(|i| row[i].as_str()), ["pos", "NaN", "NaN", "", "", ""]);
        assert!(row[12].starts_with(reason), "{row:?}");
    }
    let lines: Vec<&str> = output.stderr.lines().collect();
    let expected = [
        "text.png, m, open: The image format could not be determined",
        "testbed/003, m, map: nan.npy: the map is NaN at row 1, column 2",
        "testbed/003, m, map: small.npy: the map is 7 x 9, the network's input 64 x 64",
        "testbed/003, m, map: cut.npy: truncated",
        "testbed/003, m, map: pack.npy: map_index 2 is not in the pack",
        "testbed/003, m, target: class 999 is asked for",
        "6 of 7 failed; see errors.csv",
    ];
    assert_eq!(lines.len(), expected.len(), "{}", output.stderr);
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.starts_with(&format!("perturb: {expected}")), "{line}");
    }
    assert_eq!(work.read("errors.csv").lines().count(), 7);
    assert_eq!(run(&work, "-t pos --max-errors 6 --model testbed", &table).status, Some(0));
}

#[test]
fn an_image_that_the_network_cannot_take_costs_one_line() {
    let work = work();
    let pixel = |x: u32, y: u32| image::Rgb([(x * 3) as u8, (y * 5) as u8, (x * y) as u8]);
    image::RgbImage::from_fn(128, 32, pixel).save(work.join("wide.png")).unwrap();
    npy::write_file(&work.join("wide.npy"), &[32, 128], &map(3)[..32 * 128]).unwrap();
    let table =
        "image,target,method,map\ntestbed/003,3,a,one.npy\nwide.png,3,a,wide.npy\ntestbed/004,3,a,one.npy\n";
    let output = run(&work, "-t pos --model testbed-vit", table);
    let message = output.failure(1);
    let expected = "perturb: wide.png, a, open: input (input) cannot work on 1x3x32x128: the network takes 64 x 64 pixels only";
    assert_eq!(message.lines().next(), Some(expected), "{message}");
    assert_eq!(cells(&output.text()).len(), 2 * 10);
}

#[test]
fn a_cell_that_cannot_be_read_is_a_failure_of_its_row() {
    let work = work();
    let more = "testbed/003,3,5,c,one.npy,-1\ntestbed/003,3,5,d\n,3,5,e,one.npy,\ntestbed/003,3,5,f,,\n";
    let table = TABLE.replace("testbed/004,4,7", "testbed/004,4,seven") + more;
    let arguments = "-t pos:steps=2 -t mask --errors errors.csv";
    let output = run(&work, arguments, &table);
    let message = output.failure(1);
    let lines = [
        "perturb: testbed/004, a, table: standard input, line 3, column `target`: \"seven\" is not a whole number or nothing",
        "perturb: testbed/003, c, table: standard input, line 5, column `map_index`: \"-1\" is not a whole number or nothing",
        "perturb: testbed/003, d, table: standard input, line 6: 4 fields, where the header has 6",
        "perturb: e, table: the row names no image",
        "perturb: testbed/003, f, map: there is no map, and no reason why",
        "perturb: 5 of 7 failed; see errors.csv",
    ];
    assert_eq!(message.lines().collect::<Vec<_>>(), lines);
    // Two good maps with a row for each point, and a row for each test of the others.
    assert_eq!(output.text().lines().count(), 1 + 2 * (2 + 2) + 5 * 2);
    assert_eq!(work.read("errors.csv").lines().count(), 6);
    assert_eq!(run(&work, &format!("{arguments} --max-errors 72%"), &table).status, Some(0));
    assert_eq!(run(&work, &format!("{arguments} --max-errors 71%"), &table).status, Some(1));
}

#[test]
fn a_table_without_a_column_or_a_header_is_refused() {
    let work = work();
    let message = run(&work, "", "image,target\n").failure(1);
    assert!(message.contains("no column `method`"), "{message}");
    assert!(run(&work, "", "").failure(1).contains("empty input"));
    let message = run(&work, "", "image,target,method,map\n").failure(1);
    assert_eq!(message, "perturb: standard input: a header and no rows");
}

#[test]
fn a_map_of_another_classifier_is_refused() {
    let work = work();
    let table = "image,target,model,method,map\ntestbed/003,3,resnet50,m,one.npy\n";
    let message = run(&work, "-t pos", table).failure(1);
    assert!(message.contains("its map explains resnet50, but the classifier here is testbed@"), "{message}");
    assert!(message.contains("another model"), "{message}");
    // Other weights or another preprocessing are another classifier, though its name is the same.
    let own = all_cells(&run(&work, "-t pos", TABLE).success())[0][2].clone();
    let table = |model: &str| table.replace("resnet50", model);
    for (arguments, model) in
        [("", own.replace('@', "@0")), ("--model testbed --preprocess none", own.clone())]
    {
        let output = run(&work, &format!("-t pos {arguments}"), table(&model));
        let message = output.failure(1);
        assert!(message.contains(&format!("its map explains {model}, but")), "{message}");
        assert!(message.contains("other weights, another preprocessing or another output"), "{message}");
        assert_eq!(output.text().lines().count(), 1);
    }
    // A bare name is an old table, no name one of somebody else: their answers are those of this classifier.
    for model in ["testbed", "", &own] {
        let table = run(&work, "-t pos", table(model)).success();
        assert!(all_cells(&table).iter().all(|row| row[2] == own), "{table}");
    }
}

#[test]
fn wrong_usage_has_status_2() {
    let work = work();
    let message = run(&work, "-t delete", TABLE).failure(2);
    assert!(message.contains("unknown test `delete`: known are deletion, insertion"), "{message}");
    assert!(run(&work, "-t pos -t pos:steps=10", TABLE).failure(2).contains("test pos is given twice"));
    assert!(run(&work, "--image testbed/003", TABLE).failure(2).contains("holds something else"));
    assert!(run(&work, "", arrays(&[0])).failure(2).contains("need --image"));
    assert_eq!(run(&work, "--target 3", TABLE).status, Some(2));
    let message = run(&work, "--image testbed/003 --target label", arrays(&[0])).failure(2);
    assert!(message.contains("predicted or a class index is needed"), "{message}");
    assert_eq!(run(&work, "--preprocess imagenette", TABLE).status, Some(2));
    assert_eq!(run(&work, "maps.csv --image testbed/003", "").status, Some(2));
}

#[test]
fn rows_without_a_map_go_on_with_their_reason() {
    let work = work();
    let table = "image,target,method,map,reason,list\ngone.png,,a,,open: No such file,l0/2\ntestbed/003,3,a,one.npy,,l0/2\n";
    let output = run(&work, "-t pos:steps=2 -t mask --model testbed", table);
    let rows = all_cells(&output.success());
    assert_eq!(rows.len(), 2 + 2 + 2);
    assert_eq!(
        [0, 1, 4, 5, 12, 18].map(|i| rows[1][i].as_str()),
        ["gone.png", "", "mask", "NaN", "open: No such file", "l0/2"]
    );
    assert_eq!(output.stderr, "perturb: 1 rows came without a map and go on as they are\n");
}

/// It is no failure: nothing is wrong with it but that it says nothing.
#[test]
fn a_constant_map_has_no_number_a_reason_and_costs_nothing() {
    let work = work();
    npy::write_file(&work.join("zero.npy"), &[SIDE, SIDE], &[0.0; SIDE * SIDE]).unwrap();
    npy::write_file(&work.join("flat.npy"), &[3, SIDE, SIDE], &vec![0.1; 3 * SIDE * SIDE]).unwrap();
    work.write(
        "maps.csv",
        "image,target,method,map\ntestbed/003,3,a,zero.npy\ntestbed/003,3,b,one.npy\ntestbed/004,4,a,flat.npy\n",
    );
    let arguments =
        "-t deletion:steps=1 -t pos:steps=2 -t mask -t mask:percentile=0 maps.csv --record record.json";
    let output = run(&work, &format!("{arguments} -O table.csv --resume"), "");
    let reason = "the map is constant: it puts no pixel first";
    assert_eq!(
        (output.status, output.stderr),
        (Some(0), format!("perturb: 2 of 3 maps are not measured: {reason}\n"))
    );
    let rows = all_cells(&work.read("table.csv"));
    assert_eq!(rows.len(), 4 + 2 + 2 + 2 + 2 + 4);
    for (row, test) in rows.iter().zip(["deletion:steps=1", "pos:steps=2", "mask", "mask:percentile=0"]) {
        assert_eq!(
            [0, 1, 4, 5, 6, 7, 8, 9, 12].map(|i| row[i].as_str()),
            ["testbed/003", "3", test, "NaN", "NaN", "", "", "", reason]
        );
    }
    // The clean image, black, and one of two steps and the mask of the good map.
    let record: serde_json::Value = serde_json::from_str(&work.read("record.json")).unwrap();
    assert_eq!((&record["forwards"], &record["failures"]), (&4.into(), &0.into()));
    // A run that goes on behind them counts no failure either.
    let whole = work.read("table.csv");
    let cut: String = whole.lines().take(1 + 4 + 3).fold(String::new(), |text, line| text + line + "\n");
    std::fs::remove_file(work.join("table.csv")).unwrap();
    work.write("table.csv.part", cut);
    let again = run(&work, &format!("{arguments} -O table.csv --resume"), "");
    assert_eq!((again.status, work.read("table.csv")), (Some(0), whole));
}

/// Two values that are one number in single precision, in the wrong order by index.
#[test]
fn doubles_are_ordered_as_doubles() {
    let work = work();
    let rising = |i: usize| 1.0 + i as f64 * 1e-12;
    let header = format!(
        "{:<117}\n",
        format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({SIDE}, {SIDE}), }}")
    );
    let doubles = [
        b"\x93NUMPY\x01\x00\x76\x00".to_vec(),
        header.into_bytes(),
        (0..SIDE * SIDE).flat_map(|i| rising(i).to_le_bytes()).collect(),
    ]
    .concat();
    work.write("double.npy", &doubles);
    let ramp: Vec<f32> = (0..SIDE * SIDE).map(|i| i as f32).collect();
    npy::write_file(&work.join("ramp.npy"), &[SIDE, SIDE], &ramp).unwrap();
    let table = "image,target,method,map\ntestbed/003,3,a,double.npy\ntestbed/003,3,a,ramp.npy\n";
    let rows = cells(&run(&work, "-t pos -t deletion:steps=5,region=9", table).success());
    assert_eq!(rows.len(), 2 * 16);
    assert_eq!(rows[..16], rows[16..]);
    let piped = cells(
        &run(&work, "-t pos -t deletion:steps=5,region=9 --image testbed/003 --target 3 --method a", doubles)
            .success(),
    );
    assert_eq!(piped, rows[..16]);
}

/// A twentieth of the pixels is positive: the 90th percentile of all is zero, which every pixel reaches.
#[test]
fn a_percentile_keeps_no_more_than_its_share_of_a_sparse_map() {
    let work = work();
    let sparse: Vec<f32> = map(2).into_iter().map(|x| (x - 3900.0).max(0.0)).collect();
    npy::write_file(&work.join("sparse.npy"), &[SIDE, SIDE], &sparse).unwrap();
    let table = "image,target,method,map\ntestbed/003,3,a,sparse.npy\ntestbed/003,3,b,one.npy\n";
    let rows = cells(&run(&work, "-t mask:percentile=90 -t mask:percentile=90,ties=all", table).success());
    let removed: Vec<&str> = rows.iter().skip(1).step_by(2).map(|row| row[5].as_str()).collect();
    assert_eq!(removed, ["0.900146484375", "0", "0.900146484375", "0.89990234375"]);
    assert!(rows[1][6] != rows[0][6] && rows[3][6] == rows[0][6] && rows[5][6] != rows[7][6]);
}

/// Without `--model` it would be the toy network that answers.
#[test]
fn photographs_need_a_model() {
    let work = work();
    let message = run(&work, "-t pos", "image,target,method,map\ncat.png,3,a,one.npy\n").failure(2);
    assert!(
        message.starts_with("perturb: cat.png is no image of the testbed: name the classifier"),
        "{message}"
    );
}

#[test]
fn a_pack_is_not_one_map_with_many_channels() {
    let work = work();
    let pack = [map(0), map(1), map(2), map(3), map(4)].concat();
    npy::write_file(&work.join("five.npy"), &[5, SIDE, SIDE], &pack).unwrap();
    npy::write_file(&work.join("last.npy"), &[SIDE, SIDE, 1], &map(2)).unwrap();
    let row = |map: &str| format!("image,target,method,map\ntestbed/003,3,a,{map}\n");
    let message = run(&work, "-t pos", row("five.npy")).failure(1);
    assert!(
        message.contains("five.npy: shape (5, 64, 64) looks like a pack whose map_index is lost"),
        "{message}"
    );
    let mut piped = Vec::new();
    npy::write(&mut piped, &[5, SIDE, SIDE], &pack).unwrap();
    assert!(run(&work, "-t pos --image testbed/003", piped).failure(1).contains("looks like a pack"));
    let numbers = |map: &str| cells(&run(&work, "-t pos", row(map)).success())[9][6].clone();
    assert_eq!(numbers("last.npy"), numbers("one.npy"));
}
