//! Pixels of the image come into the fill, the most relevant ones first.

use super::Entry;
use super::gradual::curve;

pub(super) const ENTRY: Entry = Entry {
    name: "insertion",
    summary: "the fill, its first pixels replaced by the image's, at fractions 0 to 1",
    source: "RISE (Petsiuk et al. 2018), which starts from the blurred image; Coherency study: fill=zero",
    build: |reader| curve(reader, "blur", true),
};
