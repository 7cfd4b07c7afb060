//! The programs of `pipelines/examples` between the tools: each takes the place of one and comes to the same numbers. They need
//! `python3` with NumPy; without it nothing is tested, and a line says so.

use std::os::unix::fs::symlink;

use pipe::npy;
use testing::{Output, WorkDir, assert_csv, columns, numpy, root};

use super::EXPLAIN;
use super::stand_ins::coloured;

const SHELL: &str = r#"
export PYTHONDONTWRITEBYTECODE=1
stage() { name=$1; shift; python3 "pipelines/examples/$name.py" "$@"; }
model="exec:python3 pipelines/examples/serve_colours.py"
ask() { tool=$1; shift; "$tool" -q --model "$model" --preprocess none "$@"; }
"#;

const STUDY: &str = r#"
{ echo image,fold; for i in {0..11}; do echo "images.npy#$i,f$i"; done; } > images.csv
ask explain -m random -m occlusion:window=4 images.csv > maps.csv
stage explain_edges maps.csv > edges.csv
ask perturb -t deletion:fill=mean,steps=10 -t insertion:steps=10 maps.csv edges.csv > answers.csv
score answers.csv > scores.csv
"#;

/// A folder with images, maps of three methods, one of them of another program, and what becomes of them.
fn study() -> Option<WorkDir> {
    if !numpy() {
        return None;
    }
    let work = WorkDir::new();
    symlink(root().join("pipelines"), work.join("pipelines")).unwrap();
    npy::write_file(&work.join("images.npy"), &[12, 16, 16, 3], &coloured(12)).unwrap();
    shell(&work, STUDY).success();
    Some(work)
}

fn shell(work: &WorkDir, lines: &str) -> Output {
    work.shell(EXPLAIN, &format!("{SHELL}{lines}"))
}

fn csv_of<'a>(names: &[&str], rows: impl IntoIterator<Item = &'a Vec<String>>) -> String {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(names).unwrap();
    rows.into_iter().for_each(|row| out.write_record(row).unwrap());
    String::from_utf8(out.into_inner().unwrap()).unwrap()
}

/// Some columns of a table.
fn part(table: &str, names: &[&str]) -> String {
    csv_of(names, &columns(table, names))
}

fn number(cell: &str) -> f64 {
    cell.parse().unwrap()
}

#[test]
fn maps_of_another_program_are_measured_like_any() {
    let Some(work) = study() else { return };
    let ranks = shell(&work, "rank scores.csv").success();
    let ranked = columns(&ranks, &["method", "n"]);
    for method in ["edges", "occlusion:window=4", "random"] {
        assert_eq!(ranked.iter().filter(|row| row[0] == method && row[1] == "12").count(), 2, "{ranks}");
    }
    assert!(columns(&work.read("scores.csv"), &["fold"]).iter().all(|row| row[0].starts_with('f')));
    // An edge of the first image's square is an edge, and its middle is none.
    let path = &columns(&work.read("edges.csv"), &["map"])[0][0];
    let map = npy::read_file(&work.join(path)).unwrap();
    assert_eq!(map.shape, [16, 16]);
    assert!(map.data[5 * 16 + 6] > 0.1 && map.data[5 * 16 + 3] < 0.1, "{:?}", &map.data[5 * 16..6 * 16]);
    // Of a list of images without classes: perturb asks for the predicted ones, and those are what explain had asked for.
    let names = ["image", "target", "model", "method", "test", "probability", "point", "points", "fold"];
    let lines =
        "stage explain_edges < images.csv | ask perturb -t deletion:fill=mean,steps=10 -t insertion:steps=10";
    let alone = shell(&work, lines).success();
    let answers = columns(&work.read("answers.csv"), &names);
    let of_edges = answers.iter().filter(|row| row[3] == "edges");
    assert_eq!(part(&alone, &names), csv_of(&names, of_edges));
}

