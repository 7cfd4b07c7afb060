//! Each square of an image replaced alone, and what the map predicts of that.

use std::sync::Arc;

use maps::{Cells, Units};

use super::{Demand, Entry, Test, draws};
use crate::fill;
use crate::input::{Input, PixelSet};
use crate::painter::Replacement;
use crate::plan::PlanBuilder;
use crate::point::{Measures, Point};
use crate::undefined::Undefined;

pub(super) const ENTRY: Entry = Entry {
    name: "square",
    summary: "the image, then each of its squares of `size` pixels replaced alone; `mass` is the sum of the map times the \
              change of the input, x - x', in normalised space",
    source: "Yeh et al. 2019 (infidelity, square removal)",
    build: |reader| {
        let fills = fill::take(reader, "black")?;
        let size = reader
            .take_if("size", 32, "a whole number from 1 to 10000", |size| (1..=10_000).contains(size))?;
        Ok(Arc::new(Square { fills, cells: Cells::Squares(size) }))
    },
};

/// The parameters of the test.
#[derive(Debug)]
struct Square {
    fills: Vec<Replacement>,
    cells: Cells,
}

impl Test for Square {
    fn fills(&self) -> &[Replacement] {
        &self.fills
    }

    fn units(&self) -> Option<Units> {
        Some(Units::Cells(self.cells))
    }

    /// What is changed differs from run to run of a random fill, so each of them has points of its own.
    fn points(&self, builder: &mut PlanBuilder<'_>) -> Result<Vec<Point>, Undefined> {
        builder.check()?;
        let (map, image) = (builder.map(), builder.image());
        let squares = draws::members(image.cells(Units::Cells(self.cells)));
        let fraction = 1.0 / squares.len() as f64;
        let mut points = vec![draws::clean()];
        for fill in &self.fills {
            let painted = draws::Fill::new(image, fill);
            for square in &squares {
                let chosen = PixelSet::new(map.pixels(), square.iter().copied());
                let shown = 1.0 - chosen.count() as f64 / map.pixels() as f64;
                let perturbed = painted.as_ref().and_then(|fill| draws::compose(image, &chosen, fill));
                let change = perturbed.map(|perturbed| draws::change(map, image, &perturbed));
                let measures = Measures { area: Some(shown), ..change.unwrap_or_default() };
                let input = Input::chosen(chosen, map.pixels(), fill);
                points.push(Point { measures, ..Point::new(fraction, vec![input]) });
            }
        }
        Ok(points)
    }

    fn demand(&self, pixels: usize) -> Demand {
        Demand::AtMost { count: 0, of_image: (self.cells.at_most(pixels) * self.fills.len()) as u64 }
    }
}
