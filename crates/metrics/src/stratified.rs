//! The metric of the inpainting study (Meaningful Perturbation, Algorithm 1): whether an image becomes one of its second class as
//! what the map points at is painted anew, and whether the new explanation points at what was painted.

use std::collections::HashSet;

use maps::{Map, Patches};
use pipe::Direction::Lower;

use crate::{Curve, Explanations, Input, Measure, Measured, Metric, Point};

pub(crate) const METRICS: &[Metric] = &[
    Metric {
        name: "inpaint",
        direction: Lower,
        summary: "area under 1 less the share of samples that become one of the second class (class=other: of any other); 1 at 0",
        on_request: false,
        input: Input::Curve(&["inpaint"]),
        build: |reader| {
            let other = reader.choose("class", &[("second", false), ("other", true)])?;
            Ok(Measure::curve(move |curve| area(curve, &|at| success(curve, at, other))))
        },
    },
    Metric {
        name: "stratified",
        direction: Lower,
        summary: "the same, each such sample weighed by the share of the first pixels of its map of the second class that were painted or \
                  are first in that map of the image itself",
        on_request: false,
        input: Input::Again(&["inpaint"]),
        build: |reader| {
            let other = reader.choose("class", &[("second", false), ("other", true)])?;
            Ok(Measure::again(move |explained| stratified(explained, other)))
        },
    },
];

/// 1 if a sample is of the second class, or with `other` of any other than the clean image, else 0.
fn success(curve: &Curve, at: usize, other: bool) -> Measured {
    let points = curve.points();
    let known = |class: Option<usize>, what: &str| class.ok_or_else(|| format!("point {at} has no {what}"));
    let predicted = known(points[at].predicted, "predicted class")?;
    let is_one = if other {
        predicted != known(points[0].predicted, "predicted class")?
    } else {
        predicted == known(points[at].second, "second class")?
    };
    Ok(f64::from(u8::from(is_one)))
}

fn stratified(explained: &Explanations<'_>, other: bool) -> Measured {
    let Explanations { curve, maps, second, test } = explained;
    let second = second.ok_or("the map of the second class is missing (--second)")?;
    if maps.iter().any(|map| map.size() != second.size()) {
        return Err("the maps have two sizes".to_owned());
    }
    let patches = patches(test);
    area(curve, &|at| {
        Ok(success(curve, at, other)? * weight(&maps[0], second, &maps[at], patches, &curve.points()[at]))
    })
}

/// The share of the first pixels of the painted image's map that are among the first patches of the clean image's or the first pixels of
/// its map of the second class.
fn weight(map: &Map, second: &Map, painted: &Map, patches: Patches, point: &Point) -> f64 {
    let pixels = Patches { side: 1, published: false };
    let first = pixels.first(painted, point.fraction);
    let mut expected: HashSet<usize> = pixels.first(second, point.fraction).into_iter().collect();
    expected.extend(patches.first(map, point.fraction));
    let found = first.iter().filter(|pixel| expected.contains(pixel)).count();
    found as f64 / first.len().max(1) as f64
}

/// How the test took its patches.
fn patches(test: &str) -> Patches {
    let value = |key: &str| test.split([':', ',']).find_map(|part| part.strip_prefix(key)?.strip_prefix('='));
    Patches {
        side: value("patch").and_then(|side| side.parse().ok()).unwrap_or(Patches::STUDY.side),
        published: value("ranking").map_or(Patches::STUDY.published, |ranking| ranking == "published"),
    }
}