#[test]
fn answers_of_another_program_are_the_same() {
    let Some(work) = study() else { return };
    let lines = "ask perturb -t deletion:fill=mean,steps=10 maps.csv edges.csv > ours.csv
        stage perturb_deletion --model \"$model\" maps.csv edges.csv > theirs.csv";
    shell(&work, lines).success();
    let (ours, theirs) = (work.read("ours.csv"), work.read("theirs.csv"));
    let names = "image target model method test fraction probability predicted point points map map_index reason list fold";
    let names: Vec<&str> = names.split(' ').collect();
    assert_csv(&part(&theirs, &names), &part(&ours, &names), 1e-6);
    let score = |table| shell(&work, &format!("score {table}")).success();
    assert_csv(&score("theirs.csv"), &score("ours.csv"), 1e-6);
}

#[test]
fn a_metric_of_another_program_is_ranked_and_correlated() {
    let Some(work) = study() else { return };
    let lines = "stage score_halfway answers.csv > halfway.csv; rank scores.csv halfway.csv > ranks.csv
        correlate scores.csv halfway.csv";
    let correlations = shell(&work, lines).success();
    let metric = "halfway:fill=mean,steps=10";
    for (table, column) in [(&work.read("ranks.csv"), "metric"), (&correlations, "metric_b")] {
        let found = columns(table, &[column]).iter().filter(|row| row[0] == metric).count();
        assert!(found >= 3, "{table}");
    }
    let scores =
        columns(&work.read("halfway.csv"), &["image", "method", "value", "metric", "direction", "fold"]);
    assert_eq!(scores.len(), 36);
    let answers =
        columns(&work.read("answers.csv"), &["image", "method", "test", "fraction", "probability", "fold"]);
    for score in scores {
        let is_of = |row: &&Vec<String>| row[..2] == score[..2] && row[2].starts_with("deletion");
        let curve: Vec<&Vec<String>> = answers.iter().filter(is_of).collect();
        let (clean, last) = (number(&curve[0][4]), number(&curve[10][4]));
        let half = curve.iter().find(|row| number(&row[4]) <= f64::midpoint(clean, last)).unwrap();
        assert_eq!((number(&score[2]), &score[5]), (number(&half[3]), &half[5]));
        assert_eq!(score[3..5], [metric, "lower"]);
    }
    let turned = "ask perturb -t deletion:order=lerf,steps=4 maps.csv | stage score_halfway";
    let turned = columns(&shell(&work, turned).success(), &["metric", "direction"]);
    assert!(turned.iter().all(|row| *row == ["halfway:order=lerf,steps=4", "higher"]));
}

/// Scores with ties, and with one that is not defined: of a curve that lacks a row.
const OF_TESTBED: &str = "explain -q -m gradcam -m gradient -m random testbed/00{0..9} |
    perturb -q -t deletion:steps=8 -t insertion:steps=8 -t pos -t neg -t mask | sed 5d | score > scores.csv";

#[test]
fn correlations_of_another_program_are_the_same() {
    let Some(work) = study() else { return };
    shell(&work, OF_TESTBED).success();
    let names = ["model", "method", "metric_a", "metric_b", "coefficient", "n", "correlation"];
    let ours = columns(&shell(&work, "correlate scores.csv").success(), &names);
    let mut theirs = columns(&shell(&work, "stage correlate_spearman < scores.csv").success(), &names);
    assert_eq!(theirs.len(), ours.len());
    // Of pic, which has two values, correlate takes the values and not their ranks.
    let ours: Vec<Vec<String>> = ours.into_iter().filter(|row| row[4] == "spearman").collect();
    theirs.retain(|row| ours.iter().any(|other| other[..4] == row[..4]));
    assert!(ours.len() > 80 && ours.iter().any(|row| row[5] == "9"), "{ours:?}");
    assert_csv(&csv_of(&names, &theirs), &csv_of(&names, &ours), 1e-12);
}

