//! `--model exec:COMMAND` with a child that holds the embedded classifier (`examples/serve.rs`), and with children that
//! break the protocol.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Parser;
use models::classifier::Output;
use models::{Image, Preprocess, Tensor};
use setup::{Loaded, ModelArgs};

#[derive(Parser)]
struct Args {
    #[command(flatten)]
    model: ModelArgs,
}

fn open(model: &str, arguments: &str) -> anyhow::Result<Loaded> {
    let arguments = arguments.split_whitespace();
    let line = ["test", "--device", "cpu", "--preprocess", "imagenet-keep", "--model", model];
    Args::parse_from(line.into_iter().chain(arguments)).model.open(&[])
}

/// The command of the example, which lies beside the folder of this test's own program.
fn serve(mode: &str) -> String {
    let own = std::env::current_exe().unwrap();
    let program: PathBuf = own.ancestors().nth(2).unwrap().join("examples/serve");
    assert!(program.is_file(), "{} is missing: cargo builds it with the tests", program.display());
    format!("exec:'{}' {mode}", program.display())
}

fn images(count: usize) -> Tensor<4> {
    let embedded = testbed::Embedded::ResNet
        .classifier(&models::device::cpu().device, models::zoo::Options::default())
        .unwrap();
    let preprocess = Preprocess::preset("imagenet-keep").unwrap();
    let images: Vec<Image> =
        testbed::names().iter().take(count).map(|name| setup::open(name, &preprocess).unwrap()).collect();
    embedded.input(&images.iter().collect::<Vec<_>>())
}

fn numbers(x: Tensor<2>) -> Vec<f32> {
    x.into_data().try_into_vec().unwrap()
}

fn failure(loaded: &Loaded, batch: Tensor<4>) -> String {
    loaded.check().unwrap();
    let scores = numbers(loaded.classifier.logits(batch));
    assert!(scores.iter().all(|score| score.is_nan()));
    loaded.check().unwrap_err().to_string()
}

#[test]
fn a_child_answers_as_the_network_itself() {
    let embedded = testbed::Embedded::ResNet
        .classifier(&models::device::cpu().device, models::zoo::Options::default())
        .unwrap();
    let child = open(&serve(""), "").unwrap().classifier;
    assert!(child.name.starts_with("exec:'") && child.layer_name().is_none() && child.digest.is_empty());
    assert_eq!(child.network.classes(), 10);
    for batch in [images(5), images(1)] {
        assert_eq!(numbers(child.logits(batch.clone())), numbers(embedded.logits(batch.clone())));
        assert_eq!(numbers(child.probabilities(batch.clone())), numbers(embedded.probabilities(batch)));
    }
}

#[test]
fn probabilities_get_no_second_softmax() {
    let embedded = testbed::Embedded::ResNet
        .classifier(&models::device::cpu().device, models::zoo::Options::default())
        .unwrap();
    let child = open(&serve("probabilities"), "").unwrap().classifier;
    let expected = numbers(embedded.probabilities(images(3)));
    assert_eq!(numbers(child.logits(images(3))), expected);
    assert_eq!(numbers(child.probabilities(images(3))), expected);
    for output in [Output::Logit, Output::Probability] {
        let scores = child.logits(images(3));
        let chosen = numbers(child.output(scores, &[4, 0, 9], output));
        assert_eq!(chosen, [expected[4], expected[10], expected[29]]);
    }
}

/// Under a softmax they would all be nearly equal, and nothing would tell.
#[test]
fn logits_that_look_like_probabilities_are_remarked_on() {
    for (mode, remarked) in [("mislabelled", true), ("", false), ("probabilities", false)] {
        let loaded = open(&serve(mode), "").unwrap();
        assert_eq!(loaded.remark(), None, "nothing was asked yet");
        loaded.classifier.logits(images(3));
        let remark = loaded.remark().unwrap_or_default();
        assert_eq!(
            remark.contains("must say scores=probabilities instead of scores=logits"),
            remarked,
            "{mode}"
        );
    }
}

