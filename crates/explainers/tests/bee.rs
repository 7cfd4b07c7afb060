//! BEE on the testbed's networks: what does not change a map, what does, what is refused, and training.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use attribution::{Context, Request};
use common::{Answer, Asked, classifier, explain, images};
use explainers::{BanditMethod, BanditTraining};
use models::Classifier;
use testbed::Embedded;

const LITTLE: &str = "samples=3,steps=3,images=2";

/// All methods of the family, in little, with bandits that have learned nothing.
const ALL: [&str; 7] = [
    "nbee:metric=(pos)",
    "ncbee:metric=(insertion:steps=4)",
    "pbee:bandit=none,metric=pic",
    "fbee:bandit=none,metric=(pos)*2+(gini)",
    "ig-fbee:bandit=none,metric=neg",
    "big-fbee:bandit=none,metric=neg",
    "gig-fbee:bandit=none,metric=neg",
];

fn asked(classifier: &Classifier, count: usize, batch_size: usize) -> Asked {
    Asked { count, batch_size, baselines: Some(images(classifier, 10, 3)), ..Asked::default() }
}

fn little(spec: &str) -> String {
    format!("{spec},{LITTLE}")
}

#[test]
fn batches_and_company_change_nothing() {
    for embedded in Embedded::ALL {
        let classifier = classifier(embedded);
        for spec in ALL.map(little) {
            let explain = |asked: &Asked| explain(&spec, &classifier, asked).unwrap();
            let whole = explain(&asked(&classifier, 3, 64));
            assert!(whole.maps.iter().flatten().all(|value| value.is_finite()), "{spec}");
            for batch_size in [1, 5] {
                let other = explain(&asked(&classifier, 3, batch_size));
                assert!(other.maps == whole.maps && other.told == whole.told, "{spec}, {batch_size} at once");
            }
            // The third image alone; targets follow the place, so its class is asked for as the first one's is.
            let third = explain(&Asked { first: 2, ..asked(&classifier, 1, 8) });
            let again = explain(&Asked { first: 2, ..asked(&classifier, 2, 8) });
            assert!(third.maps[0] == again.maps[0] && third.told[0] == again.told[0], "{spec}");
        }
    }
}

#[test]
fn the_seed_and_the_image_choose_the_draws() {
    let classifier = classifier(Embedded::ResNet);
    let spec = little("nbee:metric=(pos)");
    let arms = |answer: &Answer, image: usize| -> Vec<String> {
        answer.told[image].trials.iter().map(|trial| format!("{} {:?}", trial.arm, trial.score)).collect()
    };
    let one = explain(&spec, &classifier, &asked(&classifier, 2, 8)).unwrap();
    let other = explain(&spec, &classifier, &Asked { seed: 1, ..asked(&classifier, 2, 8) }).unwrap();
    assert!(arms(&one, 0) != arms(&other, 0) && arms(&one, 0) != arms(&one, 1));
}

/// Fewer samples are the first of many: one trace of many draws tells what fewer would have given.
#[test]
fn fewer_samples_are_the_first_of_many() {
    let classifier = classifier(Embedded::ResNet);
    for spec in ["nbee:metric=(del)", "fbee:bandit=none,metric=(del)", "ncbee:metric=(del)"] {
        let told = |samples: usize| {
            let spec = format!("{spec},steps=2,arms=constant+blur+uniform+normal,samples={samples}");
            explain(&spec, &classifier, &asked(&classifier, 2, 16)).unwrap()
        };
        let (few, many) = (told(4), told(9));
        for (few, many) in few.told.iter().zip(&many.told) {
            assert_eq!(few.trials[..], many.trials[..4], "{spec}");
        }
    }
}

#[test]
fn the_map_is_the_best_of_its_draws() {
    let classifier = classifier(Embedded::ResNet);
    let alone = |draw: usize| {
        // The draws up to this one, whose last is the best only if it is.
        let spec = format!("nbee:metric=(pos),arms=normal,steps=2,samples={}", draw + 1);
        explain(&spec, &classifier, &asked(&classifier, 1, 16)).unwrap()
    };
    let whole = alone(5);
    let scores: Vec<f64> = whole.told[0].trials.iter().map(|trial| *trial.score.as_ref().unwrap()).collect();
    let least = scores.iter().copied().fold(f64::INFINITY, f64::min);
    let best = scores.iter().position(|score| *score == least).unwrap();
    assert_eq!(whole.told[0].trials.last().unwrap().best, Some(best));
    assert!(whole.maps == alone(best).maps);
    assert!(whole.told[0].trials.iter().all(|trial| trial.arm == "normal" && trial.chances.is_empty()));
}

