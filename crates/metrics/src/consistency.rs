//! Consistency (Dasgupta, Frost and Moshkovitz, "Framework for Evaluating Faithfulness of Local Explanations", 2022): where the
//! explanation is the same, the decision should be. Maps are never the same number by number, so that the paper's definition needs
//! something that they say: here which cell of a grid has most of the map.

use maps::Map;
use pipe::Direction::Higher;
use spec::Reader;

use crate::pair::check_sizes;
use crate::{Explanations, Input, Measure, Measured, Metric};

pub(crate) const METRICS: &[Metric] = &[Metric {
    name: "consistency",
    direction: Higher,
    summary: "of the noisy images with the clean one's explanation the share that is of its predicted class; two maps are one \
              explanation if the same one of cells x cells has the largest sum (Dasgupta et al.; Quantus with such a \
              discretise_func); 0 to 1",
    on_request: true,
    input: Input::Again(&["noise"]),
    build,
}];

fn build(reader: &mut Reader) -> Result<Measure, spec::Error> {
    let cells = reader.take_if("cells", 4, "a whole number from 1 to 256", |k| (1..=256).contains(k))?;
    Ok(Measure::again(move |explained| consistency(explained, cells)))
}

fn consistency(explained: &Explanations<'_>, cells: usize) -> Measured {
    let mut points = explained.curve.points().iter().zip(explained.maps);
    let (clean, map) = points.next().ok_or("there is no map of the clean image")?;
    let own = said(map, cells)?;
    let (mut same, mut right) = (0_usize, 0_usize);
    for (point, other) in points {
        check_sizes(map, other)?;
        let (Some(class), Some(clean)) = (point.predicted, clean.predicted) else {
            return Err("a point has no predicted class".to_owned());
        };
        if said(other, cells)? == own {
            same += 1;
            right += usize::from(class == clean);
        }
    }
    if same == 0 {
        return Err("no changed image has the clean one's explanation".to_owned());
    }
    Ok(right as f64 / same as f64)
}

/// The cell of the grid with the largest sum, the first of equal ones. Cells of a size that does not divide differ by a pixel.
fn said(map: &Map, cells: usize) -> Result<usize, String> {
    let [height, width] = map.size();
    if cells > height.min(width) {
        return Err(format!("a map of {height} x {width} pixels has no {cells} x {cells} cells"));
    }
    if map.is_constant() {
        return Err("a map is constant".to_owned());
    }
    let mut sums = vec![0.0; cells * cells];
    for (at, value) in map.values().iter().enumerate() {
        sums[at / width * cells / height * cells + at % width * cells / width] += value;
    }
    let first = |best: usize, cell: usize| if sums[cell] > sums[best] { cell } else { best };
    Ok((0..sums.len()).fold(0, first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::tests::again;
    use crate::{Curve, Point};

    /// Maps of 4 x 4 pixels with most in one of four cells, and the class that each image is taken for.
    fn explained(all: &[(usize, usize)]) -> (Curve, Vec<Map>) {
        let point = |&(_, class): &(usize, usize)| Point { predicted: Some(class), ..Point::default() };
        let map = |(draw, &(cell, _)): (usize, &(usize, usize))| {
            let value = |at: usize| {
                let bright = (at / 8, at % 4 / 2) == (cell / 2, cell % 2);
                f64::from(u8::from(bright)) + ((at * 7 + draw * 3) % 5) as f64 / 50.0
            };
            Map::from_plane([4, 4], (0..16).map(value).collect()).unwrap()
        };
        (Curve::new(all.iter().map(point).collect()).unwrap(), all.iter().enumerate().map(map).collect())
    }

    /// Quantus 0.6's number for the first of these images, its `discretise_func` being the cell of the largest sum.
    #[test]
    fn images_of_one_explanation_are_compared() {
        let (curve, maps) = explained(&[(1, 5), (1, 5), (1, 7), (0, 5), (1, 5), (3, 7)]);
        assert_eq!(again("consistency:cells=2", &curve, &maps), Ok(2.0 / 3.0));
        assert_eq!(again("consistency:cells=1", &curve, &maps), Ok(3.0 / 5.0));
    }

    #[test]
    fn what_cannot_be_said_has_a_reason() {
        let (curve, mut maps) = explained(&[(1, 5), (0, 5)]);
        let told = |spec: &str, curve: &Curve, maps: &[Map]| again(spec, curve, maps).unwrap_err();
        assert_eq!(
            told("consistency:cells=2", &curve, &maps),
            "no changed image has the clean one's explanation"
        );
        assert_eq!(told("consistency:cells=5", &curve, &maps), "a map of 4 x 4 pixels has no 5 x 5 cells");
        let (unknown, _) = explained(&[(1, 5), (1, 5)]);
        let mut points = unknown.points().to_vec();
        points[1].predicted = None;
        assert_eq!(
            told("consistency", &Curve::new(points).unwrap(), &maps),
            "a point has no predicted class"
        );
        maps[1] = Map::from_plane([4, 4], vec![0.5; 16]).unwrap();
        assert_eq!(told("consistency", &curve, &maps), "a map is constant");
        maps[1] = Map::from_plane([1, 2], vec![0.0, 1.0]).unwrap();
        assert_eq!(told("consistency", &curve, &maps), "the maps are 4 x 4 and 1 x 2 pixels");
    }
}
