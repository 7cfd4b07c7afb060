//! Relevance propagation against zennit and the Coherency study's formulas (`testdata/attribution/generate_lrp.py`).

mod tiny;

use attribution::{Context, Error, METHODS, Request, parse};
use models::{Classifier, Tensor};
use testing::{Tolerance, golden};
use tiny::{RESNETS, numbers, resnet};

fn relevance(spec: &str, classifier: &Classifier, batch_size: usize) -> Tensor<4> {
    let request = tiny::request(batch_size);
    tiny::explain(spec, classifier, &request).unwrap()
}

/// f32 against float64: a ReLU near its kink, or a denominator near zero, may fall on the other side.
const CLOSE: Tolerance = Tolerance::new(f64::INFINITY, 1e-4);

fn check(golden_name: &str, spec: &str) {
    for network in RESNETS {
        let maps = relevance(spec, &resnet(network, &tiny::unfolded(spec)), 8);
        let kept = numbers(maps.slice(models::s![.., .., ..;5, ..;3]));
        let expected = golden::array(format!("attribution/lrp/{network}.{golden_name}.npy"));
        let result = testing::compare::close(&kept, &expected.data, CLOSE);
        result.unwrap_or_else(|error| panic!("{spec} on {network}: {error}"));
    }
}

#[test]
fn presets_equal_zennit() {
    check("z-plus-box", "lrp");
    for preset in ["epsilon-plus", "epsilon-plus-flat", "epsilon-gamma-box"] {
        check(preset, &format!("lrp:preset={preset}"));
    }
    for preset in ["epsilon-alpha2-beta1", "epsilon-alpha2-beta1-flat"] {
        check(preset, &format!("lrp:preset={preset}"));
    }
}

#[test]
fn single_rules_equal_zennit() {
    check("w-square", "lrp:first=w-square,conv=gamma,linear=epsilon");
    check("epsilon", "lrp:epsilon=0.01,first=epsilon,conv=epsilon,linear=epsilon");
}

#[test]
fn the_coherency_preset_equals_its_formulas() {
    check("coherency", "lrp:preset=coherency");
}

/// Invariant: relevance is neither made nor lost; biases are the only sinks of z-plus.
#[test]
fn relevance_is_conserved_without_biases() {
    let classifier = tiny::cam(&tiny::wave(108, 0.7), &tiny::wave(8, 0.3));
    for spec in ["lrp", "lrp:preset=epsilon-plus", "lrp:preset=coherency", "lrp:conv=gamma,linear=z-plus"] {
        let images = tiny::images().narrow(2, 0, 8).narrow(3, 0, 8);
        let request = Request { images, targets: &[0, 1], ..tiny::request(2) };
        let sums =
            numbers(tiny::explain(spec, &classifier, &request).unwrap().sum_dim(1).sum_dim(2).sum_dim(3));
        assert!(sums.iter().all(|sum| (sum - 1.0).abs() < 1e-3), "{spec}: {sums:?}");
    }
}

#[test]
fn maps_do_not_depend_on_the_batch() {
    let classifier = resnet("tiny_basic", &[]);
    for spec in ["lrp", "lrp:preset=epsilon-gamma-box"] {
        assert_eq!(numbers(relevance(spec, &classifier, 1)), numbers(relevance(spec, &classifier, 2)));
    }
}
