//! The tests by name: which perturbed images each of them needs.

mod gradual;
mod mask;

use spec::Reader;

use crate::plan::{PlanBuilder, Point};
use images::Fill;

/// A test with its parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    spec: String,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Gradual(gradual::Gradual),
    Mask(mask::Mask),
}

/// A test in the list of all tests.
pub struct Entry {
    /// The name in spec strings.
    pub name: &'static str,
    /// One line: what is perturbed.
    pub summary: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    build: fn(&mut Reader) -> Result<Kind, spec::Error>,
}

impl Entry {
    /// The parameters with their defaults.
    pub fn parameters(&self) -> String {
        let parameters = Reader::new(self.name).and_then(|mut reader| {
            (self.build)(&mut reader)?;
            Ok(reader.parameters())
        });
        parameters.unwrap_or_else(|error| error.to_string())
    }
}

/// All tests.
pub const TESTS: &[Entry] = &[gradual::DELETION, gradual::INSERTION, gradual::POS, gradual::NEG, mask::ENTRY];

impl Test {
    /// Reads a spec string: a name of [`TESTS`] and its parameters.
    ///
    /// # Errors
    /// If there is no such test, or no such parameter, or its value is not allowed.
    pub fn parse(spec: &str) -> Result<Self, spec::Error> {
        let mut reader = Reader::new(spec)?;
        let entry = TESTS.iter().find(|entry| entry.name == reader.name()).ok_or_else(|| {
            let known: Vec<&str> = TESTS.iter().map(|entry| entry.name).collect();
            spec::Error::UnknownName { what: "test", name: reader.name().into(), known: known.join(", ") }
        })?;
        let kind = (entry.build)(&mut reader)?;
        Ok(Self { spec: reader.finish()?, kind })
    }

    /// The canonical spec string: without defaults, parameters in a fixed order.
    pub fn spec(&self) -> &str {
        &self.spec
    }

    /// The fills that it needs.
    pub fn fills(&self) -> &[Fill] {
        match &self.kind {
            Kind::Gradual(test) => &test.fills,
            Kind::Mask(test) => &test.fills,
        }
    }

    /// The points of its curve for the map of a builder.
    pub(crate) fn points(&self, builder: &mut PlanBuilder<'_>) -> Vec<Point> {
        match &self.kind {
            Kind::Gradual(test) => test.points(builder),
            Kind::Mask(test) => test.points(builder),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(text: &str) -> String {
        Test::parse(text).unwrap_or_else(|error| panic!("{error}")).spec
    }

    #[test]
    fn every_test_builds_from_its_name() {
        for entry in TESTS {
            assert_eq!(spec(entry.name), entry.name);
            assert!(entry.parameters().starts_with("fill="), "{}", entry.parameters());
        }
    }

    #[test]
    fn equal_tests_have_equal_specs() {
        assert_eq!(spec("deletion:fill=black,steps=100,region=1"), "deletion");
        assert_eq!(spec("insertion:fill=blur,kernel=11,sigma=5.0"), "insertion");
        assert_eq!(spec("deletion:steps=20,region=9,fill=blur"), "deletion:fill=blur,region=9,steps=20");
        assert_eq!(spec("deletion:runs=1,fill=uniform"), "deletion:fill=uniform,runs=1");
        assert_eq!(spec("mask:percentile=85"), "mask:percentile=85");
    }

    #[test]
    fn errors_name_the_test_the_parameter_and_what_is_allowed() {
        let message = |text: &str| Test::parse(text).unwrap_err().to_string();
        let known = "known are deletion, insertion, pos, neg, mask";
        assert_eq!(message("delete"), format!("unknown test `delete`: {known}; did you mean `deletion`?"));
        assert_eq!(message("xyz"), format!("unknown test `xyz`: {known}"));
        assert_eq!(
            message("deletion:fill=red"),
            "`deletion`: fill=red is not one of black, mean, zero, blur, uniform"
        );
        assert_eq!(message("insertion:region=8"), "`insertion`: region=8 is not an odd whole number");
        assert_eq!(message("pos:region=9"), "`pos` has no parameter `region`: fill=black,steps=10");
        assert_eq!(
            message("deletion:sigma=2"),
            "`deletion` has no parameter `sigma`: fill=black,order=morf,region=1,steps=100"
        );
        assert_eq!(
            message("mask:percentile=101"),
            "`mask`: percentile=101 is not none or a number from 0 to 100"
        );
        for wrong in [
            "neg:steps=0",
            "mask:percentile=nan",
            "deletion:fill=blur,sigma=0",
            "deletion:fill=uniform,runs=0",
        ] {
            assert!(Test::parse(wrong).is_err(), "{wrong}");
        }
    }
}
