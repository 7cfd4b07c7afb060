//! Maps against Captum and pytorch-grad-cam (`testdata/attribution/generate.py`).

mod tiny;

use attribution::{Context, Error, METHODS, Request, parse};
use models::resize::Resample;
use models::{Classifier, Tensor, TensorData, device};
use testing::{Tolerance, golden};
use tiny::{RESNETS, TARGETS, numbers, resnet};

/// f32 against float64 references; a ReLU near its kink may fall on the other side.
const CLOSE: Tolerance = Tolerance::new(f64::INFINITY, 5e-4);

/// The maps of a spec for both images, `(2, c, 64, 64)`.
fn maps(spec: &str, classifier: &Classifier, batch_size: usize) -> Tensor<4> {
    let request = tiny::request(batch_size);
    tiny::explain(spec, classifier, &request).unwrap()
}

/// The maps as the command line gives them: a layer that the spec names can be read before its BatchNorm.
fn explained(spec: &str, network: &str) -> Vec<f32> {
    numbers(maps(spec, &resnet(network, &tiny::unfolded(spec)), 8))
}

fn check(golden_name: &str, spec: &str, networks: &[&str]) {
    for network in networks {
        let expected = golden::array(format!("attribution/{network}/{golden_name}.npy"));
        let result = testing::compare::close(&explained(spec, network), &expected.data, CLOSE);
        result.unwrap_or_else(|error| panic!("{spec} on {network}: {error}"));
    }
}

/// Compares with a map at the layer's own size.
fn check_layer(golden_name: &str, spec: &str, network: &str) {
    let small = golden::array(format!("attribution/{network}/{golden_name}.npy"));
    let shape = [small.shape[0], 1, small.shape[1], small.shape[2]];
    let small = Tensor::from_data(TensorData::new(small.data, shape), &device::cpu().device);
    let expected = numbers(Resample::BILINEAR.resize(small, 64, 64));
    let result = testing::compare::close(&explained(spec, network), &expected, CLOSE);
    result.unwrap_or_else(|error| panic!("{spec} on {network}: {error}"));
}

#[test]
fn gradients_equal_captum() {
    check("gradient", "gradient", &RESNETS);
    check("input_x_gradient", "input-x-gradient", &RESNETS);
    check("guided_backprop", "guided-backprop", &RESNETS);
}

#[test]
fn occlusion_with_several_windows_is_the_mean_of_captum_s_maps() {
    let one = |name: &str| golden::array(format!("attribution/tiny_basic/occlusion_{name}.npy")).data;
    let (small, large) = (one("window8_stride8"), one("window16_stride8"));
    let mean: Vec<f32> = small.iter().zip(large).map(|(a, b)| (a + b) / 2.0).collect();
    testing::assert_close(&explained("occlusion:window=8+16,stride=8+8", "tiny_basic"), &mean, CLOSE);
}

#[test]
fn integrated_gradients_equal_captum() {
    check("integrated_gradients_gausslegendre", "integrated-gradients", &RESNETS);
    // At one of its points a ReLU of this network is so near its kink that noise of 1e-7 in the image moves the map by 2e-3.
    let right = golden::array("attribution/tiny_bottleneck/integrated_gradients_riemann_right.npy");
    let result = explained("integrated-gradients:rule=right", "tiny_bottleneck");
    testing::assert_close(&result, &right.data, Tolerance::new(f64::INFINITY, 2e-3));
}

#[test]
fn cams_equal_pytorch_grad_cam() {
    check("gradcam_up", "gradcam", &RESNETS);
    check("layercam_layer4_up", "layercam", &RESNETS);
}

#[test]
fn cams_of_other_layers_and_with_their_sign() {
    for (network, conv) in [("tiny_basic", "layer4.0.conv2"), ("tiny_bottleneck", "layer4.0.conv3")] {
        check_layer("gradcam_signed", "gradcam:relu=false", network);
        check_layer("gradcam_last_conv", &format!("gradcam:layer={conv}"), network);
        check_layer("gradcam_last_conv_signed", &format!("gradcam:layer={conv},relu=false"), network);
        check_layer("layercam_layer3", "layercam:layer=layer3", network);
    }
}

#[test]
fn occlusion_equals_captum() {
    check("occlusion_window8_stride8", "occlusion", &RESNETS);
    check("occlusion_window16_stride8", "occlusion:window=16,stride=8", &RESNETS);
}

const ALL: [&str; 10] = [
    "random",
    "gradient",
    "input-x-gradient",
    "smoothgrad:samples=5",
    "integrated-gradients:steps=5",
    "guided-backprop",
    "gradcam",
    "layercam:layer=layer3",
    "occlusion:window=32",
    "rise:masks=9",
];

#[test]
fn maps_do_not_depend_on_the_batch_size() {
    let classifier = resnet("tiny_bottleneck", &[]);
    for spec in ALL {
        let expected = numbers(maps(spec, &classifier, 64));
        for size in [1, 3] {
            assert_eq!(numbers(maps(spec, &classifier, size)), expected, "{spec}, batches of {size}");
        }
    }
}

#[test]
fn maps_do_not_depend_on_the_other_images() {
    let classifier = resnet("tiny_basic", &[]);
    for spec in ALL {
        let together = numbers(maps(spec, &classifier, 64));
        let (images, targets, keys) = (tiny::images().narrow(0, 1, 1), &TARGETS[1..], &tiny::keys()[1..]);
        let request = Request { images, targets, keys, ..tiny::request(64) };
        let alone = numbers(tiny::explain(spec, &classifier, &request).unwrap());
        assert_eq!(alone, together[together.len() / 2..], "{spec}");
    }
}

#[test]
fn layers_that_are_not_there_are_errors() {
    let classifier = resnet("tiny_basic", &[]);
    for (layer, reason) in [
        ("layer9", "it has no layer `layer9`"),
        ("fc", "layer `fc` has neither feature maps nor tokens of patches on a grid"),
    ] {
        let error = tiny::check(&format!("gradcam:layer={layer}"), &classifier).unwrap_err().to_string();
        assert_eq!(error, format!("gradcam does not fit tiny_basic: {reason}"));
    }
}
