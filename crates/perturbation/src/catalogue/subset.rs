//! Random subsets of pixels or cells, each replaced alone.

use std::fmt::{self, Display};
use std::str::FromStr;
use std::sync::Arc;

use maps::{Cells, Units};
use rand::seq::index::sample;

use super::{Demand, Entry, Test, draws};
use crate::fill;
use crate::host_image::HostImage;
use crate::input::PixelSet;
use crate::painter::Replacement;
use crate::plan::PlanBuilder;
use crate::point::Point;
use crate::undefined::Undefined;

pub(super) const ENTRY: Entry = Entry {
    name: "subset",
    summary: "the image, then random subsets of its pixels (of K x K cells with grid=K), each replaced alone: `draws` of each \
              size, where sizes are shares below 1 or numbers, joined by +; the same subsets for all maps of an image; \
              fractions are shares of the pixels or cells",
    source: "Bhatt et al. 2020 (faithfulness correlation); Ancona et al. 2018 (sensitivity-n: \
             size=0.01+0.03+0.1+0.3+0.8); Fel et al. 2021 (muFidelity: grid=9)",
    build: |reader| {
        let fills = fill::take(reader, "black")?;
        let wanted = "shares between 0 and 1 or whole numbers, joined by +";
        let sizes = reader.take_if("size", Sizes(vec![0.2]), wanted, |_| true)?;
        let draws = reader
            .take_if("draws", 100_u64, "a whole number from 1 to 100000", |n| (1..=100_000).contains(n))?;
        let grid =
            reader.take_if("grid", 0, "a whole number up to 1000, 0 for single pixels", |n| *n <= 1000)?;
        let units = if grid > 0 { Units::Cells(Cells::Blocks(grid)) } else { Units::Pixels };
        Ok(Arc::new(Subset { fills, sizes, draws, units }))
    },
};

/// The parameters of the test.
#[derive(Debug)]
struct Subset {
    fills: Vec<Replacement>,
    sizes: Sizes,
    /// Subsets of each size.
    draws: u64,
    units: Units,
}

/// Shares below 1, and numbers of pixels or cells.
#[derive(Clone, Debug, PartialEq)]
struct Sizes(Vec<f64>);

impl FromStr for Sizes {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let size = |word: &str| {
            let size: f64 = word.parse().map_err(|_| ())?;
            let allowed = size > 0.0 && (size < 1.0 || (size.fract() == 0.0 && size < 1e9));
            allowed.then_some(size).ok_or(())
        };
        text.split('+').map(size).collect::<Result<_, _>>().map(Self)
    }
}

impl Display for Sizes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        out.write_str(&words.join("+"))
    }
}

impl Sizes {
    /// How many of `units` units each size is: one at least, and no more than there are.
    fn counts(&self, units: usize) -> impl Iterator<Item = usize> {
        let count = move |&size: &f64| if size < 1.0 { (size * units as f64).round() } else { size };
        self.0.iter().map(move |size| (count(size) as usize).clamp(1, units.max(1)))
    }
}

impl Test for Subset {
    fn fills(&self) -> &[Replacement] {
        &self.fills
    }

    fn units(&self) -> Option<Units> {
        Some(self.units)
    }

    fn points(&self, builder: &mut PlanBuilder<'_>) -> Result<Vec<Point>, Undefined> {
        builder.check()?;
        let (map, image) = (builder.map(), builder.image());
        let cells = draws::members(image.cells(self.units));
        let units = if cells.is_empty() { map.pixels() } else { cells.len() };
        let mut points = vec![draws::clean()];
        for count in self.sizes.counts(units) {
            for draw in 0..self.draws {
                let chosen = choose(image, units, count, draw);
                let chosen = match &cells[..] {
                    [] => PixelSet::new(map.pixels(), chosen),
                    cells => {
                        PixelSet::new(map.pixels(), chosen.into_iter().flat_map(|cell| cells[cell].clone()))
                    }
                };
                points.push(draws::replaced(map, &chosen, count as f64 / units as f64, &self.fills));
            }
        }
        Ok(points)
    }

    /// Small images may have equal subsets.
    fn demand(&self, _: usize) -> Demand {
        Demand::AtMost {
            count: 0,
            of_image: self.sizes.0.len() as u64 * self.draws * self.fills.len() as u64,
        }
    }
}

/// `count` of `units` units, each subset with equal probability: those of an image, whatever its maps.
fn choose(image: &HostImage, units: usize, count: usize, draw: u64) -> Vec<usize> {
    let key = ["subset", &format!("{count} of {units}"), image.hash()];
    sample(&mut stats::random::generator(image.seed(), &key, draw), units, count).into_vec()
}