/// The area under 1 - score, where the score of a fraction is the mean over its samples, and 0 at 0.
fn area(curve: &Curve, score: &dyn Fn(usize) -> Measured) -> Measured {
    let points = curve.points();
    let mut scores: Vec<(f64, f64, usize)> = vec![(0.0, 0.0, 1)];
    for (at, point) in points.iter().enumerate().skip(1) {
        let score = score(at)?;
        match scores.iter_mut().find(|(fraction, ..)| *fraction == point.fraction) {
            Some((_, sum, count)) => (*sum, *count) = (*sum + score, *count + 1),
            None => scores.push((point.fraction, score, 1)),
        }
    }
    if points.first().is_none_or(|first| first.fraction != 0.0) || scores.len() < 2 {
        return Err("the curve has no clean image or no generated one".to_owned());
    }
    let (xs, ys): (Vec<f64>, Vec<f64>) =
        scores.iter().map(|(x, sum, count)| (*x, 1.0 - sum / *count as f64)).unzip();
    Ok(xs.windows(2).zip(ys.windows(2)).map(|(x, y)| (x[1] - x[0]) * f64::midpoint(y[0], y[1])).sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{close, row};
    use crate::metric::tests::{again, curved};

    /// The clean image of class 0, whose second class is 1, then images of these classes at a fraction each.
    fn curve(classes: &[(f64, usize)]) -> Curve {
        let point = |&(fraction, class): &(f64, usize)| Point {
            fraction,
            probability: 0.5,
            predicted: Some(class),
            second: Some(1),
            ..Point::default()
        };
        let all = [(0.0, 0)].iter().chain(classes).map(point).collect();
        Curve::new(all).unwrap()
    }

    #[test]
    fn samples_of_a_fraction_are_averaged() {
        // 1 at 0, a half of two samples, none, all: 1, 0.5, 1, 0.
        let curve = curve(&[(0.1, 1), (0.2, 0), (0.3, 1), (0.1, 0), (0.2, 2), (0.3, 1)]);
        close(curved("inpaint", &curve), 0.1 * (0.75 + 0.75 + 0.5), 1e-12);
        // Class 2 is another one as well: 1, 0.5, 0.5, 0.
        close(curved("inpaint:class=other", &curve), 0.1 * (0.75 + 0.5 + 0.25), 1e-12);
    }

    #[test]
    fn a_sample_weighs_what_its_explanation_shares_with_what_was_painted() {
        // Ten pixels, patches of one: a fifth of the image is two of them.
        let rising = row(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]); // first 9 8
        let falling = row(&[9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 0.0]); // first 0 1
        let middle = row(&[0.0, 0.0, 0.0, 0.0, 9.0, 8.0, 0.0, 0.0, 0.0, 0.0]); // first 4 5
        let mixed = row(&[9.0, 0.0, 0.0, 0.0, 8.0, 0.0, 0.0, 0.0, 0.0, 0.0]); // first 0 4
        let curve = curve(&[(0.2, 1)]);
        let score = |painted: &Map, second: &Map| {
            let maps = [rising.clone(), painted.clone()];
            let Measure::Again(measure) = crate::ParsedMetric::parse("stratified").unwrap().measure else {
                panic!()
            };
            let test = "inpaint:generator=stub,patch=1";
            measure(&Explanations { curve: &curve, maps: &maps, second: Some(second), test })
        };
        let area = |weight: f64| 0.2 * (1.0 + 1.0 - weight) / 2.0;
        close(score(&rising, &falling), area(1.0), 1e-12); // it points at what was painted
        close(score(&falling, &falling), area(1.0), 1e-12); // or where it always did
        close(score(&middle, &falling), area(0.0), 1e-12); // or elsewhere
        close(score(&mixed, &falling), area(0.5), 1e-12);
    }

    /// Nothing that became another class: the weights do not matter.
    #[test]
    fn without_success_the_area_is_the_largest() {
        let maps = [row(&[0.0, 1.0, 2.0]), row(&[2.0, 1.0, 0.0]), row(&[2.0, 1.0, 0.0])];
        let explained = Explanations {
            curve: &curve(&[(0.25, 0), (0.5, 0)]),
            maps: &maps,
            second: Some(&maps[1]),
            test: "inpaint",
        };
        close(stratified(&explained, false), 0.5, 1e-12);
        close(stratified(&explained, true), 0.5, 1e-12);
    }

    #[test]
    fn patches_are_those_of_the_test() {
        assert_eq!(patches("inpaint:generator=a"), Patches::STUDY);
        assert_eq!(patches("inpaint:patch=8,ranking=published"), Patches { side: 8, published: true });
    }

    #[test]
    fn what_is_missing_is_told() {
        let maps = [row(&[0.0, 1.0]), row(&[0.0, 1.0])];
        let reason = Err("the map of the second class is missing (--second)".to_owned());
        assert_eq!(again("stratified", &curve(&[(0.5, 1)]), &maps), reason);
        let mut points = curve(&[(0.5, 1)]).points().to_vec();
        points[1].second = None;
        let found = curved("inpaint", &Curve::new(points.clone()).unwrap());
        assert_eq!(found, Err("point 1 has no second class".to_owned()));
        points[1].predicted = None;
        let found = curved("inpaint", &Curve::new(points[..2].to_vec()).unwrap());
        assert_eq!(found, Err("point 1 has no predicted class".to_owned()));
        let found = curved("inpaint", &Curve::new(points[..1].to_vec()).unwrap());
        assert_eq!(found, Err("the curve has no clean image or no generated one".to_owned()));
    }
}
