//! From spec strings to methods.

use models::Classifier;
use spec::Reader;

use crate::method::{Error, Method};
use crate::methods::{
    ablation_cam, act_ig, attention, attention_gradcam, attn_lrp, blur_ig, controls, deconvnet, deeplift,
    deeplift_shap, eigencam, excitation_backprop, fullgrad, gae, gradcam, gradcam_plus_plus, gradient,
    gradient_rollout, gradient_shap, guided_backprop, guided_ig, hirescam, hsic, iia, input_x_gradient,
    integrated_gradients, kernel_shap, layercam, lift_cam, lime, lrp, occlusion, partial_lrp, random, rise,
    rollout, scorecam, sise, smoothgrad, sobol, t_attr, xgradcam, xrai,
};

/// A method in the list of all methods.
pub struct Entry {
    /// The name in spec strings.
    pub name: &'static str,
    /// One line: what it computes.
    pub summary: &'static str,
    /// Where it comes from.
    pub paper: &'static str,
    /// Forward (F) and backward (B) passes for one image.
    pub cost: &'static str,
    pub(crate) build: fn(&mut Reader) -> Result<Box<dyn Method>, spec::Error>,
}

impl Entry {
    /// The parameters with their defaults.
    pub fn parameters(&self) -> String {
        let read = |mut reader| (self.build)(&mut reader).map(|_| reader.parameters());
        Reader::new(self.name).and_then(read).unwrap_or_else(|error| error.to_string())
    }

    /// Whether the method, as it is without parameters, asks for nothing but class scores.
    pub fn is_black_box(&self) -> bool {
        let build = |mut reader| (self.build)(&mut reader);
        Reader::new(self.name).and_then(build).is_ok_and(|method| method.is_black_box())
    }

    /// Whether the method has a parameter of that name.
    pub fn takes(&self, parameter: &str) -> bool {
        self.parameters().split(',').any(|known| known.split('=').next() == Some(parameter))
    }
}

/// All methods.
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

/// A method and its canonical spec string.
pub struct ParsedMethod {
    /// The spec string without defaults.
    pub spec: String,
    /// The method.
    pub method: Box<dyn Method>,
}

impl ParsedMethod {
    /// Whether the method draws baselines from images, which [`crate::Request::baselines`] must then bring.
    pub fn draws_images(&self) -> bool {
        self.spec.split([':', ',']).any(|part| part == "baseline=images")
    }

    /// Whether the method can explain a black box called `model`.
    ///
    /// # Errors
    /// If it needs more than class scores.
    pub fn check_black_box(&self, model: &str) -> Result<(), Error> {
        if self.method.is_black_box() {
            return Ok(());
        }
        Err(Error::BlackBox { method: self.spec.clone(), model: model.into() })
    }

    /// Whether the method can explain the classifier.
    ///
    /// # Errors
    /// If the network lacks what the method needs.
    pub fn check(&self, classifier: &Classifier) -> Result<(), Error> {
        if classifier.network.graph().is_black_box() {
            self.check_black_box(&classifier.name)?;
        }
        self.method.check(classifier)
    }
}

/// Reads a spec string.
///
/// # Errors
/// If there is no such method or a parameter is wrong.
pub fn parse(spec: &str) -> Result<ParsedMethod, Error> {
    let mut reader = Reader::new(spec)?;
    let entry = METHODS.iter().find(|entry| entry.name == reader.name()).ok_or_else(|| {
        let known: Vec<&str> = METHODS.iter().map(|entry| entry.name).collect();
        spec::Error::UnknownName { what: "method", name: reader.name().into(), known: known.join(", ") }
    })?;
    let method = (entry.build)(&mut reader)?;
    Ok(ParsedMethod { spec: reader.finish()?, method })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_builds_from_its_name() {
        for entry in METHODS {
            assert_eq!(parse(entry.name).unwrap_or_else(|error| panic!("{error}")).spec, entry.name);
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
        let refused =
            parse("gradcam:layer=layer3").unwrap().check_black_box("exec:serve").unwrap_err().to_string();
        let expected =
            "gradcam:layer=layer3 needs the network's layers or gradients; exec:serve only gives scores";
        assert_eq!(refused, expected);
        assert!(parse("rise:masks=5").unwrap().check_black_box("exec:serve").is_ok());
    }

    #[test]
    fn wrong_specs_are_errors() {
        for spec in
            ["gradcm", "rise:mask=1", "occlusion:window=0", "integrated-gradients:rule=simpson", "random:x=1"]
        {
            assert!(parse(spec).is_err(), "{spec}");
        }
    }
}
