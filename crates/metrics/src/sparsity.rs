//! How much of a map lies in few pixels: sparseness (Chalasani et al., 2020), complexity (Bhatt et al., 2020), the measures of
//! eMPRT (Hedström et al., 2024), ADCC (Poppi et al., 2021) and Gomez et al. (2022), and quantiles.

use maps::Map;
use pipe::Direction::{Higher, Lower};
use spec::Reader;
use stats::summary::{mean, quantile, sum};

use crate::pair::check_sizes;
use crate::{Input, Measure, Measured, Metric};

pub(crate) const METRICS: &[Metric] = &[
    Metric {
        name: "gini",
        direction: Higher,
        summary: "Gini coefficient of the absolute values: 0 if all are equal, near 1 if one pixel has all",
        on_request: true,
        input: Input::Map,
        build: |_| Ok(Measure::map(gini)),
    },
    Metric {
        name: "entropy",
        direction: Lower,
        summary: "entropy in nats of the absolute values as shares of their sum; normalised, over that of equal shares",
        on_request: true,
        input: Input::Map,
        build: |reader| {
            let normalised = reader.take("normalised", false)?;
            Ok(Measure::map(move |map| entropy(map, normalised)))
        },
    },
    Metric {
        name: "discrete-entropy",
        direction: Lower,
        summary: "entropy in nats of the histogram of the values, between the least and the highest",
        on_request: true,
        input: Input::Map,
        build: |reader| {
            let bins = take_bins(reader)?;
            Ok(Measure::map(move |map| Ok(discrete_entropy(map, bins))))
        },
    },
    Metric {
        name: "complexity-rise",
        direction: Higher,
        summary: "rise of discrete-entropy, as a share of the reference's, in a map of a network whose layers all have first weights (eMPRT; \
                  Hedström et al., explain --randomize cascading:all)",
        on_request: true,
        input: Input::Maps,
        build: |reader| {
            let bins = take_bins(reader)?;
            Ok(Measure::maps(move |a, b| complexity_rise(a, b, bins)))
        },
    },
    Metric {
        name: "relevant-pixels",
        direction: Lower,
        summary: "share of the pixels whose absolute value exceeds epsilon times the largest; 0 to 1",
        on_request: true,
        input: Input::Map,
        build: |reader| {
            let share = |x: &f64| (0.0..1.0).contains(x);
            let epsilon = reader.take_if("epsilon", 1e-5, "a number from 0 to below 1", share)?;
            Ok(Measure::map(move |map| relevant_pixels(map, epsilon)))
        },
    },
    Metric {
        name: "mean-saliency",
        direction: Lower,
        summary: "mean of the map moved to 0..1, or of its absolute values as they are",
        on_request: true,
        input: Input::Map,
        build: mean_saliency,
    },
    Metric {
        name: "peak-to-mean",
        direction: Higher,
        summary: "highest value over the mean of the map moved to 0..1; 1 and more",
        on_request: true,
        input: Input::Map,
        build: |_| Ok(Measure::map(|map| Ok(1.0 / mean(&unit(map)?)))),
    },
    Metric {
        name: "quantile",
        direction: Lower,
        summary: "q-quantile of the map moved to 0..1: low if most pixels are far below the peak",
        on_request: true,
        input: Input::Map,
        build: |reader| {
            let q = reader.take_if("q", 0.5, "a number from 0 to 1", |q| (0.0..=1.0).contains(q))?;
            Ok(Measure::map(move |map| Ok(quantile(&unit(map)?, q))))
        },
    },
];

/// The values moved to 0..1, in double precision.
///
/// # Errors
/// If the map is constant: what it prefers is then no pixel, rather than none of them.
pub(crate) fn unit(map: &Map) -> Result<Vec<f64>, String> {
    let (low, high) = map.range();
    if low == high {
        return Err("the map is constant".to_owned());
    }
    // Halves, so that no difference overflows.
    let range = high / 2.0 - low / 2.0;
    Ok(map.values().iter().map(|&value| (value / 2.0 - low / 2.0) / range).collect())
}

/// Absolute values over the largest of them.
fn magnitudes(map: &Map) -> Result<Vec<f64>, String> {
    let (low, high) = map.range();
    let largest = high.max(-low);
    if largest == 0.0 {
        return Err("the map is zero everywhere".to_owned());
    }
    Ok(map.values().iter().map(|&value| (value / largest).abs()).collect())
}

