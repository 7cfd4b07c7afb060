//! Whether a map ranks the object's pixels first: relevance rank (Arras et al., 2022, CLEVR-XAI), top-k intersection (Theiner et
//! al., 2022), concept influence, the area under the ROC curve and the average precision (PxAP of Choe et al., 2020, of one map
//! and its exact thresholds). Only the order of the values counts.

use maps::{Map, Order};
use pipe::Direction::Higher;
use spec::Reader;
use stats::ranks;

use crate::{Input, Measure, Measured, Metric, Truth};

pub(crate) const METRICS: &[Metric] = &[
    Metric {
        name: "relevance-rank",
        direction: Higher,
        summary: "share of the object's pixels among as many highest ones; 0 to 1",
        on_request: true,
        input: Input::Place,
        build: |_| Ok(Measure::place(|map, truth| share_of_top(map, truth, truth.count()))),
    },
    Metric {
        name: "top-k",
        direction: Higher,
        summary: "share of the k highest pixels that lies on the object; 0 to 1",
        on_request: true,
        input: Input::Place,
        build: |reader| {
            let k = take_k(reader)?;
            Ok(Measure::place(move |map, truth| share_of_top(map, truth, k)))
        },
    },
    Metric {
        name: "concept-influence",
        direction: Higher,
        summary: "top-k over the object's share of the pixels; 1 by chance",
        on_request: true,
        input: Input::Place,
        build: |reader| {
            let k = take_k(reader)?;
            Ok(Measure::place(move |map, truth| {
                Ok(share_of_top(map, truth, k)? * map.pixels() as f64 / truth.count() as f64)
            }))
        },
    },
    Metric {
        name: "roc-auc",
        direction: Higher,
        summary: "probability that a pixel of the object is higher than another one, a tie being a half; 0 to 1",
        on_request: true,
        input: Input::Place,
        build: |_| Ok(Measure::place(roc_auc)),
    },
    Metric {
        name: "average-precision",
        direction: Higher,
        summary: "area under precision and recall of the object's pixels, over all thresholds; 0 to 1",
        on_request: true,
        input: Input::Place,
        build: |_| Ok(Measure::place(average_precision)),
    },
];

/// How many of the highest pixels are looked at.
pub(crate) fn take_k(reader: &mut Reader) -> Result<usize, spec::Error> {
    reader.take_if("k", 1000, "a positive whole number", |&k| k > 0)
}

/// How likely each pixel is among the `k` highest: 1 above the k-th value, 0 below it, and the same for all that share it.
///
/// # Errors
/// If there are fewer pixels, or the map prefers none.
pub(crate) fn membership(map: &Map, k: usize) -> Result<Vec<f64>, String> {
    let values = map.values();
    if k > values.len() {
        return Err(format!("the map has {} pixels, fewer than k = {k}", values.len()));
    }
    if map.is_constant() {
        return Err("the map is constant: it ranks no pixel".to_owned());
    }
    let last = values[Order::MostRelevantFirst.sort(values)[k - 1]];
    let above = values.iter().filter(|&&value| value > last).count();
    let tied = values.iter().filter(|&&value| value == last).count();
    let chance = (k - above) as f64 / tied as f64;
    let likely = |&value: &f64| f64::from(u8::from(value > last)) + if value == last { chance } else { 0.0 };
    Ok(values.iter().map(likely).collect())
}

/// The share of the `k` highest pixels that lies on the object; of equal values the share that is expected if chance parts
/// them.
fn share_of_top(map: &Map, truth: &Truth, k: usize) -> Measured {
    let likely = membership(map, k)?;
    let hits: f64 = likely.iter().zip(truth.inside()).filter(|(_, inside)| **inside).map(|(p, _)| p).sum();
    Ok(hits / k as f64)
}

/// By the sum of ranks, of Mann and Whitney.
fn roc_auc(map: &Map, truth: &Truth) -> Measured {
    let (inside, outside) = both_sides(map, truth)?;
    let ranks = ranks::average(map.values());
    let sum: f64 =
        ranks.iter().zip(truth.inside()).filter(|(_, inside)| **inside).map(|(rank, _)| rank).sum();
    Ok((sum - inside * (inside + 1.0) / 2.0) / (inside * outside))
}

