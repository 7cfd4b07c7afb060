//! How far two maps of one image agree, pixel by pixel: what sanity checks (Adebayo et al., 2018, section 3) compare.

use maps::Map;
use pipe::Direction::{Higher, Lower};
use spec::Reader;
use stats::correlation::{Correlation, pearson, spearman};

use crate::pair::{signed, take_sign};
use crate::ssim;
use crate::{Input, Measure, Measured, Metric};

pub(crate) const METRICS: &[Metric] = &[
    Metric {
        name: "spearman",
        direction: Higher,
        summary: "rank correlation of two maps; -1 to 1",
        on_request: false,
        input: Input::Maps,
        build: |_| Ok(Measure::maps(|a, b| of_values(a, b, spearman))),
    },
    Metric {
        name: "pearson",
        direction: Higher,
        summary: "correlation of two maps; -1 to 1",
        on_request: false,
        input: Input::Maps,
        build: |_| Ok(Measure::maps(|a, b| of_values(a, b, pearson))),
    },
    Metric {
        name: "spearman-abs",
        direction: Higher,
        summary: "rank correlation of the absolute values of two maps; -1 to 1",
        on_request: false,
        input: Input::Maps,
        build: |_| Ok(Measure::maps(|a, b| of_magnitudes(a, b, spearman))),
    },
    Metric {
        name: "pearson-abs",
        direction: Higher,
        summary: "correlation of the absolute values of two maps; -1 to 1",
        on_request: false,
        input: Input::Maps,
        build: |_| Ok(Measure::maps(|a, b| of_magnitudes(a, b, pearson))),
    },
    Metric {
        name: "class-sensitivity",
        direction: Lower,
        summary: "rank correlation of two maps that explain two classes (random logit; Sixt et al.); -1 to 1",
        on_request: true,
        input: Input::Maps,
        build: |_| Ok(Measure::maps(|a, b| of_values(a, b, spearman))),
    },
    Metric {
        name: "parameter-randomisation",
        direction: Lower,
        summary: "likeness of two maps, one of them of a network with first weights in some layers (Adebayo et al., explain --randomize); \
                  -1 to 1",
        on_request: true,
        input: Input::Maps,
        build: randomisation,
    },
];

type Likeness = fn(&Map, &Map) -> Measured;

fn randomisation(reader: &mut Reader) -> Result<Measure, spec::Error> {
    let likenesses: [(&str, Likeness); 3] = [
        ("spearman", |a, b| of_values(a, b, spearman)),
        ("pearson", |a, b| of_values(a, b, pearson)),
        ("ssim", ssim::uniform),
    ];
    let likeness = reader.choose("similarity", &likenesses)?;
    let sign = take_sign(reader)?;
    Ok(Measure::maps(move |a, b| {
        let [a, b] = signed(a, b, sign);
        // SSIM has a number for a constant map, and a low one: here that would be a good mark for a map of nothing.
        if a.is_constant() || b.is_constant() {
            Err("a map is constant".to_owned())
        } else {
            likeness(&a, &b)
        }
    }))
}

type Coefficient = fn(&[f64], &[f64]) -> Correlation;

fn of_values(a: &Map, b: &Map, coefficient: Coefficient) -> Measured {
    if a.size() != b.size() {
        let ([height_a, width_a], [height_b, width_b]) = (a.size(), b.size());
        return Err(format!("the maps are {height_a} x {width_a} and {height_b} x {width_b} pixels"));
    }
    defined(coefficient(a.values(), b.values()))
}

fn of_magnitudes(a: &Map, b: &Map, coefficient: Coefficient) -> Measured {
    let magnitudes = |map: &Map| map.clone().signed(maps::Sign::Magnitude);
    of_values(&magnitudes(a), &magnitudes(b), coefficient)
}

fn defined(correlation: Correlation) -> Measured {
    let Correlation { coefficient, .. } = correlation;
    if coefficient.is_nan() { Err("a map is constant".to_owned()) } else { Ok(coefficient) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{self, A, B, S, T, close};
    use crate::metric::tests::compared;

    fn map(values: &[f32]) -> Map {
        Map::from_plane([1, values.len()], values.to_vec()).unwrap()
    }

    #[test]
    fn signed_and_absolute_values_are_told_apart() {
        let (a, b) = (map(&[1.0, 2.0, 4.0]), map(&[-1.0, -2.0, -4.0]));
        assert_eq!(of_values(&a, &b, spearman), Ok(-1.0));
        assert_eq!(of_magnitudes(&a, &b, spearman), Ok(1.0));
        assert!((of_magnitudes(&a, &b, pearson).unwrap() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_numbers_are_those_of_the_catalogue() {
        for (spec, a, b, expected) in [
            ("spearman", A, B, 0.113_827_838_8),
            ("spearman", T, A, -0.070_983_769_5),
            ("spearman-abs", S, B, 0.006_456_043_956),
            ("pearson", A, B, 0.109_599_266_4),
            ("class-sensitivity", T, A, -0.070_983_769_5),
            ("parameter-randomisation", A, B, 0.113_827_838_8),
            ("parameter-randomisation:sign=absolute", S, B, 0.006_456_043_956),
            ("parameter-randomisation:similarity=pearson", A, B, 0.109_599_266_4),
            ("parameter-randomisation:similarity=ssim", A, B, 0.026_498_445_4),
        ] {
            close(compared(spec, &fixtures::map(a), &fixtures::map(b)), expected, 1e-10);
        }
    }

    #[test]
    fn a_constant_or_another_size_has_no_correlation() {
        let a = map(&[1.0, 2.0]);
        assert_eq!(of_values(&a, &map(&[3.0, 3.0]), pearson), Err("a map is constant".to_owned()));
        assert_eq!(of_magnitudes(&a, &map(&[3.0, -3.0]), pearson), Err("a map is constant".to_owned()));
        let reason = "the maps are 1 x 2 and 1 x 1 pixels".to_owned();
        assert_eq!(of_values(&a, &map(&[3.0]), pearson), Err(reason));
        let flat = Err("a map is constant".to_owned());
        assert_eq!(compared("parameter-randomisation:sign=absolute", &a, &map(&[3.0, -3.0])), flat);
    }
}
