//! A map as a segmentation: its overlap with the object at a threshold, and the box around its largest part (Selvaraju et al.,
//! 2017, Grad-CAM, section 4.1; Choe et al., 2020, sections 3.2 and 5.2).

use maps::Map;
use pipe::BoundingBox;
use pipe::Direction::Higher;
use spec::Reader;

use crate::sparsity::unit;
use crate::threshold::{CONSTANT, Threshold};
use crate::truth::tight_box;
use crate::{Input, Measure, Measured, Metric, Truth};

/// The share of the highest value from which on Grad-CAM's authors draw boxes.
const OF_HIGHEST: f64 = 0.15;

/// Grad-CAM's maps begin at 0, and Choe et al. move each map to 0..1.
const AS_IT_IS: (&str, bool) = ("none", false);
const MOVED: (&str, bool) = ("min-max", true);

pub(crate) const METRICS: &[Metric] = &[
    Metric {
        name: "mask-iou",
        direction: Higher,
        summary: "intersection over union of the object and the map above a threshold; 0 to 1",
        on_request: true,
        input: Input::Place,
        build: |reader| overlap(reader, |both, map, object| both / (map + object - both)),
    },
    Metric {
        name: "dice",
        direction: Higher,
        summary: "twice the intersection of the object and the map above a threshold, over both sizes; 0 to 1",
        on_request: true,
        input: Input::Place,
        build: |reader| overlap(reader, |both, map, object| 2.0 * both / (map + object)),
    },
    Metric {
        name: "box-iou",
        direction: Higher,
        summary: "intersection over union of a true box and the one around the map's largest part; 0 to 1",
        on_request: true,
        input: Input::Place,
        build: |reader| {
            let (threshold, moved) = (take_share(reader)?, reader.choose("scale", &[AS_IT_IS, MOVED])?);
            Ok(Measure::place(move |map, truth| box_iou(map, truth, threshold, moved)))
        },
    },
    Metric {
        name: "box-accuracy",
        direction: Higher,
        summary: "1 if box-iou of the map moved to 0..1 reaches iou; the best mean over thresholds, rank --best threshold, is MaxBoxAcc",
        on_request: true,
        input: Input::Place,
        build: |reader| {
            let (threshold, moved) = (take_share(reader)?, reader.choose("scale", &[MOVED, AS_IT_IS])?);
            let share = |x: &f64| *x > 0.0 && *x <= 1.0;
            let least = reader.take_if("iou", 0.5, "a number above 0, 1 at most", share)?;
            Ok(Measure::place(move |map, truth| {
                Ok(f64::from(u8::from(box_iou(map, truth, threshold, moved)? >= least)))
            }))
        },
    },
];

fn take_share(reader: &mut Reader) -> Result<f64, spec::Error> {
    reader
        .take_if("threshold", OF_HIGHEST, "a share of the highest value, 0 to 1", |x| (0.0..=1.0).contains(x))
}

/// A number made of the pixels in common, in the map's part and in the object.
fn overlap(reader: &mut Reader, measure: fn(f64, f64, f64) -> f64) -> Result<Measure, spec::Error> {
    let threshold = Threshold::take(reader)?;
    Ok(Measure::place(move |map, truth| {
        let chosen = threshold.part(map)?;
        let both = chosen.iter().zip(truth.inside()).filter(|(a, b)| **a && **b).count();
        let all = chosen.iter().filter(|&&chosen| chosen).count();
        Ok(measure(both as f64, all as f64, truth.count() as f64))
    }))
}

/// With the true box that fits best, of the map as it is or moved to 0..1.
fn box_iou(map: &Map, truth: &Truth, threshold: f64, moved: bool) -> Measured {
    let part = if moved {
        let values = unit(map).map_err(|_| CONSTANT.to_owned())?;
        values.iter().map(|&value| value >= threshold).collect()
    } else {
        Threshold::OfHighest(threshold).part(map)?
    };
    let width = map.size()[1];
    let found = tight_box(&largest_part(&part, width), width).ok_or("no pixel reaches the threshold")?;
    Ok(truth.boxes().iter().map(|truth| iou(&found, truth)).fold(0.0, f64::max))
}

fn iou(a: &BoundingBox, b: &BoundingBox) -> f64 {
    let area = |area: &BoundingBox| (area.x1 - area.x0) * (area.y1 - area.y0);
    let wide = (a.x1.min(b.x1) - a.x0.max(b.x0)).max(0.0);
    let both = wide * (a.y1.min(b.y1) - a.y0.max(b.y0)).max(0.0);
    both / (area(a) + area(b) - both)
}

/// The largest set of chosen pixels that touch one another, by sides or by corners; of equal ones the first, row by row.
fn largest_part(chosen: &[bool], width: usize) -> Vec<bool> {
    let mut open = chosen.to_vec();
    let mut largest = Vec::new();
    for start in 0..chosen.len() {
        if open[start] {
            let part = take_part(&mut open, start, width);
            if part.len() > largest.len() {
                largest = part;
            }
        }
    }
    let mut inside = vec![false; chosen.len()];
    for at in largest {
        inside[at] = true;
    }
    inside
}

