//! What must hold whatever the network, the image and the map.

mod common;

use std::sync::Arc;

use common::{CLASSES, constant, curves, jobs, keep, maps, probabilities, ramp, run, tests, tiny_basic};
use maps::Map;
use models::Classifier;
use perturbation::{CurvePoint, Executor, HostImage, Job, Plan, Undefined};

const ALL: [&str; 13] = [
    "deletion:steps=20",
    "insertion:steps=20",
    "pos",
    "neg",
    "mask",
    "mask:fill=zero,percentile=80",
    "deletion:fill=uniform,runs=2,region=9,steps=7",
    "deletion:fill=mean,order=lerf,steps=10",
    "mask:fill=mean,invert=true",
    "mask:scale=none",
    "patches:size=16,steps=5",
    "superpixels:count=9",
    "deletion:blocks=3,steps=6",
];

fn area(curve: &[CurvePoint]) -> f64 {
    let points: Vec<(f64, f64)> = curve.iter().map(|a| (a.fraction, f64::from(a.probability))).collect();
    stats::curve::area(&points).unwrap()
}

/// Everything but the map's own sums.
fn answers(classifier: &Classifier, maps: &[Map], specs: &[&str]) -> Vec<(f64, f32, f32, usize)> {
    let all = curves(classifier, maps, specs).into_iter().flatten().flatten();
    all.map(|point| (point.fraction, point.probability, point.logit, point.predicted)).collect()
}

fn negated(map: &Map) -> Map {
    let [height, width] = map.size();
    Map::from_plane([height, width], map.values().iter().map(|value| -value).collect()).unwrap()
}

#[test]
fn a_classifier_that_is_always_right_scores_the_most_there_is() {
    let mut scores = [-200.0; 10];
    scores[3] = 0.0;
    let found = curves(&constant(&scores), &maps("signed"), &["pos", "neg", "deletion", "insertion"]);
    let areas: Vec<f64> = found[0].iter().map(|curve| area(curve)).collect();
    assert!((areas[0] - 0.9).abs() < 1e-12 && (areas[1] - 0.9).abs() < 1e-12, "{areas:?}");
    assert!((areas[2] - 1.0).abs() < 1e-12 && (areas[3] - 1.0).abs() < 1e-12, "{areas:?}");
    assert!(found[0].iter().flatten().all(|answer| answer.predicted == 3));
}

#[test]
fn neg_of_a_map_is_pos_of_its_negative() {
    for label in ["signed", "ties"] {
        let maps = maps(label);
        let negatives: Vec<Map> = maps.iter().map(negated).collect();
        let classifier = tiny_basic();
        assert_eq!(answers(&classifier, &maps, &["neg"]), answers(&classifier, &negatives, &["pos"]));
    }
}

#[test]
fn a_mask_of_all_pixels_changes_nothing() {
    for curves in curves(&tiny_basic(), &maps("ties"), &["mask:percentile=0", "mask:percentile=0,fill=blur"])
    {
        for reveal in curves {
            // Not even the last bit may differ: an increase in confidence is counted strictly.
            assert_eq!((reveal[1].probability, reveal[1].fraction), (reveal[0].probability, 0.0));
        }
    }
}

/// Its curves are undefined, cost nothing, and hold up no other map; a class that nobody named is still found.
#[test]
fn a_constant_map_is_measured_by_no_test() {
    let flat = Map::from_plane([64, 64], vec![1.0; 64 * 64]).unwrap();
    let (classifier, good) = (tiny_basic(), maps("signed").remove(0));
    let run = |asked: &[(usize, Map, Option<usize>)]| {
        let mut executor = Executor::new(&classifier, |_| 8);
        for job in jobs(asked, &["pos", "mask"]) {
            executor.push(job).unwrap();
        }
        executor.flush();
        let all: Vec<_> = std::iter::from_fn(|| executor.pop()).collect();
        (all, executor.forwards())
    };
    let (alone, forwards) = run(&[(0, flat.clone(), Some(3)), (1, flat.clone(), Some(5))]);
    assert_eq!((alone.len(), forwards), (2, 0));
    assert_eq!(alone[0].curves, Ok(vec![Err(Undefined::Constant); 2]));
    let (mixed, forwards) = run(&[(0, good, None), (0, flat.clone(), None), (1, flat, None)]);
    // The good map's 9 and 1, and both clean images, of which the second only names the class.
    assert_eq!((mixed.len(), forwards), (3, 12));
    assert!(mixed[0].curves.as_ref().unwrap().iter().all(Result::is_ok));
    assert_eq!((mixed[1].target, &mixed[1].curves), (mixed[0].target, &alone[0].curves));
}

#[test]
fn insertion_is_deletion_between_the_same_ends() {
    for fill in ["black", "mean", "zero", "blur"] {
        let specs = [format!("insertion:fill={fill},steps=4"), format!("deletion:fill={fill},steps=4")];
        for curves in curves(&tiny_basic(), &maps("signed"), &specs.each_ref().map(String::as_str)) {
            let [insertion, deletion] = [probabilities(&curves[0]), probabilities(&curves[1])];
            assert_eq!((insertion[0], insertion[4]), (deletion[4], deletion[0]), "{fill}");
        }
    }
}

