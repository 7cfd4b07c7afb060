//! EEA, pEEA and TAME as methods, on the testbed's networks.

mod common;

use std::path::Path;

use attribution::Error;
use common::{Answer, Asked, classifier, explain};
use explainers::eea::{self, Loss, MaskLoss};
use explainers::{EeaFacts, EeaFile, TameFacts, TameFile, tame};
use models::network::Weight;
use models::zoo::Options;
use models::{Classifier, Tensor, TensorData, device};
use serde_json::json;
use testbed::Embedded;
use testing::WorkDir;

/// The file of an explainer that has learnt nothing yet, in the middle of its schedule.
fn explainer(work: &WorkDir, explained: Embedded, by: Embedded) -> Asked {
    let encoder = by.open(&device::cpu().device, Options::default()).unwrap();
    let facts = EeaFacts {
        explained: classifier(explained).key(),
        explainer: by.name().into(),
        input: [3, 64, 64],
        preprocess: encoder.preprocess.clone(),
        loss: Loss { mask: MaskLoss::DoubleSigmoid, lambda: 5.0 },
        decay: 0.01,
        rate: 0.004,
        warm_up: 0.5,
        course: 100,
        steps: 25,
    };
    let learner = facts.learner(eea::explainer(&encoder.network, 0).unwrap());
    let mut settings = json!(facts);
    settings["method"] = json!("eea");
    let bytes = EeaFile::bytes(&learner, &settings.to_string()).unwrap();
    let name = format!("{}-{}.safetensors", explained.name(), by.name());
    work.write(&name, bytes);
    asked(&work.join(&name))
}

fn asked(path: &Path) -> Asked {
    let files = [("explainer".to_owned(), path.to_owned())].into();
    Asked { count: 2, batch_size: 8, files, ..Asked::default() }
}

fn attention(work: &WorkDir, classifier: &Classifier) -> Asked {
    let layers = tame::layers(classifier.network.graph(), [64, 64]).unwrap();
    let (explained, loss) = (classifier.key(), tame::Loss::PUBLISHED);
    let facts = TameFacts { explained, layers, input: [3, 64, 64], loss };
    let network = facts.explainer(classifier, 0).unwrap().network;
    let mut settings = json!(facts);
    settings["method"] = json!("tame");
    work.write("tame.safetensors", TameFile::bytes(&network, &settings.to_string()).unwrap());
    asked(&work.join("tame.safetensors"))
}

fn refused(spec: &str, classifier: &Classifier, asked: &Asked) -> String {
    explain(spec, classifier, asked).err().unwrap_or_else(|| panic!("{spec}")).to_string()
}

