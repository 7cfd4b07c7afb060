//! How far two maps are from one another, pixel by pixel: distances, the peak signal-to-noise ratio and the cosine.

use maps::Map;
use pipe::Direction::{Higher, Lower};
use spec::Reader;
use stats::summary;

use crate::pair::{Scaling, check_sizes, joint_range};
use crate::{Input, Measure, Measured, Metric};

pub(crate) const METRICS: &[Metric] = &[
    Metric {
        name: "cosine",
        direction: Higher,
        summary: "cosine of two maps as vectors; -1 to 1",
        on_request: true,
        input: Input::Maps,
        build: |_| Ok(Measure::maps(cosine)),
    },
    Metric {
        name: "mae",
        direction: Lower,
        summary: "mean absolute difference of two maps",
        on_request: true,
        input: Input::Maps,
        build: |reader| scaled(reader, |a, b| Ok(mean_of(a, b, f64::abs))),
    },
    Metric {
        name: "mse",
        direction: Lower,
        summary: "mean squared difference of two maps",
        on_request: true,
        input: Input::Maps,
        build: |reader| scaled(reader, |a, b| Ok(mean_of(a, b, |x| x * x))),
    },
    Metric {
        name: "euclidean",
        direction: Lower,
        summary: "Euclidean distance of two maps as vectors",
        on_request: true,
        input: Input::Maps,
        build: |reader| scaled(reader, |a, b| Ok((mean_of(a, b, |x| x * x) * a.len() as f64).sqrt())),
    },
    Metric {
        name: "input-invariance",
        direction: Lower,
        summary: "norm of the difference of two maps over that of the reference: one of them of a network whose input is shifted, and \
                  whose first layer takes that back (Kindermans et al., explain --shift-input); 0 for equal maps",
        on_request: true,
        input: Input::Maps,
        build: |_| Ok(Measure::maps(relative_change)),
    },
    Metric {
        name: "psnr",
        direction: Higher,
        summary: "squared range of two maps over their mean squared difference, in decibels",
        on_request: true,
        input: Input::Maps,
        build: |reader| scaled(reader, psnr),
    },
    Metric {
        name: "sign-disagreement",
        direction: Lower,
        summary: "share of the pixels at which two maps have different signs, 0 being one; 0 to 1",
        on_request: true,
        input: Input::Maps,
        build: |_| Ok(Measure::maps(sign_disagreement)),
    },
];

type OfValues = fn(&[f64], &[f64]) -> Measured;

fn scaled(reader: &mut Reader, measure: OfValues) -> Result<Measure, spec::Error> {
    let scaling = Scaling::take(reader)?;
    Ok(Measure::maps(move |a, b| {
        let [a, b] = scaling.apply(a, b)?;
        measure(&a, &b)
    }))
}

fn mean_of(a: &[f64], b: &[f64], part: impl Fn(f64) -> f64) -> f64 {
    summary::mean_of(a.iter().zip(b).map(|(a, b)| part(a - b)))
}

fn relative_change(reference: &Map, map: &Map) -> Measured {
    check_sizes(reference, map)?;
    let own: f64 = reference.values().iter().map(|x| x * x).sum();
    if own == 0.0 {
        return Err("the reference is zero everywhere".to_owned());
    }
    let change = mean_of(reference.values(), map.values(), |x| x * x) * map.pixels() as f64;
    Ok((change / own).sqrt())
}

fn psnr(a: &[f64], b: &[f64]) -> Measured {
    let (low, high) = joint_range(a, b);
    let noise = mean_of(a, b, |x| x * x);
    if noise == 0.0 {
        return Err("the maps are equal: there is no noise".to_owned());
    }
    Ok(10.0 * ((high - low).powi(2) / noise).log10())
}

fn cosine(a: &Map, b: &Map) -> Measured {
    let [a, b] = Scaling::Largest.apply(a, b)?;
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    Ok(dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt())
}

