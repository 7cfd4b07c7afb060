//! TAME as PyTorch computes it (`testdata/explainers/generate_tame.py`).

mod golden;

use explainers::ExplainerNetwork;
use explainers::tame::{Loss, Masks, class_maps, explainer, layers};
use golden::{Golden, distance, numbers};
use learning::{Decayed, Optimiser, Recipe, Rule, Schedule, Trainer};
use models::{Classifier, Engine, Network, Plain};

fn classifier(golden: &Golden) -> Classifier {
    golden::classifier(golden.network(&golden::first(golden::cnn()), "explained")).folded(&[], Engine::Best)
}

fn attention(golden: &Golden, classifier: &Classifier) -> ExplainerNetwork {
    let layers = layers(classifier.network.graph(), [16, 16]).unwrap();
    let made = explainer(classifier, &layers, [16, 16], 0).unwrap();
    let own = made.network.graph().parameters.iter().zip(made.network.weights());
    let weights = own.map(|(parameter, own)| {
        let name = format!("0.{}", parameter.name);
        if !golden.has(&name) {
            return own.clone();
        }
        let data = models::TensorData::new(golden.numbers(&name), parameter.shape.clone());
        models::network::Weight::new(data, &models::device::cpu().device)
    });
    ExplainerNetwork { network: made.network.with_weights(weights.collect()), learns: made.learns.clone() }
}

/// The published recipe, at a higher rate.
fn recipe() -> Recipe {
    Recipe {
        epochs: 3,
        batch: 4,
        rate: 0.05,
        schedule: Schedule::OneCycle { warm_up: 0.3 },
        course: None,
        rule: Rule {
            optimiser: Optimiser::Sgd { momentum: 0.9, decay: 5e-4 },
            decayed: Decayed::NoBiases,
            bias_rate: 2.0,
        },
        smoothing: 0.0,
        seed: 0,
    }
}

#[test]
fn maps_equal_pytorch() {
    let golden = Golden::open("tame");
    let classifier = classifier(&golden);
    let network = attention(&golden, &classifier).network;
    let found = numbers(class_maps(&network, golden.images(0..2), &mut Plain));
    let far = distance(&found, &golden.numbers("maps"));
    println!("{far:e}");
    assert!(far < 2e-5, "{far:e}");
}

#[test]
fn steps_of_training_equal_pytorch() {
    let golden = Golden::open("tame");
    let (classifier, labels) = (classifier(&golden), golden.classes("labels"));
    let before = weights(&classifier.network);
    let ExplainerNetwork { network, learns } = attention(&golden, &classifier);
    let learner = learning::Learner::new(network, recipe().rule).only(|id| learns[id]);
    let mut trainer = Trainer::of(learner, 4, recipe());
    let near = |found: f64, expected: f64, what: &str| {
        assert!((found - expected).abs() < 2e-6 * expected, "{what}: {found} and not {expected}");
    };
    for step in 0..3 {
        near(trainer.rate(), golden::floats(golden.value("rates"))[step], "rate");
        let rows = 4 * step..4 * step + 4;
        trainer
            .step_by(|network, hooks, _, _| {
                let (images, targets) = (golden.images(rows.clone()).autodiff(), &labels[rows]);
                let maps = class_maps(network, images.clone(), hooks);
                if step == 0 {
                    let loss = Loss { masks: Masks::Batch, ..Loss::PUBLISHED };
                    let loss = loss.of(&classifier, images.clone(), maps.clone(), targets);
                    near(
                        f64::from(loss.into_scalar::<f32>()),
                        golden.value("batch_loss").as_f64().unwrap(),
                        "batch",
                    );
                }
                Loss::PUBLISHED.of(&classifier, images, maps, targets)
            })
            .unwrap();
        near(trainer.losses()[step], golden::floats(golden.value("losses"))[step], "loss");
    }
    let (far, name) = golden.farthest(trainer.network(), "3");
    println!("{name} {far:e}");
    assert!(far < 4e-6, "{name}: {far:e}");
    assert_eq!(weights(&classifier.network), before);
    // The backbone within the explainer has not learnt either.
    let mut own = weights(trainer.network());
    own.truncate(before.len());
    let backbone = trainer.network().graph().parameters.iter().take_while(|p| !p.name.starts_with("tame."));
    for (at, parameter) in backbone.enumerate() {
        let same =
            classifier.network.graph().parameters.iter().position(|p| p.name == parameter.name).unwrap();
        assert_eq!(own[at], before[same], "{}", parameter.name);
    }
}

fn weights(network: &Network) -> Vec<Vec<f32>> {
    network.weights().iter().map(|weight| weight.data().try_into_vec().unwrap()).collect()
}
