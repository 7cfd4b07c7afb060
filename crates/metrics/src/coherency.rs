//! Average DCC (Poppi et al., 2021): whether the part of the image that a map lets through is explained as the whole is, by how
//! little, and whether it is enough; and ARCC of pytorch-grad-cam, which asks ROAD for the last.

use maps::Map;
use pipe::Direction::Higher;
use stats::correlation::pearson;

use crate::sparsity::unit;
use crate::{Curve, Input, Measure, Measured, Metric, road};

pub(crate) const METRICS: &[Metric] = &[
    Metric {
        name: "self-coherence",
        direction: Higher,
        summary: "correlation of the map and that of the masked image, moved to 0..1 (\"coherency\" of ADCC)",
        on_request: false,
        input: Input::Again(&["mask"]),
        build: |_| Ok(Measure::again(|explained| self_coherence(explained.maps))),
    },
    Metric {
        name: "adcc",
        direction: Higher,
        summary: "harmonic mean of self-coherence, 1 less the mean of the map moved to 0..1 (scale=none: as it is), and 1 less the drop \
                  of the probability; 0 to 1",
        on_request: false,
        input: Input::Again(&["mask"]),
        build: |reader| {
            let scaled = reader.choose("scale", &[("min-max", true), ("none", false)])?;
            Ok(Measure::again(move |explained| adcc(explained.curve, explained.maps, scaled)))
        },
    },
    Metric {
        name: "arcc",
        direction: Higher,
        summary: "the same with twice `road-combined` of 20, 40, 60 and 80 % in place of 1 less the drop, 0 where that is negative; of \
                  the tests mask, explained again, and road:percent=20+40+60+80 in both orders; 0 to 1",
        on_request: false,
        input: Input::Joined("mask", "road:percent=20+40+60+80"),
        build: |reader| {
            let scaled = reader.choose("scale", &[("min-max", true), ("none", false)])?;
            Ok(Measure::joined(move |explained, curves| arcc(explained.maps, curves, scaled)))
        },
    },
];

fn self_coherence(maps: &[Map]) -> Measured {
    let [map, masked] = maps else {
        return Err(format!("two maps are needed, of the image and of the masked one, not {}", maps.len()));
    };
    if map.size() != masked.size() {
        return Err("the maps have two sizes".to_owned());
    }
    let coefficient = pearson(map.values(), masked.values()).coefficient;
    if coefficient.is_nan() {
        Err("a map is constant".to_owned())
    } else {
        Ok(f64::midpoint(coefficient, 1.0))
    }
}

fn adcc(curve: &Curve, maps: &[Map], scaled: bool) -> Measured {
    let [coherency, simplicity] = coherent_and_simple(maps, scaled)?;
    let [whole, masked] = [0, 1].map(|at| curve.points()[at].probability);
    if whole == 0.0 {
        return Err("the probability of the whole image is 0".to_owned());
    }
    let drop = ((whole - masked) / whole).max(0.0);
    Ok(harmonic([coherency, simplicity, 1.0 - drop]))
}

fn arcc(maps: &[Map], [most, least]: [&Curve; 2], scaled: bool) -> Measured {
    let [coherency, simplicity] = coherent_and_simple(maps, scaled)?;
    let road = 2.0 * road::combined(most, least)?;
    Ok(harmonic([coherency, simplicity, road.clamp(0.0, 1.0)]))
}

/// Self-coherence, and 1 less the mean of the map.
fn coherent_and_simple(maps: &[Map], scaled: bool) -> Result<[f64; 2], String> {
    let coherency = self_coherence(maps)?;
    let values = if scaled { unit(&maps[0])? } else { maps[0].values().to_vec() };
    let complexity = stats::summary::mean(&values);
    if !(0.0..=1.0).contains(&complexity) {
        return Err(format!("the mean of the map is {complexity}, where 0 to 1 is possible"));
    }
    Ok([coherency, 1.0 - complexity])
}

