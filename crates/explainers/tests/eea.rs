//! EEA as PyTorch computes it (`testdata/explainers/generate_eea.py`).

mod golden;

use std::ops::Range;

use explainers::eea::{Loss, MaskLoss, Subject, explainer, logits, tune};
use golden::{Golden, distance, numbers};
use learning::{Decayed, Learner, Optimiser, Rule};
use models::{Classifier, Engine, Graph, Network, Tensor, TensorData, device};

/// The images of each step: two of training, two of fine-tuning.
const ROWS: [Range<usize>; 4] = [0..4, 4..8, 8..9, 8..9];

struct Case {
    name: &'static str,
    explainer: fn() -> Graph,
    explained: fn() -> Graph,
    loss: Loss,
}

const CASES: [Case; 2] = [
    Case {
        name: "vit_explains_cnn",
        explainer: golden::vit,
        explained: golden::cnn,
        loss: Loss { mask: MaskLoss::DoubleSigmoid, lambda: 5.0 },
    },
    Case {
        name: "cnn_explains_vit",
        explainer: golden::cnn,
        explained: golden::vit,
        loss: Loss { mask: MaskLoss::Bce, lambda: 0.7 },
    },
];

impl Case {
    fn classifier(&self, golden: &Golden) -> Classifier {
        let network = golden.network(&golden::first((self.explained)()), &format!("{}.explained", self.name));
        golden::classifier(network).folded(&[], Engine::Best)
    }

    /// The explainer before a step.
    fn learner(&self, golden: &Golden, step: usize) -> Learner {
        let made = explainer(&golden::first((self.explainer)()), 0).unwrap();
        let network = golden.network(&made.network, &format!("{}.{step}", self.name));
        let optimiser = Optimiser::AdamW { decay: 0.01, epsilon: 1e-8 };
        Learner::new(network, Rule { optimiser, decayed: Decayed::All, bias_rate: 1.0 })
            .only(|id| made.learns[id])
    }

    /// One step of training; the loss.
    fn step(&self, golden: &Golden, learner: &mut Learner, rows: Range<usize>) -> f64 {
        let (classifier, targets) = (self.classifier(golden), &golden.classes("labels")[rows.clone()]);
        let loss = |network: &Network, _: &mut learning::BatchStatistics| {
            let images = golden.images(rows).autodiff();
            self.loss.of(&classifier, images.clone(), logits(network, images), targets)
        };
        learner.step(2e-3, loss).unwrap()
    }
}

fn near(found: f64, expected: &serde_json::Value, what: &str) {
    let expected = expected.as_f64().unwrap();
    assert!((found - expected).abs() < 2e-6 * expected.abs(), "{what}: {found} and not {expected}");
}

#[test]
fn losses_of_masks_equal_pytorch() {
    let golden = Golden::open("eea");
    let data: Vec<f32> = golden::floats(golden.value("logits")).iter().map(|&number| number as f32).collect();
    for (name, loss) in MaskLoss::ALL {
        let logits = Tensor::from_data(TensorData::new(data.clone(), [2, 1, 3, 4]), &device::cpu().device);
        near(f64::from(loss.of(logits).into_scalar::<f32>()), &golden.value("losses")[name], name);
    }
}

#[test]
fn masks_equal_pytorch() {
    let golden = Golden::open("eea");
    for case in &CASES {
        let learner = case.learner(&golden, 0);
        let found = numbers(models::sigmoid(logits(learner.network(), golden.images(0..4))));
        let far = distance(&found, &golden.numbers(&format!("{}.masks.0", case.name)));
        assert!(far < 1e-6 && found.iter().all(|mask| *mask > 0.0 && *mask < 1.0), "{}: {far:e}", case.name);
    }
}

#[test]
fn steps_of_training_equal_pytorch() {
    let golden = Golden::open("eea");
    for case in &CASES {
        let mut learner = case.learner(&golden, 0);
        for (step, rows) in ROWS.iter().take(2).enumerate() {
            let loss = case.step(&golden, &mut learner, rows.clone());
            near(loss, &golden.value("steps")[case.name][step], case.name);
        }
        let (far, name) = golden.farthest(learner.network(), &format!("{}.2", case.name));
        assert!(far < 2e-6, "{name}: {far:e}");
    }
}

/// A whole step: the mask before it, the loss, the weights behind it by the optimiser's state of the training, and the next mask.
#[test]
fn a_step_of_fine_tuning_equals_pytorch() {
    let golden = Golden::open("eea");
    for case in &CASES {
        let mut learner = case.learner(&golden, 0);
        for rows in &ROWS[..2] {
            case.step(&golden, &mut learner, rows.clone());
        }
        let image = golden.images(8..9);
        let subject =
            Subject { image: image.clone(), explained_as: image, target: golden.classes("labels")[8] };
        let mut seen = Vec::new();
        let watch = |mask: Tensor<4>| {
            seen.push(mask);
            true
        };
        tune(learner, &case.classifier(&golden), &subject, case.loss, 2, |_| 2e-3, watch).unwrap();
        assert_eq!(seen.len(), 2);
        for (step, mask) in seen.into_iter().enumerate() {
            let expected = golden.numbers(&format!("{}.masks.{}", case.name, step + 2));
            let expected = TensorData::new(expected, [1, 1, 4, 4]);
            let expected = Tensor::<4>::from_data(expected, &device::cpu().device);
            let expected = models::resize::Resample::BILINEAR.resize(expected, 16, 16);
            let far = distance(&numbers(mask), &numbers(expected));
            assert!(far < 5e-6, "{}, step {step}: {far:e}", case.name);
        }
    }
}

#[test]
fn the_explained_network_is_frozen() {
    let golden = Golden::open("eea");
    for case in &CASES {
        let classifier = case.classifier(&golden);
        let weights = |network: &Network| -> Vec<Vec<f32>> {
            network.weights().iter().map(|weight| weight.data().try_into_vec().unwrap()).collect()
        };
        let before = weights(&classifier.network);
        let mut learner = case.learner(&golden, 0);
        let first = weights(learner.network());
        let images = golden.images(0..4).autodiff();
        let loss = |network: &Network, _: &mut learning::BatchStatistics| {
            case.loss.of(&classifier, images.clone(), logits(network, images), &[0, 1, 2, 0])
        };
        learner.step(2e-3, loss).unwrap();
        assert_eq!(before, weights(&classifier.network), "{}", case.name);
        assert!(classifier.network.weights().iter().all(|weight| !weight.device().is_autodiff()));
        // Everything else of the explainer has learnt, but what makes tokens and what BatchNorm has stored.
        let names = learner.network().graph().parameters.iter().map(|parameter| parameter.name.as_str());
        for ((name, before), after) in names.zip(&first).zip(&weights(learner.network())) {
            let stays =
                ["_token", "pos_embed", "patch_embed", "running"].iter().any(|part| name.contains(part));
            assert_eq!(before == after, stays, "{}: {name}", case.name);
        }
    }
}
