//! Negative perturbation.

use maps::Order;

use super::Entry;
use super::gradual::before_the_end;

pub(super) const ENTRY: Entry = Entry {
    name: "neg",
    summary: "the image, its least relevant pixels replaced, at fractions 0 to 0.9",
    source: "Chefer et al. 2021, EEA, BEE; their INS is the probability of the same images; BEE's code: fill=zero",
    build: |reader| before_the_end(reader, Order::LeastRelevantFirst),
};