#[test]
fn children_that_break_the_protocol_are_told_and_asked_no_more() {
    for (mode, expected) in [
        ("die", "ended before its answer to a batch (exit status 3)"),
        ("nan", "the score of image 1, class 3, is NaN, and not a finite number"),
        ("turned", "its scores have the shape [10, 2], and not [2, 10]"),
        ("forgetful", "answered `ok`, but has not written "),
    ] {
        let command = serve(mode);
        let loaded = open(&command, "").unwrap();
        let message = failure(&loaded, images(2));
        assert!(message.starts_with(&format!("{command}: {expected}")), "{message}");
        // It stays so, and costs no time.
        assert!(numbers(loaded.classifier.logits(images(3))).iter().all(|score| score.is_nan()));
        assert_eq!(loaded.check().unwrap_err().to_string(), message);
    }
}

#[test]
fn an_answer_too_many_is_never_taken_for_the_next_one() {
    let loaded = open(&serve("chatty"), "").unwrap();
    let first = numbers(loaded.classifier.logits(images(1)));
    assert!(first.iter().all(|score| score.is_finite()));
    let second = numbers(loaded.classifier.logits(images(2)));
    if let Err(error) = loaded.check() {
        let message = error.to_string();
        assert!(message.contains("without being asked") || message.contains("has not written"), "{message}");
    } else {
        panic!("{second:?}");
    }
}

#[test]
fn children_that_do_not_start_are_told() {
    for (command, expected) in [
        ("exit 3", "ended before its first line (exit status 3)"),
        ("kill -9 $$", "ended before its first line (signal 9)"),
        ("exec >&-; sleep 5", "closed its end of the pipe before its first line"),
        ("echo loading the weights", "said `loading the weights`, where `plumbline classes=N"),
        ("head -c 100000 /dev/zero | tr '\\0' x", "said `xxxxx"),
        ("echo plumbline classes=ten scores=logits", "said `plumbline classes=ten scores=logits`, where"),
        ("no-such-program-here 2>/dev/null", "ended before its first line (exit status 127)"),
    ] {
        let message = open(&format!("exec:{command}"), "").err().unwrap().to_string();
        assert!(
            message.starts_with(&format!("exec:{command}: {expected}")) && message.len() < 1000,
            "{message}"
        );
    }
}

/// The child and everything that it has started, after a wait that is not longer than it was told.
#[test]
fn a_child_that_hangs_is_killed_with_its_group() {
    let work = testing::WorkDir::new();
    let mark = work.join("pid");
    let hangs = format!("exec:sleep 60 & echo $! > '{}'; wait", mark.display());
    let clock = Instant::now();
    let message = open(&hangs, "--exec-timeout 0.3").err().unwrap().to_string();
    assert!(message.ends_with("its first line did not come within 0.3 s (see --exec-timeout)"), "{message}");
    assert!(clock.elapsed() < Duration::from_secs(3));
    let grandchild = PathBuf::from("/proc").join(work.read("pid").trim());
    let gone = || {
        !grandchild.exists()
            || std::fs::read_to_string(grandchild.join("stat")).is_ok_and(|s| s.contains(") Z"))
    };
    let end = Instant::now() + Duration::from_secs(3);
    while !gone() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(gone(), "{} lives", grandchild.display());
}

#[test]
fn flags_that_contradict_each_other_are_wrong_use() {
    let message = |model: &str, arguments: &str| {
        let error = open(model, arguments).err().unwrap();
        assert!(error.is::<pipe::Usage>());
        error.to_string()
    };
    assert_eq!(message("exec:cat", "--weights a.pth"), "--model exec:cat takes no --weights");
    assert_eq!(message("resnet50", ""), "--model resnet50 needs --weights");
    assert_eq!(message("exec:cat", "--model-output y"), "--model-output goes with an ONNX file");
    let seconds = |text: &str| Args::try_parse_from(["test", "--exec-timeout", text]).is_ok();
    assert_eq!(
        ["1", "0.5", "0", "-1", "inf", "nan", "soon"].map(seconds),
        [true, true, false, false, false, false, false]
    );
}
