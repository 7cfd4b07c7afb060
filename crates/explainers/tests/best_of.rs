//! The best of several methods' maps.

mod common;

use attribution::{Context, Trial};
use common::{Answer, Asked, classifier, explain, images};
use testbed::Embedded;

const METHODS: [&str; 3] = ["gradcam:relu=false", "random", "gradient+noise-tunnel:samples=2"];

fn best_of(metric: &str) -> String {
    format!("best-of:methods=({}),metric={metric}", METHODS.join(")("))
}

fn asked(batch_size: usize) -> Asked {
    Asked { count: 3, batch_size, ..Asked::default() }
}

/// The scores of the maps that were tried for an image, by the first metric.
fn scores(answer: &Answer, image: usize) -> Vec<f64> {
    let trials = &answer.told[image].trials;
    let first = |trial: &&Trial| trial.metric == trials[0].metric;
    trials.iter().filter(first).map(|trial| *trial.score.as_ref().unwrap()).collect()
}

#[test]
fn the_map_is_the_one_with_the_best_score() {
    for (embedded, metric, higher) in
        [(Embedded::ResNet, "pos", false), (Embedded::ViT, "(insertion:steps=5)", true)]
    {
        let classifier = classifier(embedded);
        let alone: Vec<Vec<Vec<f32>>> = METHODS
            .iter()
            .map(|method| explain(method, &classifier, &asked(8)).unwrap().maps)
            .map(|maps| maps.into_iter().map(summed).collect())
            .collect();
        let found = explain(&best_of(metric), &classifier, &asked(8)).unwrap();
        for (image, map) in found.maps.iter().enumerate() {
            let scores = scores(&found, image);
            let better = |a: f64, b: f64| if higher { a > b } else { a < b };
            let best = (1..3).fold(0, |best, at| if better(scores[at], scores[best]) { at } else { best });
            assert!(*map == alone[best][image], "{metric}, image {image}: {scores:?}");
            let last = found.told[image].trials.last().unwrap();
            assert_eq!((last.best, &last.arm[..], last.draw), (Some(best), METHODS[2], 2));
        }
    }
}

/// Channels joined as `explain` joins them.
fn summed(map: Vec<f32>) -> Vec<f32> {
    let plane = 64 * 64;
    if map.len() == plane {
        return map;
    }
    (0..plane).map(|pixel| map[pixel] + map[plane + pixel] + map[2 * plane + pixel]).collect()
}

#[test]
fn batches_change_nothing() {
    let classifier = classifier(Embedded::ResNet);
    let spec = best_of("(pos)*2+(insertion:steps=4)+(gini)");
    let [one, many] = [1, 16].map(|size| explain(&spec, &classifier, &asked(size)).unwrap());
    assert!(one.maps == many.maps && one.told == many.told);
    let second = Asked { first: 1, count: 1, ..asked(4) };
    assert_eq!(explain(&spec, &classifier, &second).unwrap().told[0].trials.len(), 9);
}

/// The probability of the clean image is the same for every map.
#[test]
fn a_constant_metric_chooses_the_first() {
    let classifier = classifier(Embedded::ResNet);
    let found = explain(&best_of("confidence"), &classifier, &asked(8)).unwrap();
    assert!(found.maps == explain(METHODS[0], &classifier, &asked(8)).unwrap().maps);
    assert!(found.told[0].trials.iter().all(|trial| trial.best == Some(0)));
}

/// An image that is its own baseline has a zero map, which no test measures anything on.
#[test]
fn a_map_without_a_score_is_never_chosen_and_none_is_a_failure() {
    let classifier = classifier(Embedded::ResNet);
    let zero = "integrated-gradients:baseline=images,steps=2";
    let asked = Asked { baselines: Some(images(&classifier, 0, 1)), count: 1, ..asked(8) };
    let spec = format!("best-of:methods=({zero})({}),metric=(pos)", METHODS[0]);
    let found = explain(&spec, &classifier, &asked).unwrap();
    assert!(found.maps == explain(METHODS[0], &classifier, &asked).unwrap().maps);
    let [first, second] = &found.told[0].trials[..] else { panic!() };
    assert_eq!(first.score, Err("the map is constant: it puts no pixel first".into()));
    assert_eq!((first.best, second.best, &found.told[0].failure), (None, Some(1), &None));
    let none = explain(&format!("best-of:methods=({zero}),metric=(pos)"), &classifier, &asked).unwrap();
    let reason = "none of its 1 maps has a score: the map is constant: it puts no pixel first";
    assert_eq!(none.told[0].failure.as_deref(), Some(reason));
    assert!(none.maps[0].iter().all(|value| value.is_nan()));
}

#[test]
fn what_it_costs_is_what_it_says() {
    let classifier = classifier(Embedded::ResNet);
    for metric in ["pos", "(pos)+(del)", "(insertion:steps=3)", "gini"] {
        let spec = best_of(metric);
        let one = Asked { count: 1, ..asked(8) };
        let found = explain(&spec, &classifier, &one).unwrap();
        let context = Context::new(&classifier).unwrap();
        let passes = explainers::parse(&spec).unwrap().passes(&context, [64, 64]).unwrap();
        assert!(passes.exact);
        assert_eq!((found.forwards, found.backwards), (passes.forwards, passes.backwards), "{metric}");
    }
}

#[test]
fn wrong_specs_are_errors() {
    for (spec, part) in [
        ("best-of:methods=gradcam", "methods=gradcam is not (METHOD)(METHOD)"),
        ("best-of:methods=(gradcam)(gradcam:relu=true)", "is not methods that differ"),
        ("best-of:methods=(gradcm)", "unknown method `gradcm`"),
        ("best-of:methods=(rise:mask=1)", "`rise` has no parameter `mask`"),
        ("best-of:metric=(road-value)", "unknown metric `road-value`"),
        ("best-of:methods=(gradcam,metric=(pos)", "expected NAME or NAME:KEY=VALUE"),
    ] {
        let error = explainers::parse(spec).err().unwrap().to_string();
        assert!(error.contains(part), "{spec}: {error}");
    }
    let nested = "best-of:methods=(best-of:methods=(gradcam)(random))(gradient),metric=(pos:fill=blur)";
    assert_eq!(explainers::parse(nested).unwrap().spec, nested);
}
