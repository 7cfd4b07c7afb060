//! Methods on other families than ResNets, against Captum and pytorch-grad-cam (`testdata/attribution/generate.py`):
//! layers in a row, joined channels with BatchNorm before its convolution, tokens, and channels that come last.

mod tiny;

use attribution::{Context, Error, METHODS, Request, parse};
use models::resize::Resample;
use models::zoo::convnext::ConvNeXt;
use models::zoo::densenet::DenseNet;
use models::zoo::mobilenet_v2::MobileNetV2;
use models::zoo::vit::ViT;
use models::zoo::{Architecture, Options};
use models::{Checkpoint, Classifier, Tensor, TensorData, device};
use testing::{Tolerance, golden, testdata};
use tiny::numbers;

/// f32 against float64 references; a ReLU near its kink may fall on the other side.
const CLOSE: Tolerance = Tolerance::new(f64::INFINITY, 5e-4);

fn networks() -> [Classifier; 4] {
    let densenet = DenseNet { growth: 4, blocks: [2, 2, 2, 1], stem: 8 }.graph(10);
    [tiny::vgg(), tiny::zoo("densenet", densenet), vit(), convnext()]
}

fn vit() -> Classifier {
    load(ViT { side: 64, hidden: 24, ..ViT::new(12, 2, 3) }.architecture("tiny_vit", "imagenet-keep"))
}

fn convnext() -> Classifier {
    load(ConvNeXt { depths: [1; 4], dims: [4, 8, 12, 16] }.architecture("tiny_convnext"))
}

fn load(architecture: Architecture) -> Classifier {
    let path = testdata(format!("models/{}.safetensors", architecture.name));
    let checkpoint = Checkpoint::open(&path).unwrap();
    architecture.load(&checkpoint, &device::cpu().device, Options::default()).unwrap()
}

fn explain(spec: &str, classifier: &Classifier) -> Tensor<4> {
    explain_in_batches(spec, classifier, 8)
}

fn explain_in_batches(spec: &str, classifier: &Classifier, batch_size: usize) -> Tensor<4> {
    let request = tiny::request(batch_size);
    tiny::explain(spec, classifier, &request).unwrap()
}

fn golden(classifier: &Classifier, name: &str) -> Tensor<4> {
    let array = golden::array(format!("attribution/{}/{name}.npy", classifier.name));
    let shape = [array.shape[0], 1, array.shape[1], array.shape[2]];
    Tensor::from_data(TensorData::new(array.data, shape), &classifier.device)
}

fn assert_equal(classifier: &Classifier, map: Tensor<4>, expected: Tensor<4>) {
    let close = testing::compare::close(&numbers(map), &numbers(expected), CLOSE);
    close.unwrap_or_else(|error| panic!("{}: {error}", classifier.name));
}

#[test]
fn gradcam_of_the_automatic_layer_equals_captum_and_pytorch_grad_cam() {
    for classifier in networks() {
        let expected = Resample::BILINEAR.resize(golden(&classifier, "gradcam"), 64, 64);
        assert_equal(&classifier, explain("gradcam", &classifier), expected);
    }
}

/// Of the first image, summed over its channels.
#[test]
fn integrated_gradients_equal_captum() {
    for classifier in networks() {
        let map = explain("integrated-gradients", &classifier).narrow(0, 0, 1).sum_dim(1);
        let expected = golden(&classifier, "integrated_gradients");
        assert_equal(&classifier, map, expected);
    }
}

/// Captum knows ReLUs only: each ReLU6 was given to it as a ReLU and an upper bound.
#[test]
fn relu6_is_a_relu_with_an_upper_bound() {
    let stages = vec![[1, 4, 1, 1], [6, 4, 2, 2], [6, 8, 2, 2]];
    let classifier = tiny::zoo("mobilenet_v2", MobileNetV2 { stem: 4, stages, head: 16 }.graph(10));
    for method in ["guided-backprop", "deconvnet"] {
        assert!(tiny::check(method, &classifier).is_ok());
        let kept = numbers(explain(method, &classifier).slice(models::s![.., .., ..;5, ..;3]));
        let expected = golden::array(format!("attribution/more/mobilenet_v2.{method}.npy"));
        let close = testing::compare::close(&kept, &expected.data, CLOSE);
        close.unwrap_or_else(|error| panic!("{method}: {error}"));
        assert_ne!(kept, numbers(explain("gradient", &classifier).slice(models::s![.., .., ..;5, ..;3])));
    }
}

