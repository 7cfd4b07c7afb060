//! The tests by name: which perturbed images each of them needs.

mod classic;
mod crop;
mod deletion;
mod draws;
mod gradual;
mod information;
mod inpaint;
mod insertion;
mod mask;
mod neg;
mod noise;
mod one_by_one;
mod patches;
mod pos;
mod recognised;
mod road;
mod shift;
mod shown;
mod single;
mod square;
mod subset;
mod superpixels;
mod violation;

use std::fmt::Debug;
use std::sync::Arc;

use maps::Units;
use spec::Reader;

use crate::forwards::Forwards;
use crate::input::Input;
use crate::painter::Replacement;
use crate::plan::PlanBuilder;
use crate::point::Point;
use crate::undefined::Undefined;

/// A perturbation test: a set of inputs, described and not computed, so that the plan can join equal ones.
pub trait Test: Debug + Send + Sync {
    /// The fills that its inputs name.
    fn fills(&self) -> &[Replacement];

    /// What it perturbs as a whole, if that is not known from a fill or an input alone: cells are cut once for an image.
    fn units(&self) -> Option<Units> {
        None
    }

    /// The generator that it needs, by its name: told the words of the other class, if there is one, else those of the row's
    /// own.
    fn generator(&self) -> Option<&str> {
        None
    }

    /// The rank of the class, by the clean image's scores from 1, that what it shows is made to look like.
    fn other_class(&self) -> Option<usize> {
        None
    }

    /// The points of its curve for the map and the image of a builder.
    ///
    /// # Errors
    /// If the map does not give what the test asks of it: an order, or a range.
    fn points(&self, builder: &mut PlanBuilder<'_>) -> Result<Vec<Point>, Undefined>;

    /// The inputs that it needs for any map of so many pixels on which it is defined, which tells its cost before a map is
    /// read. It must agree with [`Test::points`].
    fn demand(&self, pixels: usize) -> Demand;
}

/// What a test needs, known from the size of a map.
#[derive(Clone, Debug, PartialEq)]
pub enum Demand {
    /// These inputs, some of them perhaps twice.
    Inputs(Vec<Input>),
    /// The map's values or the image decide; no more than so many.
    AtMost {
        /// For each map.
        count: u64,
        /// For all maps of an image that explain one class.
        of_image: u64,
    },
}

/// A test in a list of tests.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The name in spec strings.
    pub name: &'static str,
    /// One line: what is perturbed.
    pub summary: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// Takes the parameters, with their defaults, out of a spec string.
    pub build: fn(&mut Reader) -> Result<Arc<dyn Test>, spec::Error>,
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

/// The tests of this crate.
pub const TESTS: &[Entry] = &[
    deletion::ENTRY,
    insertion::ENTRY,
    pos::ENTRY,
    neg::ENTRY,
    mask::ENTRY,
    patches::ENTRY,
    superpixels::ENTRY,
    road::ENTRY,
    information::ENTRY,
    crop::ENTRY,
    classic::ENTRY,
    violation::ENTRY,
    subset::ENTRY,
    single::ENTRY,
    square::ENTRY,
    noise::ENTRY,
    shift::ENTRY,
    inpaint::ENTRY,
    recognised::ENTRY,
];

/// A test with its parameters, known by its spec string.
#[derive(Clone, Debug)]
pub struct ParsedTest {
    spec: String,
    test: Arc<dyn Test>,
}

impl PartialEq for ParsedTest {
    fn eq(&self, other: &Self) -> bool {
        self.spec == other.spec
    }
}

impl ParsedTest {
    /// Reads a spec string: a name of one of the `lists` and its parameters.
    ///
    /// # Errors
    /// If there is no such test, or no such parameter, or its value is not allowed.
    pub fn parse(spec: &str, lists: &[&[Entry]]) -> Result<Self, spec::Error> {
        let mut reader = Reader::new(spec)?;
        let mut entries = lists.iter().copied().flatten();
        let entry = entries.find(|entry| entry.name == reader.name()).ok_or_else(|| {
            let known: Vec<&str> = lists.iter().copied().flatten().map(|entry| entry.name).collect();
            spec::Error::UnknownName { what: "test", name: reader.name().into(), known: known.join(", ") }
        })?;
        let test = (entry.build)(&mut reader)?;
        Ok(Self { spec: reader.finish()?, test })
    }

    /// The canonical spec string: without defaults, parameters in a fixed order.
    pub fn spec(&self) -> &str {
        &self.spec
    }

    /// The fills that it needs.
    pub fn fills(&self) -> &[Replacement] {
        self.test.fills()
    }

    /// What it perturbs as a whole, if it says so.
    pub fn units(&self) -> Option<Units> {
        self.test.units()
    }

    /// The generator that it needs, by its name, if it needs one.
    pub fn generator(&self) -> Option<&str> {
        self.test.generator()
    }

    /// The rank of the class, by the clean image's scores from 1, that what it shows is made to look like, if it is.
    pub fn other_class(&self) -> Option<usize> {
        self.test.other_class()
    }

    /// What it costs for one map of so many pixels, without the clean image, which all maps of an image share.
    pub fn forwards(&self, pixels: usize) -> Forwards {
        Forwards::of(std::slice::from_ref(self), pixels)
    }

