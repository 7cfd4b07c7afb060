//! The list of the methods of this crate. Nothing here imports it but the crate's root.

use crate::method::Entry;
use crate::methods::{
    ablation_cam, act_ig, attention, attention_gradcam, attn_lrp, blur_ig, controls, deconvnet, deeplift,
    deeplift_shap, eigencam, excitation_backprop, fullgrad, gae, gradcam, gradcam_plus_plus, gradient,
    gradient_rollout, gradient_shap, guided_backprop, guided_ig, hirescam, hsic, iia, input_x_gradient,
    integrated_gradients, kernel_shap, layercam, lift_cam, lime, lrp, occlusion, partial_lrp, random, rise,
    rollout, scorecam, sise, smoothgrad, sobol, t_attr, xgradcam, xrai,
};

/// All methods of this crate.
pub const METHODS: &[Entry] = &[
    random::ENTRY,
    controls::CENTER,
    controls::EDGE,
    controls::INPUT_MAGNITUDE,
    gradient::ENTRY,
    input_x_gradient::ENTRY,
    smoothgrad::SMOOTH,
    smoothgrad::SQUARE,
    smoothgrad::VARIANCE,
    integrated_gradients::ENTRY,
    gradient_shap::SHAP,
    gradient_shap::EXPECTED,
    guided_ig::ENTRY,
    blur_ig::ENTRY,
    xrai::ENTRY,
    guided_backprop::ENTRY,
    deconvnet::ENTRY,
    deeplift::ENTRY,
    deeplift_shap::ENTRY,
    lrp::ENTRY,
    excitation_backprop::ENTRY,
    fullgrad::ENTRY,
    gradcam::ENTRY,
    gradcam_plus_plus::ENTRY,
    layercam::ENTRY,
    hirescam::ENTRY,
    xgradcam::ENTRY,
    eigencam::ENTRY,
    scorecam::ENTRY,
    ablation_cam::ENTRY,
    lift_cam::ENTRY,
    act_ig::ENTRY,
    iia::ENTRY,
    occlusion::ENTRY,
    rise::ENTRY,
    sise::SISE,
    sise::ADA_SISE,
    lime::ENTRY,
    kernel_shap::ENTRY,
    hsic::ENTRY,
    sobol::ENTRY,
    attention::ENTRY,
    rollout::ENTRY,
    gradient_rollout::ENTRY,
    attention_gradcam::ENTRY,
    partial_lrp::ENTRY,
    t_attr::ENTRY,
    gae::ENTRY,
    attn_lrp::ENTRY,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::parse;

    #[test]
    fn every_method_builds_from_its_name() {
        for entry in METHODS {
            assert_eq!(
                parse(entry.name, &[METHODS]).unwrap_or_else(|error| panic!("{error}")).spec,
                entry.name
            );
        }
    }

    #[test]
    fn parameters_are_known_before_they_are_given() {
        let takes = |name: &str, parameter: &str| {
            METHODS.iter().find(|entry| entry.name == name).unwrap().takes(parameter)
        };
        assert!(takes("gradcam", "layer") && takes("gradcam", "relu") && takes("rise", "masks"));
        assert!(!takes("rise", "layer") && !takes("gradient", "layer") && !takes("gradcam", "auto"));
    }

    #[test]
    fn black_boxes_are_refused_by_methods_that_look_inside() {
        for entry in METHODS {
            let looks_inside = entry.cost.contains('B') || entry.takes("layer");
            assert!(!(entry.is_black_box() && looks_inside), "{}", entry.name);
        }
        let refused = parse("gradcam:layer=layer3", &[METHODS])
            .unwrap()
            .check_black_box("exec:serve")
            .unwrap_err()
            .to_string();
        let expected =
            "gradcam:layer=layer3 needs the network's layers or gradients; exec:serve only gives scores";
        assert_eq!(refused, expected);
        assert!(parse("rise:masks=5", &[METHODS]).unwrap().check_black_box("exec:serve").is_ok());
    }

    #[test]
    fn wrong_specs_are_errors() {
        for spec in
            ["gradcm", "rise:mask=1", "occlusion:window=0", "integrated-gradients:rule=simpson", "random:x=1"]
        {
            assert!(parse(spec, &[METHODS]).is_err(), "{spec}");
        }
    }
}