fn far(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

const PAIRS: [(Embedded, Embedded); 3] = [
    (Embedded::ResNet, Embedded::ResNet),
    (Embedded::ResNet, Embedded::ViT),
    (Embedded::ViT, Embedded::ResNet),
];

/// A few steps, each of which counts, by a metric that differs from step to step.
const FEW: &str = "eea:select=(del:steps=3),steps=4";

#[test]
fn a_map_is_the_same_in_any_company() {
    let work = WorkDir::new();
    for (explained, by) in PAIRS {
        let (classifier, asked) = (classifier(explained), explainer(&work, explained, by));
        for spec in [FEW, "peea"] {
            let both = explain(spec, &classifier, &asked).unwrap().maps;
            let one = Asked { batch_size: 1, ..asked.clone() };
            assert!(explain(spec, &classifier, &one).unwrap().maps == both, "{spec}");
            assert!(both.iter().flatten().all(|mask| *mask > 0.0 && *mask < 1.0), "{spec}");
            assert!(both[0] != both[1], "{spec}");
        }
    }
    let classifier = classifier(Embedded::ResNet);
    let asked = attention(&work, &classifier);
    let both = explain("tame", &classifier, &asked).unwrap().maps;
    assert!(explain("tame", &classifier, &Asked { batch_size: 1, ..asked }).unwrap().maps == both);
}

#[test]
fn the_first_mask_is_that_of_the_explainer_as_it_is() {
    let work = WorkDir::new();
    for (explained, by) in PAIRS {
        let (classifier, asked) = (classifier(explained), explainer(&work, explained, by));
        let [as_it_is, first] =
            ["peea", "eea:steps=1"].map(|spec| explain(spec, &classifier, &asked).unwrap().maps);
        // One has BatchNorm folded.
        assert!(far(&as_it_is.concat(), &first.concat()) < 2e-6);
    }
}

/// Each image begins with the file's weights: what the first one is teaches nothing about the second.
#[test]
fn the_best_step_is_kept_and_all_are_told() {
    let work = WorkDir::new();
    let (classifier, asked) =
        (classifier(Embedded::ResNet), explainer(&work, Embedded::ResNet, Embedded::ResNet));
    let Answer { maps, told, .. } = explain(FEW, &classifier, &asked).unwrap();
    for (image, told) in told.iter().enumerate() {
        assert_eq!((told.trials.len(), &told.failure), (4, &None));
        let scores: Vec<f64> = told.trials.iter().map(|trial| *trial.score.as_ref().unwrap()).collect();
        let best = (0..4).fold(0, |best, step| if scores[step] < scores[best] { step } else { best });
        assert_eq!(told.trials[3].best, Some(best), "{scores:?}");
        assert!(scores.iter().any(|score| *score != scores[0]), "{scores:?}");
        // The map of that step alone: as many steps, and no better one before.
        let last = Asked { first: image, count: 1, ..asked.clone() };
        if image == 0 {
            let until = format!("eea:select=(del:steps=3),steps={}", best + 1);
            assert!(explain(&until, &classifier, &last).unwrap().maps[0] == maps[0]);
        }
    }
}

/// POS of a class that is never predicted is 0 whatever the map, which is enough at once; without a stop the first of equals is kept.
#[test]
fn a_constant_metric_keeps_the_first_mask() {
    let work = WorkDir::new();
    let mut classifier = classifier(Embedded::ResNet);
    let asked = explainer(&work, Embedded::ResNet, Embedded::ResNet);
    let network = &classifier.network;
    let bias = network.graph().parameters.iter().position(|parameter| parameter.name == "linear.bias");
    let mut weights = network.weights().to_vec();
    let never = TensorData::new(vec![-1e3_f32; 10], [10]);
    weights[bias.unwrap()] = Weight::new(never, &classifier.device);
    // Of all but class 0, which nobody asks for.
    let zero =
        Tensor::<1>::from_floats([1e3, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], &classifier.device);
    weights[bias.unwrap()] = weights[bias.unwrap()].map(|x| x + zero);
    classifier.network = network.with_weights(weights).pack();
    let first = explain("eea:steps=1,transfer=true", &classifier, &asked).unwrap().maps;
    for (spec, steps) in [("steps=3", 1), ("steps=3,stop=never", 3), ("steps=3,stop=-1", 3)] {
        let spec = format!("eea:transfer=true,{spec}");
        let Answer { maps, told, .. } = explain(&spec, &classifier, &asked).unwrap();
        assert_eq!(told[0].trials.len(), steps, "{spec}: {:?}", told[0].trials);
        assert!(told[0].trials.iter().all(|trial| trial.score == Ok(0.0)), "{:?}", told[0].trials);
        assert!(maps[0] == first[0], "{spec}");
    }
}

#[test]
fn what_is_not_given_is_what_the_file_says() {
    let work = WorkDir::new();
    let (classifier, asked) =
        (classifier(Embedded::ResNet), explainer(&work, Embedded::ResNet, Embedded::ResNet));
    let maps = |more: &str| {
        explain(&format!("eea:select=(del:steps=3),steps=3,stop=never{more}"), &classifier, &asked).unwrap()
    };
    let auto = maps("");
    assert!(maps(",loss=double-sigmoid,lambda=5").maps == auto.maps);
    // The schedule rises from 25 of 50 steps to 0.004.
    let score = |answer: &Answer| {
        answer.told[0].trials.iter().map(|trial| trial.score.clone().unwrap()).collect::<Vec<_>>()
    };
    for more in [",loss=l1", ",loss=bce", ",lambda=50", ",rate=0.01"] {
        let other = maps(more);
        assert!(score(&other)[0] == score(&auto)[0] && score(&other)[2] != score(&auto)[2], "{more}");
    }
}

#[test]
fn files_are_refused_elsewhere_unless_the_spec_says_so() {
    let work = WorkDir::new();
    let asked = explainer(&work, Embedded::ResNet, Embedded::ResNet);
    let other = classifier(Embedded::ViT);
    for spec in ["peea", "eea:steps=2"] {
        let message = refused(spec, &other, &asked);
        assert!(
            message.contains("testbed-testbed.safetensors: it was trained to explain testbed@"),
            "{message}"
        );
    }
    let spec = "peea:transfer=true";
    assert_eq!(explainers::parse(spec).unwrap().spec, spec);
    assert!(explain(spec, &other, &asked).is_ok());
    let tame = attention(&work, &classifier(Embedded::ResNet));
    let message = refused("tame", &other, &tame);
    assert!(
        message.starts_with("tame: ") && message.contains("it was trained to explain testbed@"),
        "{message}"
    );
    let message = refused("tame", &classifier(Embedded::ResNet), &asked);
    assert!(message.ends_with("it is an explainer of eea, and not of tame"), "{message}");
    let message = refused("peea:explainer=mine", &other, &asked);
    assert_eq!(message, "peea:explainer=mine needs the file that it calls `mine`");
    let missing = common::Asked { files: [("explainer".to_owned(), work.join("none"))].into(), ..asked };
    assert!(refused("peea", &other, &missing).contains("No such file"));
}

#[test]
fn rates_that_teach_nothing_or_break_everything_are_told() {
    let work = WorkDir::new();
    let (classifier, asked) =
        (classifier(Embedded::ResNet), explainer(&work, Embedded::ResNet, Embedded::ResNet));
    let Answer { maps, told, .. } = explain("eea:steps=4,rate=1e30,stop=never", &classifier, &asked).unwrap();
    assert!(maps.iter().flatten().all(|value| value.is_nan()));
    let failure = told[0].failure.clone().unwrap();
    assert!(failure.starts_with("the loss is NaN in step 2 of the fine-tuning"), "{failure}");
    let path = asked.files["explainer"].clone();
    let bytes = std::fs::read(&path).unwrap();
    let (from, to) = (br#"\"steps\":25"#, br#"\"steps\":99"#);
    let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
    let mut ended = bytes.clone();
    ended[at..at + to.len()].copy_from_slice(to);
    std::fs::write(&path, &ended).unwrap();
    assert!(explain("eea:steps=2", &classifier, &asked).is_ok());
    let course = br#"\"course\":100"#;
    let at = ended.windows(course.len()).position(|window| window == course).unwrap();
    ended[at..at + course.len()].copy_from_slice(br#"\"course\": 99"#);
    std::fs::write(&path, &ended).unwrap();
    let message = refused("eea:steps=2", &classifier, &asked);
    assert!(message.ends_with("has come to its end and a rate of 0: rate=NUMBER"), "{message}");
    assert!(explain("eea:steps=2,rate=0.001", &classifier, &asked).is_ok());
}

#[test]
fn wrong_parameters_are_told() {
    let message = |spec: &str| match explainers::parse(spec) {
        Err(error @ Error::Spec(_)) => error.to_string(),
        _ => panic!("{spec}"),
    };
    assert_eq!(message("eea:steps=0"), "`eea`: steps=0 is not a positive whole number");
    assert_eq!(message("eea:loss=l2"), "`eea`: loss=l2 is not auto, double-sigmoid, bce or l1");
    assert_eq!(message("eea:rate=-1"), "`eea`: rate=-1 is not auto or a number from 0");
    assert_eq!(message("eea:stop=nan"), "`eea`: stop=nan is not auto, never or a number");
    assert!(message("eea:select=poss").starts_with("unknown metric `poss`"));
    let canonical = |spec: &str| explainers::parse(spec).unwrap().spec;
    assert_eq!(canonical("eea:steps=25,select=pos,loss=auto,stop=auto"), "eea");
    assert_eq!(canonical("eea:lambda=30,select=neg,explainer=a"), "eea:explainer=a,select=(neg),lambda=30");
}
