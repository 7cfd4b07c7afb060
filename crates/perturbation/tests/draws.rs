//! Tests whose points stand each for itself: what they draw, and what they say that the map foretells.

mod common;

use std::sync::Arc;

use common::{CLASSES, curves, keep, linear, maps, probabilities, ramp, run, tests, tiny_basic};
use maps::Map;
use models::{Classifier, Op};
use perturbation::{CurvePoint, Executor, HostImage, Input, Job, Keeper, ParsedTest, Plan, TESTS, Undefined};

const ALL: [&str; 7] = [
    "subset:size=0.1+40,draws=7",
    "subset:grid=5,draws=7,fill=uniform,runs=2",
    "single:blocks=4",
    "single:blocks=0,steps=5,fill=uniform,runs=2",
    "square:size=24,fill=blur",
    "noise:draws=6",
    "shift",
];

/// Points of one test on one image and map.
fn points(spec: &str, map: &Map, seed: u64) -> Plan {
    let tests = tests(&[spec]);
    let image = HostImage::new(&ramp(map.size()), &keep(), &tests, seed).unwrap();
    Plan::new(map, &image, &tests)
}

fn map(size: [usize; 2], at: impl Fn(usize) -> f64) -> Map {
    Map::from_plane(size, (0..size[0] * size[1]).map(at).collect()).unwrap()
}

/// The numbers of the pixels that each input replaces.
fn chosen(plan: &Plan, pixels: usize) -> Vec<Vec<usize>> {
    let of = |input: &Input| match input {
        Input::Chosen { pixels: chosen, .. } => (0..pixels).filter(|&pixel| chosen.has(pixel)).collect(),
        other => panic!("{other:?}"),
    };
    plan.inputs().iter().map(of).collect()
}

#[test]
fn subsets_belong_to_the_image_and_the_seed_and_not_to_the_map() {
    let (one, other) = (map([20, 10], |i| (i % 7) as f64), map([20, 10], |i| (i % 11) as f64 - 3.0));
    let draws = |spec: &str, map: &Map, seed| chosen(&points(spec, map, seed), 200);
    let sets = draws("subset:draws=8", &one, 0);
    assert!(sets.len() == 8 && sets.iter().all(|set| set.len() == 40));
    assert_eq!(draws("subset:draws=8", &other, 0), sets);
    assert_ne!(draws("subset:draws=8", &one, 1), sets);
    // More draws begin with the same ones, and a size does not depend on the others.
    assert_eq!(draws("subset:draws=5", &one, 0), sets[..5]);
    assert_eq!(draws("subset:draws=8,size=3+0.2", &one, 0)[8..], sets[..]);
    // Each pixel has its chance.
    let many = draws("subset:draws=400", &one, 0);
    let times = |pixel| many.iter().filter(|set| set.contains(&pixel)).count();
    assert!((0..200).all(|pixel| (45..=115).contains(&times(pixel))));
}

#[test]
fn cells_go_whole() {
    let map = map([20, 10], |i| i as f64);
    for set in chosen(&points("subset:grid=5,size=0.2,draws=4", &map, 0), 200) {
        // 5 of 25 cells of 4 x 2 pixels.
        assert_eq!(set.len(), 40);
        let cells: std::collections::HashSet<usize> = set.iter().map(|i| i / 40 * 5 + i % 10 / 2).collect();
        assert_eq!(cells.len(), 5);
    }
    let sets = chosen(&points("single:blocks=2", &map, 0), 200);
    assert_eq!(sets.iter().map(Vec::len).collect::<Vec<_>>(), [50; 4]);
    assert_eq!(sets.concat().len(), 200);
    // Groups in the order of the map, of nearly equal size, and no more than there are pixels.
    let sizes = |spec: &str| chosen(&points(spec, &map, 0), 200).iter().map(Vec::len).collect::<Vec<_>>();
    assert_eq!(sizes("single:blocks=0,steps=3"), [67, 66, 67]);
    assert_eq!(sizes("single:blocks=0,steps=999").len(), 200);
    let lerf = chosen(&points("single:blocks=0,steps=4,order=lerf", &map, 0), 200);
    assert_eq!(lerf[0], (0..50).collect::<Vec<_>>());
}

