//! Networks that end in logits, a softmax, sigmoids, one score, or several outputs, against onnxruntime's probabilities and
//! PyTorch's gradients (`testdata/onnx/generate_ends.py`).

use models::classifier::Output;
use models::zoo::Options;
use models::{Classifier, Link, Plain, Preprocess, Tensor, TensorData, device};
use serde_json::Value;
use testing::{golden, testdata};

fn open(name: &str, output: Option<&str>) -> Result<(Classifier, Vec<String>), String> {
    let options = Options {
        preprocess: Preprocess::preset("none"),
        output: output.map(str::to_owned),
        ..Options::default()
    };
    let path = testdata(format!("onnx/ends/{name}.onnx"));
    onnx::load(&path, &device::cpu().device, options).map_err(|error| error.to_string())
}

fn images() -> Tensor<4> {
    let input = golden::array("onnx/input.npy");
    let shape: [usize; 4] = input.shape.try_into().unwrap();
    Tensor::from_data(TensorData::new(input.data, shape), &device::cpu().device)
}

fn numbers<const D: usize>(x: Tensor<D>) -> Vec<f32> {
    x.into_data().try_into_vec().unwrap()
}

/// The rows of an expected answer, one after another.
fn rows(value: &Value) -> Vec<f64> {
    let row = |row: &Value| row.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect::<Vec<_>>();
    value.as_array().unwrap().iter().flat_map(row).collect()
}

fn assert_near(found: &[f32], expected: &[f64], what: &str) {
    let near = |(a, b): (&f32, &f64)| (f64::from(*a) - b).abs() < 1e-5 * b.abs().max(1.0);
    let all = found.len() == expected.len() && found.iter().zip(expected).all(near);
    assert!(all, "{what}: {found:?} {expected:?}");
}

#[test]
fn probabilities_and_gradients_equal_onnxruntime_and_pytorch() {
    let text = std::fs::read_to_string(testdata("onnx/ends/expected.json")).unwrap();
    let expected: serde_json::Map<String, Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(expected.len(), 10);
    for (key, expected) in &expected {
        let (name, output) =
            key.split_once(':').map_or((&**key, None), |(name, output)| (name, Some(output)));
        let (classifier, _) = open(name, output).unwrap();
        let probabilities = rows(&expected["probabilities"]);
        assert_near(&numbers(classifier.probabilities(images())), &probabilities, key);
        let (gradient, _) = classifier.input_gradient(images(), &[1, 1], Output::Logit, &mut Plain);
        assert_near(&numbers(gradient.sum_dim(3).sum_dim(2)), &rows(&expected["gradient"]), key);
        // The score that methods ask for is the same probability.
        let scores = classifier.scores(classifier.logits(images()), &[1, 1], Output::Probability);
        let classes = probabilities.len() / 2;
        assert!((scores[1] - probabilities[classes + 1]).abs() < 1e-6, "{key}: {scores:?}");
    }
}

#[test]
fn what_the_scores_are_is_told() {
    let told = |name: &str| {
        let (classifier, notes) = open(name, None).unwrap();
        let notes = notes.iter().map(|note| note.split_once(".onnx: ").unwrap().1.to_owned()).collect();
        (classifier.network.classes(), classifier.network.graph().link, notes)
    };
    let notes = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let one = notes(&["its one score is that of class 1 of two"]);
    let taken = notes(&["its scores cannot leave 0..1, and are taken as probabilities"]);
    assert_eq!(told("softmax"), (3, Link::Softmax, vec![]));
    let own = notes(&["it ends in a sigmoid: each class has a probability of its own"]);
    assert_eq!(told("multilabel"), (3, Link::Sigmoid, own));
    assert_eq!(told("score"), (2, Link::Sigmoid, one.clone()));
    assert_eq!(told("squeezed"), (2, Link::Sigmoid, one.clone()));
    assert_eq!(told("probability"), (2, Link::Sigmoid, one));
    assert_eq!(told("mean"), (3, Link::Identity, taken.clone()));
    assert_eq!(told("pair"), (2, Link::Identity, taken));
    let chosen = notes(&["the scores are output z, not features (see --model-output)"]);
    assert_eq!(told("features"), (3, Link::Softmax, chosen));
    let error = open("several", None).unwrap_err();
    let listed = "3 outputs, and which of them are the class scores is not known: features (? x 6 x 7 x 7), \
                  aux (? x 3), z (? x 3); name it with --model-output";
    assert!(error.ends_with(listed), "{error}");
}

/// A file that ends in a sigmoid and one without it are different classifiers, as are two outputs of one file.
#[test]
fn ends_and_outputs_are_part_of_the_identity() {
    let key = |name: &str, output| open(name, output).unwrap().0.digest;
    assert_ne!(key("several", Some("z")), key("several", Some("aux")));
    assert_ne!(key("multilabel", None), key("softmax", None));
    assert_ne!(key("score", None), key("probability", None));
}
