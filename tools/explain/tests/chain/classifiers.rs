//! Two classifiers in one chain: refused where a number would belong to neither, and compared by name where that is the question.

use std::fs;

use testing::WorkDir;

use crate::{IMAGES, Stage, Study, TESTS, Verdict, cells, tool};

#[test]
fn another_classifier_is_refused() {
    let study = Study::new();
    let maps = &study.maps;
    let other = "--model testbed --preprocess none";
    for line in [format!("perturb {TESTS} {other}"), format!("perturb {TESTS} --model testbed-vit")] {
        let message = tool(&study.work, &line, maps).failure(1);
        assert!(message.contains("its map explains testbed@"), "{message}");
    }
    // The embedded weights, with one number changed: another model, though everything is called the same.
    let changed = changed_weights();
    study.work.write("w.safetensors", changed);
    let line = format!("perturb {TESTS} --model testbed --weights w.safetensors");
    let message = tool(&study.work, &line, maps).failure(1);
    assert!(message.contains("other weights"), "{message}");
    // Tables of two classifiers do not make one ranking, nor do their scores.
    let second = tool(&study.work, &format!("explain -m rise:masks=9 {other} {IMAGES}"), "").success();
    let both = format!("{maps}{}", second.split_once('\n').unwrap().1);
    assert_eq!(study.verdict(Stage::Maps, &both), Verdict::Refused);
    let curves = tool(&study.work, &format!("perturb {TESTS} {other}"), &second).success();
    let scores = tool(&study.work, "score", &curves).success();
    let both = format!("{}{}", study.scores, scores.split_once('\n').unwrap().1);
    assert_eq!(study.verdict(Stage::Scores, &both), Verdict::Refused);
}

fn changed_weights() -> Vec<u8> {
    let mut bytes = fs::read(testing::testdata("testbed/resnet8.safetensors")).unwrap();
    // The last byte of the last number: its sign or its exponent.
    *bytes.last_mut().unwrap() ^= 1;
    bytes
}

/// Data randomisation (Adebayo et al. 2018): classifiers of true and of permuted labels, their maps of the same images compared.
#[test]
fn maps_of_two_classifiers_are_compared_by_name() {
    let work = WorkDir::new();
    let maps = |name: &str, flags: &str| {
        let line =
            "train classifier -q --model testbed --images testbed --count 20 --batch-size 10 --epochs 1";
        tool(&work, &format!("{line} --out {name}.safetensors{flags}"), "").success();
        let explained = format!(
            "explain --model testbed --weights {name}.safetensors -m gradient -O {name}.csv {IMAGES}"
        );
        tool(&work, &explained, "").success();
        let record = fs::read_to_string(work.join(format!("{name}.safetensors.json"))).unwrap();
        serde_json::from_str::<serde_json::Value>(&record).unwrap()["model_key"].as_str().unwrap().to_owned()
    };
    let (learned, permuted) = (maps("true", ""), maps("permuted", " --permute-labels"));
    assert_ne!(learned, permuted);
    let output = tool(&work, "score --against true.csv permuted.csv -m spearman", "");
    let rows = cells(&output.success());
    assert_eq!(rows.len(), 1 + 3);
    let column = |name: &str| rows[0].iter().position(|column| column == name).unwrap();
    let (model, score) = (column("model"), column("value"));
    assert!(rows[1..].iter().all(|row| row[model] == permuted), "{rows:?}");
    let told = format!("score: maps of `{permuted}` are compared with maps of `{learned}`\n");
    assert!(output.stderr.contains(&told), "{}", output.stderr);
    assert!(rows[1..].iter().all(|row| row[score].parse::<f64>().unwrap().abs() < 0.999));
}
