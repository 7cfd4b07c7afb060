//! Superpixels of the image, removed one after another.

use maps::Cells;

use super::{Entry, one_by_one};

pub(super) const ENTRY: Entry = Entry {
    name: "superpixels",
    summary: "the image, its superpixels (SLIC, about `count` of them) replaced one after another by the map's mean over \
              them, to the last; fractions are shares of the superpixels",
    source: "IROF (Rieger and Hansen 2020), which replaces by the mean colour",
    build: |reader| {
        let count =
            reader.take_if("count", 100, "a whole number from 2 to 10000", |n| (2..=10_000).contains(n))?;
        one_by_one::build(reader, "mean", Cells::Segments(count), None)
    },
};
