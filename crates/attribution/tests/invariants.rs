//! What must hold on any network, checked where the answer is known on paper.

mod tiny;

use attribution::{Context, Error, METHODS, Request, parse};
use models::classifier::Output;
use models::resize::Resample;
use models::{Classifier, Graph, Plain, Tensor, TensorData, Value, device};
use testing::{Tolerance, assert_close};
use tiny::{RESNETS, TARGETS, numbers, resnet, wave};

/// Rounding of single precision, over a few hundred terms.
const EXACT: Tolerance = Tolerance::new(1e-5, 1e-5);

/// The maps of a spec, all colour channels, for images called `names` and one target each.
fn ask(spec: &str, classifier: &Classifier, images: &Tensor<4>, keys: &[&str], seed: u64) -> Vec<f32> {
    let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
    let targets = if keys.len() == 2 { &TARGETS[..] } else { &[1] };
    let request =
        Request { images: images.clone(), targets, keys: &keys, seed, batch_size: 16, baselines: None };
    let maps = numbers(tiny::explain(spec, classifier, &request).unwrap());
    assert!(maps.iter().all(|value| value.is_finite()), "{spec}");
    maps
}

/// The map of class 1 of one image.
fn map(spec: &str, classifier: &Classifier, image: &Tensor<4>) -> Vec<f32> {
    ask(spec, classifier, image, &["a"], 0)
}

/// The output for class 1 of one image.
fn output(classifier: &Classifier, image: &Tensor<4>, kind: Output) -> f32 {
    let logits = classifier.logits(image.clone());
    numbers(classifier.output(logits, &[1], kind))[0]
}

/// A linear classifier of 8 x 8 images, and an image.
fn linear() -> (Classifier, Tensor<4>) {
    (tiny::linear(&wave(2 * 192, 0.11), [0.3, -0.2]), tiny::image(8))
}

/// A classifier with a convolution and a global mean, its last matrix, and an image.
fn cam(weight: &[f32]) -> (Classifier, Tensor<4>) {
    (tiny::cam(&wave(4 * 27, 0.23), weight), tiny::image(16))
}

#[test]
fn integrated_gradients_sum_to_the_difference_of_the_scores() {
    let (names, images) = (["a", "b"], tiny::images());
    for network in RESNETS {
        let classifier = resnet(network, &[]);
        let score = |x: Tensor<4>| numbers(classifier.output(classifier.logits(x), &TARGETS, Output::Logit));
        let (with, without) = (score(images.clone()), score(images.zeros_like()));
        // A deep ReLU network has so many kinks along the path that 200 steps leave an error of some per cent.
        let maps = ask("integrated-gradients:steps=800,rule=middle", &classifier, &images, &names, 0);
        for (i, map) in maps.chunks(3 * 64 * 64).enumerate() {
            let (sum, difference) = (map.iter().sum::<f32>(), with[i] - without[i]);
            assert!(
                (sum - difference).abs() <= 1e-2 * difference.abs(),
                "{network}: {sum} is not {difference}"
            );
        }
    }
}

#[test]
fn a_linear_network_is_explained_exactly() {
    let (classifier, image) = linear();
    let difference = output(&classifier, &image, Output::Logit) + 0.2;
    let products = map("input-x-gradient", &classifier, &image);
    assert!((products.iter().sum::<f32>() - difference).abs() < 1e-5);
    for rule in ["gauss-legendre", "right", "left", "middle", "trapezoid"] {
        let spec = format!("integrated-gradients:steps=3,rule={rule}");
        assert_close(&map(&spec, &classifier, &image), &products, EXACT);
    }
    assert_close(&map("gradient", &classifier, &image), &wave(2 * 192, 0.11)[192..], EXACT);
    let guided = map("guided-ig:steps=20", &classifier, &image);
    assert!((guided.iter().sum::<f32>() - difference).abs() < 1e-4);
}

#[test]
fn integrated_gradients_keep_their_promise_for_other_baselines_and_outputs() {
    let (classifier, image) = cam(&wave(8, 3.1));
    let black = image.zeros_like() + classifier.colour(0.0);
    for (options, baseline, kind) in [
        ("baseline=zero", &image.zeros_like(), Output::Logit),
        ("baseline=black", &black, Output::Logit),
        ("output=probability", &image.zeros_like(), Output::Probability),
    ] {
        let spec = format!("integrated-gradients:steps=200,rule=middle,{options}");
        let sum: f32 = map(&spec, &classifier, &image).iter().sum();
        let difference = output(&classifier, &image, kind) - output(&classifier, baseline, kind);
        assert!((sum - difference).abs() <= 1e-2 * difference.abs(), "{options}: {sum} is not {difference}");
    }
}

#[test]
fn smoothgrad_without_noise_is_the_gradient() {
    let classifier = resnet("tiny_basic", &[]);
    let ask = |spec| ask(spec, &classifier, &tiny::images(), &["a", "b"], 0);
    assert_close(&ask("smoothgrad:samples=3,noise=0"), &ask("gradient"), EXACT);
    assert_ne!(ask("smoothgrad:samples=3"), ask("gradient"));
    assert_ne!(ask("smoothgrad:samples=3"), ask("smoothgrad:samples=3,scale=absolute"));
}

