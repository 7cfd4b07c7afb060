//! Tests that show a part of an image: information, crops; and those that take one away.

mod common;

use std::sync::Arc;

use common::{CLASSES, SIDE, curves, golden, images, jobs, keep, maps, probabilities, run, tiny_basic};
use maps::Map;
use metrics::{Measure, Selection};
use models::network::Weight;
use models::network::graph::{Graph, Op};
use models::{Classifier, Image, Network, Preprocess, TensorData, device};
use perturbation::{CurvePoint, HostImage, Job, Plan};
use testing::{Tolerance, assert_close};

const PIXELS: usize = SIDE * SIDE;

fn measured(name: &str, test: &str, target: usize, points: &[CurvePoint]) -> Result<f64, String> {
    let point = |answer: &CurvePoint| metrics::Point {
        fraction: answer.fraction,
        probability: f64::from(answer.probability),
        predicted: Some(answer.predicted),
        mass: answer.measures.mass,
        information: answer.measures.information,
        area: answer.measures.area,
        hit: Some(answer.predicted == target),
        ..metrics::Point::default()
    };
    let curve = metrics::Curve::new(points.iter().map(point).collect())?;
    let selection = Selection::new(&[name.to_owned()], str::to_owned).unwrap();
    let [metric] = &selection.of_test(test)[..] else { panic!("{name} of {test}") };
    let Measure::Curve(measure) = &metric.metric.measure else { panic!("{name}") };
    measure(&curve)
}

#[test]
fn information_rises_from_the_blank_to_the_clean_image() {
    for spec in ["information", "information:thresholds=pair,estimate=entropy"] {
        for label in ["signed", "ties"] {
            for curves in curves(&tiny_basic(), &maps(label), &[spec, "pos"]) {
                let (shown, clean) = (&curves[0], curves[1][0]);
                assert_eq!(shown.len(), if spec == "information" { 11 } else { 15 });
                let area: Vec<f64> = shown.iter().map(|point| point.measures.area.unwrap()).collect();
                // 40 pixels and the corners, some of which may be among them; each share is exact, whatever ties.
                assert!(area[0] * 4096.0 >= 41.0 && area[0] * 4096.0 <= 44.0, "{area:?}");
                assert!(area.is_sorted() && area[area.len() - 1] == 1.0, "{area:?}");
                assert!((area[area.len() - 2] - 0.7525).abs() < 0.005, "{area:?}");
                let size = |point: &CurvePoint| point.measures.information.unwrap();
                assert!(size(&shown[0]) < size(&shown[shown.len() - 1]));
                assert_eq!(shown[shown.len() - 1].probability, clean.probability);
            }
        }
    }
}

#[test]
fn the_blank_image_is_the_same_for_every_map() {
    let both: Vec<Vec<Vec<CurvePoint>>> = ["signed", "ties"]
        .map(|label| curves(&tiny_basic(), &maps(label), &["information"]).remove(0))
        .into();
    assert_eq!(both[0][0][0], both[1][0][0]);
    assert_ne!(both[0][0][3], both[1][0][3]);
}

/// A network that looks for a checkerboard in a square of 16 x 16 pixels, which an interpolation of few pixels destroys, and
/// an image that has it in grey noise.
fn localised() -> (Classifier, Image, Map) {
    let inside = |i: usize| (20..36).contains(&(i / SIDE)) && (30..46).contains(&(i % SIDE));
    let sign = |i: usize| if (i / SIDE + i % SIDE).is_multiple_of(2) { 1.0 } else { -1.0 };
    let weight = |i: usize| if inside(i % PIXELS) { sign(i % PIXELS) / 1000.0 } else { 0.0 };
    let mut graph = Graph::new([3, SIDE, SIDE]);
    let flat = graph.push("flat", Op::Flatten, &[Graph::INPUT]);
    let matrix = graph.parameter("fc.weight", &[2, 3 * PIXELS]);
    let bias = Some(graph.parameter("fc.bias", &[2]));
    graph.push("fc", Op::Linear { weight: matrix, bias }, &[flat]);
    let device = device::cpu().device;
    let weights: Vec<f32> = (0..6 * PIXELS).map(|i| if i < 3 * PIXELS { 0.0 } else { weight(i) }).collect();
    let weights = Weight::new(TensorData::new(weights, vec![2, 3 * PIXELS]), &device);
    let bias = Weight::new(TensorData::new(vec![0.5_f32, 0.0], vec![2]), &device);
    let classifier = Classifier {
        name: "checkerboard".into(),
        preprocess: Preprocess::preset("imagenet-keep").unwrap(),
        labels: Vec::new(),
        layer: Graph::INPUT,
        digest: String::new(),
        device,
        network: Network::new(graph, vec![weights, bias]),
    };
    let noise = |i: usize| {
        let mixed = (i as u32).wrapping_mul(2_654_435_761);
        ((mixed ^ mixed >> 15).wrapping_mul(2_246_822_519) >> 25) as u8 + 64
    };
    let board = |i: usize| if sign(i) > 0.0 { 255 } else { 0 };
    let grey = |x: u32, y: u32| {
        let i = y as usize * SIDE + x as usize;
        image::Rgb([if inside(i) { board(i) } else { noise(i) }; 3])
    };
    let picture = image::RgbImage::from_fn(SIDE as u32, SIDE as u32, grey);
    let image = Image::prepare("", &picture, &classifier.preprocess).unwrap();
    let perfect = (0..PIXELS).map(|i| if inside(i) { 1.0 } else { 0.0 }).collect();
    (classifier, image, Map::from_plane([SIDE, SIDE], perfect).unwrap())
}

