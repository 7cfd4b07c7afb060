//! What is scored: an image and the class that is explained.

use std::fmt;

/// An image and a class. Sorts by the image, then by the class.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Item {
    /// Path of the image, as given.
    pub image: String,
    /// Class that is explained; nothing where the image could not be read.
    pub target: Option<usize>,
}

impl fmt::Display for Item {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.target {
            Some(target) => write!(out, "{} (target {target})", self.image),
            None => write!(out, "{} (no target)", self.image),
        }
    }
}