/// The harmonic mean of numbers that are not negative: 0 if one is 0.
fn harmonic(parts: [f64; 3]) -> f64 {
    3.0 / parts.iter().map(|part| 1.0 / part.abs()).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{A, B, close, map, row};
    use crate::linear::{Linear, a};
    use crate::metric::tests::again;
    use crate::{Explanations, ParsedMetric};

    /// As OpenVINO's and, of the coherency, pytorch-grad-cam's.
    #[test]
    fn the_numbers_are_those_of_the_catalogue() {
        let values = a();
        let curve = Linear::new(3, 2).masked(|pixel| values[pixel]);
        let maps = [map(A), map(B)];
        close(again("self-coherence", &curve, &maps), 0.554_799_633_2, 1e-10);
        close(again("adcc:scale=none", &curve, &maps), 0.552_546_467_1, 1e-9);
    }

    #[test]
    fn one_part_of_nothing_makes_nothing_of_all() {
        let curve = |whole: f64, masked: f64| {
            let point = |probability| crate::Point { probability, ..crate::Point::default() };
            Curve::new(vec![point(whole), point(masked)]).unwrap()
        };
        let maps = [row(&[0.0, 1.0]), row(&[0.0, 1.0])];
        assert_eq!(again("adcc", &curve(0.5, 0.0), &maps), Ok(0.0));
        // Coherency 1, complexity and drop 1/2.
        close(again("adcc", &curve(0.5, 0.25), &maps), 3.0 / 5.0, 1e-12);
        close(again("adcc", &curve(0.5, 0.9), &maps), 3.0 / 4.0, 1e-12);
        let turned = [row(&[0.0, 1.0]), row(&[1.0, 0.0])];
        assert_eq!(again("adcc", &curve(0.5, 0.5), &turned), Ok(0.0));
    }

    /// As pytorch-grad-cam's, which is 3e-8 where ROAD's part is nothing.
    #[test]
    fn road_takes_the_place_of_the_drop() {
        let road = |probability: f64| {
            let point = |(at, probability): (u8, f64)| crate::Point {
                fraction: f64::from(at) / 5.0,
                probability,
                ..crate::Point::default()
            };
            Curve::new([(0, 0.9), (1, probability), (2, probability)].map(point).to_vec()).unwrap()
        };
        let Measure::Joined(arcc) = ParsedMetric::parse("arcc").unwrap().measure else { panic!() };
        let arcc = |maps: &[Map], most: f64, least: f64| {
            let curve = road(0.0);
            arcc(
                &Explanations { curve: &curve, maps, second: None, test: "mask" },
                [&road(most), &road(least)],
            )
        };
        let maps = [row(&[0.0, 1.0]), row(&[0.0, 1.0])];
        // Coherency 1, 1 less the mean 1/2, twice (0.75 - 0.25) / 2 = 1/2.
        close(arcc(&maps, 0.25, 0.75), 3.0 / 5.0, 1e-12);
        assert_eq!((arcc(&maps, 0.5, 0.5), arcc(&maps, 0.75, 0.25)), (Ok(0.0), Ok(0.0)));
        let maps = [map(A), map(B)];
        let simple = 1.0 - unit(&maps[0]).unwrap().iter().sum::<f64>() / 64.0;
        close(arcc(&maps, 0.1, 0.7), 3.0 / (1.0 / 0.554_799_633_2 + 1.0 / simple + 1.0 / 0.6), 1e-9);
        let flat = row(&[1.0, 1.0]);
        assert_eq!(arcc(&[flat.clone(), flat], 0.1, 0.7), Err("a map is constant".to_owned()));
    }

    #[test]
    fn degenerate_maps_have_a_reason() {
        let curve = Linear::new(1, 0).masked(|_| 0.5);
        let flat = row(&[1.0, 1.0]);
        for spec in ["self-coherence", "adcc"] {
            let reason = Err("a map is constant".to_owned());
            assert_eq!(again(spec, &curve, &[row(&[0.0, 1.0]), flat.clone()]), reason);
            let reason = Err("the maps have two sizes".to_owned());
            assert_eq!(again(spec, &curve, &[row(&[0.0]), flat.clone()]), reason);
            let reason = "two maps are needed, of the image and of the masked one, not 1".to_owned();
            assert_eq!(again(spec, &curve, std::slice::from_ref(&flat)), Err(reason));
        }
        let large = [row(&[3.0, 4.0]), row(&[0.0, 1.0])];
        let reason = "the mean of the map is 3.5, where 0 to 1 is possible".to_owned();
        assert_eq!(again("adcc:scale=none", &curve, &large), Err(reason));
    }
}
