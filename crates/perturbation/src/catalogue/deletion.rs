//! Pixels of the image are replaced, the most relevant ones first.

use super::Entry;
use super::gradual::curve;

pub(super) const ENTRY: Entry = Entry {
    name: "deletion",
    summary: "the image, its first pixels replaced by the fill, at fractions 0 to 1",
    source: "RISE (Petsiuk et al. 2018); Coherency study: fill=zero; Meaningful Perturbation: steps=10",
    build: |reader| curve(reader, "black", false),
};
