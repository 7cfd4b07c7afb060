//! What inputs are made of: chosen pixels, bytes of a test's own, masks turned round, parts of the image.

mod common;

use std::sync::Arc;

use common::{CLASSES, SIDE, curves, jobs_of, maps, probabilities, ramp, run, tests, tiny_basic};
use maps::{Map, Order};
use perturbation::{
    CurvePoint, Demand, Entry, Fill, HostImage, Input, Painted, ParsedTest, PixelSet, PlanBuilder, Point,
    Replacement, Test, Undefined,
};

const PIXELS: usize = SIDE * SIDE;

/// Deletion at quarters, its pixels named one by one, and the image's own bytes.
#[derive(Debug)]
struct Named(Vec<Replacement>);

impl Test for Named {
    fn fills(&self) -> &[Replacement] {
        &self.0
    }

    fn points(&self, builder: &mut PlanBuilder<'_>) -> Result<Vec<Point>, Undefined> {
        let order = Order::MostRelevantFirst.sort(builder.map().values());
        let quarter = |quarter| {
            let chosen = PixelSet::new(PIXELS, order[..quarter * PIXELS / 4].iter().copied());
            Point::new(quarter as f64 / 4.0, vec![Input::chosen(chosen, PIXELS, &self.0[0])])
        };
        let own = Painted::new(builder.image().image_bytes());
        Ok((0..=4).map(quarter).chain([Point::new(1.0, vec![Input::Painted(own)])]).collect())
    }

    fn demand(&self, _: usize) -> Demand {
        Demand::AtMost { count: 1, of_image: 4 }
    }
}

const NAMED: Entry = Entry {
    name: "named",
    summary: "",
    source: "",
    build: |_| Ok(Arc::new(Named(vec![Replacement::from(Fill::Black)]))),
};

fn named() -> Vec<ParsedTest> {
    vec![ParsedTest::parse("named", &[&[NAMED]]).unwrap()]
}

#[test]
fn chosen_pixels_are_replaced_and_no_others() {
    let (classifier, maps) = (tiny_basic(), maps("signed"));
    let asked = [(0, maps[0].clone(), Some(CLASSES[0])), (1, maps[1].clone(), Some(CLASSES[1]))];
    let found = run(&classifier, 7, jobs_of(&asked, &named())).0;
    let expected = curves(&classifier, &maps, &["deletion:steps=4"]);
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(probabilities(&found[0][..5]), probabilities(&expected[0]));
    }
}

#[test]
fn bytes_of_a_test_are_normalised_as_the_image_is() {
    let (classifier, tests) = (tiny_basic(), named());
    let image = HostImage::new(&ramp([64, 64]), &common::keep(), &tests, 0).unwrap();
    assert_eq!(image.image_bytes()[..4], [0, 3, 6, 9]);
    let plan = perturbation::Plan::new(&maps("signed")[0], &image, &tests);
    let job = perturbation::Job { image: Arc::new(image), plan, target: Some(2), tag: 0, keep: None };
    let (curves, forwards) = run(&classifier, 16, vec![job]);
    let points = &curves[0][0];
    assert_eq!((points[5].probability, points[5].logit), (points[0].probability, points[0].logit));
    assert_eq!(forwards, 6);
}

#[test]
fn the_mask_turned_round_is_that_of_the_negative_map() {
    let (classifier, maps) = (tiny_basic(), maps("signed"));
    let negative =
        |map: &Map| Map::from_plane(map.size(), map.values().iter().map(|x| -x).collect()).unwrap();
    let negatives: Vec<Map> = maps.iter().map(negative).collect();
    let of = |maps: &[Map], spec: &str| -> Vec<CurvePoint> {
        curves(&classifier, maps, &[spec]).into_iter().map(|tests| tests[0][1]).collect()
    };
    for (a, b) in of(&maps, "mask:invert=true").iter().zip(&of(&negatives, "mask")) {
        assert!((a.probability - b.probability).abs() < 1e-5 && (a.fraction - b.fraction).abs() < 1e-6);
    }
    for (a, b) in of(&maps, "mask:percentile=75,invert=true").iter().zip(&of(&maps, "deletion:steps=4")) {
        assert_eq!((a.probability, a.fraction), (b.probability, 0.25));
    }
    let scaled = |map: &Map| {
        let values = map.normalised();
        Map::from_plane(map.size(), values).unwrap()
    };
    let scaled: Vec<Map> = maps.iter().map(scaled).collect();
    assert_eq!(of(&scaled, "mask:scale=none"), of(&maps, "mask"));
}

