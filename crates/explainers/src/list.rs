//! The list of the methods of this crate.

use attribution::{Entry, Error, ParsedMethod};

use crate::{bee, best_of, eea, tame};

/// All methods of this crate.
pub const METHODS: &[Entry] = &[
    bee::NBEE,
    bee::NCBEE,
    bee::PBEE,
    bee::FBEE,
    bee::IG_FBEE,
    bee::BIG_FBEE,
    bee::GIG_FBEE,
    best_of::ENTRY,
    eea::PEEA,
    eea::EEA,
    tame::ENTRY,
];

/// The lists of all methods that there are.
pub const LISTS: &[&[Entry]] = &[attribution::METHODS, METHODS];

/// Reads the spec string of any method.
///
/// # Errors
/// As [`attribution::parse`].
pub fn parse(spec: &str) -> Result<ParsedMethod, Error> {
    attribution::parse(spec, LISTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_builds_from_its_name_and_has_a_name_of_its_own() {
        for entry in METHODS {
            let parsed = parse(entry.name).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(parsed.spec, entry.name);
            assert!(attribution::METHODS.iter().all(|other| other.name != entry.name), "{}", entry.name);
            assert!(entry.parameters().contains('='), "{}", entry.parameters());
        }
    }
}