/// Of values v in ascending order, sum of (2 k - N - 1) v_k over N times their sum.
fn gini(map: &Map) -> Measured {
    let mut values = magnitudes(map)?;
    values.sort_unstable_by(f64::total_cmp);
    let (count, sum) = (values.len() as f64, values.iter().sum::<f64>());
    let weighted = |(at, value): (usize, &f64)| (2.0 * (at + 1) as f64 - count - 1.0) * value;
    Ok(values.iter().enumerate().map(weighted).sum::<f64>() / (count * sum))
}

fn entropy(map: &Map, normalised: bool) -> Measured {
    let values = magnitudes(map)?;
    if normalised && values.len() == 1 {
        return Err("the entropy of a single pixel has no scale".to_owned());
    }
    let sum: f64 = values.iter().sum();
    let entropy = of_shares(values.iter().map(|value| value / sum));
    Ok(if normalised { entropy / (values.len() as f64).ln() } else { entropy })
}

/// With 0 ln 0 = 0.
fn of_shares(shares: impl Iterator<Item = f64>) -> f64 {
    -shares.filter(|&share| share > 0.0).map(|share| share * share.ln()).sum::<f64>()
}

/// Bins are closed below, the last one above too. A constant map has one value, so it has no entropy.
fn take_bins(reader: &mut Reader) -> Result<usize, spec::Error> {
    reader.take_if("bins", 100, "a whole number from 1 to 65536", |k| (1..=65536).contains(k))
}

fn complexity_rise(reference: &Map, map: &Map, bins: usize) -> Measured {
    check_sizes(reference, map)?;
    if reference.is_constant() || map.is_constant() {
        return Err("a map is constant".to_owned());
    }
    let [before, after] = [reference, map].map(|map| discrete_entropy(map, bins));
    if before == 0.0 {
        return Err("in one bin there is no entropy".to_owned());
    }
    Ok((after - before) / before)
}

fn discrete_entropy(map: &Map, bins: usize) -> f64 {
    let Ok(values) = unit(map) else { return 0.0 };
    let edge = |bin: usize| bin as f64 / bins as f64;
    let mut counts = vec![0_u32; bins];
    for value in values {
        let bin = ((value * bins as f64) as usize).min(bins - 1);
        // A product may be rounded across an edge.
        let bin = if value < edge(bin) { bin - 1 } else { bin };
        counts[if bin + 1 < bins && value >= edge(bin + 1) { bin + 1 } else { bin }] += 1;
    }
    of_shares(counts.iter().map(|&count| f64::from(count) / map.pixels() as f64))
}

fn relevant_pixels(map: &Map, epsilon: f64) -> Measured {
    let values = magnitudes(map)?;
    let relevant = values.iter().filter(|&&value| value > epsilon).count();
    Ok(relevant as f64 / values.len() as f64)
}

fn mean_saliency(reader: &mut Reader) -> Result<Measure, spec::Error> {
    let moved = reader.choose("scale", &[("min-max", true), ("none", false)])?;
    Ok(Measure::map(move |map| {
        if moved {
            return unit(map).map(|values| mean(&values));
        }
        Ok(sum(map.values().iter().map(|value| value.abs() / map.pixels() as f64)))
    }))
}

#[cfg(test)]
mod tests {
    use crate::fixtures::{A, B, S, T, close, map, row};
    use crate::metric::tests::{alone, compared};

    #[test]
    fn the_numbers_are_those_of_the_catalogue() {
        for (spec, values, expected) in [
            ("gini", A, 0.345_399_560_1),
            ("gini", S, 0.392_425_346_3),
            ("gini", T, 0.390_625),
            ("entropy", A, 3.951_686_315),
            ("entropy", S, 3.904_732_45),
            ("entropy", T, 3.859_601_536),
            ("discrete-entropy", A, 4.158_883_083),
            ("discrete-entropy", S, 4.158_883_083),
            ("discrete-entropy", B, 4.158_883_083),
            ("discrete-entropy", T, 1.945_195_925),
            ("discrete-entropy:bins=10", A, 2.297_066_333),
            ("relevant-pixels", A, 63.0 / 64.0),
            ("relevant-pixels", T, 54.0 / 64.0),
            ("relevant-pixels:epsilon=0.5", A, 30.0 / 64.0),
            ("relevant-pixels:epsilon=0.5", S, 20.0 / 64.0),
            ("relevant-pixels:epsilon=0.5", T, 27.0 / 64.0),
            ("mean-saliency:scale=none", A, 0.477_145_522_4),
            ("mean-saliency", A, 0.484_375),
            ("peak-to-mean", A, 2.064_516_129),
            ("peak-to-mean", T, 2.031_746_032),
        ] {
            close(alone(spec, &map(values)), expected, 1e-9);
        }
    }

