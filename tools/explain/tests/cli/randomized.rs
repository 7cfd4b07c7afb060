//! `--randomize`: networks with first weights in some layers, never taken for the plain one.

use testing::{WorkDir, columns, sibling, testdata};

use super::{EXPLAIN, rows, run};

#[test]
fn a_randomised_network_is_another_model() {
    let work = WorkDir::new();
    let plain = run(&work, "-m gradient testbed/000 testbed/001", "").success();
    let line = "-m gradient --randomize cascading:2 testbed/000 testbed/001";
    let output = run(&work, line, "");
    let drawn = output.success();
    assert!(drawn.contains(",testbed+cascading:2@"), "{drawn}");
    assert!(
        output.stderr.contains("testbed+cascading:2: 2 of 8 layers have first weights"),
        "{}",
        output.stderr
    );
    let hash = |table: &str| columns(table, &["model"])[0][0].rsplit_once('@').unwrap().1.to_owned();
    let again = run(&work, &line.replace(":2", ":2,seed=1"), "").success();
    assert!(again.contains(",\"testbed+cascading:2,seed=1@"), "{again}");
    let hashes = [&plain, &drawn, &again].map(|table| hash(table));
    assert!(hashes[0] != hashes[1] && hashes[1] != hashes[2] && hashes[0] != hashes[2], "{hashes:?}");
    // Equal command lines, equal maps; --resume takes those of this network only.
    assert_eq!(run(&work, line, "").success(), drawn);
    let resumed = run(&work, &format!("{line} --resume --record again.json"), "").success();
    assert_eq!(resumed, drawn);
    let record = |name: &str| serde_json::from_str::<serde_json::Value>(&work.read(name)).unwrap();
    assert_eq!(record("again.json")["forwards"], 0);
    run(&work, &format!("{} --resume --record other.json", line.replace(":2", ":3")), "").success();
    let other = record("other.json");
    assert_ne!(other["forwards"], 0);
    let names: Vec<&str> =
        other["randomized"].as_array().unwrap().iter().filter_map(|name| name.as_str()).collect();
    assert_eq!((names.len(), names.last()), (3, Some(&"linear")));
    let packs: Vec<String> = [&plain, &drawn, &again].map(|table| rows(table)[0].map.clone()).into();
    assert!(packs[0] != packs[1] && packs[1] != packs[2], "{packs:?}");
    let dry = run(&work, &format!("{line} --dry-run --resume"), "");
    assert_eq!(columns(&dry.success(), &["packs", "packs_done"]), [["2", "2"]]);
    assert!(dry.stderr.contains("2 of 8 layers have first weights"), "{}", dry.stderr);
}

#[test]
fn answers_are_those_of_the_network_that_was_explained() {
    let work = WorkDir::new();
    let plain = run(&work, "-m gradcam testbed/000", "").success();
    let drawn = run(&work, "-m gradcam --randomize cascading:1 testbed/000", "").success();
    let perturb = |arguments: &str, table: &str| {
        let all = format!("-q --device cpu -t mask {arguments}");
        work.run(sibling(EXPLAIN, "perturb"), all.split_whitespace(), table)
    };
    let error = perturb("", &drawn).failure(1);
    assert!(error.contains("its map explains testbed+cascading:1@"), "{error}");
    for (arguments, table) in [
        ("--randomize cascading:1", &plain),
        ("--randomize cascading:1,seed=1", &drawn),
        ("--randomize bottom-up:1", &drawn),
    ] {
        let error = perturb(arguments, table).failure(1);
        assert!(error.contains("but the classifier here is testbed+"), "{arguments}: {error}");
    }
    let own = perturb("--randomize cascading:1 --record answers.json", &drawn).success();
    assert!(columns(&own, &["model"]).iter().all(|row| row[0].starts_with("testbed+cascading:1@")), "{own}");
    assert!(work.read("answers.json").contains("\"linear\""), "{}", work.read("answers.json"));
    let of_plain = perturb("", &plain).success();
    assert_ne!(columns(&own, &["probability"]), columns(&of_plain, &["probability"]));
    // A bare name is one of this network, and the plain network's is not.
    let bare = drawn.replace(&columns(&drawn, &["model"])[0][0], "testbed+cascading:1");
    assert_eq!(
        columns(&perturb("--randomize cascading:1", &bare).success(), &["model"]),
        columns(&own, &["model"])
    );
    let bare = plain.replace(&columns(&plain, &["model"])[0][0], "testbed");
    assert!(perturb("--randomize cascading:1", &bare).failure(1).contains("another model"));
}

/// The numbers that `--list-layers` gives are those that the flag takes, in an ONNX file too.
#[test]
fn layers_are_counted_in_the_list() {
    let work = WorkDir::new();
    let layers = run(&work, "--model testbed-vit --list-layers", "").success();
    let line = |layers: &str, name: &str| {
        layers.lines().find(|line| line.split(' ').next() == Some(name)).unwrap().to_owned()
    };
    assert!(line(&layers, "head").ends_with(", cascading:1)"), "{layers}");
    assert!(line(&layers, "pos_embed").contains("(bottom-up:"), "{layers}");
    work.write("net.onnx", std::fs::read(testdata("onnx/tiny_resnet.11.fixed.onnx")).unwrap());
    let model = "--model net.onnx --preprocess none";
    let layers = run(&work, &format!("{model} --list-layers"), "").success();
    let all = layers.matches(", cascading:").count();
    assert!(line(&layers, "/conv1/Conv").contains(&format!("(bottom-up:1, cascading:{all})")), "{layers}");
    super::png(&work, "a.png", 16, 16);
    for how in [
        "cascading:1",
        "cascading:all",
        "independent:layer1",
        "cascading:/layer2/layer2.0",
        "bottom-up:/conv1/Conv",
    ] {
        let output = run(&work, &format!("{model} -m gradient --randomize {how} a.png"), "");
        assert!(output.success().contains(&format!(",net+{how}@")), "{how}: {}", output.text());
    }
}

#[test]
fn what_cannot_be_randomised_is_wrong_use() {
    let work = WorkDir::new();
    for (arguments, part) in [
        (
            "--randomize cascading:10 testbed/000",
            "--randomize cascading:10: 10 layers of testbed, which has 8 with weights",
        ),
        ("--randomize independent:layer1.0.conv9 testbed/000", "did you mean `layer1.0.conv1`"),
        ("--randomize top:1 testbed/000", "`top:1`: cascading:K, bottom-up:K"),
        ("--randomize cascading:0 testbed/000", "`cascading:0`: cascading:K"),
        (
            "--model exec:true -m random --randomize cascading:1 a.png",
            "--randomize cascading:1: exec:true only gives scores",
        ),
    ] {
        let error = run(&work, arguments, "").failure(2);
        assert!(error.contains(part), "{arguments}: {error}");
    }
}