#[test]
fn ties_are_broken_by_the_lower_index() {
    // A map with ties and the same map with ties broken by hand, in the documented direction.
    let broken = |map: &Map| {
        let nudge = |(i, value): (usize, &f64)| value - i as f64 * 1e-6;
        Map::from_plane([64, 64], map.values().iter().enumerate().map(nudge).collect()).unwrap()
    };
    let (ties, classifier) = (maps("ties"), tiny_basic());
    let unequal: Vec<Map> = ties.iter().map(broken).collect();
    assert_eq!(
        answers(&classifier, &ties, &["pos", "deletion"]),
        answers(&classifier, &unequal, &["pos", "deletion"])
    );
}

/// Four maps on two images, some of them with a class that the clean image decides.
fn mixed_jobs() -> Vec<(usize, Map, Option<usize>)> {
    let (signed, ties) = (maps("signed"), maps("ties"));
    vec![
        (0, signed[0].clone(), Some(CLASSES[0])),
        (1, ties[1].clone(), None),
        (0, ties[0].clone(), Some(5)),
        (1, signed[1].clone(), Some(CLASSES[1])),
    ]
}

#[test]
fn results_do_not_depend_on_the_batch_size() {
    let classifier = tiny_basic();
    let (expected, forwards) = run(&classifier, 1, jobs(&mixed_jobs(), &ALL));
    for batch in [2, 7, 16] {
        let found = run(&classifier, batch, jobs(&mixed_jobs(), &ALL));
        // Not `assert_eq`: it would print thousands of numbers.
        assert!(found == (expected.clone(), forwards), "batches of {batch}");
    }
    for batch in [32, 1000] {
        let found = run(&classifier, batch, jobs(&mixed_jobs(), &ALL)).0;
        assert!(nearly_equal(&found, &expected), "batches of {batch}");
    }
}

/// The images are the same to the last bit, but the matrix product of the classifier's last layer sums in another
/// order in large batches.
fn nearly_equal(found: &[Vec<Vec<CurvePoint>>], expected: &[Vec<Vec<CurvePoint>>]) -> bool {
    let all =
        |curves: &[Vec<Vec<CurvePoint>>]| curves.iter().flatten().flatten().copied().collect::<Vec<_>>();
    let (found, expected) = (all(found), all(expected));
    let same = |(a, b): (&CurvePoint, &CurvePoint)| {
        (a.fraction, a.predicted) == (b.fraction, b.predicted) && (a.probability - b.probability).abs() < 1e-6
    };
    found.len() == expected.len() && found.iter().zip(&expected).all(same)
}

#[test]
fn results_do_not_depend_on_the_order_of_the_jobs() {
    let classifier = tiny_basic();
    let (forwards, count) = run(&classifier, 16, jobs(&mixed_jobs(), &ALL));
    let reversed: Vec<_> = mixed_jobs().into_iter().rev().collect();
    let (mut backwards, same) = run(&classifier, 16, jobs(&reversed, &ALL));
    backwards.reverse();
    assert_eq!((forwards, count), (backwards, same));
}

#[test]
fn results_do_not_depend_on_the_other_tests() {
    let classifier = tiny_basic();
    let together = run(&classifier, 16, jobs(&mixed_jobs(), &ALL)).0;
    for (test, spec) in ALL.into_iter().enumerate() {
        let alone = run(&classifier, 16, jobs(&mixed_jobs(), &[spec])).0;
        let same = alone.iter().zip(&together).all(|(alone, together)| alone[0] == together[test]);
        assert!(same, "{spec}");
    }
}

#[test]
fn the_clean_image_is_computed_once() {
    let (_, forwards) = run(&tiny_basic(), 16, jobs(&mixed_jobs(), &["pos"]));
    // Nine perturbed images for each of four maps, and two clean ones.
    assert_eq!(forwards, 4 * 9 + 2);
}

#[test]
fn images_of_several_sizes_may_follow_one_another() {
    let (classifier, tests) = (tiny_basic(), tests(&["pos", "insertion:steps=3"]));
    let job = |(tag, size): (usize, [usize; 2])| {
        let image = HostImage::new(&ramp(size), &keep(), &tests, 0).unwrap();
        let values = (0..size[0] * size[1]).map(|i| (i * 31 % 97) as f32).collect();
        let plan = Plan::new(&Map::from_plane(size, values).unwrap(), &image, &tests);
        Job { image: Arc::new(image), plan, target: Some(2), tag, keep: None }
    };
    let sizes = [[40, 48], [40, 48], [64, 33], [40, 48]];
    let together = run(&classifier, 8, sizes.into_iter().enumerate().map(job).collect()).0;
    for (i, size) in sizes.into_iter().enumerate() {
        assert_eq!(run(&classifier, 8, vec![job((0, size))]).0[0], together[i]);
    }
}

#[test]
fn runs_of_a_random_fill_are_averaged() {
    let one = |draws: &str| {
        let spec = format!("deletion:fill=uniform,runs={draws},steps=2");
        probabilities(&curves(&tiny_basic(), &maps("signed"), &[&spec])[0][0])
    };
    let (first, both) = (one("1"), one("2"));
    assert_eq!(first[0], both[0]);
    assert!(first[1] != both[1] && (first[1] - both[1]).abs() < 0.5);
}
