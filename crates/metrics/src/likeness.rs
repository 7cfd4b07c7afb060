//! How alike two maps are as distributions or as sets of pixels: Jaccard, Czekanowski, Jeffreys, AUC-Judd.

use maps::Map;
use pipe::Direction::{Higher, Lower};
use spec::Reader;
use stats::ranks;

use crate::pair::{Scaling, check_sizes};
use crate::retrieval::{membership, take_k};
use crate::sparsity::unit;
use crate::{Input, Measure, Measured, Metric};

pub(crate) const METRICS: &[Metric] = &[
    Metric {
        name: "jaccard",
        direction: Higher,
        summary: "sum of the lesser over that of the greater value at each pixel, of two maps without negative values; 0 to 1",
        on_request: true,
        input: Input::Maps,
        build: |reader| of_sums(reader, |least, most| least / most),
    },
    Metric {
        name: "czekanowski",
        direction: Lower,
        summary: "1 less twice the sum of the lesser values over that of all, of two maps without negative values; 0 to 1",
        on_request: true,
        input: Input::Maps,
        build: |reader| of_sums(reader, |least, most| 1.0 - 2.0 * least / (least + most)),
    },
    Metric {
        name: "top-k-jaccard",
        direction: Higher,
        summary: "intersection over union of the k highest pixels of two maps; 0 to 1",
        on_request: true,
        input: Input::Maps,
        build: |reader| {
            let k = take_k(reader)?;
            Ok(Measure::maps(move |a, b| top_k_jaccard(a, b, k)))
        },
    },
    Metric {
        name: "jeffreys",
        direction: Lower,
        summary: "symmetric Kullback-Leibler divergence, in nats, of two maps moved up to 0 as shares of their sums",
        on_request: true,
        input: Input::Maps,
        build: |_| Ok(Measure::maps(jeffreys)),
    },
    Metric {
        name: "auc-judd",
        direction: Lower,
        summary: "probability that the map is no higher at a pixel at or above the reference's mean than below it; 0 to 1",
        on_request: true,
        input: Input::Maps,
        build: |_| Ok(Measure::maps(auc_judd)),
    },
];

/// A number made of the sums of the lesser and of the greater values.
fn of_sums(reader: &mut Reader, measure: fn(f64, f64) -> f64) -> Result<Measure, spec::Error> {
    let scaling = Scaling::take(reader)?;
    Ok(Measure::maps(move |a, b| sums(a, b, scaling).map(|(least, most)| measure(least, most))))
}

fn sums(a: &Map, b: &Map, scaling: Scaling) -> Result<(f64, f64), String> {
    let [a, b] = scaling.apply(a, b)?;
    if a.iter().chain(&b).any(|&value| value < 0.0) {
        return Err("a map has negative values".to_owned());
    }
    let sum = |part: fn(f64, f64) -> f64| a.iter().zip(&b).map(|(a, b)| part(*a, *b)).sum::<f64>();
    let (least, most) = (sum(f64::min), sum(f64::max));
    if most == 0.0 { Err("both maps are zero everywhere".to_owned()) } else { Ok((least, most)) }
}

/// Of equal values chance decides, in each map for itself: the sizes are those that are expected.
fn top_k_jaccard(a: &Map, b: &Map, k: usize) -> Measured {
    check_sizes(a, b)?;
    let (a, b) = (membership(a, k)?, membership(b, k)?);
    let both: f64 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
    Ok(both / (2.0 * k as f64 - both))
}

/// Shares of what each value exceeds the least one by, and 1e-10 more, so that none is 0.
fn shares(map: &Map) -> Result<Vec<f64>, String> {
    let (low, high) = map.range();
    let values = unit(map).map_err(|_| "a map is constant".to_owned())?;
    let floor = 1e-10 / (high - low);
    let sum: f64 = values.iter().map(|value| value + floor).sum();
    Ok(values.iter().map(|value| (value + floor) / sum).collect())
}

fn jeffreys(a: &Map, b: &Map) -> Measured {
    check_sizes(a, b)?;
    let (p, q) = (shares(a)?, shares(b)?);
    Ok(p.iter().zip(&q).map(|(p, q)| (p - q) * (p / q).ln()).sum())
}

