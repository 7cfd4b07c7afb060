//! What is wrong: maps, rows, tables, arguments, a reader that goes away.

use crate::{HEADER, RENDER, map, render, work};

#[test]
fn one_bad_map_leaves_the_others() {
    let work = work();
    map(&work, "good.npy", &[2, 3], &[0.0; 6]);
    map(&work, "bad.npy", &[2, 3], &[0.0, f32::NAN, 0.0, 0.0, 0.0, 0.0]);
    let lines = [
        "cat.png,5,net,ig,bad.npy,",
        "dog.png,5,net,ig,good.npy,",
        "cat.png,5,net,ig,none.npy,",
        "cat.png,5,net,ig,good.npy,",
    ];
    let output = render(&work, "-o out --sheet sheet.png --errors errors.csv", &lines);
    let message = output.failure(1);
    assert!(message.ends_with("render: 3 of 4 failed; see errors.csv"), "{message}");
    let table = output.text();
    let rows: Vec<&str> = table.lines().skip(1).collect();
    assert_eq!(rows[3], "cat.png,5,net,ig,good.npy,,,out/ig/cat-4.png", "{table}");
    assert_eq!(rows[0], "cat.png,5,net,ig,bad.npy,,\"draw: the map is NaN at row 0, column 1\",");
    assert!(rows[1].starts_with("dog.png,5,net,ig,good.npy,,draw: No such file"), "{table}");
    assert_eq!(rows.len(), 4);
    let errors = work.read("errors.csv");
    let errors: Vec<&str> = errors.lines().skip(1).collect();
    for (error, part) in
        errors.iter().zip(["the map is NaN at row 0, column 1", "dog.png,ig,draw,No such file", "none.npy: "])
    {
        assert!(error.contains(part), "{error}");
    }
    assert!(work.join("sheet.png").is_file());
    render(&work, "-o out --max-errors 3", &lines).success();
}

#[test]
fn a_cell_that_cannot_be_read_is_a_failure_of_its_row() {
    let work = work();
    map(&work, "a.npy", &[2, 3], &[0.0; 6]);
    let lines =
        ["cat.png,x,net,ig,a.npy,", "cat.png,5,net,ig,a.npy,-1", "cat.png,5,net", "cat.png,5,net,ig,a.npy,"];
    let output = render(&work, "-o out --errors errors.csv", &lines);
    assert!(output.failure(1).ends_with("render: 3 of 4 failed; see errors.csv"), "{}", output.stderr);
    let table = output.text();
    let rows: Vec<&str> = table.lines().skip(1).collect();
    assert!(rows[0].contains("table: standard input, line 2, column `target`"), "{table}");
    assert_eq!(rows[3], "cat.png,5,net,ig,a.npy,,,out/ig/cat-4.png");
    assert_eq!(work.read("errors.csv").lines().count(), 4);
}

#[test]
fn a_row_without_a_map_is_told_and_passed_on() {
    let work = work();
    map(&work, "a.npy", &[2, 3], &[0.0; 6]);
    let table = "image,target,model,method,map,map_index,reason\n\
                 cat.png,5,net,lrp,,,no rule for Erf\ncat.png,5,net,ig,a.npy,,\n";
    let output = work.run(RENDER, ["-o", "out", "--sheet", "sheet.png"], table);
    assert_eq!(output.success().lines().nth(1), Some("cat.png,5,net,lrp,,,no rule for Erf,"));
    assert!(output.stderr.contains("cat.png, lrp: no map to draw: no rule for Erf"), "{}", output.stderr);
    // Its column is there, with nothing in it.
    let line = "-o again --sheet sheet.svg";
    work.run(RENDER, line.split(' '), table).success();
    let drawn = work.read("sheet.svg");
    assert!(drawn.contains(">lrp<") && drawn.contains(">ig<"), "{drawn}");
    assert_eq!((drawn.matches("<image").count(), drawn.matches("fill=\"#dddddd\"").count()), (3, 1));
}

#[test]
fn a_pack_whose_index_is_lost_is_no_map() {
    let work = work();
    map(&work, "pack.npy", &[5, 2, 6], &[0.0; 60]);
    let message = render(&work, "-o out", &["cat.png,5,net,ig,pack.npy,"]).failure(1);
    assert!(message.contains("shape (5, 2, 6) looks like a pack whose map_index is lost"), "{message}");
}

#[test]
fn wrong_use_is_status_2() {
    let work = work();
    for arguments in [
        "",
        "-o out --alpha 1.5",
        "-o out --alpha nan",
        "-o out --clip 0",
        "-o out --colors rainbow",
        "-o out --preprocess imagenette",
        "--sheet s.png --tile 8",
        "--sheet s.png --limit 0",
        "-o out --boxes",
    ] {
        render(&work, arguments, &["cat.png,5,net,ig,a.npy,"]).failure(2);
    }
}

#[test]
fn a_damaged_table_or_output_is_told() {
    let work = work();
    map(&work, "a.npy", &[2, 3], &[0.0; 6]);
    let message = work.run(RENDER, ["-o", "out"], "image,target,map\n").failure(1);
    assert!(message.contains("no column `method`"), "{message}");
    let message = render(&work, "-o out", &["cat.png,five,net,ig,a.npy,"]).failure(1);
    assert!(message.contains("line 2, column `target`"), "{message}");
    let message = render(&work, "-o cat.png", &["cat.png,5,net,ig,a.npy,"]).failure(1);
    assert!(message.contains("cannot write cat.png/ig/cat-1.png"), "{message}");
    assert!(work.run(RENDER, ["gone.csv", "-o", "out"], "").failure(1).contains("gone.csv"));
}

#[test]
fn a_reader_may_leave_early_and_the_images_are_made_all_the_same() {
    let work = work();
    map(&work, "a.npy", &[2, 3], &[0.0; 6]);
    let rows = "cat.png,5,net,ig,a.npy,\n".repeat(200);
    work.write("rows.csv", format!("{HEADER}{rows}"));
    work.write("bad.csv", format!("{HEADER}{rows}cat.png,5,net,ig,none.npy,\n"));
    for (line, images) in [
        ("render rows.csv -o a --sheet a.png | head -1", 200),
        ("render rows.csv -o b --sheet b.png | (exec 0<&-; sleep 0.1)", 200),
        // What failed is told by the exit status, as it is without `head`.
        ("(render bad.csv -o c --sheet c.png || test $? = 1) | head -1", 200),
    ] {
        let output = work.shell(RENDER, line);
        let header = output.success();
        assert!(header.is_empty() || header == HEADER.replace('\n', ",reason,png\n"), "{header}");
        let folder = if line.contains("-o a") {
            "a"
        } else if line.contains("-o b") {
            "b"
        } else {
            "c"
        };
        let made = std::fs::read_dir(work.join(folder).join("ig")).unwrap().count();
        assert_eq!((made, work.join(format!("{folder}.png")).is_file()), (images, true), "{line}");
    }
}