/// The pixels that hang together with one of them; they are open no more.
fn take_part(open: &mut [bool], start: usize, width: usize) -> Vec<usize> {
    open[start] = false;
    let (mut part, mut next) = (vec![start], 0);
    while let Some(&at) = part.get(next) {
        let (row, column) = (at / width, at % width);
        for row in row.saturating_sub(1)..=(row + 1).min(open.len() / width - 1) {
            for column in column.saturating_sub(1)..=(column + 1).min(width - 1) {
                let neighbour = row * width + column;
                if std::mem::take(&mut open[neighbour]) {
                    part.push(neighbour);
                }
            }
        }
        next += 1;
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{A, BLOBS, boxes, close, empty, map, object, of, row};
    use crate::metric::tests::placed;

    #[test]
    fn overlaps_are_those_of_the_catalogue() {
        for (threshold, iou) in [
            ("mean", 3.0 / 13.0),
            ("0.5", 0.236_842_105_3),
            ("otsu", 0.236_842_105_3),
            ("share:0.25", 0.230_769_230_8),
        ] {
            close(of(&format!("mask-iou:threshold={threshold}"), &map(A)), iou, 1e-10);
            close(of(&format!("dice:threshold={threshold}"), &map(A)), 2.0 * iou / (1.0 + iou), 1e-10);
        }
        close(of("mask-iou", &map(A)), 3.0 / 13.0, 1e-15);
        // Impact coverage of a patch of nine pixels: as many of the highest ones.
        let patch = boxes("3 3 6 6", &map(A));
        close(placed("mask-iou:threshold=share:0.140625", &map(A), &patch), 0.2, 1e-15);
    }

    #[test]
    fn boxes_are_those_of_the_catalogue() {
        for (threshold, iou) in
            [(0.15, 0.25), (0.3, 0.326_530_612_2), (0.5, 0.64), (0.7, 0.5625), (0.9, 0.0625)]
        {
            close(of(&format!("box-iou:threshold={threshold}"), &map(BLOBS)), iou, 1e-10);
            let hit = f64::from(u8::from(iou >= 0.5));
            let spec = format!("box-accuracy:threshold={threshold},scale=none");
            assert_eq!(of(&spec, &map(BLOBS)), Ok(hit));
        }
        close(of("box-iou", &map(BLOBS)), 0.25, 1e-15);
        assert_eq!(of("box-accuracy:threshold=0.5,iou=0.7", &map(BLOBS)), Ok(0.0));
        // Of a map that begins far above 0 the whole is above any share of its highest value.
        let high = map(|n, i, j| 100.0 + BLOBS(n, i, j));
        close(of("box-iou:threshold=0.5", &high), 0.25, 1e-15);
        close(of("box-iou:threshold=0.5,scale=min-max", &high), 0.64, 1e-10);
        assert_eq!(of("box-accuracy:threshold=0.5", &high), Ok(1.0));
    }

    /// wsolevaluation cuts bytes of the map, strictly, and takes the column behind the box and the row below it in, as long as the
    /// image has them: at 0.7 the object itself, where the box around the pixels is a column and a row less.
    #[test]
    fn a_box_holds_the_pixels_and_no_more() {
        let values = unit(&map(BLOBS)).unwrap();
        for (threshold, theirs, own) in [
            (0.15, 0.25, 0.25),
            (0.3, 0.285_714_285_7, 0.326_530_612_2),
            (0.5, 4.0 / 9.0, 0.64),
            (0.7, 1.0, 0.5625),
            (0.9, 0.25, 0.0625),
        ] {
            let part: Vec<bool> =
                values.iter().map(|value| (255.0 * value).floor() > f64::floor(255.0 * threshold)).collect();
            let mut found = tight_box(&largest_part(&part, 8), 8).unwrap();
            (found.x1, found.y1) = ((found.x1 + 1.0).min(8.0), (found.y1 + 1.0).min(8.0));
            close(Ok(iou(&found, &object().boxes()[0])), theirs, 1e-9);
            close(of(&format!("box-iou:threshold={threshold},scale=min-max"), &map(BLOBS)), own, 1e-9);
        }
    }

    /// A line of five pixels is larger than a square of four, though the area within its contour is 0.
    #[test]
    fn parts_are_compared_by_their_pixels() {
        let values = |n: u32| f64::from(u8::from((56..61).contains(&n) || [6, 7, 14, 15].contains(&n)));
        let lines = Map::from_plane([8, 8], (0..64).map(values).collect()).unwrap();
        assert_eq!(placed("box-iou", &lines, &boxes("0 7 5 8", &lines)), Ok(1.0));
        // Corners join, the best of several boxes counts, and of equal parts the first is taken.
        let corners = Map::from_plane([2, 4], vec![1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0]).unwrap();
        assert_eq!(placed("box-iou", &corners, &boxes("3 0 4 2;0 0 2 2", &corners)), Ok(1.0));
        assert_eq!(placed("box-iou", &corners, &boxes("3 0 4 2", &corners)), Ok(0.0));
    }

    #[test]
    fn degenerate_input_has_a_reason() {
        for (values, share, mean) in [
            (vec![0.0; 4], Err(CONSTANT), Err(CONSTANT)),
            (vec![2.0; 4], Err(CONSTANT), Err(CONSTANT)),
            (vec![2.0], Err(CONSTANT), Err(CONSTANT)),
            (vec![-1.0, -2.0, -2.0, -2.0], Err("no value of the map is positive"), Ok(1.0)),
            (vec![0.0, -1.0, 0.0, -1.0], Err("no value of the map is positive"), Ok(0.5)),
        ] {
            let (map, truth) = (row(&values), boxes("0 0 1 1", &row(&values)));
            let own = |measured: Result<f64, &str>| measured.map_err(str::to_owned);
            for spec in ["box-iou", "box-accuracy:scale=none", "mask-iou:threshold=0.5"] {
                assert_eq!(placed(spec, &map, &truth), own(share), "{spec} {values:?}");
            }
            assert_eq!(placed("mask-iou", &map, &truth), own(mean), "{values:?}");
            assert_eq!(placed("box-accuracy", &map, &truth).is_err(), mean.is_err(), "{values:?}");
        }
        for metric in METRICS {
            let reason = Err("the mask is empty: no pixel is the object's".to_owned());
            assert_eq!(placed(metric.name, &map(A), &empty()), reason);
        }
    }
}