#[test]
fn a_constant_map_has_no_draws() {
    let flat = map([64, 64], |_| 0.5);
    let (classifier, tests) = (tiny_basic(), tests(&ALL));
    let image = HostImage::new(&ramp([64, 64]), &keep(), &tests, 0).unwrap();
    let plan = Plan::new(&flat, &image, &tests);
    assert!(plan.inputs().is_empty());
    let mut executor = Executor::new(&classifier, |_| 8);
    executor.push(Job { image: Arc::new(image), plan, target: Some(3), tag: 0, keep: None }).unwrap();
    assert_eq!(executor.pop().unwrap().curves, Ok(vec![Err(Undefined::Constant); ALL.len()]));
}

/// Parts of the image are those of other tests, so that the same images give the same answers.
#[test]
fn a_part_alone_is_the_first_one_of_a_curve() {
    let (classifier, maps) = (tiny_basic(), maps("signed"));
    let specs =
        ["single:blocks=0,steps=4", "deletion:steps=4", "single:blocks=2", "patches:fill=black,size=32"];
    for found in curves(&classifier, &maps, &specs) {
        let [single, deletion, blocks, patches] = &found[..] else { panic!() };
        assert_eq!(probabilities(&single[..2]), probabilities(&deletion[..2]));
        assert!(blocks[1..].iter().any(|block| block.probability == patches[1].probability));
        assert_eq!((single[1].measures.area, single[1].fraction), (deletion[1].measures.area, 0.25));
        let mass =
            |points: &[CurvePoint]| points.iter().map(|point| point.measures.mass.unwrap()).sum::<f64>();
        assert!((mass(single) - mass(deletion)).abs() < 1e-9 && (mass(blocks) - mass(deletion)).abs() < 1e-9);
    }
}

#[test]
fn runs_begin_with_the_clean_image() {
    let (classifier, maps) = (tiny_basic(), maps("signed"));
    let found = &curves(&classifier, &maps, &["single:blocks=2,fill=uniform,runs=3"])[0][0];
    assert_eq!(
        found.iter().map(|point| point.fraction).collect::<Vec<_>>(),
        [0.0, 0.25, 0.25, 0.25, 0.25].repeat(3)
    );
    assert!(found[1].probability != found[6].probability && found[0] == found[5]);
}

/// A linear classifier does exactly what its own weights foretell: every draw, whatever it replaces.
#[test]
fn the_mass_of_the_exact_map_is_the_fall_of_the_logit() {
    let (classifier, image, weights) = linear();
    let pixels = weights.len();
    let cases = [
        ("subset:fill=zero,size=0.2+5,draws=10", true),
        ("subset:fill=zero,grid=3,draws=10", true),
        ("single:fill=zero,blocks=4", true),
        ("single:fill=zero,blocks=0,steps=9", true),
        ("square:size=3,fill=zero", false),
        ("square:size=3,fill=black", false),
        ("square:size=4,fill=blur,kernel=3", false),
        ("square:size=4,fill=uniform,runs=2", false),
        ("noise:sigma=0.3,draws=10", false),
        ("noise:distribution=uniform,radius=0.3,draws=10", false),
        ("shift:pixels=1,step=1", false),
    ];
    for (spec, times_input) in cases {
        let tests = tests(&[spec]);
        let image = HostImage::new(&image, &keep(), &tests, 5).unwrap();
        let sum = |i: usize| (0..3).map(|c| f64::from(image.pixels()[c * pixels + i])).sum::<f64>();
        let exact = map([8, 8], |i| weights[i] * if times_input { sum(i) } else { 1.0 });
        let plan = Plan::new(&exact, &image, &tests);
        let job = Job { image: Arc::new(image), plan, target: Some(1), tag: 0, keep: None };
        let curve = &run(&classifier, 7, vec![job]).0[0][0];
        let clean = f64::from(curve[0].logit);
        let falls = curve.iter().map(|point| clean - f64::from(point.logit));
        for (point, fall) in curve.iter().zip(falls) {
            let mass = point.measures.mass.unwrap();
            assert!((mass - fall).abs() < 1e-5, "{spec}: {mass} and {fall}");
        }
        assert!(curve.iter().skip(1).any(|point| point.measures.mass.unwrap().abs() > 1e-3), "{spec}");
    }
}

