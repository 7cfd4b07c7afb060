//! Maps chosen by a metric: what the metric says in process, `perturb` and `score` say of the same maps; and `--trace`.

use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;
use std::path::Path;

use pipe::{Row, Score, Tables, Tried};
use testing::{Output, WorkDir, sibling};

use super::{EXPLAIN, map, maps, rows, run};

const METHODS: &str = "-m gradcam:relu=false -m random -m gradient";
const BEST: &str = "best-of:methods=(gradcam:relu=false)(random)(gradient)";
const IMAGES: &str = "testbed/000 testbed/001 testbed/002 testbed/003";

fn tool(work: &WorkDir, name: &str, arguments: &str, stdin: &str) -> Output {
    work.run(sibling(EXPLAIN, name), arguments.split_whitespace(), stdin)
}

fn table<R: Row>(text: &str) -> Vec<R> {
    let tables = Tables::from_input(Path::new("-"), Box::new(Cursor::new(text.as_bytes().to_vec()))).unwrap();
    tables.rows().unwrap().collect::<Result<_, _>>().unwrap()
}

/// Curves, one number of a test, a test in both orders, a mask, what needs fills of its own, random fills, and a metric of the map.
#[test]
fn the_metric_in_process_is_what_perturb_and_score_say() {
    let work = WorkDir::new();
    let plain = run(&work, &format!("{METHODS} {IMAGES}"), "").success();
    for (metric, test) in [
        ("pos", "pos"),
        ("del:fill=blur,steps=5", "pos:fill=blur,steps=5"),
        ("insertion:fill=uniform,runs=2,steps=4", "insertion:fill=uniform,runs=2,steps=4"),
        ("pic", "mask"),
        ("adp:percentile=75", "mask:percentile=75"),
        ("road-combined", "road -t road:order=lerf"),
        ("sic", "information"),
        ("gini", ""),
    ] {
        let trace = format!("-m {BEST},metric=({metric}) --trace trace.csv {IMAGES}");
        run(&work, &trace, "").success();
        let curves = match test {
            "" => plain.clone(),
            test => tool(&work, "perturb", &format!("-q --device cpu -t {test}"), &plain).success(),
        };
        let scores = tool(&work, "score", &format!("-m {metric}"), &curves).success();
        let told: BTreeMap<(String, String), f64> = table::<Tried>(&work.read("trace.csv"))
            .into_iter()
            .map(|row| ((row.image, row.arm), row.score))
            .collect();
        let scores: Vec<Score> = table(&scores);
        assert_eq!((told.len(), scores.len()), (12, 12), "{metric}");
        for score in scores {
            let own = told[&(score.image.clone(), score.method.clone())];
            let same = own == score.value || own.is_nan() && score.value.is_nan();
            assert!(same, "{metric} of {} for {}: {own} is not {}", score.method, score.image, score.value);
        }
    }
}

#[test]
fn the_map_is_that_of_the_best_and_the_trace_says_which() {
    let work = WorkDir::new();
    let alone = maps(&work, &run(&work, &format!("{METHODS} {IMAGES}"), "").success());
    let spec = format!("{BEST},metric=(pos)*2+(neg)");
    let found = run(&work, &format!("-m {spec} --trace trace.csv {IMAGES}"), "").success();
    let trace: Vec<Tried> = table(&work.read("trace.csv"));
    assert_eq!(trace.len(), 4 * 3 * 2);
    for row in rows(&found) {
        assert_eq!(row.method, spec);
        let of_image: Vec<&Tried> = trace.iter().filter(|tried| tried.image == row.image).collect();
        let last = of_image.last().unwrap();
        let best = of_image
            .iter()
            .find(|tried| Some(tried.draw) == last.best_draw && tried.metric == last.metric)
            .unwrap();
        assert_eq!((last.best, &last.method), (best.score, &spec));
        let bits: Vec<u32> = map(&work, &row).data.into_iter().map(f32::to_bits).collect();
        assert_eq!(alone[&(row.image.clone(), best.arm.clone())], (row.target.unwrap(), bits));
    }
}

#[test]
fn the_trace_is_whole_whoever_made_the_maps() {
    let work = WorkDir::new();
    let all = format!("-m {BEST},metric=pos -m gradcam --chunk 2 --trace trace.csv {IMAGES}");
    let table = run(&work, &all, "").success();
    let trace = work.read("trace.csv");
    assert_eq!(trace.lines().count(), 1 + 4 * 3);
    // One pack is gone, the other is there: the trace is the same.
    let first = rows(&table)[0].map.clone();
    fs::remove_file(work.join(&first)).unwrap();
    assert_eq!(run(&work, &format!("{all} --resume"), "").success(), table);
    assert_eq!(work.read("trace.csv"), trace);
    for more in ["--batch-size 1", "--threads 1"] {
        let other = WorkDir::new();
        assert_eq!(run(&other, &format!("{all} {more}"), "").success(), table, "{more}");
        assert_eq!(other.read("trace.csv"), trace, "{more}");
        assert!(super::files(&other, "maps") == super::files(&work, "maps"), "{more}");
    }
}

