//! Metrics of maps with boxes.

use pipe::npy::{PackWriter, write_file};
use testing::{WorkDir, assert_csv};

use super::SCORE;

/// A map of 2 rows and 3 columns: the highest value lies in column 2 of row 1, and 3 of 10 lie in the left column.
const MAP: [f32; 6] = [1.0, 2.0, -5.0, 2.0, 0.0, 5.0];

#[test]
fn pointing_and_energy_of_maps() {
    let work = WorkDir::new();
    let mut pack = PackWriter::create(&work.join("maps/ig/0.npy"), &[2, 3]).unwrap();
    pack.push(&[0.0; 6]).unwrap();
    pack.push(&MAP).unwrap();
    pack.finish().unwrap();
    write_file(&work.join("one.npy"), &[3, 1, 3], &[1.0, 2.0, 0.0, -1.0, -1.0, 0.5, 0.0, 0.0, 0.0]).unwrap();
    let table = "boxes,image,target,model,method,map,map_index,reason\n\
        0 0 1 2,a,1,m,ig,maps/ig/0.npy,1,\n\
        0 0 1 2;2 1 3 2,a,1,m,ig,maps/ig/0.npy,1,\n\
        ,b,1,m,ig,no-such.npy,,\n\
        1 0 2 1,c,1,m,ig,one.npy,,\n\
        0 0 1 2,d,1,m,ig,maps/ig/0.npy,0,\n\
        0 0 1 2,e,,m,ig,,,not an image\n";
    let output = work.run(SCORE, [] as [&str; 0], table);
    // 3 of 10 in the left column, 8 with the corner; channels summed are 0, 1 and 0.5; all zero has no energy.
    let expected = "image,target,model,method,metric,direction,value,reason,boxes\n\
        a,1,m,ig,pointing-game,higher,0,,0 0 1 2\n\
        a,1,m,ig,energy-pointing-game,higher,0.3,,0 0 1 2\n\
        a,1,m,ig,pointing-game,higher,1,,0 0 1 2;2 1 3 2\n\
        a,1,m,ig,energy-pointing-game,higher,0.8,,0 0 1 2;2 1 3 2\n\
        b,1,m,ig,pointing-game,higher,NaN,no boxes and no mask,\n\
        b,1,m,ig,energy-pointing-game,higher,NaN,no boxes and no mask,\n\
        c,1,m,ig,pointing-game,higher,1,,1 0 2 1\n\
        c,1,m,ig,energy-pointing-game,higher,0.6666666666666666,,1 0 2 1\n\
        d,1,m,ig,pointing-game,higher,NaN,the map is constant: it points nowhere,0 0 1 2\n\
        d,1,m,ig,energy-pointing-game,higher,NaN,no value of the map is positive,0 0 1 2\n\
        e,,m,ig,pointing-game,higher,NaN,not an image,0 0 1 2\n\
        e,,m,ig,energy-pointing-game,higher,NaN,not an image,0 0 1 2\n";
    assert_csv(&output.success(), expected, 1e-12);
    let notes = "score: d, ig, pointing-game: NaN: the map is constant: it points nowhere\n\
        score: d, ig, energy-pointing-game: NaN: no value of the map is positive\n\
        score: 1 of 6 maps have no boxes and no mask: their scores are NaN\n";
    assert_eq!(output.stderr, notes);
}

