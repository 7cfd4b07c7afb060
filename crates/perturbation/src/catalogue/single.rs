//! Each part of an image replaced alone.

use std::sync::Arc;

use maps::{Cells, Order, Ranking, Units};

use super::gradual::{take_cells, take_order, take_steps};
use super::{Demand, Entry, Test, draws};
use crate::fill;
use crate::input::PixelSet;
use crate::painter::Replacement;
use crate::plan::PlanBuilder;
use crate::point::Point;
use crate::undefined::Undefined;

pub(super) const ENTRY: Entry = Entry {
    name: "single",
    summary: "the image, then each of K x K blocks or of its superpixels replaced alone; with blocks=0 each of `steps` groups \
              of pixels that follow one another in the map's `order`; each run of a random fill has rows of its own, and \
              begins with the image; fractions are shares of the parts",
    source: "Alvarez-Melis and Jaakkola 2018 (faithfulness estimate); Nguyen and Martinez 2020 (non-sensitivity, monotonicity \
             correlation: fill=uniform)",
    build: |reader| {
        let fills = fill::take(reader, "black")?;
        let units = take_cells(reader, 14)?;
        let (order, steps) = match units {
            Units::Pixels => (take_order(reader)?, take_steps(reader, 100)?),
            _ => (Order::MostRelevantFirst, 0),
        };
        if matches!(units, Units::Cells(Cells::Blocks(1) | Cells::Segments(1))) || steps == 1 {
            fill::for_all_pixels(reader, &fills, "several parts leave some")?;
        }
        Ok(Arc::new(Single { fills, ranking: Ranking { order, units }, steps }))
    },
};

/// The parameters of the test.
#[derive(Debug)]
struct Single {
    fills: Vec<Replacement>,
    ranking: Ranking,
    /// Groups of single pixels.
    steps: usize,
}

impl Test for Single {
    fn fills(&self) -> &[Replacement] {
        &self.fills
    }

    fn units(&self) -> Option<Units> {
        Some(self.ranking.units)
    }

    fn points(&self, builder: &mut PlanBuilder<'_>) -> Result<Vec<Point>, Undefined> {
        builder.check()?;
        let map = builder.map();
        let parts = match self.ranking.units {
            Units::Pixels => groups(&self.ranking.order.sort(map.values()), self.steps),
            units => draws::members(builder.image().cells(units)),
        };
        let fraction = 1.0 / parts.len() as f64;
        let sets: Vec<PixelSet> = parts.into_iter().map(|part| PixelSet::new(map.pixels(), part)).collect();
        let run = |fill: &Replacement| {
            let fill = [fill.clone()];
            let point = |set: &PixelSet| draws::replaced(map, set, fraction, &fill);
            std::iter::once(draws::clean()).chain(sets.iter().map(point)).collect::<Vec<_>>()
        };
        Ok(self.fills.iter().flat_map(run).collect())
    }

    /// How many superpixels there are depends on the image.
    fn demand(&self, pixels: usize) -> Demand {
        let inputs = |parts: usize| (parts * self.fills.len()) as u64;
        match self.ranking.units {
            Units::Cells(cells) => Demand::AtMost { count: 0, of_image: inputs(cells.at_most(pixels)) },
            _ => Demand::AtMost { count: inputs(self.steps.min(pixels)), of_image: 0 },
        }
    }
}

/// Pixels in an order, cut into `steps` groups of nearly equal size, or as many as there are pixels.
fn groups(order: &[usize], steps: usize) -> Vec<Vec<usize>> {
    let end = |step: usize| (2 * step * order.len() + steps) / (2 * steps);
    let group = |step| order[end(step)..end(step + 1)].to_vec();
    (0..steps).map(group).filter(|group| !group.is_empty()).collect()
}