#[test]
fn noise_has_the_deviation_asked_for_and_its_norm_is_told() {
    let (classifier, maps) = (tiny_basic(), maps("signed"));
    for point in &curves(&classifier, &maps, &["noise:sigma=0.05,draws=5"])[0][0][1..] {
        // 12,288 numbers of variance 0.0025.
        let norm = point.measures.distance.unwrap();
        assert!((norm / (12_288.0_f64.sqrt() * 0.05) - 1.0).abs() < 0.03, "{norm}");
        assert_eq!((point.fraction, point.measures.area), (1.0, Some(0.0)));
    }
}

/// 12,288 numbers of variance r^2 / 3.
#[test]
fn uniform_noise_stays_within_its_radius() {
    let (classifier, maps) = (tiny_basic(), maps("signed"));
    for point in &curves(&classifier, &maps, &["noise:distribution=uniform,draws=3"])[0][0][1..] {
        let norm = point.measures.distance.unwrap();
        assert!((norm / (4096.0_f64.sqrt() * 0.02) - 1.0).abs() < 0.03, "{norm}");
    }
    let tests = tests(&["noise:distribution=uniform,radius=0.5,draws=3"]);
    let image = HostImage::new(&ramp([64, 64]), &keep(), &tests, 0).unwrap();
    for fill in tests[0].fills() {
        let noisy = fill.paint(&image, &[]).unwrap();
        let changes = || noisy.iter().zip(image.pixels()).map(|(a, b)| (a - b).abs());
        assert!(changes().all(|change| change < 0.5 + 1e-6) && changes().any(|change| change > 0.49));
    }
}

#[test]
fn a_shifted_image_is_the_image_beside_its_fill() {
    let tests = tests(&["shift:pixels=4,step=2"]);
    let image = HostImage::new(&ramp([32, 64]), &keep(), &tests, 0).unwrap();
    let least = image.pixels().iter().copied().fold(f32::INFINITY, f32::min);
    let painted: Vec<Vec<f32>> =
        tests[0].fills().iter().map(|fill| fill.paint(&image, &[]).unwrap()).collect();
    assert_eq!(painted.len(), 4);
    for (by, moved) in [-4_isize, -2, 2, 4].into_iter().zip(painted) {
        for (at, value) in moved.iter().enumerate() {
            let from = (at % 64) as isize - by;
            let inside = (0..64).contains(&from);
            let expected = if inside { image.pixels()[at - at % 64 + from as usize] } else { least };
            assert_eq!(*value, expected, "{by}, {at}");
        }
    }
    // Quantus' images are blank where the shift is the whole width.
    let narrow = HostImage::new(&ramp([64, 24]), &keep(), &tests, 0).unwrap();
    let error = tests[0].fills()[0].paint(&narrow, &[]).unwrap_err().to_string();
    assert_eq!(error, "a shift by -4 pixels is more than an eighth of 24");
    for wrong in ["shift:pixels=4,step=3", "shift:fill=uniform", "shift:fill=impute", "shift:pixels=0"] {
        assert!(ParsedTest::parse(wrong, &[TESTS]).is_err(), "{wrong}");
    }
}

/// Keeps images in memory.
#[derive(Debug, Default)]
struct Shown(Vec<[Vec<f32>; 3]>);