#[test]
fn a_cell_that_cannot_be_read_is_a_failure_of_its_map() {
    let work = WorkDir::new();
    write_file(&work.join("a.npy"), &[2, 3], &MAP).unwrap();
    let table = "image,target,method,map,map_index,boxes\na,one,ig,a.npy,,0 0 1 2\nb,1,ig,a.npy,x,0 0 1 2\n\
        c,1,ig,a.npy,,1 1 1 2\nd,1,ig,a.npy\ne,1,ig,a.npy,,0 0 1 2\n";
    let arguments = ["-m", "energy-pointing-game", "--errors", "errors.csv"];
    let output = work.run(SCORE, arguments, table);
    let message = output.failure(1);
    let lines: Vec<&str> = message.lines().collect();
    assert_eq!(
        lines[0],
        "score: a, ig, score: standard input, line 2, column `target`: \"one\" is not a whole number or nothing"
    );
    assert!(
        lines[1].starts_with("score: b, ig, score: standard input, line 3, column `map_index`"),
        "{message}"
    );
    assert!(lines[2].starts_with("score: c, ig, score: `1 1 1 2` is not boxes"), "{message}");
    assert!(lines[3].starts_with("score: d, ig, score: standard input, line 5: 4 fields"), "{message}");
    assert!(message.ends_with("score: 4 of 5 failed; see errors.csv"), "{message}");
    assert_eq!(output.text().matches("NaN").count(), 4);
    assert!(output.text().contains("e,1,,ig,energy-pointing-game,higher,0.3,,"), "{}", output.text());
    // Against another table, whose own flaws count too.
    work.write("reference.csv", "image,target,method,map\nb,1,ig,a.npy\ne,1,ig,a.npy\nf,-1,ig,a.npy\n");
    let output = work.run(
        SCORE,
        ["--against", "reference.csv", "-m", "pearson"],
        "image,target,method,map\na,x,ig,a.npy\ne,1,ig,a.npy\n",
    );
    let message = output.failure(1);
    assert!(message.contains("score: a, ig, score: standard input, line 2, column `target`"), "{message}");
    assert!(message.contains("score: f, ig, score: reference.csv, line 4, column `target`"), "{message}");
    assert!(message.contains("score: b, ig, score: target 1 of reference.csv has no partner"), "{message}");
    assert!(output.text().contains("e,1,,ig,pearson,higher,1,"), "{}", output.text());
}

#[test]
fn a_map_of_another_size_than_its_boxes_and_a_lost_map_index_are_refused() {
    let work = WorkDir::new();
    write_file(&work.join("a.npy"), &[2, 3], &MAP).unwrap();
    write_file(&work.join("pack.npy"), &[4, 3, 2], &[MAP; 4].concat()).unwrap();
    write_file(&work.join("last.npy"), &[2, 3, 1], &MAP).unwrap();
    let row = |map: &str, boxes: &str| {
        let table = format!("image,target,method,map,boxes\na,1,ig,{map},{boxes}\n");
        work.run(SCORE, ["-m", "energy-pointing-game"], table)
    };
    assert!(row("last.npy", "0 0 1 2").success().contains(",0.3,,"));
    for boxes in ["0 0 4 2", "0 0 3 2.5", "-1 0 2 2", "0 -1 2 2"] {
        let output = row("a.npy", boxes);
        let reason = format!("the box `{boxes}` reaches beyond the map, which is 3 wide and 2 high");
        assert!(output.failure(1).contains(&reason), "{}", output.stderr);
        assert!(output.text().contains(",higher,NaN,\"the box"), "{}", output.text());
    }
    let lost = row("pack.npy", "0 0 1 2").failure(1);
    assert!(lost.contains("pack.npy: shape (4, 3, 2) looks like a pack whose map_index is lost"), "{lost}");
}

/// The highest value and the one beside it are one number in single precision; so is the whole second map.
#[test]
fn a_peak_of_doubles_is_the_highest() {
    let work = WorkDir::new();
    let save = |name: &str, values: [f64; 6]| {
        let header = format!("{:<117}\n", "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }");
        let numbers = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let bytes = [b"\x93NUMPY\x01\x00\x76\x00".to_vec(), header.into_bytes(), numbers];
        work.write(name, bytes.concat());
    };
    save("a.npy", [0.0, 1.0, 1.0 + 1e-12, -1.0, 0.0, 0.0]);
    save("b.npy", [5.0, 5.0, 5.0, 5.0, 5.0 + 1e-12, 5.0]);
    let table = "image,target,method,map,boxes\na,1,ig,a.npy,2 0 3 1\nb,1,ig,b.npy,1 1 2 2\n";
    let output = work.run(SCORE, ["-m", "pointing-game"], table).success();
    assert_eq!(output.matches(",pointing-game,higher,1,,").count(), 2, "{output}");
}

