//! How much of a map lies on the object: the pointing game (Zhang et al., 2016, Excitation Backprop, section 4.1), its
//! energy-based sister (Wang et al., 2020, Score-CAM, section 4.3), relevance mass (Arras et al., 2022, CLEVR-XAI), attribution
//! localisation (Kohlbrenner et al., 2020) and focus (Arias-Duart et al., 2021).

use maps::{Map, Sign};
use pipe::Direction::Higher;
use spec::Reader;

use crate::{Input, Measure, Measured, Metric, Truth};

pub(crate) const METRICS: &[Metric] = &[
    Metric {
        name: "pointing-game",
        direction: Higher,
        summary: "1 if the map's highest point lies on the object, else 0",
        on_request: false,
        input: Input::Place,
        build: |reader| {
            let finite = |pixels: &f64| (0.0..f64::INFINITY).contains(pixels);
            let tolerance = reader.take_if("tolerance", 0.0, "a number of pixels, 0 or more", finite)?;
            Ok(Measure::place(move |map, truth| pointing_game(map, truth, tolerance)))
        },
    },
    Metric {
        name: "energy-pointing-game",
        direction: Higher,
        summary: "share of the map's positive values that lies on the object; 0 to 1",
        on_request: false,
        input: Input::Place,
        build: |_| Ok(Measure::place(|map, truth| mass(map, truth, Sign::Positive))),
    },
    Metric {
        name: "relevance-mass",
        direction: Higher,
        summary: "share of the map's positive or absolute values that lies on the object; 0 to 1",
        on_request: true,
        input: Input::Place,
        build: |reader| {
            let sign =
                reader.choose("sign", &[("positive", Sign::Positive), ("absolute", Sign::Magnitude)])?;
            Ok(Measure::place(move |map, truth| mass(map, truth, sign)))
        },
    },
    Metric {
        name: "attribution-localisation",
        direction: Higher,
        summary: "share of the map's absolute values on the object; weighted, over the object's share of the pixels",
        on_request: true,
        input: Input::Place,
        build: attribution_localisation,
    },
    Metric {
        name: "focus",
        direction: Higher,
        summary: "energy-pointing-game of a mosaic whose boxes are the quadrants of the target's class; 0 to 1",
        on_request: true,
        input: Input::Place,
        build: |_| Ok(Measure::place(|map, truth| mass(map, truth, Sign::Positive))),
    },
];

fn attribution_localisation(reader: &mut Reader) -> Result<Measure, spec::Error> {
    let weighted = reader.take("weighted", false)?;
    Ok(Measure::place(move |map, truth| {
        let share = mass(map, truth, Sign::Magnitude)?;
        let weight = map.pixels() as f64 / truth.count() as f64;
        Ok(if weighted { share * weight } else { share })
    }))
}

/// 1 if the first of the highest values lies on the object, or not farther from a pixel of it than the tolerance.
fn pointing_game(map: &Map, truth: &Truth, tolerance: f64) -> Measured {
    if map.is_constant() {
        return Err("the map is constant: it points nowhere".to_owned());
    }
    let (width, [y, x]) = (map.size()[1], map.peak());
    let distance = |at: usize| (y.abs_diff(at / width) as f64).hypot(x.abs_diff(at % width) as f64);
    let hit = (0..map.pixels()).any(|at| truth.inside()[at] && distance(at) <= tolerance);
    Ok(f64::from(u8::from(hit)))
}