#[test]
fn gradcam_is_cam_where_a_mean_and_a_matrix_follow() {
    let weight = wave(8, 3.1);
    let (classifier, image) = cam(&weight);
    let cam = class_map(&classifier, &image, &weight[4..]);
    assert_close(&map("gradcam:relu=false", &classifier, &image), &cam, EXACT);
    let positive: Vec<f32> = cam.iter().map(|value| value.max(0.0)).collect();
    assert!(positive != cam && positive.iter().any(|value| *value > 0.0));
    assert_close(&map("gradcam", &classifier, &image), &positive, EXACT);
}

/// Invariant 10.
#[test]
fn gradcam_plus_plus_without_gradients_is_zero() {
    let (classifier, image) = cam(&[0.0; 8]);
    for spec in ["gradcam++", "gradcam++:variant=bee"] {
        assert!(map(spec, &classifier, &image).iter().all(|value| *value == 0.0), "{spec}");
    }
}

/// A linear network's Shapley values are what each segment's pixels add to the score, whatever the sample.
#[test]
fn kernel_shap_of_a_linear_network_is_exact() {
    let (classifier, image) = linear();
    let products = map("input-x-gradient", &classifier, &image);
    let segment = |i: usize| (i % 64 / 32) * 2 + i % 8 / 4;
    let mut sums = [0.0; 4];
    (0..192).for_each(|i| sums[segment(i)] += products[i]);
    let expected: Vec<f32> = (0..64).map(|i| sums[segment(i)]).collect();
    let spec = "kernel-shap:samples=20,segments=grid,cells=2,output=logit";
    assert_close(&map(spec, &classifier, &image), &expected, Tolerance::new(1e-4, 1e-4));
}

#[test]
fn methods_of_relus_do_not_fit_a_network_without() {
    let (classifier, _) = linear();
    for method in ["guided-backprop", "deconvnet"] {
        let error = tiny::check(method, &classifier).unwrap_err().to_string();
        assert_eq!(error, format!("{method} does not fit linear: it has no ReLU"));
    }
}

/// Each pixel has the mean of the maps of single windows.
#[test]
fn occlusion_takes_several_windows() {
    let (classifier, image) = linear();
    let one = |spec| map(spec, &classifier, &image);
    let (small, large) = (one("occlusion:window=2,stride=1"), one("occlusion:window=4"));
    let mean: Vec<f32> = small.iter().zip(&large).map(|(a, b)| (a + b) / 2.0).collect();
    assert_close(&one("occlusion:window=2+4,stride=1+4"), &mean, EXACT);
    assert_ne!(one("occlusion:window=2+4"), mean);
    let wrong = |spec: &str| parse(spec, &[METHODS]).err().unwrap().to_string();
    assert_eq!(
        wrong("occlusion:window=8+x"),
        "`occlusion`: window=8+x is not positive whole numbers joined by +"
    );
    assert_eq!(
        wrong("occlusion:window=8+16,stride=4"),
        "`occlusion`: stride=4 is not positive whole numbers joined by +, one for each window"
    );
}

#[test]
fn layercam_with_constant_positive_gradients_is_gradcam() {
    let weight: Vec<f32> = wave(8, 3.1).into_iter().map(f32::abs).collect();
    let (classifier, image) = cam(&weight);
    let expected = class_map(&classifier, &image, &weight[4..]);
    assert_close(&map("layercam", &classifier, &image), &expected, EXACT);
    assert_close(&map("gradcam", &classifier, &image), &expected, EXACT);
    let (classifier, image) = cam(&weight.iter().map(|value| -value).collect::<Vec<_>>());
    assert!(map("layercam", &classifier, &image).iter().all(|value| *value == 0.0));
}

/// The class activation map: the last matrix applied at each position, over the number of positions.
fn class_map(classifier: &Classifier, image: &Tensor<4>, weight: &[f32]) -> Vec<f32> {
    let feeds = vec![(Graph::INPUT, Value::new(image.clone()))];
    let features = classifier.network.run(feeds, &[classifier.layer], &mut Plain).remove(0).tensor::<4>();
    let [_, channels, h, w] = features.dims();
    let features = numbers(features);
    let position = |i: usize| {
        let terms = (0..channels).map(|c| weight[c] * features[c * h * w + i]);
        terms.sum::<f32>() / (h * w) as f32
    };
    (0..h * w).map(position).collect()
}