/// An image that is its own baseline has a zero map: of two images one fails, and the trace says why.
#[test]
fn an_image_without_a_best_map_fails_alone() {
    let work = WorkDir::new();
    let spec = "best-of:methods=(integrated-gradients:steps=2,baseline=images)";
    let output = run(
        &work,
        &format!("-m {spec} --baselines testbed/000 --trace trace.csv testbed/000 testbed/001"),
        "",
    );
    let why = "none of its 1 maps has a score: the map is constant: it puts no pixel first";
    assert!(output.failure(1).contains(&format!("testbed/000, {spec}, explain: {why}")), "{}", output.stderr);
    let rows = rows(&output.text());
    assert_eq!((&rows[0].reason[..], &rows[1].reason[..]), (&format!("explain: {why}")[..], ""));
    let trace: Vec<Tried> = table(&work.read("trace.csv"));
    assert!(
        trace[0].score.is_nan()
            && trace[0].reason.starts_with("the map is constant")
            && trace[1].score.is_finite()
    );
}

#[test]
fn traces_and_files_that_make_no_sense_are_refused() {
    let work = WorkDir::new();
    work.write("f", "");
    for (arguments, part) in [
        ("-m gradcam --trace t.csv", "--trace, but no method tries several maps"),
        ("-m best-of --trace t.csv -O t.csv", "--trace and -O are one file: t.csv"),
        ("-m best-of --npy --trace t.csv", "cannot be used with"),
        ("-m gradcam --file a=f", "--file a=, but no method names such a file"),
        ("-m gradcam --file a", "NAME=PATH is needed"),
        ("-m best-of:metric=(recognised)", "needs a generator, which only perturb has"),
        ("-m best-of:methods=(best-of:metric=(pos)", "expected NAME or NAME:KEY=VALUE"),
    ] {
        let message = run(&work, &format!("{arguments} testbed/000"), "").failure(2);
        assert!(message.contains(part), "{arguments}: {message}");
    }
    let full = run(&work, "-m best-of --trace /dev/full testbed/000", "").failure(1);
    assert!(full.contains("/dev/full"), "{full}");
}

const PBEE: &str = "pbee:metric=(pos:steps=4),samples=3,steps=2,arms=constant+blur+normal";

/// A bandit for this method, trained on a few images.
fn bandit(work: &WorkDir, name: &str, more: &str) {
    let line = format!("bee -m {PBEE} --images testbed --count 6 --device cpu -q -o {name} {more}");
    tool(work, "train", &line, "").success();
}

#[test]
fn a_bandit_is_a_part_of_what_a_pack_depends_on() {
    let work = WorkDir::new();
    bandit(&work, "one", "");
    bandit(&work, "two", "--seed 1");
    let explain = |file: &str, more: &str| {
        let line = format!("-m {PBEE} --file bandit={file} --trace trace.csv {more} {IMAGES}");
        (run(&work, &line, "").success(), work.read("trace.csv"))
    };
    let one = explain("one", "--record record.json");
    let hash = pipe::sha256(&fs::read(work.join("one")).unwrap());
    assert_eq!(super::record(&work)["files"]["file:bandit"], hash);
    let two = explain("two", "--resume");
    // Under one name, but in packs of their own: nothing of the first is taken for the second.
    assert!(one.0 != two.0 && explain("one", "--resume") == one && explain("two", "--batch-size 1") == two);
    let trace: Vec<Tried> = table(&one.1);
    assert_eq!(trace.len(), 4 * 3);
    for tried in trace {
        let chances: Vec<(&str, f64)> = tried
            .chances
            .split(' ')
            .map(|chance| chance.split_once(':').map(|(arm, chance)| (arm, chance.parse().unwrap())).unwrap())
            .collect();
        let arms: Vec<&str> = chances.iter().map(|(arm, _)| *arm).collect();
        assert_eq!(arms, ["constant", "blur", "normal"]);
        let most = chances.iter().fold(0.0, |most: f64, (_, chance)| most.max(*chance));
        assert_eq!(chances.iter().find(|(_, chance)| *chance == most).unwrap().0, tried.arm);
    }
}

#[test]
fn a_bandit_of_something_else_is_refused() {
    let work = WorkDir::new();
    bandit(&work, "own", "");
    work.write("torn", &fs::read(work.join("own")).unwrap()[..90]);
    for (arguments, part) in [
        (format!("-m {PBEE}"), "needs the file that it calls `bandit`: --file bandit=PATH"),
        (format!("-m {PBEE} --file bandit=own --model testbed-vit"), "own: it was trained for testbed@"),
        (
            format!("-m {PBEE},normal=literal --file bandit=own"),
            "own: it was trained with metric=(pos:steps=4)",
        ),
        (format!("-m {PBEE} --file bandit=own --preprocess none"), "own: it was trained for testbed@"),
        (format!("-m {PBEE} --file bandit=torn"), "torn: it is damaged, or no bandit"),
        (format!("-m {PBEE} --file bandit=own --file bandit=torn"), "--file bandit= is given twice"),
    ] {
        let message = run(&work, &format!("{arguments} testbed/000"), "").failure(2);
        assert!(message.contains(part), "{arguments}: {message}");
    }
    let gone = run(&work, &format!("-m {PBEE} --file bandit=gone testbed/000"), "");
    assert!(gone.status != Some(0) && gone.stderr.contains("gone: No such file"), "{}", gone.stderr);
}