    pub(crate) fn test(&self) -> &dyn Test {
        &*self.test
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ParsedTest, spec::Error> {
        ParsedTest::parse(text, &[TESTS])
    }

    fn spec(text: &str) -> String {
        parse(text).unwrap_or_else(|error| panic!("{error}")).spec
    }

    #[test]
    fn every_test_builds_from_its_name() {
        for entry in TESTS {
            assert_eq!(spec(entry.name), entry.name);
            assert!(entry.parameters().contains('='), "{}", entry.parameters());
        }
    }

    #[test]
    fn equal_tests_have_equal_specs() {
        assert_eq!(spec("deletion:fill=black,steps=100,region=1"), "deletion");
        assert_eq!(spec("insertion:fill=blur,kernel=11,sigma=5.0"), "insertion");
        assert_eq!(spec("deletion:steps=20,region=9,fill=blur"), "deletion:fill=blur,region=9,steps=20");
        assert_eq!(spec("deletion:runs=1,fill=uniform"), "deletion:fill=uniform,runs=1");
        assert_eq!(spec("mask:percentile=85,ties=index"), "mask:percentile=85");
        assert_eq!(spec("mask:ties=all,percentile=85"), "mask:percentile=85,ties=all");
        assert_eq!(spec("subset:draws=10,size=0.20"), "subset:draws=10");
        assert_eq!(spec("subset:size=16+0.5,grid=9"), "subset:size=16+0.5,grid=9");
        assert_eq!(spec("single:blocks=14"), "single");
        assert_eq!(spec("single:steps=8,order=lerf,blocks=0"), "single:blocks=0,order=lerf,steps=8");
    }

    #[test]
    fn errors_name_the_test_the_parameter_and_what_is_allowed() {
        let message = |text: &str| parse(text).unwrap_err().to_string();
        let known = "known are deletion, insertion, pos, neg, mask, patches, superpixels, road, information, crop, classic, \
                     violation, subset, single, square, noise, shift, inpaint, recognised";
        assert_eq!(message("delete"), format!("unknown test `delete`: {known}; did you mean `deletion`?"));
        assert_eq!(message("xyz"), format!("unknown test `xyz`: {known}"));
        assert_eq!(
            message("deletion:fill=red"),
            "`deletion`: fill=red is not one of black, mean, zero, blur, impute, uniform, white, constant, min, max, level, \
             pil-blur, rise-blur, box-blur, uniform-pixels, normal"
        );
        assert_eq!(message("insertion:region=8"), "`insertion`: region=8 is not an odd whole number");
        assert_eq!(message("pos:region=9"), "`pos` has no parameter `region`: fill=black,steps=10");
        assert_eq!(
            message("deletion:sigma=2"),
            "`deletion` has no parameter `sigma`: fill=black,order=morf,region=1,blocks=0,segments=0,steps=100"
        );
        assert_eq!(
            message("mask:percentile=101"),
            "`mask`: percentile=101 is not none or a number from 0 to 100"
        );
        for wrong in [
            "neg:steps=0",
            "mask:percentile=nan",
            "mask:ties=all",
            "mask:percentile=50,ties=first",
            "deletion:fill=blur,sigma=0",
            "deletion:fill=uniform,runs=0",
            "subset:size=0",
            "subset:size=1.5",
            "subset:size=0.1+",
            "subset:size=nan",
            "subset:draws=0",
            "single:steps=8",
            "single:order=lerf",
            "square:size=0",
            "noise:sigma=0",
            "noise:fill=black",
            "information:thresholds=0.1",
            "crop:threshold=2",
            "crop:threshold=0.5,steps=3",
            "classic:end=0.05",
            "classic:end=1.1",
            "violation:blocks=-1",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    /// What is painted from the pixels that stay needs some.
    #[test]
    fn a_whole_image_is_never_imputed() {
        let message = |text: &str| parse(text).unwrap_err().to_string();
        let refused = |name: &str| {
            format!(
                "`{name}`: fill=impute is not a fill for a whole image: it is painted from the pixels that stay; "
            )
        };
        let others = "road, pos, neg and classic:end=0.9 leave some";
        for (name, instead) in [
            ("deletion", others),
            ("insertion", others),
            ("classic", "end=0.9 leaves some"),
            ("superpixels", "patches with few steps leaves some"),
        ] {
            assert_eq!(message(&format!("{name}:fill=impute,noise=0")), refused(name) + instead);
        }
        for spec in ["single:blocks=1", "single:blocks=0,steps=1", "violation:blocks=0,segments=1"] {
            assert!(message(&format!("{spec},fill=impute")).ends_with("several parts leave some"), "{spec}");
        }
        for fine in
            ["road", "pos", "neg", "mask", "patches", "classic:end=0.9", "single", "violation:blocks=0"]
        {
            let colon = if fine.contains(':') { ',' } else { ':' };
            assert!(parse(&format!("{fine}{colon}fill=impute")).is_ok(), "{fine}");
        }
    }

    #[test]
    fn the_lists_are_looked_through_in_order() {
        const OTHERS: &[Entry] = &[Entry { name: "other", ..pos::ENTRY }];
        assert_eq!(ParsedTest::parse("other:steps=5", &[TESTS, OTHERS]).unwrap().spec(), "other:steps=5");
        let error = ParsedTest::parse("pos", &[OTHERS]).unwrap_err().to_string();
        assert_eq!(error, "unknown test `pos`: known are other");
    }
}
