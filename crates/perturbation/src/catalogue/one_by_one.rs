//! What tests have in common that replace one part of an image after another.

use std::sync::Arc;

use maps::{Cells, Ranking, Units};
use spec::Reader;

use super::gradual::take_order;
use super::{Demand, Test};
use crate::fill;
use crate::input::Input;
use crate::painter::Replacement;
use crate::plan::PlanBuilder;
use crate::point::{Measures, Point};
use crate::undefined::Undefined;

/// The parameters of such a test.
#[derive(Debug)]
struct OneByOne {
    fills: Vec<Replacement>,
    ranking: Ranking,
    /// No more parts than so many.
    steps: usize,
}

/// Takes `fill` and `order` out of a spec string, and `steps` unless all parts are replaced.
pub(super) fn build(
    reader: &mut Reader,
    fill: &str,
    cells: Cells,
    steps: Option<usize>,
) -> Result<Arc<dyn Test>, spec::Error> {
    let fills = fill::take(reader, fill)?;
    let ranking = Ranking { order: take_order(reader)?, units: Units::Cells(cells) };
    let steps = if let Some(default) = steps {
        reader.take_if("steps", default, "a whole number from 1", |steps| *steps > 0)?
    } else {
        fill::for_all_pixels(reader, &fills, "patches with few steps leaves some")?;
        usize::MAX
    };
    Ok(Arc::new(OneByOne { fills, ranking, steps }))
}

impl Test for OneByOne {
    fn fills(&self) -> &[Replacement] {
        &self.fills
    }

    fn units(&self) -> Option<Units> {
        Some(self.ranking.units)
    }

    /// The image, then one more part replaced at each point; the fraction is the share of the parts.
    fn points(&self, builder: &mut PlanBuilder<'_>) -> Result<Vec<Point>, Undefined> {
        let pixels = builder.map().pixels();
        let ranked = builder.ranked(self.ranking)?;
        let parts = ranked.ends().len();
        let mut before = 0;
        let point = |(step, count): (usize, usize)| {
            let inputs = self.fills.iter().map(|fill| Input::mixed(self.ranking, count, pixels, fill, false));
            let mass = ranked.sum(std::mem::replace(&mut before, count)..count);
            Point {
                measures: Measures { mass: Some(mass), ..Measures::default() },
                ..Point::new(step as f64 / parts as f64, inputs.collect())
            }
        };
        let counts = std::iter::once(0).chain(ranked.ends().iter().copied());
        Ok(counts.take(self.steps.saturating_add(1)).enumerate().map(point).collect())
    }

    /// There are no more parts than pixels; how many superpixels there are depends on the image.
    fn demand(&self, pixels: usize) -> Demand {
        let parts = match self.ranking.units {
            Units::Cells(cells) => cells.at_most(pixels),
            _ => pixels,
        };
        Demand::AtMost { count: (parts.min(self.steps) * self.fills.len()) as u64, of_image: 0 }
    }
}