/// The mean of a block stands for each of its pixels.
#[test]
fn blocks_go_by_their_mean() {
    let (classifier, maps) = (tiny_basic(), maps("signed"));
    let flat = |map: &Map| {
        let block = |i: usize| (i / SIDE / 32, i % SIDE / 32);
        let mean = |of: (usize, usize)| {
            let values = (0..PIXELS).filter(|&i| block(i) == of).map(|i| map.values()[i]);
            values.sum::<f64>() / 1024.0
        };
        Map::from_plane([SIDE, SIDE], (0..PIXELS).map(|i| mean(block(i))).collect()).unwrap()
    };
    let flats: Vec<Map> = maps.iter().map(flat).collect();
    let specs = ["deletion:blocks=2,steps=4", "patches:fill=black,size=32"];
    let expected = curves(&classifier, &flats, &["deletion:steps=4"]);
    for (found, expected) in curves(&classifier, &maps, &specs).iter().zip(&expected) {
        for curve in found {
            assert_eq!(probabilities(curve), probabilities(&expected[0]));
            let masses = |curve: &[CurvePoint]| -> Vec<f64> {
                curve.iter().map(|point| (point.measures.mass.unwrap() * 1e6).round()).collect()
            };
            assert_eq!(masses(curve), masses(&expected[0]));
        }
    }
}

#[test]
fn superpixels_are_replaced_one_by_one_to_the_last() {
    let (classifier, maps) = (tiny_basic(), maps("signed"));
    let all = curves(
        &classifier,
        &maps,
        &["superpixels:count=12", "deletion:fill=mean,steps=1", "patches:steps=3"],
    );
    for (found, map) in all.iter().zip(&maps) {
        let [superpixels, ends, patches] = &found[..] else { panic!() };
        let parts = superpixels.len() - 1;
        // The images are noise, which falls apart.
        assert!((2..=24).contains(&parts), "{parts}");
        assert_eq!(
            (superpixels[0].probability, superpixels[parts].probability),
            (ends[0].probability, ends[1].probability)
        );
        let fractions: Vec<f64> = superpixels.iter().map(|point| point.fraction).collect();
        assert_eq!(fractions, (0..=parts).map(|part| part as f64 / parts as f64).collect::<Vec<_>>());
        let sum: f64 = superpixels.iter().map(|point| point.measures.mass.unwrap()).sum();
        assert!((sum - map.values().iter().sum::<f64>()).abs() < 1e-9);
        // 8 x 8 squares of 9 pixels, the last of each row and column cut.
        assert_eq!(
            patches.iter().map(|point| point.fraction * 64.0).collect::<Vec<_>>(),
            [0.0, 1.0, 2.0, 3.0]
        );
    }
    let forwards: Vec<u64> = tests(&["superpixels:count=12", "patches:size=32"])
        .iter()
        .map(|test| test.forwards(PIXELS).count)
        .collect();
    assert_eq!(forwards, [24, 100 * 5]);
}

/// An image of which nothing is left cannot be imputed. All maps of the image ask for it, and none may wait for another.
#[test]
fn what_cannot_be_painted_fails_for_every_map() {
    let (classifier, maps) = (tiny_basic(), maps("signed"));
    let asked: Vec<_> = maps.iter().map(|map| (0, map.clone(), Some(3))).collect();
    for batch in [1, 16] {
        let mut executor = perturbation::Executor::new(&classifier, |_| batch);
        for job in common::jobs(&asked, &["patches:fill=impute,size=64"]) {
            executor.push(job).unwrap();
        }
        executor.flush();
        let found: Vec<_> = std::iter::from_fn(|| executor.pop()).collect();
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|result| result.curves.is_err()), "batches of {batch}");
    }
}