/// Share of the values that lies on the object, each under the part of it that counts.
fn mass(map: &Map, truth: &Truth, sign: Sign) -> Measured {
    let (mut inside, mut all) = (0.0, 0.0);
    for (value, &is_inside) in map.values().iter().zip(truth.inside()) {
        let part = sign.part(*value);
        all += part;
        if is_inside {
            inside += part;
        }
    }
    match sign {
        _ if all.is_infinite() => Err("its sums are too large".to_owned()),
        _ if all > 0.0 => Ok(inside / all),
        Sign::Positive => Err("no value of the map is positive".to_owned()),
        _ => Err("the map is zero everywhere".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{A, S, T, boxes, close, empty, map, of, row};
    use crate::metric::tests::placed;

    /// A map of 10 rows and 20 columns with one positive pixel.
    fn point(x: usize, y: usize) -> Map {
        let mut values = vec![0.0; 200];
        values[y * 20 + x] = 1.0;
        Map::from_plane([10, 20], values).unwrap()
    }

    fn pointing(map: &Map, areas: &str, tolerance: f64) -> Measured {
        placed(&format!("pointing-game:tolerance={tolerance}"), map, &boxes(areas, map))
    }

    fn energy(map: &Map, areas: &str) -> Measured {
        placed("energy-pointing-game", map, &boxes(areas, map))
    }

    /// OpenVINO accepts a point one column to the right of the box and one row below it.
    #[test]
    fn the_pixels_of_a_box_are_those_that_it_overlaps() {
        for (x, y, hit) in [(4, 2, 1.0), (8, 5, 1.0), (9, 5, 0.0), (8, 6, 0.0), (3, 2, 0.0), (4, 1, 0.0)] {
            assert_eq!(pointing(&point(x, y), "4 2 9 6", 0.0), Ok(hit), "{x} {y}");
            assert_eq!(energy(&point(x, y), "4 2 9 6"), Ok(hit), "{x} {y}");
        }
        assert_eq!(pointing(&point(4, 2), "4.9 2.9 5 3", 0.0), Ok(1.0));
        assert_eq!(pointing(&point(5, 2), "4 2 5.1 3", 0.0), Ok(1.0));
        assert_eq!(pointing(&point(5, 2), "0 0 1 1;5 2 6 3", 0.0), Ok(1.0));
    }

    #[test]
    fn the_tolerance_is_a_distance() {
        assert_eq!(pointing(&point(11, 9), "4 2 9 6", 4.9), Ok(0.0));
        assert_eq!(pointing(&point(11, 9), "4 2 9 6", 5.0), Ok(1.0));
        assert_eq!(pointing(&point(1, 3), "4 2 9 6", 3.0), Ok(1.0));
        // The maximum at row 7, column 1 is the root of 8 away.
        for (tolerance, hit) in [(0, 0.0), (1, 0.0), (2, 0.0), (3, 1.0)] {
            assert_eq!(of(&format!("pointing-game:tolerance={tolerance}"), &map(A)), Ok(hit));
        }
    }

    #[test]
    fn the_first_of_equal_values_is_the_point_and_a_constant_map_has_none() {
        let tied = Map::from_plane([2, 3], vec![-2.0, -1.0, -1.0, -2.0, -1.0, -1.0]).unwrap();
        assert_eq!(pointing(&tied, "1 0 2 1", 0.0), Ok(1.0));
        assert_eq!(pointing(&tied, "2 0 3 2", 0.0), Ok(0.0));
        assert_eq!(energy(&tied, "0 0 1 1"), Err("no value of the map is positive".to_owned()));
        let flat = Map::from_plane([2, 3], vec![7.0; 6]).unwrap();
        let reason = "the map is constant: it points nowhere".to_owned();
        assert_eq!(pointing(&flat, "0 0 3 2", 0.0), Err(reason));
        assert_eq!(energy(&flat, "0 0 1 2"), Ok(1.0 / 3.0));
    }

    #[test]
    fn energy_counts_a_pixel_once_and_negative_values_never() {
        let map = Map::from_plane([2, 3], vec![1.0, 2.0, -5.0, 3.0, 0.0, 4.0]).unwrap();
        assert_eq!(energy(&map, "0 0 2 1;1 0 3 1"), Ok(0.3));
        assert_eq!(energy(&map, "0 0 3 2"), Ok(1.0));
    }

    #[test]
    fn masses_are_those_of_the_catalogue() {
        for (spec, of_a, of_s, of_t) in [
            ("energy-pointing-game", 0.255_620_723_4, 0.291_242_152_9, 0.238_095_238_1),
            ("relevance-mass", 0.255_620_723_4, 0.291_242_152_9, 0.238_095_238_1),
            ("relevance-mass:sign=absolute", 0.255_620_723_4, 0.307_991_214_7, 0.238_095_238_1),
            ("attribution-localisation", 0.255_620_723_4, 0.307_991_214_7, 0.238_095_238_1),
        ] {
            for (values, expected) in [(map(A), of_a), (map(S), of_s), (map(T), of_t)] {
                close(of(spec, &values), expected, 1e-10);
            }
        }
        close(of("attribution-localisation:weighted=true", &map(A)), 4.0 * 0.255_620_723_4, 1e-9);
        // Score-CAM's own file has x and y changed: 0.311 for this box.
        close(energy(&map(A), "3 2 7 6"), 0.255_620_723_4, 1e-10);
        close(energy(&map(A), "3 2 7 6;5 4 8 8"), 0.405_669_599_2, 1e-10);
        for (values, expected) in
            [(map(A), 0.565_493_646_1), (map(S), 0.640_835_648_9), (map(T), 0.481_481_481_4)]
        {
            close(placed("focus", &values, &boxes("0 0 4 4;4 4 8 8", &values)), expected, 1e-9);
        }
    }

    /// Quantus calls an empty mask a hit, and divides by the size of the batch where it weights.
    #[test]
    fn without_an_object_nothing_is_measured() {
        let reason = Err("the mask is empty: no pixel is the object's".to_owned());
        for metric in METRICS {
            assert_eq!(placed(metric.name, &map(A), &empty()), reason);
        }
        assert_eq!(placed("attribution-localisation:weighted=true", &map(A), &empty()), reason);
    }

    #[test]
    fn degenerate_maps_have_a_number_or_a_reason() {
        let quarter = Ok(0.25);
        let (no_positive, zero) = ("no value of the map is positive", "the map is zero everywhere");
        for (values, positive, absolute) in [
            ([0.0; 4], Err(no_positive), Err(zero)),
            ([-1.0; 4], Err(no_positive), quarter),
            ([2.0; 4], quarter, quarter),
            ([1e308, 1e308, 1e308, 1e308], Err("its sums are too large"), Err("its sums are too large")),
            ([1e-320, 0.0, 0.0, 0.0], Ok(1.0), Ok(1.0)),
        ] {
            let (map, truth) = (row(&values), boxes("0 0 1 1", &row(&values)));
            let own = |measured: Result<f64, &str>| measured.map_err(str::to_owned);
            assert_eq!(placed("energy-pointing-game", &map, &truth), own(positive), "{values:?}");
            assert_eq!(placed("focus", &map, &truth), own(positive), "{values:?}");
            assert_eq!(placed("attribution-localisation", &map, &truth), own(absolute), "{values:?}");
        }
    }
}
