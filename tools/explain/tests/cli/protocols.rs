//! `--protocol`.

use testing::WorkDir;

use super::{name, rows, run};

const COHERENCY: &str = "--target=label --reduce=positive-mean --sign=positive --normalize\n";

#[test]
fn a_protocol_stands_for_flags_and_a_flag_beside_it_takes_the_place_of_its_own() {
    let work = WorkDir::new();
    let methods = |arguments: &str| -> Vec<String> {
        let table = run(&work, &format!("{arguments} -m gradient -m gradcam testbed/000"), "").success();
        rows(&table).into_iter().map(|row| row.method).collect()
    };
    let steps = "reduce=positive-mean+positive+minmax";
    assert_eq!(
        methods("--protocol coherency"),
        [format!("gradient+{steps}"), "gradcam+positive+minmax".to_owned()]
    );
    assert_eq!(
        methods("--protocol coherency --sign both --normalize=max --reduce sum"),
        ["gradient+max", "gradcam+max"]
    );
    assert_eq!(methods("--protocol road"), ["gradient", "gradcam"]);
    let table = run(&work, "--protocol coherency -t 3 testbed/000", "").success();
    assert_eq!(rows(&table)[0].target, Some(3));
    assert_eq!(name(&rows(&table)[0]), "testbed");
}

#[test]
fn a_dry_run_of_no_image_prints_the_flags_and_of_an_image_the_cost() {
    let work = WorkDir::new();
    assert_eq!(run(&work, "--protocol coherency --dry-run", "").success(), COHERENCY);
    for image in ["testbed/000", "--images list.csv", "--images -"] {
        work.write("list.csv", "image\ntestbed/000\n");
        let arguments = format!("--protocol coherency --target predicted --dry-run {image}");
        let table = run(&work, &arguments, "image\ntestbed/000\n").success();
        assert!(table.starts_with("method,images,"), "{image}: {table}");
    }
    let pasted = run(&work, &format!("{} testbed/000", COHERENCY.trim_end()), "").success();
    assert_eq!(pasted, run(&work, "--protocol coherency testbed/000", "").success());
}

#[test]
fn what_cannot_be_is_told() {
    let work = WorkDir::new();
    let failure = |arguments: &str| run(&work, arguments, "").failure(2);
    let message = failure("--protocol coherancy testbed/000");
    assert!(message.contains("unknown protocol `coherancy`: known are coherency, bee,"), "{message}");
    assert!(message.contains("did you mean `coherency`?"), "{message}");
    assert_eq!(
        failure("--protocol quantus testbed/000"),
        "explain: protocol quantus says nothing about explain: it concerns perturb and score"
    );
    assert!(failure("--protocol coherency --again again.csv").contains("cannot be used with"));
}

#[test]
fn how_images_were_prepared_is_told_unless_the_user_says_how() {
    let work = WorkDir::new();
    let told = "explain: protocol eea: its images are resized to 224 x 224 pixels without a crop (--preprocess squash, ";
    let output = run(&work, "--protocol eea testbed/000", "");
    assert!(output.stderr.contains(told), "{}", output.stderr);
    output.success();
    let output = run(&work, "--protocol eea --preprocess imagenet-keep testbed/000", "");
    assert!(!output.stderr.contains("protocol"), "{}", output.stderr);
    output.success();
}

#[test]
fn the_list_has_names_summaries_and_sources() {
    let list = run(&WorkDir::new(), "--list-protocols", "").success();
    assert!(list.starts_with("coherency "), "{list}");
    assert!(list.contains("Petsiuk et al. 2018; RISE at d91ea00; explain, perturb, score\n"), "{list}");
}
