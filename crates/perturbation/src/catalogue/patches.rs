//! Region perturbation.

use maps::Cells;

use super::{Entry, one_by_one};

pub(super) const ENTRY: Entry = Entry {
    name: "patches",
    summary: "the image, its squares of `size` pixels replaced one after another by the map's mean over them; fractions are \
              shares of the squares",
    source: "Samek et al. 2017 (region perturbation): 9 x 9 pixels, uniform noise, 100 steps",
    build: |reader| {
        let size = reader
            .take_if("size", 9, "a whole number from 1 to 10000", |size| (1..=10_000).contains(size))?;
        one_by_one::build(reader, "uniform", Cells::Squares(size), Some(100))
    },
};
