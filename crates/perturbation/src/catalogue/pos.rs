//! Positive perturbation.

use maps::Order;

use super::Entry;
use super::gradual::before_the_end;

pub(super) const ENTRY: Entry = Entry {
    name: "pos",
    summary: "the image, its most relevant pixels replaced, at fractions 0 to 0.9",
    source: "Chefer et al. 2021, EEA, BEE; their DEL is the probability of the same images; BEE's code: fill=zero",
    build: |reader| before_the_end(reader, Order::MostRelevantFirst),
};