fn areas(classifier: &Classifier, image: &Image, map: &Map) -> [f64; 3] {
    let specs = ["information", "crop:threshold=0.5"];
    let tests = common::tests(&specs);
    let host = Arc::new(HostImage::new(image, &keep(), &tests, 0).unwrap());
    let job = Job { plan: Plan::new(map, &host, &tests), image: host, target: Some(1), tag: 0, keep: None };
    let curves = run(classifier, 8, vec![job]).0.remove(0);
    let found = [("aic", 0), ("sic", 0), ("saliency-metric", 1)];
    found.map(|(name, test)| measured(name, specs[test], 1, &curves[test]).unwrap())
}

/// Invariant 26.
#[test]
fn a_perfect_map_has_a_larger_area_than_a_random_one() {
    let (classifier, image, perfect) = localised();
    let [aic, sic, _] = areas(&classifier, &image, &perfect);
    let [random_aic, random_sic, _] = areas(&classifier, &image, &maps("signed")[0]);
    assert!(aic > random_aic + 0.1 && sic > random_sic + 0.1, "{aic} {sic}, {random_aic} {random_sic}");
    assert!([aic, sic, random_aic, random_sic].iter().all(|area| (0.0..=1.0).contains(area)));
}

#[test]
fn crops_grow_to_the_image() {
    for curves in curves(&tiny_basic(), &maps("signed"), &["crop", "crop:threshold=0.9", "pos"]) {
        let (crops, clean) = (&curves[0], curves[2][0]);
        assert_eq!((crops.len(), crops[0].measures.area), (11, None));
        let areas: Vec<f64> = crops[1..].iter().map(|point| point.measures.area.unwrap()).collect();
        assert!(areas.is_sorted() && areas[9] == 1.0, "{areas:?}");
        assert_eq!([crops[0].probability, crops[10].probability], [clean.probability; 2]);
        assert_eq!(curves[1].len(), 2);
        assert!(curves[1][1].fraction < 0.05 && curves[1][1].measures.area.unwrap() > curves[1][1].fraction);
    }
}

/// POS of the reference is the classic curve without its end.
#[test]
fn torch_classic() {
    for label in ["signed", "ties"] {
        let expected = golden(&format!("{label}.pos"));
        let found = curves(&tiny_basic(), &maps(label), &["classic"]);
        for (curves, expected) in found.iter().zip(expected.data.chunks(20)) {
            assert_close(&probabilities(&curves[0])[..10], &expected[..10], Tolerance::new(1e-5, 1e-5));
            assert_eq!((curves[0].len(), curves[0][10].fraction), (11, 1.0));
        }
    }
}

/// The weights of a linear network on an image over black are its contributions: no sign is wrong, and each one of the
/// negated map is.
#[test]
fn the_exact_map_violates_nothing() {
    let (classifier, image, _) = localised();
    let sign = |i: usize| if (i / SIDE + i % SIDE).is_multiple_of(2) { 1.0 } else { -1.0 };
    let inside = |i: usize| (20..36).contains(&(i / SIDE)) && (30..46).contains(&(i % SIDE));
    let exact = |factor: f32| {
        let pixel = |i: usize| if inside(i) { factor * sign(i) * image.pixels[i] } else { 0.0 };
        Map::from_plane([SIDE, SIDE], (0..PIXELS).map(pixel).collect()).unwrap()
    };
    for spec in
        ["violation:blocks=0", "violation:blocks=16", "violation:region=3", "violation:blocks=0,segments=20"]
    {
        let tests = common::tests(&[spec]);
        for (factor, expected) in [(1.0, 0.0), (-1.0, 1.0)] {
            let host = Arc::new(HostImage::new(&image, &keep(), &tests, 0).unwrap());
            let job = Job {
                plan: Plan::new(&exact(factor), &host, &tests),
                image: host,
                target: Some(1),
                tag: 0,
                keep: None,
            };
            let curves = run(&classifier, 8, vec![job]).0.remove(0);
            assert_eq!(measured("violation", spec, 1, &curves[0]), Ok(expected), "{spec} {:?}", curves[0]);
        }
    }
}

/// One map of another size than its image, which the executor refuses.
#[test]
fn a_map_of_another_size_is_planned_without_panic() {
    let small = Map::from_plane([2, 3], (0..6_u8).map(f32::from).collect()).unwrap();
    let specs = ["information", "crop", "classic", "violation"];
    assert_eq!(jobs(&[(0, small, Some(CLASSES[0]))], &specs).len(), 1);
    assert_eq!(images().len(), 2);
}
