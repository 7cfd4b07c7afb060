//! Tests that replace more and more pixels of an image, or reveal more and more of them.

use spec::Reader;

use super::{Entry, Kind};
use images::Fill;

use crate::fill;
use crate::plan::{Input, PlanBuilder, Point};
use maps::{Order, Ranked, Ranking};

pub(super) const DELETION: Entry = Entry {
    name: "deletion",
    summary: "the image, its first pixels replaced by the fill, at fractions 0 to 1",
    source: "RISE (Petsiuk et al. 2018); Coherency study: fill=zero; Meaningful Perturbation: steps=10",
    build: |reader| curve(reader, "black", false),
};

pub(super) const INSERTION: Entry = Entry {
    name: "insertion",
    summary: "the fill, its first pixels replaced by the image's, at fractions 0 to 1",
    source: "RISE (Petsiuk et al. 2018), which starts from the blurred image; Coherency study: fill=zero",
    build: |reader| curve(reader, "blur", true),
};

pub(super) const POS: Entry = Entry {
    name: "pos",
    summary: "the image, its most relevant pixels replaced, at fractions 0 to 0.9",
    source: "Chefer et al. 2021, EEA, BEE; their DEL is the probability of the same images; BEE's code: fill=zero",
    build: |reader| chefer(reader, Order::MostRelevantFirst),
};

pub(super) const NEG: Entry = Entry {
    name: "neg",
    summary: "the image, its least relevant pixels replaced, at fractions 0 to 0.9",
    source: "Chefer et al. 2021, EEA, BEE; their INS is the probability of the same images; BEE's code: fill=zero",
    build: |reader| chefer(reader, Order::LeastRelevantFirst),
};

/// How many pixels step `j` of `steps` takes of `n`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Count {
    /// `j n / steps` rounded, halves up, for j = 0 ... steps; whole regions that cover at least that.
    ToTheEnd,
    /// `j n / steps` cut down, for j = 0 ... steps - 1: without the last image, which tells nothing about the map.
    BeforeTheEnd,
}

/// The parameters of such a test.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Gradual {
    pub(super) fills: Vec<Fill>,
    ranking: Ranking,
    steps: usize,
    count: Count,
    reveal: bool,
}

fn curve(reader: &mut Reader, default: &str, reveal: bool) -> Result<Kind, spec::Error> {
    let fills = fill::take(reader, default)?;
    let order =
        reader.choose("order", &[("morf", Order::MostRelevantFirst), ("lerf", Order::LeastRelevantFirst)])?;
    let odd = |&region: &usize| region % 2 == 1 && region < 10_000;
    let region = reader.take_if("region", 1, "an odd whole number", odd)?;
    let steps = take_steps(reader, 100)?;
    let ranking = Ranking { order, region };
    Ok(Kind::Gradual(Gradual { fills, ranking, steps, count: Count::ToTheEnd, reveal }))
}

fn chefer(reader: &mut Reader, order: Order) -> Result<Kind, spec::Error> {
    let fills = fill::take(reader, "black")?;
    let steps = take_steps(reader, 10)?;
    let ranking = Ranking { order, region: 1 };
    Ok(Kind::Gradual(Gradual { fills, ranking, steps, count: Count::BeforeTheEnd, reveal: false }))
}

fn take_steps(reader: &mut Reader, default: usize) -> Result<usize, spec::Error> {
    reader.take_if("steps", default, "a whole number from 1 to 100000", |steps| (1..=100_000).contains(steps))
}

impl Gradual {
    pub(super) fn points(&self, builder: &mut PlanBuilder<'_>) -> Vec<Point> {
        let pixels = builder.map().pixels();
        let ranked = builder.ranked(self.ranking);
        let end = self.steps + usize::from(self.count == Count::ToTheEnd);
        let point = |step| {
            let count = self.count(step, pixels, ranked);
            let input = |&fill| Input::mixed(self.ranking, count, pixels, fill, self.reveal);
            Point {
                fraction: step as f64 / self.steps as f64,
                inputs: self.fills.iter().map(input).collect(),
            }
        };
        (0..end).map(point).collect()
    }

    fn count(&self, step: usize, pixels: usize, ranked: &Ranked) -> usize {
        let product = step * pixels;
        match self.count {
            Count::BeforeTheEnd => product / self.steps,
            Count::ToTheEnd if self.ranking.region == 1 => (2 * product + self.steps) / (2 * self.steps),
            Count::ToTheEnd => ranked.cover(product.div_ceil(self.steps)),
        }
    }
}
