//! Whether the sign of the most important unit is right.

use std::sync::Arc;

use maps::{Cells, Map, Units};
use spec::Reader;

use super::gradual::take_units;
use super::{Demand, Entry, Test};
use crate::fill;
use crate::input::{Input, PixelSet};
use crate::painter::Replacement;
use crate::plan::PlanBuilder;
use crate::point::{Measures, Point};
use crate::undefined::Undefined;

pub(super) const ENTRY: Entry = Entry {
    name: "violation",
    summary: "the image, and the image without the one unit that weighs most, by the absolute value of the map's mean over it; \
              `mass` is the map's sum over the unit",
    source: "Liu et al. 2022 (faithfulness violation test), whose units are tokens; here cells of a grid of 14 x 14; blocks=0 for pixels, \
             or with segments=COUNT for superpixels",
    build,
};

/// The parameters of the test.
#[derive(Debug)]
struct Violation {
    fills: Vec<Replacement>,
    units: Units,
}

fn build(reader: &mut Reader) -> Result<Arc<dyn Test>, spec::Error> {
    let (fills, units) = (fill::take(reader, "black")?, take_units(reader, 14)?);
    if matches!(units, Units::Cells(Cells::Blocks(1) | Cells::Segments(1))) {
        fill::for_all_pixels(reader, &fills, "several parts leave some")?;
    }
    Ok(Arc::new(Violation { fills, units }))
}

impl Test for Violation {
    fn fills(&self) -> &[Replacement] {
        &self.fills
    }

    fn units(&self) -> Option<Units> {
        Some(self.units)
    }

    fn points(&self, builder: &mut PlanBuilder<'_>) -> Result<Vec<Point>, Undefined> {
        let map = builder.map();
        if map.is_constant() {
            return Err(Undefined::Constant);
        }
        let unit = match self.units {
            Units::Cells(_) => heaviest_cell(map.values(), builder.image().cells(self.units)),
            Units::Regions(side) => square(map, heaviest(map.values()), side / 2),
            Units::Pixels => vec![heaviest(map.values())],
        };
        let mass = unit.iter().map(|&pixel| map.values()[pixel]).sum();
        let share = unit.len() as f64 / map.pixels() as f64;
        let unit = PixelSet::new(map.pixels(), unit);
        let without = |fill| Input::chosen(unit.clone(), map.pixels(), fill);
        let measures = Measures { mass: Some(mass), ..Measures::default() };
        let removed = Point { measures, ..Point::new(share, self.fills.iter().map(without).collect()) };
        Ok(vec![Point::new(0.0, vec![Input::Clean]), removed])
    }

    fn demand(&self, _: usize) -> Demand {
        Demand::AtMost { count: self.fills.len() as u64, of_image: 0 }
    }
}

/// The place of the greatest absolute value, the first of equal ones.
fn heaviest(values: &[f64]) -> usize {
    (0..values.len()).rev().max_by(|&a, &b| values[a].abs().total_cmp(&values[b].abs())).unwrap_or_default()
}

/// The pixels of the cell whose mean has the greatest absolute value.
fn heaviest_cell(values: &[f64], cells: &[u32]) -> Vec<usize> {
    let count = cells.iter().max().map_or(0, |&last| last as usize + 1);
    let mut sums = vec![(0.0, 0_u32); count];
    for (&cell, value) in cells.iter().zip(values) {
        sums[cell as usize] = (sums[cell as usize].0 + value, sums[cell as usize].1 + 1);
    }
    let means: Vec<f64> = sums.into_iter().map(|(sum, size)| sum / f64::from(size.max(1))).collect();
    let cell = heaviest(&means) as u32;
    (0..cells.len().min(values.len())).filter(|&pixel| cells[pixel] == cell).collect()
}

/// The pixels within `reach` rows and columns of one.
fn square(map: &Map, pixel: usize, reach: usize) -> Vec<usize> {
    let [height, width] = map.size();
    let near = |at: usize, length: usize| at.saturating_sub(reach)..(at + reach + 1).min(length);
    let columns = near(pixel % width, width);
    near(pixel / width, height)
        .flat_map(|row| columns.clone().map(move |column| row * width + column))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_unit_may_be_negative() {
        let values = [1.0, -3.0, 3.0, 0.5, -2.0, 2.0];
        assert_eq!((heaviest(&values), heaviest(&[0.0, -0.0])), (1, 0));
        assert_eq!(heaviest_cell(&values, &[0, 0, 1, 1, 2, 2]), [2, 3]);
        let map = Map::from_plane([2, 3], vec![0.0; 6]).unwrap();
        assert_eq!((square(&map, 2, 1), square(&map, 0, 9)), (vec![1, 2, 4, 5], (0..6).collect()));
    }
}