/// The clean image's probability is the same for every map: the first draw is taken, and nothing is learned from luck alone but its share.
#[test]
fn a_constant_metric_takes_the_first_draw() {
    let classifier = classifier(Embedded::ResNet);
    for spec in ["nbee", "fbee", "ncbee"] {
        let bandit = if spec == "fbee" { "bandit=none," } else { "" };
        let spec = little(&format!("{spec}:{bandit}metric=confidence"));
        let found = explain(&spec, &classifier, &asked(&classifier, 1, 8)).unwrap();
        assert!(found.told[0].trials.iter().all(|trial| trial.best == Some(0)), "{spec}");
    }
}

/// An image that is its own baseline has no way to go and a zero map, on which nothing is measured: other arms win, and without any the
/// image fails.
#[test]
fn a_reward_that_is_no_number_never_wins() {
    let classifier = classifier(Embedded::ResNet);
    let own = Asked { baselines: Some(images(&classifier, 0, 1)), ..asked(&classifier, 1, 8) };
    let reason = "the map is constant: it puts no pixel first";
    for spec in ["nbee:", "fbee:bandit=none,"] {
        let spec = format!("{spec}metric=(pos),steps=2,samples=12,arms=training");
        let none = explain(&spec, &classifier, &own).unwrap();
        let expected = format!("none of its 12 maps has a score: {reason}");
        assert_eq!(none.told[0].failure.as_deref(), Some(&expected[..]), "{spec}");
        assert!(none.maps[0].iter().all(|value| value.is_nan()));
        let some = explain(&format!("{spec}+constant"), &classifier, &own).unwrap();
        let last = some.told[0].trials.last().unwrap().best.unwrap();
        assert_eq!((&some.told[0].trials[last].arm[..], &some.told[0].failure), ("constant", &None));
        let undefined = |arm: &str| {
            let mut of_arm = some.told[0].trials.iter().filter(|trial| trial.arm == arm);
            of_arm.all(|trial| trial.score.is_err())
        };
        assert!(undefined("training") && !undefined("constant"), "{spec}");
    }
}

#[test]
fn what_it_costs_is_what_it_says() {
    for embedded in Embedded::ALL {
        let classifier = classifier(embedded);
        for spec in ALL {
            let exact = format!("{spec},samples=3,steps=3,arms=constant+blur+normal");
            for spec in [exact, little(spec)] {
                let context = Context::new(&classifier).unwrap();
                let passes = explainers::parse(&spec).unwrap().passes(&context, [64, 64]).unwrap();
                let found = explain(&spec, &classifier, &asked(&classifier, 1, 64)).unwrap();
                let counted = (found.forwards, found.backwards);
                // How many pixels a mask shows is up to the map.
                assert_eq!(passes.exact, spec.contains("arms=") && !spec.contains("pic"), "{spec}");
                if passes.exact {
                    assert_eq!(counted, (passes.forwards, passes.backwards), "{spec} on {embedded:?}");
                } else {
                    // BanditTraining images are run once for the whole run, and counted nowhere.
                    assert!(counted.0 <= passes.forwards + 3 && counted.1 <= passes.backwards, "{spec}");
                }
            }
        }
    }
}

#[test]
fn layers_that_are_of_no_use_are_refused() {
    let (resnet, vit) = (classifier(Embedded::ResNet), classifier(Embedded::ViT));
    let refused = |spec: &str, classifier: &Classifier| {
        let spec = format!("{spec},{LITTLE}");
        explain(&spec, classifier, &asked(classifier, 1, 8)).err().unwrap().to_string()
    };
    let none = refused("nbee:layers=layer9", &resnet);
    assert_eq!(none, "nbee does not fit testbed: it has no layer `layer9`");
    let scores = resnet.network.graph().nodes.last().unwrap().name.clone();
    let nowhere = "holds neither feature maps nor attention between all tokens";
    assert!(refused(&format!("nbee:layers={scores}"), &resnet).ends_with(nowhere));
    assert!(refused("nbee:layers=input", &resnet).ends_with(nowhere));
    assert!(refused("nbee:layers=blocks.1.norm1", &vit).ends_with(nowhere));
    assert!(refused("nbee:psi=gradient", &vit).contains("psi=gradient has no meaning for attention"));
    // Layers that can be read: feature maps of a transformer's stem, an earlier block's attention, several at once.
    let nodes = &vit.network.graph().nodes;
    let attention = nodes.iter().find(|node| node.name.ends_with("attn.softmax")).unwrap().name.clone();
    for spec in [format!("nbee:layers={attention}"), format!("nbee:layers=auto+{attention}")] {
        let found = explain(&little(&spec), &vit, &asked(&vit, 1, 8)).unwrap();
        assert!(found.maps[0].iter().all(|value| value.is_finite()), "{spec}");
    }
    let one = |spec: &str| explain(&little(spec), &resnet, &asked(&resnet, 1, 8)).unwrap().maps;
    assert!(one("nbee:layers=layer2+layer3") != one("nbee:layers=layer2"));
    assert!(one("nbee:layers=layer3") == one("nbee:metric=pos"));
}