    #[test]
    fn two_entropies_make_a_rise() {
        close(compared("complexity-rise", &map(T), &map(B)), 1.138_027_861, 1e-9);
        close(compared("complexity-rise", &map(A), &map(S)), 0.0, 1e-12);
        let flat = map(|_, _, _| 0.5);
        for [a, b] in [[map(A), flat.clone()], [flat, map(A)]] {
            assert_eq!(compared("complexity-rise", &a, &b), Err("a map is constant".to_owned()));
        }
        let reason = Err("in one bin there is no entropy".to_owned());
        assert_eq!(compared("complexity-rise:bins=1", &map(A), &map(B)), reason);
        let reason = Err("the maps are 1 x 2 and 8 x 8 pixels".to_owned());
        assert_eq!(compared("complexity-rise", &row(&[1.0, 2.0]), &map(B)), reason);
    }

    #[test]
    fn one_pixel_and_equal_pixels_are_the_ends() {
        let mut hot = vec![0.0; 64];
        hot[10] = -3.0;
        close(alone("gini", &row(&hot)), 0.984_375, 1e-12);
        close(alone("entropy", &row(&hot)), 0.0, 0.0);
        close(alone("gini", &row(&[0.7; 64])), 0.0, 1e-12);
        close(alone("entropy", &row(&[0.7; 64])), 4.158_883_083_4, 1e-10);
        close(alone("entropy:normalised=true", &row(&[0.7; 64])), 1.0, 1e-12);
    }

    #[test]
    fn quantiles_are_of_the_map_moved_to_0_to_1() {
        let map = row(&[-10.0, 10.0, -5.0, 0.0, 5.0]);
        for (q, expected) in [(0.0, 0.0), (0.25, 0.25), (0.6, 0.6), (1.0, 1.0)] {
            close(alone(&format!("quantile:q={q}"), &map), expected, 1e-15);
        }
    }

    /// What saliency-maps-metrics moves to 0..1 over the whole batch.
    #[test]
    fn no_other_map_and_no_scale_matters() {
        let scaled = |values: f64, _: f64, _: f64| 10.0 * A(values, 0.0, 0.0) + 5.0;
        for spec in ["mean-saliency", "peak-to-mean", "quantile", "discrete-entropy:bins=10"] {
            close(alone(spec, &map(scaled)), alone(spec, &map(A)).unwrap(), 1e-12);
        }
        let small = |n: f64, _: f64, _: f64| 0.001 * A(n, 0.0, 0.0);
        for spec in ["gini", "entropy", "relevant-pixels"] {
            close(alone(spec, &map(small)), alone(spec, &map(A)).unwrap(), 1e-12);
        }
    }

    /// Xplique gives a map of zeros -1.0156 (sparseness) and 0, the best mark (complexity).
    #[test]
    fn degenerate_maps_have_a_number_or_a_reason() {
        let (zero, flat) = (Err("the map is zero everywhere"), Err("the map is constant"));
        let single = Err("the entropy of a single pixel has no scale");
        let cases: [(&str, [Result<f64, &str>; 4]); 8] = [
            // Zeros, equal values, one pixel, the largest doubles.
            ("gini", [zero, Ok(0.0), Ok(0.0), Ok(0.0)]),
            ("entropy", [zero, Ok(3_f64.ln()), Ok(0.0), Ok(2_f64.ln())]),
            ("entropy:normalised=true", [zero, Ok(1.0), single, Ok(1.0)]),
            ("discrete-entropy", [Ok(0.0), Ok(0.0), Ok(0.0), Ok(2_f64.ln())]),
            ("relevant-pixels", [zero, Ok(1.0), Ok(1.0), Ok(1.0)]),
            ("mean-saliency", [flat, flat, flat, Ok(0.5)]),
            ("peak-to-mean", [flat, flat, flat, Ok(2.0)]),
            ("quantile", [flat, flat, flat, Ok(0.5)]),
        ];
        for (spec, expected) in cases {
            let maps = [vec![0.0; 3], vec![-2.0; 3], vec![5.0], vec![f64::MAX, f64::MIN]];
            for (values, expected) in maps.into_iter().zip(expected) {
                let found = alone(spec, &row(&values));
                match expected {
                    Ok(expected) => close(found, expected, 1e-12),
                    Err(reason) => assert_eq!(found, Err(reason.to_owned()), "{spec} {values:?}"),
                }
            }
        }
    }
}
