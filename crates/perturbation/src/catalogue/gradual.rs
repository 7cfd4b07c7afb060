//! What tests have in common that replace more and more pixels of an image, or reveal more and more of them.

use std::sync::Arc;

use maps::{Cells, Order, Ranked, Ranking, Units};
use spec::Reader;

use super::{Demand, Test};
use crate::fill;
use crate::input::Input;
use crate::painter::Replacement;
use crate::plan::PlanBuilder;
use crate::point::{Measures, Point};
use crate::undefined::Undefined;

/// How many pixels step `j` of `steps` takes of `n`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Count {
    /// `j n / steps` rounded, halves up, for j = 0 ... steps; whole regions that cover at least that.
    ToTheEnd,
    /// `j n / steps` cut down, for j = 0 ... `last`.
    CutDown { last: usize },
}

/// The parameters of such a test.
#[derive(Debug)]
struct Gradual {
    fills: Vec<Replacement>,
    ranking: Ranking,
    steps: usize,
    count: Count,
    reveal: bool,
}

/// A curve from fraction 0 to 1, in the order and the regions of the spec.
pub(super) fn curve(reader: &mut Reader, default: &str, reveal: bool) -> Result<Arc<dyn Test>, spec::Error> {
    let fills = fill::take(reader, default)?;
    fill::for_all_pixels(reader, &fills, "road, pos, neg and classic:end=0.9 leave some")?;
    let ranking = Ranking { order: take_order(reader)?, units: take_units(reader, 0)? };
    let steps = take_steps(reader, 100)?;
    Ok(Arc::new(Gradual { fills, ranking, steps, count: Count::ToTheEnd, reveal }))
}

/// A curve of single pixels whose last fraction is 1 - 1 / steps: the last image would tell nothing about the map.
pub(super) fn before_the_end(reader: &mut Reader, order: Order) -> Result<Arc<dyn Test>, spec::Error> {
    let fills = fill::take(reader, "black")?;
    let steps = take_steps(reader, 10)?;
    Ok(single_pixels(fills, order, steps, steps - 1))
}

/// A curve of single pixels, in the order of the spec, whose last fraction is `end` or the step before it.
pub(super) fn until_an_end(reader: &mut Reader) -> Result<Arc<dyn Test>, spec::Error> {
    let fills = fill::take(reader, "black")?;
    let order = take_order(reader)?;
    let steps = take_steps(reader, 10)?;
    let last = |end: f64| (end * steps as f64 + 1e-9) as usize;
    let allowed = |end: &f64| *end <= 1.0 && last(*end) > 0;
    let end = reader.take_if("end", 1.0, "a number from that of one step to 1", allowed)?;
    if last(end) == steps {
        fill::for_all_pixels(reader, &fills, "end=0.9 leaves some")?;
    }
    Ok(single_pixels(fills, order, steps, last(end)))
}

fn single_pixels(fills: Vec<Replacement>, order: Order, steps: usize, last: usize) -> Arc<dyn Test> {
    let ranking = Ranking::pixels(order);
    Arc::new(Gradual { fills, ranking, steps, count: Count::CutDown { last }, reveal: false })
}

pub(super) fn take_order(reader: &mut Reader) -> Result<Order, spec::Error> {
    reader.choose("order", &[("morf", Order::MostRelevantFirst), ("lerf", Order::LeastRelevantFirst)])
}

/// `region=SIDE`, `blocks=K` or `segments=COUNT`; 1 region pixel, or none of the others, is single pixels.
pub(super) fn take_units(reader: &mut Reader, blocks: usize) -> Result<Units, spec::Error> {
    let odd = |&region: &usize| region % 2 == 1 && region < 10_000;
    let region = reader.take_if("region", 1, "an odd whole number", odd)?;
    if region > 1 {
        return Ok(Units::Regions(region));
    }
    take_cells(reader, blocks)
}

/// `blocks=K` or `segments=COUNT`, or single pixels.
pub(super) fn take_cells(reader: &mut Reader, blocks: usize) -> Result<Units, spec::Error> {
    let few = |&count: &usize| count <= 1000;
    let blocks = reader.take_if("blocks", blocks, "a whole number up to 1000, 0 for single pixels", few)?;
    if blocks > 0 {
        return Ok(Units::Cells(Cells::Blocks(blocks)));
    }
    let segments =
        reader.take_if("segments", 0, "a whole number up to 10000, 0 for single pixels", |n| *n <= 10_000)?;
    Ok(if segments > 0 { Units::Cells(Cells::Segments(segments)) } else { Units::Pixels })
}

pub(super) fn take_steps(reader: &mut Reader, default: usize) -> Result<usize, spec::Error> {
    reader.take_if("steps", default, "a whole number from 1 to 100000", |steps| (1..=100_000).contains(steps))
}

impl Test for Gradual {
    fn fills(&self) -> &[Replacement] {
        &self.fills
    }

    fn points(&self, builder: &mut PlanBuilder<'_>) -> Result<Vec<Point>, Undefined> {
        let pixels = builder.map().pixels();
        let ranked = builder.ranked(self.ranking)?;
        let mut before = 0;
        let point = |step| {
            let count = self.count(step, pixels, Some(ranked));
            let mass = ranked.sum(std::mem::replace(&mut before, count)..count);
            let shown = if self.reveal { count } else { pixels - count };
            let area = Some(shown as f64 / pixels as f64);
            Point {
                measures: Measures { mass: Some(mass), area, ..Measures::default() },
                ..Point::new(step as f64 / self.steps as f64, self.inputs(count, pixels).collect())
            }
        };
        Ok(self.every_step().map(point).collect())
    }

    fn units(&self) -> Option<Units> {
        Some(self.ranking.units)
    }

    /// Where regions are covered depends on the map, but how many pixels a step takes of single ones does not.
    fn demand(&self, pixels: usize) -> Demand {
        if self.ranking.units != Units::Pixels {
            let count = (self.every_step().len() - 1) as u64 * self.fills.len() as u64;
            return Demand::AtMost { count, of_image: 0 };
        }
        let counts = self.every_step().map(|step| self.count(step, pixels, None));
        Demand::Inputs(counts.flat_map(|count| self.inputs(count, pixels)).collect())
    }
}

impl Gradual {
    fn every_step(&self) -> std::ops::Range<usize> {
        match self.count {
            Count::ToTheEnd => 0..self.steps + 1,
            Count::CutDown { last } => 0..last + 1,
        }
    }

    /// The input of each fill.
    fn inputs(&self, count: usize, pixels: usize) -> impl Iterator<Item = Input> {
        self.fills.iter().map(move |fill| Input::mixed(self.ranking, count, pixels, fill, self.reveal))
    }

    /// The pixels that a step takes: whole regions of a map that was `ranked`.
    fn count(&self, step: usize, pixels: usize, ranked: Option<&Ranked>) -> usize {
        let product = step * pixels;
        match (self.count, ranked) {
            (Count::CutDown { .. }, _) => product / self.steps,
            (Count::ToTheEnd, Some(ranked)) if self.ranking.units != Units::Pixels => {
                ranked.cover(product.div_ceil(self.steps))
            }
            (Count::ToTheEnd, _) => (2 * product + self.steps) / (2 * self.steps),
        }
    }
}