#[test]
fn wrong_specs_are_errors() {
    for (spec, part) in [
        ("pbee:samples=0", "samples=0 is not a positive whole number"),
        ("pbee:arms=constant+red", "arms=constant+red is not some of constant+blur+uniform+normal+training"),
        ("pbee:arms=blur+blur", "each once"),
        ("pbee:metric=(poss)", "unknown metric `poss`"),
        ("nbee:bandit=x", "`nbee` has no parameter `bandit`"),
        ("ig-fbee:layers=layer1", "`ig-fbee` has no parameter `layers`"),
        ("fbee:psi=sum", "psi=sum is not one of product, relu, gradient"),
    ] {
        let error = explainers::parse(spec).err().unwrap().to_string();
        assert!(error.contains(part), "{spec}: {error}");
    }
    let spec = "fbee:metric=(del:fill=blur)*2+(pos),samples=4,arms=constant+blur,normal=literal,bandit=mine";
    assert_eq!(explainers::parse(spec).unwrap().spec, spec);
    let needs = explainers::parse("pbee").unwrap().needs();
    assert!(needs.files == ["bandit"] && needs.baselines && needs.tells);
    assert!(!explainers::parse("nbee:arms=blur").unwrap().needs().baselines);
}

/// A training on some images, and what it was left with.
fn train(spec: &str, classifier: &Classifier, done: Option<&[u8]>, until: usize) -> (Vec<u8>, Vec<u8>) {
    let recipe = BanditMethod::parse(spec).unwrap();
    let context = Context::new(classifier).unwrap();
    let mut training = BanditTraining::new(&recipe, &context, "facts").unwrap();
    if let Some(bytes) = done {
        training.restore(bytes).unwrap();
    }
    let baselines = images(classifier, 10, 3);
    for image in training.done()..until {
        let (keys, targets) = ([format!("training {image}")], [image % 10]);
        let request = Request {
            images: images(classifier, image, 1),
            targets: &targets,
            keys: &keys,
            seed: 7,
            batch_size: 16,
            baselines: Some(&baselines),
        };
        training.step(&request).unwrap();
    }
    let drawn: u64 = training.drawn().map(|(_, [drawn, successes])| drawn.max(successes)).sum();
    assert_eq!(drawn as usize, until);
    (training.finished().unwrap(), training.store().unwrap())
}

#[test]
fn a_training_that_was_left_comes_to_the_same_bytes() {
    let classifier = classifier(Embedded::ResNet);
    for method in ["fbee", "ncbee", "ig-fbee"] {
        let spec = format!("{method}:metric=(pos),{LITTLE}");
        let (whole, checkpoint) = train(&spec, &classifier, None, 6);
        for left in [0, 1, 4] {
            let (_, half) = train(&spec, &classifier, None, left);
            assert!(
                train(&spec, &classifier, Some(&half), 6) == (whole.clone(), checkpoint.clone()),
                "{spec}"
            );
        }
        assert!(whole != train(&spec, &classifier, None, 5).0);
    }
}

struct File(PathBuf);

