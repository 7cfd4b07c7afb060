//! What changes in a map when its image changes: sensitivity (Yeh et al., 2019), local Lipschitz estimate (Alvarez-Melis and
//! Jaakkola, 2018), continuity (Montavon et al., 2018), relative stability (Agarwal et al., 2022). Maps of images of another class
//! explain another decision, and are left out unless `class=any`.

use maps::Map;
use pipe::Direction::Lower;
use spec::Reader;

use crate::pair::{Scaling, check_sizes};
use crate::{Curve, Input, Measure, Measured, Metric, Point};

/// Relative changes are not counted where the map is nearer to 0 than this share of its largest value, nor divided by less.
const LEAST: f64 = 1e-6;

pub(crate) const METRICS: &[Metric] = &[
    Metric {
        name: "max-sensitivity",
        direction: Lower,
        summary: "largest norm of the change of the map under noise, over the norm of the map (Captum, Quantus); scale=none: as it is \
                  (Yeh et al.); scale=max: of maps over their largest values (AttriBench)",
        on_request: false,
        input: Input::Again(&["noise"]),
        build: |reader| sensitivity(reader, |changes| changes.iter().copied().fold(0.0, f64::max)),
    },
    Metric {
        name: "mean-sensitivity",
        direction: Lower,
        summary: "the mean of the same over the draws",
        on_request: false,
        input: Input::Again(&["noise"]),
        build: |reader| sensitivity(reader, stats::summary::mean),
    },
    Metric {
        name: "local-lipschitz",
        direction: Lower,
        summary: "largest norm of the change of the map under noise over that of the image, of maps over their largest values; \
                  scale=none: of maps as they are",
        on_request: false,
        input: Input::Again(&["noise"]),
        build: |reader| slope(reader, norm),
    },
    Metric {
        name: "continuity",
        direction: Lower,
        summary: "largest sum of the changes of the map, whose image moves, over the norm of the image's change; scale=none: of maps as \
                  they are",
        on_request: false,
        input: Input::Again(&["shift"]),
        build: |reader| slope(reader, |changes| changes.iter().map(|change| change.abs()).sum()),
    },
    Metric {
        name: "relative-input-stability",
        direction: Lower,
        summary: "largest relative change of the map under noise over the relative change of the image",
        on_request: true,
        input: Input::Again(&["noise"]),
        build: |reader| stability(reader, "relative", |point| point.relative),
    },
    Metric {
        name: "relative-output-stability",
        direction: Lower,
        summary: "largest relative change of the map under noise over the norm of the change of all scores before the softmax",
        on_request: true,
        input: Input::Again(&["noise"]),
        build: |reader| stability(reader, "logit_distance", |point| point.logit_distance),
    },
    Metric {
        name: "relative-representation-stability",
        direction: Lower,
        summary: "largest relative change of the map under noise over the relative change of the features before the last linear layer",
        on_request: true,
        input: Input::Again(&["noise"]),
        build: |reader| stability(reader, "feature_distance", |point| point.feature_distance),
    },
];

/// A map, and the maps of changed images that count, each with its point.
type Counted<'a> = (&'a Map, Vec<(&'a Point, &'a Map)>);

/// Whatever the class, or only of the clean image's.
fn counted<'a>(curve: &'a Curve, maps: &'a [Map], any_class: bool) -> Result<Counted<'a>, String> {
    let (Some(clean), Some(map)) = (curve.points().first(), maps.first()) else {
        return Err("there is no map of the clean image".to_owned());
    };
    maps.iter().try_for_each(|other| check_sizes(map, other))?;
    let all: Vec<(&Point, &Map)> = curve.points().iter().zip(maps).skip(1).collect();
    if !any_class && all.iter().any(|(point, _)| point.predicted.is_none()) {
        return Err("a point has no predicted class".to_owned());
    }
    let is_same = |point: &Point| any_class || point.predicted == clean.predicted;
    let same: Vec<_> = all.into_iter().filter(|(point, _)| is_same(point)).collect();
    if same.is_empty() {
        Err("no changed image is of the clean one's class".to_owned())
    } else {
        Ok((map, same))
    }
}

fn take_class(reader: &mut Reader) -> Result<bool, spec::Error> {
    reader.choose("class", &[("same", false), ("any", true)])
}

fn sensitivity(reader: &mut Reader, of_all: fn(&[f64]) -> f64) -> Result<Measure, spec::Error> {
    let scaling = reader
        .choose("scale", &[("norm", None), ("none", Some(Scaling::None)), ("max", Some(Scaling::Largest))])?;
    let any_class = take_class(reader)?;
    Ok(Measure::again(move |explained| {
        let (map, changed) = counted(explained.curve, explained.maps, any_class)?;
        let own = norm(map.values());
        if scaling.is_none() && own == 0.0 {
            return Err("the map is zero everywhere".to_owned());
        }
        let change = |(_, other): &(&Point, &Map)| {
            let change = norm(&difference(scaling.unwrap_or(Scaling::None), map, other)?);
            Ok(if scaling.is_none() { change / own } else { change })
        };
        Ok(of_all(&changed.iter().map(change).collect::<Result<Vec<f64>, String>>()?))
    }))
}