/// The pixels at or above the reference's mean are those that are looked at; a tie is a half.
fn auc_judd(reference: &Map, map: &Map) -> Measured {
    check_sizes(reference, map)?;
    if reference.is_constant() {
        return Err("the reference is constant".to_owned());
    }
    let mean = stats::summary::mean(reference.values());
    let ranks = ranks::average(map.values());
    let inside: Vec<f64> = ranks
        .iter()
        .zip(reference.values())
        .filter(|(_, value)| **value >= mean)
        .map(|(rank, _)| *rank)
        .collect();
    let (inside, sum) = (inside.len() as f64, inside.iter().sum::<f64>());
    let pairs = inside * (map.pixels() as f64 - inside);
    Ok(1.0 - (sum - inside * (inside + 1.0) / 2.0) / pairs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{A, B, S, T, close, map, row};
    use crate::metric::tests::compared;

    #[test]
    fn the_numbers_are_those_of_the_catalogue() {
        for (spec, expected) in
            [("jaccard", 0.513_850_365_2), ("czekanowski", 0.321_134_536_1), ("jeffreys", 1.877_243_444)]
        {
            close(compared(spec, &map(A), &map(B)), expected, 1e-9);
        }
        // The reference comes first.
        close(compared("auc-judd", &map(B), &map(A)), 0.494_140_625, 1e-12);
        close(compared("auc-judd", &map(A), &map(T)), 0.574_707_031_3, 1e-10);
    }

    #[test]
    fn the_highest_pixels_of_two_maps_are_compared() {
        let (a, b) = (row(&[4.0, 3.0, 2.0, 1.0]), row(&[4.0, 1.0, 3.0, 2.0]));
        close(compared("top-k-jaccard:k=2", &a, &b), 1.0 / 3.0, 1e-15);
        close(compared("top-k-jaccard:k=2", &a, &a), 1.0, 1e-15);
        // One is sure in both; the second place is drawn from the same three in each: 1/9 thrice.
        let tied = row(&[4.0, 0.0, 0.0, 0.0]);
        close(compared("top-k-jaccard:k=2", &tied, &tied), (4.0 / 3.0) / (4.0 - 4.0 / 3.0), 1e-12);
        let reason = Err("the map has 4 pixels, fewer than k = 1000".to_owned());
        assert_eq!(compared("top-k-jaccard", &a, &b), reason);
    }

    /// saliencytools counts ties as wins: a constant map is as far from the reference as nothing, 0.
    #[test]
    fn a_constant_map_is_as_good_as_chance() {
        close(compared("auc-judd", &map(A), &map(|_, _, _| 0.5)), 0.5, 1e-12);
    }

    #[test]
    fn degenerate_pairs_have_a_number_or_a_reason() {
        let (flat, negative) = ("a map is constant", "a map has negative values");
        let cases = [
            ("jaccard", [1.0, -1.0], [1.0, 2.0], Err(negative)),
            ("czekanowski", [1.0, 1.0], [1.0, -2.0], Err(negative)),
            ("jaccard", [0.0, 0.0], [0.0, 0.0], Err("both maps are zero everywhere")),
            ("czekanowski", [0.0, 0.0], [0.0, 0.0], Err("both maps are zero everywhere")),
            ("jaccard", [0.0, 0.0], [1.0, 2.0], Ok(0.0)),
            ("jaccard:scale=min-max", [1.0, -1.0], [2.0, 1.0], Ok(1.0)),
            ("jeffreys", [3.0, 3.0], [1.0, 2.0], Err(flat)),
            ("jeffreys", [1.0, 2.0], [1.0, 2.0], Ok(0.0)),
            ("auc-judd", [3.0, 3.0], [1.0, 2.0], Err("the reference is constant")),
            ("auc-judd", [1.0, 2.0], [3.0, 3.0], Ok(0.5)),
            ("top-k-jaccard:k=1", [1.0, 2.0], [3.0, 3.0], Err("the map is constant: it ranks no pixel")),
        ];
        for (spec, a, b, expected) in cases {
            let found = compared(spec, &row(&a), &row(&b));
            match expected {
                Ok(expected) => close(found, expected, 1e-12),
                Err(reason) => assert_eq!(found, Err(reason.to_owned()), "{spec}"),
            }
        }
        assert!(compared("jaccard", &map(S), &map(B)).is_err());
        let reason = Err("the maps are 1 x 2 and 1 x 1 pixels".to_owned());
        for metric in METRICS {
            assert_eq!(compared(metric.name, &row(&[1.0, 2.0]), &row(&[1.0])), reason, "{}", metric.name);
        }
    }
}
