//! What a pack of maps is: the name of its file is the hash of everything that its maps depend on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::sha256;

/// Everything that the maps of a pack depend on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    /// Of the program.
    pub version: String,
    /// Classifier, `NAME@HASH`.
    pub model: String,
    /// Spec string of the method and of the steps on its maps.
    pub method: String,
    /// Seed of all random numbers.
    pub seed: u64,
    /// What computed: maps of different instructions differ in their last digits.
    pub engine: String,
    /// Files that the method depends on: what for, and their SHA-256.
    pub files: BTreeMap<String, String>,
    /// What is explained, in order.
    pub asked: Vec<Asked>,
}

/// An image and the class asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// SHA-256 of the image's content; empty if it cannot be read.
    pub image: String,
    /// `predicted`, or the class.
    pub class: String,
}

impl Identity {
    /// The name of the pack: sixteen hexadecimal digits.
    ///
    /// # Panics
    ///
    /// Never: the fields are strings and numbers.
    pub fn hash(&self) -> String {
        let text = serde_json::to_vec(self).expect("strings and numbers are JSON");
        sha256(&text)[..16].to_owned()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn identity(asked: &[(&str, &str)]) -> Identity {
        let asked =
            asked.iter().map(|(image, class)| Asked { image: (*image).into(), class: (*class).into() });
        Identity {
            version: "1".into(),
            model: "m@12345678".into(),
            method: "ig".into(),
            seed: 0,
            engine: "cpu".into(),
            files: BTreeMap::new(),
            asked: asked.collect(),
        }
    }

    #[test]
    fn everything_counts_in_the_address() {
        let one = identity(&[("aa", "1"), ("bb", "2")]);
        let files = BTreeMap::from([("baselines".to_owned(), "ff".to_owned())]);
        let others = [
            Identity { seed: 1, ..one.clone() },
            Identity { engine: "cuda".into(), ..one.clone() },
            Identity { files, ..one.clone() },
            Identity { model: "m@12345679".into(), ..one.clone() },
            identity(&[("bb", "2"), ("aa", "1")]),
            identity(&[("aa", "1"), ("bb", "predicted")]),
        ];
        assert_eq!(one.hash(), identity(&[("aa", "1"), ("bb", "2")]).hash());
        assert_eq!(one.hash().len(), 16);
        assert!(others.iter().all(|other| other.hash() != one.hash()));
    }
}
