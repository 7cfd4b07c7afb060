//! From spec strings to methods.

use spec::Reader;

use crate::method::{Error, Method};
use crate::methods::{
    gradcam, gradient, guided_backprop, input_x_gradient, integrated_gradients, layercam, occlusion, random,
    rise, smoothgrad,
};

/// A method in the list of all methods.
pub struct Entry {
    /// The name in spec strings.
    pub name: &'static str,
    /// One line: what it computes.
    pub summary: &'static str,
    /// Where it comes from.
    pub paper: &'static str,
    /// Forward (F) and backward (B) passes for one picture.
    pub cost: &'static str,
    pub(crate) build: fn(&mut Reader) -> Result<Box<dyn Method>, spec::Error>,
}

impl Entry {
    /// The parameters with their defaults.
    pub fn parameters(&self) -> String {
        let mut reader = Reader::new(self.name).expect("a method's name is a spec");
        match (self.build)(&mut reader) {
            Ok(_) => reader.parameters(),
            Err(error) => error.to_string(),
        }
    }
}

/// All methods.
pub const METHODS: &[Entry] = &[
    random::ENTRY,
    gradient::ENTRY,
    input_x_gradient::ENTRY,
    smoothgrad::ENTRY,
    integrated_gradients::ENTRY,
    guided_backprop::ENTRY,
    gradcam::ENTRY,
    layercam::ENTRY,
    occlusion::ENTRY,
    rise::ENTRY,
];

/// A method and its canonical spec string.
pub struct Named {
    /// The spec string without defaults.
    pub spec: String,
    /// The method.
    pub method: Box<dyn Method>,
}

/// Reads a spec string.
///
/// # Errors
/// If there is no such method or a parameter is wrong.
pub fn parse(spec: &str) -> Result<Named, Error> {
    let mut reader = Reader::new(spec)?;
    let entry = METHODS.iter().find(|entry| entry.name == reader.name()).ok_or_else(|| {
        let known: Vec<&str> = METHODS.iter().map(|entry| entry.name).collect();
        spec::Error::UnknownName { what: "method", name: reader.name().into(), known: known.join(", ") }
    })?;
    let method = (entry.build)(&mut reader)?;
    Ok(Named { spec: reader.finish()?, method })
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
    fn wrong_specs_are_errors() {
        for spec in
            ["gradcm", "rise:mask=1", "occlusion:window=0", "integrated-gradients:rule=simpson", "random:x=1"]
        {
            assert!(parse(spec).is_err(), "{spec}");
        }
    }
}