/// The largest size of the map's change over that of the image's.
fn slope(reader: &mut Reader, size: fn(&[f64]) -> f64) -> Result<Measure, spec::Error> {
    let scaling = reader.choose("scale", &[("max", Scaling::Largest), ("none", Scaling::None)])?;
    let any_class = take_class(reader)?;
    Ok(Measure::again(move |explained| {
        let (map, changed) = counted(explained.curve, explained.maps, any_class)?;
        let slope = |(point, other): &(&Point, &Map)| {
            let distance = known(point.distance, "distance")?;
            if distance == 0.0 {
                return Err("an image is not changed at all".to_owned());
            }
            Ok(size(&difference(scaling, map, other)?) / distance)
        };
        largest(changed.iter().map(slope))
    }))
}

/// The largest relative change of the map over a change that a column tells.
fn stability(
    reader: &mut Reader,
    column: &'static str,
    change: fn(&Point) -> Option<f64>,
) -> Result<Measure, spec::Error> {
    let any_class = take_class(reader)?;
    Ok(Measure::again(move |explained| {
        let (map, changed) = counted(explained.curve, explained.maps, any_class)?;
        let (low, high) = map.range();
        let least = LEAST * high.max(-low);
        let relative = |other: &Map| {
            let pairs = map.values().iter().zip(other.values()).filter(|(value, _)| value.abs() > least);
            norm(&pairs.map(|(value, other)| (value - other) / value).collect::<Vec<f64>>())
        };
        if least == 0.0 {
            return Err("the map is zero everywhere".to_owned());
        }
        largest(
            changed
                .iter()
                .map(|(point, other)| Ok(relative(other) / known(change(point), column)?.max(LEAST))),
        )
    }))
}

fn difference(scaling: Scaling, map: &Map, other: &Map) -> Result<Vec<f64>, String> {
    let [map, other] = scaling.apply(map, other)?;
    Ok(map.iter().zip(&other).map(|(a, b)| a - b).collect())
}

fn known(value: Option<f64>, column: &str) -> Measured {
    value.ok_or_else(|| format!("a point has no {column}"))
}

fn largest(mut values: impl Iterator<Item = Measured>) -> Measured {
    values.try_fold(0.0, |largest: f64, value| Ok(largest.max(value?)))
}