fn sign_disagreement(a: &Map, b: &Map) -> Measured {
    check_sizes(a, b)?;
    let sign = |x: f64| if x == 0.0 { 0.0 } else { x.signum() };
    let different = a.values().iter().zip(b.values()).filter(|(a, b)| sign(**a) != sign(**b)).count();
    Ok(different as f64 / a.pixels() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{A, B, S, close, map, row};
    use crate::linear::Linear;
    use crate::metric::tests::compared;

    /// B less than it is.
    fn lower_b() -> Map {
        map(|n, i, j| B(n, i, j) - 0.4)
    }

    #[test]
    fn the_numbers_are_those_of_the_catalogue() {
        for (spec, expected) in [
            ("cosine", 0.766_561_630_9),
            ("euclidean", 3.051_897_214_9),
            ("mae", 0.308_000_052_6),
            ("mse", 0.145_532_447),
            ("psnr", 8.239_784_339),
            ("sign-disagreement", 0.031_25),
        ] {
            close(compared(spec, &map(A), &map(B)), expected, 1e-9);
        }
        for (spec, expected) in
            [("cosine", 0.234_694_243_3), ("sign-disagreement", 0.406_25), ("psnr", 8.817_920_245_1)]
        {
            close(compared(spec, &map(S), &lower_b()), expected, 1e-10);
        }
    }

    /// Of the catalogue's model, whose image is moved down by 1: its gradient stays, input x gradient loses the gradient.
    #[test]
    fn a_shift_of_the_input_shows_in_maps_that_hold_the_input() {
        let mut model = Linear::new(1, 0);
        model.image.iter_mut().for_each(|x| *x += 0.05);
        let gradient = model.gradient(&model.image);
        let times = |by: f64| gradient.iter().zip(&model.image).map(|(g, x)| g * (x + by)).collect();
        let plane = |values: Vec<f64>| Map::from_plane([8, 8], values).unwrap();
        let found = compared("input-invariance", &plane(times(0.0)), &plane(times(-1.0)));
        close(found, 1.575_902_943_6, 1e-10);
        close(compared("input-invariance", &plane(gradient.clone()), &plane(gradient)), 0.0, 1e-15);
    }

    #[test]
    fn a_scale_makes_maps_comparable() {
        let other = map(|n, i, j| 7.0 * A(n, i, j) - 2.0);
        for spec in ["mae:scale=min-max", "mse:scale=min-max", "euclidean:scale=min-max"] {
            close(compared(spec, &map(A), &other), 0.0, 1e-12);
        }
        let seven = map(|n, i, j| 7.0 * A(n, i, j));
        close(compared("mae:scale=max", &map(A), &seven), 0.0, 1e-15);
    }

    /// saliencytools' measure of the same name falls with the likeness, its sign agreement is the disagreement, and its distance
    /// of histograms is 0 between a map and its mirror image.
    #[test]
    fn names_say_what_rises() {
        let near = map(|n, i, j| A(n, i, j) + 0.01 * B(n, i, j));
        let of = |spec: &str, other: &Map| compared(spec, &map(A), other).unwrap();
        assert!(of("psnr", &near) > of("psnr", &map(B)));
        assert_eq!(
            (of("sign-disagreement", &map(A)), of("sign-disagreement", &map(|n, i, j| -1.0 - A(n, i, j)))),
            (0.0, 1.0)
        );
        let mirrored = map(|_, i, j| A(8.0 * i + 7.0 - j, i, j));
        for spec in ["mae", "mse", "euclidean"] {
            assert!(of(spec, &mirrored) > 0.1, "{spec}");
        }
    }

    #[test]
    fn degenerate_pairs_have_a_number_or_a_reason() {
        let (zero, flat) = ("a map is zero everywhere", "a map is constant");
        let cases = [
            ("cosine", [0.0, 0.0], [1.0, 2.0], Err(zero)),
            ("cosine", [3.0, 3.0], [1.0, 1.0], Ok(1.0)),
            ("cosine", [1e300, 0.0], [1e-300, 0.0], Ok(1.0)),
            ("mae:scale=min-max", [3.0, 3.0], [1.0, 2.0], Err(flat)),
            ("mae", [3.0, 3.0], [3.0, 3.0], Ok(0.0)),
            // Captum's sensitivity of a map of zeros is 0, the best there is.
            ("mae:scale=max", [0.0, 0.0], [0.0, 0.0], Err(zero)),
            ("psnr", [3.0, 4.0], [3.0, 4.0], Err("the maps are equal: there is no noise")),
            ("psnr", [3.0, 3.0], [4.0, 4.0], Ok(0.0)),
            ("sign-disagreement", [0.0, -0.0], [0.0, 1.0], Ok(0.5)),
            ("input-invariance", [0.0, 0.0], [0.0, 1.0], Err("the reference is zero everywhere")),
            ("input-invariance", [3.0, 4.0], [0.0, 0.0], Ok(1.0)),
        ];
        for (spec, a, b, expected) in cases {
            let found = compared(spec, &row(&a), &row(&b));
            match expected {
                Ok(expected) => close(found, expected, 1e-12),
                Err(reason) => assert_eq!(found, Err(reason.to_owned()), "{spec}"),
            }
        }
        let reason = Err("the maps are 1 x 2 and 1 x 1 pixels".to_owned());
        for metric in METRICS {
            assert_eq!(compared(metric.name, &row(&[1.0, 2.0]), &row(&[1.0])), reason, "{}", metric.name);
        }
    }
}