#[test]
fn gradcam_of_other_tokens_equals_pytorch_grad_cam() {
    let classifier = vit();
    let expected = Resample::BILINEAR.resize(golden(&classifier, "gradcam_norm2"), 64, 64);
    assert_equal(&classifier, explain("gradcam:layer=blocks.0.norm2", &classifier), expected);
}

/// The scores read the class token, and after the last attention nothing goes from a patch to it.
#[test]
fn behind_the_last_attention_patches_have_no_gradient() {
    let classifier = vit();
    let map = |layer: &str| numbers(explain(&format!("gradcam:layer={layer},relu=false"), &classifier));
    for layer in ["blocks.1.norm2", "blocks.1", "norm"] {
        assert!(map(layer).iter().all(|value| *value == 0.0), "{layer}");
    }
    for layer in ["blocks.1.norm1", "blocks.0"] {
        assert!(map(layer).iter().any(|value| *value != 0.0), "{layer}");
    }
}

#[test]
fn maps_of_transformers_do_not_depend_on_the_batch_size() {
    let specs = [
        "gradient",
        "input-x-gradient",
        "smoothgrad:samples=5",
        "integrated-gradients:steps=5",
        "gradcam",
        "layercam",
        "occlusion:window=32",
        "rise:masks=9",
    ];
    for (classifier, spec) in [vit(), convnext()].iter().flat_map(|one| specs.map(|spec| (one, spec))) {
        let expected = numbers(explain_in_batches(spec, classifier, 64));
        for size in [1, 3] {
            let maps = numbers(explain_in_batches(spec, classifier, size));
            assert!(maps == expected, "{spec} of {}, batches of {size}", classifier.name);
        }
    }
}

/// Methods that read attention, against the papers' formulas (`testdata/attribution/generate_attention.py`).
#[test]
fn attention_methods_equal_their_formulas() {
    let classifier = vit();
    let specs = [
        ("attention", "attention"),
        ("rollout", "rollout"),
        ("gradient-rollout", "gradient-rollout"),
        ("gradient-rollout.signed", "gradient-rollout:relu=false,normalise=false"),
        ("attention-gradcam", "attention-gradcam"),
        ("gae", "gae"),
        ("t-attr", "t-attr"),
        ("t-attr.all", "t-attr:start=0"),
        ("partial-lrp", "partial-lrp"),
        ("iia", "iia:steps=2"),
    ];
    for (name, spec) in specs {
        let expected = numbers(Resample::BILINEAR.resize(golden(&classifier, name), 64, 64));
        let result = testing::compare::close(&numbers(explain(spec, &classifier)), &expected, CLOSE);
        result.unwrap_or_else(|error| panic!("{spec}: {error}"));
    }
}

#[test]
fn attention_aware_relevance_equals_its_formulas() {
    let classifier = vit();
    let kept = numbers(explain("attn-lrp", &classifier).slice(models::s![.., .., ..;5, ..;3]));
    let expected = golden::array("attribution/tiny_vit/attn-lrp.npy");
    testing::compare::close(&kept, &expected.data, Tolerance::new(f64::INFINITY, 2e-3)).unwrap();
}

/// On a transformer every method either says that it does not fit or gives maps, the same in any batch.
#[test]
fn all_methods_answer_on_a_transformer() {
    let classifier = vit();
    let skipped = ["lime", "kernel-shap", "xrai", "rise", "sobol", "hsic", "occlusion"]; // only ask for scores
    for entry in METHODS.iter().filter(|entry| !skipped.contains(&entry.name)) {
        let steps = if entry.takes("steps") { ":steps=2" } else { "" };
        let samples = if entry.takes("samples") { ":samples=2" } else { steps };
        let spec = format!("{}{samples}", entry.name);
        if let Err(error) = tiny::check(&spec, &classifier) {
            assert!(
                ["lrp", "sise", "ada-sise", "fullgrad", "guided-backprop", "deconvnet"].contains(&entry.name),
                "{error}"
            );
            continue;
        }
        let all = numbers(explain(&spec, &classifier));
        assert!(all.iter().all(|value| value.is_finite()), "{spec}");
        assert!(numbers(explain_in_batches(&spec, &classifier, 1)) == all, "{spec} one by one");
    }
}
