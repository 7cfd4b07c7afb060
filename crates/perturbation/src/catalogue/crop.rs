//! Whether the classifier knows the object by a crop around the most relevant pixels.

use std::fmt::{self, Display};
use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

use images::enlarge;
use maps::Map;
use spec::Reader;

use super::shown::{Ordered, ordered};
use super::{Demand, Entry, Test};
use crate::input::{Input, Painted};
use crate::painter::Replacement;
use crate::plan::PlanBuilder;
use crate::point::{Measures, Point};
use crate::undefined::Undefined;

pub(super) const ENTRY: Entry = Entry {
    name: "crop",
    summary: "the image, then the tightest rectangle around the most relevant pixels, bicubically resized to the whole: at \
              `steps` shares up to all, or once, around all that reach `threshold` of the map's range; `area` is the \
              rectangle's share of the image",
    source: "Dabkowski and Gal 2017 (saliency metric), around a thresholded map; Meaningful Perturbation: steps=10",
    build,
};

/// The parameters of the test.
#[derive(Debug)]
struct Crop {
    steps: usize,
    threshold: Threshold,
}

/// Which share of the map's range its salient region reaches, if it is found so.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Threshold(Option<f32>);

impl Display for Threshold {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => out.write_str("none"),
            Some(threshold) => threshold.fmt(out),
        }
    }
}

impl FromStr for Threshold {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text == "none" {
            return Ok(Self(None));
        }
        let threshold = text.parse().map_err(|_| ())?;
        if (0.0..=1.0).contains(&threshold) { Ok(Self(Some(threshold))) } else { Err(()) }
    }
}

fn build(reader: &mut Reader) -> Result<Arc<dyn Test>, spec::Error> {
    let threshold = reader.take_if("threshold", Threshold(None), "none or a number from 0 to 1", |_| true)?;
    let mut steps = 1;
    if threshold.0.is_none() {
        let allowed = |steps: &usize| (1..=100_000).contains(steps);
        steps = reader.take_if("steps", 10, "a whole number from 1 to 100000", allowed)?;
    }
    Ok(Arc::new(Crop { steps, threshold }))
}

impl Test for Crop {
    fn fills(&self) -> &[Replacement] {
        &[]
    }

    /// The clean image, which has no `area`, then the crops; the fraction is the share of the pixels that a crop is around.
    fn points(&self, builder: &mut PlanBuilder<'_>) -> Result<Vec<Point>, Undefined> {
        let (map, image) = (builder.map(), builder.image());
        let Some(Ordered { planes, ranks }) = ordered(builder)? else { return Ok(Vec::new()) };
        let pixels = map.pixels();
        let point = |(fraction, count): (f64, usize)| {
            let window = rectangle(ranks, map.size(), count);
            let [height, width] = window.each_ref().map(Range::len);
            let area = (height * width) as f64 / pixels as f64;
            let input = match height * width {
                all if all == pixels => Input::Clean,
                _ => Input::Painted(Painted::new(enlarge(&planes, image.size(), window))),
            };
            let measures = Measures { area: Some(area), ..Measures::default() };
            Point { measures, ..Point::new(fraction, vec![input]) }
        };
        let crops = self.counts(map).into_iter().map(point);
        Ok([Point::new(0.0, vec![Input::Clean])].into_iter().chain(crops).collect())
    }

    /// The last of several crops is the image itself.
    fn demand(&self, _: usize) -> Demand {
        let count = if self.threshold.0.is_some() { 1 } else { self.steps as u64 - 1 };
        Demand::AtMost { count, of_image: 0 }
    }
}

impl Crop {
    /// The fractions and the numbers of pixels, at least one each.
    fn counts(&self, map: &Map) -> Vec<(f64, usize)> {
        if let Some(threshold) = self.threshold.0 {
            let count = map.normalised().iter().filter(|&&value| value >= threshold).count();
            return vec![(count as f64 / map.pixels() as f64, count)];
        }
        let count =
            |step: usize| (step as f64 / self.steps as f64, (step * map.pixels() / self.steps).max(1));
        (1..=self.steps).map(count).collect()
    }
}

/// The rows and columns that hold all of the first pixels.
fn rectangle(ranks: &[f32], [height, width]: [usize; 2], count: usize) -> [Range<usize>; 2] {
    let (mut rows, mut columns) = (height..0, width..0);
    for place in (0..ranks.len()).filter(|&place| ranks[place] < count as f32) {
        let (row, column) = (place / width, place % width);
        rows = rows.start.min(row)..rows.end.max(row + 1);
        columns = columns.start.min(column)..columns.end.max(column + 1);
    }
    [rows, columns]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rectangle_is_the_tightest() {
        let ranks = [9.0, 9.0, 9.0, 9.0, 9.0, 0.0, 9.0, 2.0, 9.0, 9.0, 1.0, 9.0];
        assert_eq!(rectangle(&ranks, [3, 4], 1), [1..2, 1..2]);
        assert_eq!(rectangle(&ranks, [3, 4], 2), [1..3, 1..3]);
        assert_eq!(rectangle(&ranks, [3, 4], 3), [1..3, 1..4]);
        assert_eq!(rectangle(&ranks, [3, 4], 12), [0..3, 0..4]);
    }

    #[test]
    fn a_region_is_a_share_of_the_pixels_or_of_the_range() {
        let map = Map::from_plane([1, 5], vec![-1.0, 0.0, 1.0, 3.0, 2.9]).unwrap();
        let counts = |steps, threshold| Crop { steps, threshold: Threshold(threshold) }.counts(&map);
        assert_eq!(counts(2, None), [(0.5, 2), (1.0, 5)]);
        assert_eq!(counts(10, None)[0], (0.1, 1));
        assert_eq!(counts(1, Some(0.5)), [(0.6, 3)]);
        assert_eq!(counts(1, Some(1.0)), [(0.2, 1)]);
    }
}