impl Keeper for Shown {
    fn keep(&mut self, image: &[f32], logits: &[f32], features: &[f32]) {
        self.0.push([image, logits, features].map(<[f32]>::to_vec));
    }
}

/// The scores that the last linear layer makes of features.
fn head(classifier: &Classifier, features: &[f32]) -> Vec<f32> {
    let network = &classifier.network;
    let Op::Linear { weight, bias: Some(bias) } = network.graph().nodes[network.graph().output()].op else {
        panic!("the network ends in another layer")
    };
    let numbers = |id: usize| network.weights()[id].data().iter::<f32>().collect::<Vec<f32>>();
    let product = |row: &[f32]| row.iter().zip(features).map(|(w, x)| w * x).sum::<f32>();
    numbers(weight).chunks(features.len()).zip(numbers(bias)).map(|(row, bias)| product(row) + bias).collect()
}

/// Though both maps have the same noise, each keeps all of its images.
#[test]
fn whoever_keeps_images_gets_those_of_the_plan_in_its_order() {
    let (classifier, maps) = (tiny_basic(), maps("signed"));
    let tests = tests(&["noise:draws=6", "deletion:steps=3", "mask"]);
    let image = Arc::new(HostImage::new(&ramp([64, 64]), &keep(), &tests, 0).unwrap());
    let shown = |batch| {
        let mut executor = Executor::new(&classifier, |_| batch).with_features();
        let kept: Vec<_> =
            (0..2).map(|_| std::rc::Rc::new(std::cell::RefCell::new(Shown::default()))).collect();
        for (map, kept) in maps.iter().zip(&kept) {
            let plan = Plan::new(map, &image, &tests);
            let keep = Some(std::rc::Rc::clone(kept) as perturbation::Keep);
            executor.push(Job { image: Arc::clone(&image), plan, target: Some(3), tag: 0, keep }).unwrap();
        }
        executor.flush();
        let results: Vec<_> = std::iter::from_fn(|| executor.pop()).collect();
        (kept.iter().map(|kept| kept.borrow().0.clone()).collect::<Vec<_>>(), results)
    };
    let (kept, results) = shown(16);
    assert!(kept == shown(4).0);
    for (kept, result) in kept.iter().zip(&results) {
        // Two mixtures and black, one mask, six draws.
        assert_eq!(kept.len(), 10);
        assert_eq!(result.inputs[0][0], None);
        for (fill, input) in tests[0].fills().iter().zip(&result.inputs[0][1..]) {
            assert_eq!(kept[input.unwrap()][0], fill.paint(&image, &[]).unwrap());
        }
        for (curve, inputs) in result.curves.as_ref().unwrap().iter().zip(&result.inputs) {
            for (point, input) in curve.as_ref().unwrap().iter().zip(inputs) {
                let clean = || [&result.logits, &result.features];
                let [logits, features] = input.map_or_else(clean, |input| [&kept[input][1], &kept[input][2]]);
                assert_eq!(point.logit, logits[3]);
                let expected = head(&classifier, features);
                assert!(
                    expected.iter().zip(logits).all(|(a, b)| (a - b).abs() < 1e-4),
                    "{expected:?}, {logits:?}"
                );
            }
        }
    }
}

#[test]
fn draws_do_not_depend_on_the_batch_or_on_other_tests() {
    let (classifier, maps) = (tiny_basic(), maps("signed"));
    let asked: Vec<_> = (0..2).map(|i| (i, maps[i].clone(), Some(CLASSES[i]))).collect();
    let together = run(&classifier, 16, common::jobs(&asked, &ALL)).0;
    assert!(run(&classifier, 3, common::jobs(&asked, &ALL)).0 == together);
    for (test, spec) in ALL.into_iter().enumerate() {
        let alone = run(&classifier, 16, common::jobs(&asked, &[spec])).0;
        assert!(alone.iter().zip(&together).all(|(alone, together)| alone[0] == together[test]), "{spec}");
    }
}