impl File {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("plumbline-{}-{name}", std::process::id()));
        fs::write(&path, bytes).unwrap();
        Self(path)
    }

    fn asked(&self, classifier: &Classifier) -> Asked {
        let files = BTreeMap::from([("bandit".to_owned(), self.0.clone())]);
        Asked { files, ..asked(classifier, 2, 8) }
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn a_trained_bandit_is_used_where_it_belongs_and_refused_elsewhere() {
    let (resnet, vit) = (classifier(Embedded::ResNet), classifier(Embedded::ViT));
    let settings = "metric=(pos),steps=3,images=2";
    let (bytes, checkpoint) = train(&format!("pbee:{settings}"), &resnet, None, 4);
    let file = File::new("bandit", &bytes);
    let maps = |spec: &str| explain(spec, &resnet, &file.asked(&resnet)).map(|answer| answer.maps);
    let trained = maps(&format!("pbee:{settings},samples=5")).unwrap();
    // The number of samples is no setting of the bandit, and fbee goes on from the same one.
    assert!(maps(&format!("fbee:{settings},samples=2")).is_ok());
    assert!(trained != maps(&format!("pbee:{settings},samples=5,bandit=none")).unwrap());
    // What is learned on one image is forgotten before the next: the same maps once more, and in the other order.
    let fbee = format!("fbee:{settings},samples=4");
    let alone = explain(&fbee, &resnet, &Asked { count: 1, ..file.asked(&resnet) }).unwrap();
    assert!(maps(&fbee).unwrap()[0] == alone.maps[0]);

    let message = |spec: &str, classifier: &Classifier, file: &File| {
        let error = explain(spec, classifier, &file.asked(classifier)).err().unwrap();
        assert!(matches!(error, attribution::Error::Unusable { .. }), "{error}");
        error.to_string()
    };
    let path = file.0.display().to_string();
    let other = message(&format!("pbee:{settings}"), &vit, &file);
    let expected = format!("pbee: {path}: it was trained for {}, and this is {}", resnet.key(), vit.key());
    assert_eq!(other, expected);
    for changed in [
        "metric=(neg),steps=3,images=2",
        "metric=(pos),steps=4,images=2",
        "metric=(pos),steps=3,images=2,arms=blur+normal",
        "metric=(pos),steps=3,images=2,normal=literal",
        "metric=(pos),steps=3,images=2,layers=layer2",
        "metric=(pos),steps=3,images=2,psi=relu",
    ] {
        let refused = message(&format!("pbee:{changed}"), &resnet, &file);
        assert!(refused.contains("it was trained with metric=(pos),steps=3,"), "{changed}: {refused}");
    }
    let kind = message(&format!("ncbee:{settings},bandit=bandit"), &resnet, &file);
    assert!(kind.ends_with("counts is missing: it is a bandit of another kind"), "{kind}");
    let unfinished = message(&format!("pbee:{settings}"), &resnet, &File::new("unfinished", &checkpoint));
    assert!(unfinished.ends_with("its training is not done"), "{unfinished}");
    for cut in [0, 7, 200, bytes.len() - 1] {
        let cut = message(&format!("pbee:{settings}"), &resnet, &File::new("cut", &bytes[..cut]));
        assert!(cut.contains("it is damaged, or no bandit"), "{cut}");
    }
    let weights = fs::read(testing::testdata("testbed/resnet8.safetensors")).unwrap();
    let no = message(&format!("pbee:{settings}"), &resnet, &File::new("weights", &weights));
    assert!(no.ends_with("it is no bandit"), "{no}");
    let gone = explain("pbee", &resnet, &asked(&resnet, 1, 8)).err().unwrap().to_string();
    assert_eq!(gone, "pbee needs the file that it calls `bandit`");
}

/// Numbers that are none, in a file that says it is whole.
#[test]
fn a_hostile_file_is_refused() {
    let classifier = classifier(Embedded::ResNet);
    let settings = "metric=(pos),steps=3,images=2";
    let (bytes, _) = train(&format!("pbee:{settings}"), &classifier, None, 1);
    let tail = bytes.len() - 8;
    let mut hostile = bytes.clone();
    hostile[tail..].copy_from_slice(&f64::NAN.to_le_bytes());
    let file = File::new("hostile", &hostile);
    let error = explain(&format!("pbee:{settings}"), &classifier, &file.asked(&classifier)).err().unwrap();
    assert!(error.to_string().contains("holds numbers that are not finite"), "{error}");
}

#[test]
fn trainings_that_make_no_sense_are_refused() {
    let refused = |spec: &str| BanditMethod::parse(spec).err().unwrap().to_string();
    assert!(refused("nbee").starts_with("unknown method with a bandit `nbee`"));
    assert!(refused("fbee:bandit=mine").contains("names a bandit, and this is to train one"));
    let classifier = classifier(Embedded::ResNet);
    let spec = format!("fbee:metric=(pos),{LITTLE}");
    let (_, checkpoint) = train(&spec, &classifier, None, 2);
    for (spec, facts, part) in [
        (spec.clone(), "others", "another training: facts, and not others"),
        (spec.replace("pos", "neg"), "facts", "another settings: metric=(pos)"),
    ] {
        let recipe = BanditMethod::parse(&spec).unwrap();
        let context = Context::new(&classifier).unwrap();
        let mut training = BanditTraining::new(&recipe, &context, facts).unwrap();
        let error = format!("{:#}", training.restore(&checkpoint).unwrap_err());
        assert!(error.contains(part), "{error}");
        assert!(training.restore(&checkpoint[..100]).is_err());
    }
}