#[test]
fn a_ranking_of_another_program_is_the_same() {
    let Some(work) = study() else { return };
    shell(&work, OF_TESTBED).success();
    let ours = shell(&work, "rank scores.csv").success();
    let theirs = shell(&work, "stage rank_means < scores.csv").success();
    let names = ["model", "metric", "direction", "method", "n", "mean", "rank", "median", "win_rate"];
    assert_csv(&part(&theirs, &names), &part(&ours, &names), 1e-12);
    // Both draw the images, but not the same ones.
    let ends = ["ci_low", "ci_high"];
    for (theirs, ours) in columns(&theirs, &ends).iter().zip(columns(&ours, &ends)) {
        let width = number(&ours[1]) - number(&ours[0]);
        for (a, b) in theirs.iter().zip(&ours) {
            assert!((number(a) - number(b)).abs() <= 0.25 * width + 1e-12, "{theirs:?}, {ours:?}");
        }
    }
}

#[test]
fn what_is_broken_is_one_clear_line() {
    let Some(work) = study() else { return };
    let whole = "the last line has no line end, so the table may have been cut off there";
    for (line, message) in [
        ("head -1 images.csv | stage explain_edges", "explain_edges: standard input: a header and no rows"),
        ("stage explain_edges gone.csv", "explain_edges: gone.csv: No such file or directory"),
        (
            "printf 'image\\nimages.npy#12\\n' | stage explain_edges",
            "explain_edges: images.npy#12, open: images.npy: index 12 is out of bounds for axis 0 with size 12",
        ),
        (
            "stage perturb_deletion --model \"exec:cat\" maps.csv",
            "perturb_deletion: the maps explain exec:python3 pipelines/examples/serve_colours.py@",
        ),
        (
            "stage perturb_deletion --model \"exec:echo hello\" <(sed 's/exec:[^,]*//' maps.csv)",
            "perturb_deletion: `echo hello` is no classifier of two classes or more: it says `hello`",
        ),
        (
            "explain -q --model \"$model\" -m random --preprocess imagenet-keep images.npy#0 |
                stage perturb_deletion --model \"$model\"",
            "perturb_deletion: images.npy#0, random, map: the classifier was shown other images than --preprocess none",
        ),
        (
            "cut -d, -f1-3 maps.csv | stage perturb_deletion --model \"$model\"",
            "perturb_deletion: standard input: no column `method` in the header `image,target,model`",
        ),
        ("head -c 999 answers.csv | stage score_halfway", &format!("score_halfway: standard input: {whole}")),
        ("sed '3s/,[^,]*$//' answers.csv | stage score_halfway", "standard input, line 3: not as many cells"),
        (
            "sed 's/,lower,/,down,/' scores.csv | stage correlate_spearman",
            "column `direction`: `down` is not",
        ),
        ("sed 2d scores.csv | stage rank_means", "11 rows, where the list has 12 images"),
        ("sed '2s/lower,[^,]*/lower,low/' scores.csv | stage rank_means", "column `value`: `low` is not"),
        ("stage rank_means scores.csv scores.csv", "has more than one value"),
    ] {
        let told = shell(&work, line).failure(1);
        assert!(told.contains(message) && told.lines().count() == 1, "{line}: {told}");
    }
    for stage in ["explain_edges", "perturb_deletion", "score_halfway", "correlate_spearman", "rank_means"] {
        assert!(shell(&work, &format!("stage {stage} --nothing")).failure(2).contains("usage: "));
    }
    // A curve that is cut has no value, which is said; a reader that goes away is no failure.
    let cut = shell(&work, "sed 12d answers.csv | stage score_halfway | rank");
    assert!(cut.stderr.contains("NaN: of a curve of 11 points there are 10"), "{}", cut.stderr);
    cut.success();
    shell(&work, "stage score_halfway answers.csv | true").success();
    // What failed stays in the table, to the end.
    let gone = "sed '2s/images.npy#0/images.npy#12/' maps.csv | ask perturb -t deletion --max-errors 1 |
        stage score_halfway";
    let gone = columns(&shell(&work, gone).success(), &["value", "reason"]);
    assert!(gone[0][0].to_lowercase() == "nan" && gone[0][1].starts_with("open: "), "{:?}", gone[0]);
}