/// The sum of precision times the step in recall, from one value to the next lower one.
fn average_precision(map: &Map, truth: &Truth) -> Measured {
    let (inside, _) = both_sides(map, truth)?;
    let (values, order) = (map.values(), Order::MostRelevantFirst.sort(map.values()));
    let (mut found, mut before, mut sum) = (0.0, 0.0, 0.0);
    for (place, &at) in order.iter().enumerate() {
        found += f64::from(u8::from(truth.inside()[at]));
        if order.get(place + 1).is_none_or(|&next| values[next] != values[at]) {
            sum += found / (place + 1) as f64 * (found - before) / inside;
            before = found;
        }
    }
    Ok(sum)
}

/// How many pixels are inside and outside.
fn both_sides(map: &Map, truth: &Truth) -> Result<(f64, f64), String> {
    let (inside, all) = (truth.count(), map.pixels());
    if inside == all {
        return Err("the object covers the whole map".to_owned());
    }
    if map.is_constant() {
        return Err("the map is constant: it ranks no pixel".to_owned());
    }
    Ok((inside as f64, (all - inside) as f64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{A, S, T, boxes, close, empty, map, of, row};
    use crate::metric::tests::placed;

    #[test]
    fn the_numbers_are_those_of_the_catalogue() {
        for values in [A, S] {
            close(of("relevance-rank", &map(values)), 0.375, 1e-15);
            close(of("top-k:k=8", &map(values)), 0.25, 1e-15);
            close(of("concept-influence:k=8", &map(values)), 1.0, 1e-15);
            close(of("roc-auc", &map(values)), 0.510_416_666_7, 1e-10);
            close(of("average-precision", &map(values)), 0.306_069_269, 1e-9);
        }
        close(of("roc-auc", &map(T)), 0.473_307_291_7, 1e-10);
        close(of("average-precision", &map(T)), 0.237_731_481_5, 1e-10);
    }

    /// wsolevaluation counts pixels between eleven thresholds, 0, 0.1 to 0.9 and 1, of the map moved to 0..1.
    #[test]
    fn precision_is_of_exact_thresholds() {
        let tenths = map(|n, i, j| (10.0 * A(n, i, j) * 67.0 / 66.0 + 1e-9).floor());
        close(of("average-precision", &tenths), 0.305_000_6, 1e-7);
        assert!((of("average-precision", &map(A)).unwrap() - 0.305_000_6).abs() > 1e-3);
    }

    #[test]
    fn equal_values_share_what_is_left() {
        // One pixel is above; of the three that are tied, one is the object's and one place is left.
        let tied = row(&[3.0, 1.0, 1.0, 0.0, 1.0]);
        let truth = boxes("3 0 5 1", &tied);
        close(placed("top-k:k=2", &tied, &truth), 1.0 / 6.0, 1e-15);
        close(placed("relevance-rank", &tied, &truth), 1.0 / 6.0, 1e-15);
        // By the indices it would be 0, and 1/2 in the mirror image.
        let mirrored = row(&[1.0, 0.0, 1.0, 1.0, 3.0]);
        close(placed("top-k:k=2", &mirrored, &boxes("0 0 2 1", &mirrored)), 1.0 / 6.0, 1e-15);
    }

    #[test]
    fn degenerate_input_has_a_reason() {
        let (flat, whole) = (row(&[0.5; 4]), boxes("0 0 8 8", &map(A)));
        for metric in METRICS.iter().map(|metric| metric.name) {
            let spec = if matches!(metric, "top-k" | "concept-influence") {
                &format!("{metric}:k=2")
            } else {
                metric
            };
            let reason = Err("the map is constant: it ranks no pixel".to_owned());
            assert_eq!(placed(spec, &flat, &boxes("0 0 1 1", &flat)), reason, "{spec}");
            let reason = Err("the mask is empty: no pixel is the object's".to_owned());
            assert_eq!(placed(spec, &map(A), &empty()), reason, "{spec}");
        }
        for spec in ["roc-auc", "average-precision"] {
            let reason = Err("the object covers the whole map".to_owned());
            assert_eq!(placed(spec, &map(A), &whole), reason);
        }
        assert_eq!(placed("relevance-rank", &map(A), &whole), Ok(1.0));
        let reason = Err("the map has 64 pixels, fewer than k = 1000".to_owned());
        assert_eq!(of("top-k", &map(A)), reason);
    }
}