#[test]
fn the_tolerance_is_in_the_metrics_name() {
    let work = WorkDir::new();
    write_file(&work.join("a.npy"), &[2, 3], &MAP).unwrap();
    let table = "image,target,method,map,boxes\na,1,ig,a.npy,0 0 1 2\n";
    let near = work.run(SCORE, ["--tolerance", "2", "-m", "pointing-game"], table).success();
    assert!(near.contains("\na,1,,ig,pointing-game:tolerance=2,higher,1,,"), "{near}");
    let far = work.run(SCORE, ["--tolerance", "1.5", "-m", "pointing-game"], table).success();
    assert!(far.contains("\na,1,,ig,pointing-game:tolerance=1.5,higher,0,,"), "{far}");
}

#[test]
fn a_map_with_nan_has_nan_scores() {
    let work = WorkDir::new();
    write_file(&work.join("a.npy"), &[1, 3], &[1.0, f32::NAN, 2.0]).unwrap();
    let output = work.run(SCORE, [] as [&str; 0], "image,target,method,map,boxes\na,1,ig,a.npy,0 0 1 1\n");
    let scores = output.success();
    assert_eq!(scores.matches(",higher,NaN,").count(), 2, "{scores}");
    assert_eq!(
        output.stderr.matches(": NaN: the map is NaN at row 0, column 1\n").count(),
        2,
        "{}",
        output.stderr
    );
}

#[test]
fn a_map_that_cannot_be_read_fails_alone() {
    let work = WorkDir::new();
    write_file(&work.join("good.npy"), &[2, 3], &MAP).unwrap();
    let whole = std::fs::read(work.join("good.npy")).unwrap();
    work.write("cut.npy", &whole[..whole.len() - 1]);
    let table = "image,target,method,map,boxes\n\
        a,1,ig,cut.npy,0 0 1 1\n\
        b,1,ig,good.npy,0 0 1 1\n\
        c,1,ig,good.npy,0 0 1\n\
        d,1,ig,none.npy,0 0 1 1\n";
    let output = work.run(SCORE, ["--errors", "errors.csv"], table);
    let message = output.failure(1);
    assert_eq!(output.text().lines().count(), 9, "what failed has rows too");
    assert_eq!(output.text().matches(",NaN,").count(), 6, "{}", output.text());
    assert!(
        message.starts_with("score: a, ig, score: cut.npy: truncated: shape (2, 3) needs 24 bytes"),
        "{message}"
    );
    assert!(message.ends_with("score: 3 of 4 failed; see errors.csv"), "{message}");
    let errors = work.read("errors.csv");
    assert!(errors.starts_with("image,method,stage,error\na,ig,score,"), "{errors}");
    assert_eq!(errors.lines().count(), 4);
    for (allowed, status) in [("3", 0), ("75%", 0), ("2", 1), ("50%", 1)] {
        assert_eq!(work.run(SCORE, ["--max-errors", allowed], table).status, Some(status), "{allowed}");
    }
}

#[test]
fn a_file_of_two_arrays_is_no_map() {
    let work = WorkDir::new();
    write_file(&work.join("a.npy"), &[2, 3], &MAP).unwrap();
    work.shell(SCORE, "cat a.npy a.npy > two.npy").success();
    let message =
        work.run(SCORE, ["-"], "image,target,method,map,boxes\na,1,ig,two.npy,0 0 1 1\n").failure(1);
    assert!(message.contains("two.npy: 152 bytes follow the array of shape (2, 3)"), "{message}");
}
