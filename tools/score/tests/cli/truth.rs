//! Metrics on request: of maps with masks, of maps alone; and how relevance is spread.

use pipe::npy::write_file;
use testing::{WorkDir, assert_csv, golden};

use super::SCORE;

const MAP: [f32; 6] = [1.0, 2.0, -5.0, 2.0, 0.0, 5.0];

fn maps() -> WorkDir {
    let work = WorkDir::new();
    write_file(&work.join("a.npy"), &[2, 3], &MAP).unwrap();
    write_file(&work.join("left.npy"), &[2, 3], &[255.0, 0.0, 0.0, 255.0, 0.0, 0.0]).unwrap();
    write_file(&work.join("none.npy"), &[2, 3, 1], &[0.0; 6]).unwrap();
    write_file(&work.join("high.npy"), &[3, 2], &[1.0; 6]).unwrap();
    write_file(&work.join("below.npy"), &[2, 3], &[1.0, 1.0, 1.0, 1.0, 1.0, -1.0]).unwrap();
    work
}

#[test]
fn a_mask_says_what_is_inside_and_boxes_are_compared_with_boxes() {
    let work = maps();
    let table = "image,target,method,map,boxes,mask\n\
        a,1,ig,a.npy,,left.npy\n\
        b,1,ig,a.npy,2 1 3 2,left.npy\n\
        c,1,ig,a.npy,0 0 1 2,\n\
        d,1,ig,a.npy,,none.npy\n\
        e,1,ig,none.npy,,\n";
    let metrics = ["-m", "energy-pointing-game", "-m", "box-iou:threshold=0.9"];
    let output = work.run(SCORE, metrics, table);
    let expected = "image,target,model,method,metric,direction,value,reason,boxes,mask\n\
        a,1,,ig,energy-pointing-game,higher,0.3,,,left.npy\n\
        a,1,,ig,box-iou:threshold=0.9,higher,0,,,left.npy\n\
        b,1,,ig,energy-pointing-game,higher,0.3,,2 1 3 2,left.npy\n\
        b,1,,ig,box-iou:threshold=0.9,higher,1,,2 1 3 2,left.npy\n\
        c,1,,ig,energy-pointing-game,higher,0.3,,0 0 1 2,\n\
        c,1,,ig,box-iou:threshold=0.9,higher,0,,0 0 1 2,\n\
        d,1,,ig,energy-pointing-game,higher,NaN,the mask is empty: no pixel is the object's,,none.npy\n\
        d,1,,ig,box-iou:threshold=0.9,higher,NaN,the mask is empty: no pixel is the object's,,none.npy\n\
        e,1,,ig,energy-pointing-game,higher,NaN,no boxes and no mask,,\n\
        e,1,,ig,box-iou:threshold=0.9,higher,NaN,no boxes and no mask,,\n";
    assert_csv(&output.success(), expected, 1e-12);
    // A table with masks and without boxes is scored without being asked.
    let table = "image,target,method,map,mask\na,1,ig,a.npy,left.npy\n";
    assert_eq!(work.run(SCORE, [] as [&str; 0], table).success().lines().count(), 3);
}

#[test]
fn a_mask_that_does_not_fit_fails_its_map_alone() {
    let work = maps();
    let row = |mask: &str| {
        let table = format!("image,target,method,map,mask\na,1,ig,a.npy,{mask}\nb,1,ig,a.npy,left.npy\n");
        let output = work.run(SCORE, ["-m", "roc-auc"], table);
        let message = output.failure(1);
        assert!(output.text().contains("\nb,1,,ig,roc-auc,higher,0.4"), "{}", output.text());
        assert!(message.ends_with("score: 1 of 2 failed"), "{message}");
        message
    };
    for (mask, reason) in [
        ("high.npy", "the mask is 3 x 2 and the map 2 x 3 pixels"),
        ("no-such.npy", "no-such.npy: No such file"),
        ("below.npy", "the mask below.npy: the mask is -1 at row 1, column 2"),
    ] {
        let message = row(mask);
        assert!(message.contains(reason), "{message}");
    }
}

#[test]
fn maps_alone_are_measured_on_request() {
    let work = maps();
    let table = "image,target,method,map\na,1,ig,a.npy\n";
    let output =
        work.run(SCORE, ["-m", "gini", "-m", "quantile:q=1", "-m", "relevant-pixels:epsilon=0.3"], table);
    let expected = "image,target,model,method,metric,direction,value,reason\n\
        a,1,,ig,gini,higher,0.43333333333333335,\n\
        a,1,,ig,relevant-pixels:epsilon=0.3,lower,0.6666666666666666,\n\
        a,1,,ig,quantile:q=1,lower,1,\n";
    assert_csv(&output.success(), expected, 1e-12);
    let nothing = work.run(SCORE, [] as [&str; 0], table);
    assert_eq!(nothing.success().lines().count(), 1);
    assert!(
        nothing.stderr.contains("no column `boxes` or `mask` says where the objects are"),
        "{}",
        nothing.stderr
    );
    assert!(
        work.run(SCORE, ["-m", "quantile:q=2"], table).failure(2).contains("q=2 is not a number from 0 to 1")
    );
}

/// The maps of `testdata/metrics/generate.py`, whose density is scikit-learn's.
#[test]
fn relevance_is_spread_as_by_scikit_learn() {
    let work = maps();
    let noise = |at: usize| ((7919 * at + 13) % 1009) as f64 / 1009.0;
    let smooth = |at: usize| {
        let (i, j) = ((at / 40) as f64, (at % 40) as f64);
        1.0 / (1.0 + ((i - 12.0).powi(2) + (j - 22.0).powi(2)) / 50.0) + 0.02 * noise(at)
    };
    let all = |value: &dyn Fn(usize) -> f64| (0..32 * 40).map(|at| value(at) as f32).collect::<Vec<f32>>();
    write_file(&work.join("smooth.npy"), &[32, 40], &all(&smooth)).unwrap();
    write_file(&work.join("sparse.npy"), &[32, 40], &all(&|at| (noise(at) - 0.9).max(0.0))).unwrap();
    let table = "image,target,method,map,reason\na,1,ig,smooth.npy,\nb,1,ig,sparse.npy,\nc,1,ig,none.npy,\n\
        d,1,ig,,gone\na,1,rise,a.npy,\ne,1,rise,no-such.npy,\n";
    let output = work.run(SCORE, ["--density", "--max-errors", "1"], table);
    let text = output.success();
    let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split(',').collect()).collect();
    assert!(text.starts_with("model,method,relevance,density,maps\n,ig,0,"), "{text}");
    assert_eq!((rows.len(), rows[0][4], rows[199][4]), (200, "2", "1"));
    let golden: serde_json::Value = golden::json("metrics/toolkits.json");
    for (place, row) in rows[..100].iter().enumerate() {
        let (relevance, density): (f64, f64) = (row[2].parse().unwrap(), row[3].parse().unwrap());
        assert!((relevance - place as f64 / 99.0).abs() < 1e-12);
        let expected = golden["density"][place].as_f64().unwrap();
        assert!((density - expected).abs() < 1e-3, "{relevance}: {density}, where {expected} is expected");
    }
    assert!(output.stderr.contains("score: 2 of 6 maps are constant or were not made: they are left out"));
    assert!(work.run(SCORE, ["--density"], table).failure(1).contains("no-such.npy: No such file"));
    assert!(work.run(SCORE, ["--density", "-m", "gini"], table).failure(2).contains("cannot be used with"));
}