#[test]
fn small_feature_maps_are_resized_to_the_image() {
    let classifier = resnet("tiny_basic", &[]);
    let maps = ask("gradcam:layer=avgpool,relu=false", &classifier, &tiny::images(), &["a", "b"], 0);
    for map in maps.chunks(64 * 64) {
        assert!(map.iter().all(|value| *value == map[0]), "one position fills the image");
    }
    let corner =
        Tensor::from_data(TensorData::new(vec![1.0, 0.0, 0.0, 0.0], [1, 1, 2, 2]), &device::cpu().device);
    let resized = numbers(Resample::BILINEAR.resize(corner, 4, 4));
    assert_eq!(resized[..4], [1.0, 0.75, 0.25, 0.0]);
}

#[test]
fn occlusion_of_a_linear_network_adds_up() {
    let (classifier, image) = linear();
    let difference = output(&classifier, &image, Output::Logit) + 0.2;
    for (spec, pixels) in
        [("occlusion:window=4,output=logit", 16.0), ("occlusion:window=1,output=logit", 1.0)]
    {
        let sum = map(spec, &classifier, &image).iter().sum::<f32>() / pixels;
        assert!((sum - difference).abs() < 1e-4, "{spec}: {sum} is not {difference}");
    }
}

/// With log odds of 20 the probability is 1 in `f32`, whatever is covered; its distance from 1 is the exponential.
#[test]
fn occlusion_sees_drops_of_a_probability_that_rounds_to_one() {
    let mut weight = wave(2 * 192, 0.11);
    weight[..192].fill(0.0);
    weight[192..].iter_mut().for_each(|w| *w *= 0.01);
    let (classifier, image) = (tiny::linear(&weight, [0.0, 20.0]), tiny::image(8));
    let drops = map("occlusion:window=4,stride=4", &classifier, &image);
    let logit = map("occlusion:window=4,stride=4,output=logit", &classifier, &image);
    let whole = f64::from(output(&classifier, &image, Output::Logit));
    for (drop, logit) in drops.into_iter().zip(logit) {
        let expected = (-whole + f64::from(logit)).exp() - (-whole).exp();
        let apart = (f64::from(drop) - expected).abs();
        assert!(expected != 0.0 && apart < 1e-3 * expected.abs(), "{drop:e} is not {expected:e}");
    }
}

#[test]
fn occlusion_is_zero_where_the_network_is_blind() {
    let seen = |i: usize| i % 64 / 8 < 4;
    let weight: Vec<f32> = (0..384).map(|i| if seen(i) { 1.0 + (i / 192) as f32 } else { 0.0 }).collect();
    let map = map("occlusion:window=4", &tiny::linear(&weight, [0.0; 2]), &tiny::image(8));
    assert!(map[..32].iter().all(|value| *value != 0.0));
    assert!(map[32..].iter().all(|value| *value == 0.0));
}

#[test]
fn rise_with_open_masks_is_the_probability() {
    let (classifier, image) = cam(&wave(8, 3.1));
    let expected = vec![output(&classifier, &image, Output::Probability); 256];
    assert_close(&map("rise:masks=5,p=1", &classifier, &image), &expected, EXACT);
}

#[test]
fn rise_adds_masks_without_changing_those_before() {
    let (classifier, image) = cam(&wave(8, 3.1));
    let weighted = |masks: usize| {
        let map = map(&format!("rise:masks={masks},p=0.4"), &classifier, &image);
        map.into_iter().map(|value| value * masks as f32 * 0.4).collect::<Vec<f32>>()
    };
    assert_eq!(weighted(8), weighted(8));
    // The ninth mask alone is left, times its probability: between zero, which it touches, and one.
    let ninth: Vec<f32> = weighted(9).iter().zip(weighted(8)).map(|(nine, eight)| nine - eight).collect();
    let (low, high) = ninth.iter().fold((1.0_f32, 0.0_f32), |(low, high), &x| (low.min(x), high.max(x)));
    assert!(low.abs() < 1e-5 && high > 0.1 && high < 1.0, "{low} {high}");
}

#[test]
fn random_numbers_belong_to_the_image_and_the_seed() {
    let (classifier, image) = linear();
    let two = Tensor::cat(vec![image.clone(), image.clone()], 0);
    let draw = |spec: &str, name: &str, seed| ask(spec, &classifier, &image, &[name], seed);
    for spec in ["random", "rise:masks=6,grid=2", "smoothgrad:samples=2,noise=1"] {
        let first = draw(spec, "a", 0);
        assert_eq!(draw(spec, "a", 0), first, "{spec}");
        if spec.starts_with("smoothgrad") {
            continue; // The gradient of a linear network does not depend on the noise.
        }
        assert_ne!(draw(spec, "b", 0), first, "{spec}");
        assert_ne!(draw(spec, "a", 1), first, "{spec}");
    }
    let numbers = draw("random", "a", 0);
    assert!(numbers.iter().all(|value| (0.0..1.0).contains(value)));
    let request = Request {
        images: two,
        targets: &[0, 1],
        keys: &["b".into(), "a".into()],
        seed: 0,
        batch_size: 2,
        baselines: None,
    };
    let both = tiny::numbers(tiny::explain("random", &classifier, &request).unwrap());
    assert_eq!(both[64..], numbers);
}