fn norm(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{A, close, map};
    use crate::linear::{Linear, noise};
    use crate::metric::tests::again;

    /// The model of the catalogue, its image moved up by 0.05, and the gradients of the target's probability at some images.
    fn explained(changed: impl Fn(&[f64], usize) -> Option<Vec<f64>>) -> (Curve, Vec<Map>) {
        let mut model = Linear::new(1, 0);
        model.image.iter_mut().for_each(|x| *x += 0.05);
        let images = (0..).map_while(|draw| changed(&model.image, draw));
        let images: Vec<Vec<f64>> = std::iter::once(model.image.clone()).chain(images).collect();
        let size = |terms: &mut dyn Iterator<Item = f64>| terms.map(|x| x * x).sum::<f64>().sqrt();
        let clean = Linear::logits(&images[0]);
        // As Quantus takes them: the input and the scores of a network of one layer.
        let features = |image: &Vec<f64>| [&image[..], &Linear::logits(image)].concat();
        let point = |image: &Vec<f64>| {
            let pairs = || image.iter().zip(&model.image);
            let logits = Linear::logits(image);
            Point {
                distance: Some(size(&mut pairs().map(|(a, b)| a - b))),
                relative: Some(size(&mut pairs().map(|(a, b)| (a - b) / b))),
                logit_distance: Some(size(&mut logits.iter().zip(&clean).map(|(a, b)| a - b))),
                feature_distance: {
                    let (own, clean) = (features(image), features(&images[0]));
                    Some(size(&mut own.iter().zip(&clean).map(|(a, b)| (a - b) / b)))
                },
                ..model.point(image, 1.0, None)
            }
        };
        let map = |image: &Vec<f64>| Map::from_plane([8, 8], model.gradient(image)).unwrap();
        (Curve::new(images.iter().map(point).collect()).unwrap(), images.iter().map(map).collect())
    }

    fn noisy(low: f64, high: f64) -> (Curve, Vec<Map>) {
        explained(|image, draw| {
            let noise = noise(draw, 64).map(|u| low + (high - low) * u);
            (draw < 4).then(|| image.iter().zip(noise).map(|(x, u)| x + u).collect())
        })
    }

    /// Those that are marked there as released programs' too: Captum's and Quantus' sensitivity, AttriBench's, Quantus' estimate of
    /// Lipschitz' constant, its stabilities.
    #[test]
    fn the_numbers_are_those_of_the_catalogue() {
        let (curve, maps) = noisy(-0.2, 0.2);
        for (spec, expected) in [
            ("max-sensitivity", 0.050_273_584_8),
            ("mean-sensitivity", 0.038_382_050_9),
            ("max-sensitivity:scale=none", 0.024_426_809_7),
            ("max-sensitivity:scale=max", 0.240_335_135_5),
        ] {
            close(again(spec, &curve, &maps), expected, 1e-10);
        }
        let (curve, maps) = noisy(-0.1, 0.1);
        close(again("local-lipschitz", &curve, &maps), 0.268_220_785_1, 1e-10);
        close(again("local-lipschitz:scale=none", &curve, &maps), 0.024_196_568_8, 1e-10);
        let (curve, maps) = noisy(0.02, 0.2);
        close(again("relative-input-stability", &curve, &maps), 0.039_756_144_1, 1e-10);
        close(again("relative-output-stability", &curve, &maps), 4.501_728_753_1, 1e-9);
        close(again("relative-representation-stability", &curve, &maps), 0.037_709_390_7, 1e-10);
    }

    #[test]
    fn continuity_is_that_of_quantus_where_no_image_is_blank() {
        let (curve, maps) = explained(|image, draw| {
            let by = [-2, 2].get(draw)?;
            let moved = |at: usize| {
                let from = (at % 8) as isize - by;
                if (0..8).contains(&from) { image[at - at % 8 + from as usize] } else { 0.05 }
            };
            Some((0..64).map(moved).collect())
        });
        close(again("continuity:scale=none,class=any", &curve, &maps), 0.274_399_079_5, 1e-10);
    }

    #[test]
    fn only_maps_of_the_same_class_count_unless_any_does() {
        let (curve, mut maps) = noisy(-0.2, 0.2);
        let mut points = curve.points().to_vec();
        points[1].predicted = Some(7);
        maps[1] = map(A);
        let curve = Curve::new(points.clone()).unwrap();
        let all = again("max-sensitivity:class=any", &curve, &maps).unwrap();
        assert!(all > 10.0 * again("max-sensitivity", &curve, &maps).unwrap());
        points.iter_mut().skip(1).for_each(|point| point.predicted = Some(7));
        let curve = Curve::new(points).unwrap();
        let reason = Err("no changed image is of the clean one's class".to_owned());
        for metric in METRICS {
            assert_eq!(again(metric.name, &curve, &maps), reason, "{}", metric.name);
        }
    }

    /// Quantus divides by 1e-6 there: six zeros make its output stability 657,300.
    #[test]
    fn zeros_of_a_map_do_not_outweigh_the_rest() {
        let (curve, mut maps) = noisy(0.02, 0.2);
        let measures = ["relative-input-stability", "relative-output-stability"];
        let before = measures.map(|spec| again(spec, &curve, &maps).unwrap());
        let mut values = maps[0].values().to_vec();
        values[..6].fill(0.0);
        maps[0] = Map::from_plane([8, 8], values).unwrap();
        for (spec, before) in measures.into_iter().zip(before) {
            let after = again(spec, &curve, &maps).unwrap();
            assert!(after <= before && after > 0.5 * before, "{spec}: {before} and {after}");
        }
    }

    /// Captum calls a map of zeros the least sensitive of all.
    #[test]
    fn a_map_of_zeros_has_a_reason() {
        let (curve, mut maps) = noisy(-0.2, 0.2);
        maps[0] = Map::from_plane([8, 8], vec![0.0; 64]).unwrap();
        for spec in ["max-sensitivity", "mean-sensitivity", "relative-input-stability"] {
            assert_eq!(again(spec, &curve, &maps), Err("the map is zero everywhere".to_owned()), "{spec}");
        }
        let reason = Err("a map is zero everywhere".to_owned());
        assert_eq!(again("local-lipschitz", &curve, &maps), reason);
        assert!(again("max-sensitivity:scale=none", &curve, &maps).is_ok());
        maps[1] = Map::from_plane([1, 2], vec![0.0; 2]).unwrap();
        let reason = Err("the maps are 8 x 8 and 1 x 2 pixels".to_owned());
        assert_eq!(again("max-sensitivity:scale=none", &curve, &maps), reason);
    }

    #[test]
    fn what_a_point_lacks_is_told() {
        let (curve, maps) = noisy(-0.2, 0.2);
        let without = |change: fn(&mut Point)| {
            let mut points = curve.points().to_vec();
            points.iter_mut().for_each(change);
            Curve::new(points).unwrap()
        };
        let reason = |what: &str| Err(format!("a point has no {what}"));
        let curve = without(|point| point.distance = None);
        assert_eq!(again("local-lipschitz", &curve, &maps), reason("distance"));
        let curve = without(|point| point.logit_distance = None);
        assert_eq!(again("relative-output-stability", &curve, &maps), reason("logit_distance"));
        let curve = without(|point| point.feature_distance = None);
        assert_eq!(again("relative-representation-stability", &curve, &maps), reason("feature_distance"));
        let curve = without(|point| point.predicted = None);
        assert_eq!(again("max-sensitivity", &curve, &maps), reason("predicted class"));
        assert_eq!(
            again("max-sensitivity", &Curve::new(Vec::new()).unwrap(), &[]),
            Err("there is no map of the clean image".to_owned())
        );
    }
}
