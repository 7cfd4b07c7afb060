//! Whether a map points at the object: the pointing game (Zhang et al., 2016, Excitation Backprop, section 4.1) and its
//! energy-based sister (Wang et al., 2020, Score-CAM, section 4.3).

use maps::Map;
use pipe::Direction::Higher;
use pipe::{BoundingBox, Boxes};

use crate::{Input, Measure, Measured, Metric};

pub(crate) const METRICS: &[Metric] = &[
    Metric {
        name: "pointing-game",
        direction: Higher,
        summary: "1 if the map's highest point lies in a box, else 0",
        on_request: false,
        input: Input::Place,
        build: |reader| {
            let finite = |pixels: &f64| (0.0..f64::INFINITY).contains(pixels);
            let tolerance = reader.take_if("tolerance", 0.0, "a number of pixels, 0 or more", finite)?;
            Ok(Measure::place(move |map, boxes| pointing_game(map, boxes, tolerance)))
        },
    },
    Metric {
        name: "energy-pointing-game",
        direction: Higher,
        summary: "share of the map's positive values that lies in the boxes; 0 to 1",
        on_request: false,
        input: Input::Place,
        build: |_| Ok(Measure::place(energy)),
    },
];

/// 1 if the first of the highest values lies in a box, or not farther from one than the tolerance.
fn pointing_game(map: &Map, boxes: &Boxes, tolerance: f64) -> Measured {
    if map.is_constant() {
        return Err("the map is constant: it points nowhere".to_owned());
    }
    let [y, x] = map.peak();
    let hit = boxes.0.iter().any(|area| distance(area, (x as f64, y as f64)) <= tolerance);
    Ok(f64::from(u8::from(hit)))
}

/// Share of the positive values that lies in the boxes, however many of them hold a pixel.
fn energy(map: &Map, boxes: &Boxes) -> Measured {
    let width = map.size()[1];
    let (mut inside, mut all) = (0.0, 0.0);
    for (at, value) in map.values().iter().enumerate().filter(|(_, value)| **value > 0.0) {
        let point = ((at % width) as f64, (at / width) as f64);
        all += *value;
        if boxes.0.iter().any(|area| distance(area, point) == 0.0) {
            inside += *value;
        }
    }
    if all > 0.0 { Ok(inside / all) } else { Err("no value of the map is positive".to_owned()) }
}

/// From a pixel to the nearest pixel that overlaps the box; 0 inside.
fn distance(area: &BoundingBox, (x, y): (f64, f64)) -> f64 {
    let outside = |low: f64, high: f64, at: f64| (low.floor() - at).max(at - (high.ceil() - 1.0)).max(0.0);
    outside(area.x0, area.x1, x).hypot(outside(area.y0, area.y1, y))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxes(text: &str) -> Boxes {
        text.parse().unwrap()
    }

    /// A map of 10 rows and 20 columns with one positive pixel.
    fn point(x: usize, y: usize) -> Map {
        let mut values = vec![0.0; 200];
        values[y * 20 + x] = 1.0;
        Map::from_plane([10, 20], values).unwrap()
    }

    #[test]
    fn the_pixels_of_a_box_are_those_that_it_overlaps() {
        for (x, y, hit) in [(4, 2, 1.0), (8, 5, 1.0), (9, 5, 0.0), (8, 6, 0.0), (3, 2, 0.0), (4, 1, 0.0)] {
            assert_eq!(pointing_game(&point(x, y), &boxes("4 2 9 6"), 0.0), Ok(hit), "{x} {y}");
            assert_eq!(energy(&point(x, y), &boxes("4 2 9 6")), Ok(hit), "{x} {y}");
        }
        assert_eq!(pointing_game(&point(4, 2), &boxes("4.9 2.9 5 3"), 0.0), Ok(1.0));
        assert_eq!(pointing_game(&point(5, 2), &boxes("4 2 5.1 3"), 0.0), Ok(1.0));
        assert_eq!(pointing_game(&point(5, 2), &boxes("0 0 1 1;5 2 6 3"), 0.0), Ok(1.0));
    }

    #[test]
    fn the_tolerance_is_a_distance() {
        let square = boxes("4 2 9 6");
        assert_eq!(pointing_game(&point(11, 9), &square, 4.9), Ok(0.0));
        assert_eq!(pointing_game(&point(11, 9), &square, 5.0), Ok(1.0));
        assert_eq!(pointing_game(&point(1, 3), &square, 3.0), Ok(1.0));
    }

    #[test]
    fn the_first_of_equal_values_is_the_point_and_a_constant_map_has_none() {
        let tied = Map::from_plane([2, 3], vec![-2.0, -1.0, -1.0, -2.0, -1.0, -1.0]).unwrap();
        assert_eq!(pointing_game(&tied, &boxes("1 0 2 1"), 0.0), Ok(1.0));
        assert_eq!(pointing_game(&tied, &boxes("2 0 3 2"), 0.0), Ok(0.0));
        assert_eq!(energy(&tied, &boxes("0 0 1 1")), Err("no value of the map is positive".to_owned()));
        let flat = Map::from_plane([2, 3], vec![7.0; 6]).unwrap();
        let reason = "the map is constant: it points nowhere".to_owned();
        assert_eq!(pointing_game(&flat, &boxes("0 0 3 2"), 0.0), Err(reason));
        assert_eq!(energy(&flat, &boxes("0 0 1 2")), Ok(1.0 / 3.0));
    }

    #[test]
    fn energy_counts_a_pixel_once_and_negative_values_never() {
        let map = Map::from_plane([2, 3], vec![1.0, 2.0, -5.0, 3.0, 0.0, 4.0]).unwrap();
        assert_eq!(energy(&map, &boxes("0 0 2 1;1 0 3 1")), Ok(0.3));
        assert_eq!(energy(&map, &boxes("0 0 3 2")), Ok(1.0));
    }
}
