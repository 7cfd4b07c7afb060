//! What metrics of curves and draws say where there is nothing to measure: one table of cases, a number or a reason for each.

use metrics::{Curve, Measure, Measured, Point, Selection};

/// Five points on which all is usual, changed by a case: the clean image, then four with these probabilities.
fn curve(change: impl Fn(usize, &mut Point)) -> Curve {
    let point = |at: usize| {
        let mut point = Point {
            fraction: at as f64 / 4.0,
            probability: [0.9, 0.7, 0.4, 0.45, 0.2][at],
            predicted: Some([1, 1, 1, 2, 2][at]),
            logit: Some([3.0, 2.0, 0.5, 0.75, -1.0][at]),
            mass: Some([0.0, 1.0, 0.75, 0.5, 0.25][at]),
            hit: Some(at < 3),
            ..Point::default()
        };
        change(at, &mut point);
        point
    };
    Curve::new((0..5).map(point).collect()).unwrap()
}

/// The same as draws: they all perturb a quarter.
fn draws(change: impl Fn(usize, &mut Point)) -> Curve {
    curve(|at, point| {
        point.fraction = if at == 0 { 0.0 } else { 0.25 };
        change(at, point);
    })
}

/// From the fill to the image.
fn rising(change: impl Fn(usize, &mut Point)) -> Curve {
    curve(|at, point| {
        point.probability = [0.2, 0.45, 0.4, 0.7, 0.9][at];
        point.predicted = Some([2, 2, 1, 1, 1][at]);
        change(at, point);
    })
}

fn of(metric: &str, test: &str, curve: &Curve) -> Measured {
    let selection = Selection::new(&[metric.to_owned()], str::to_owned).unwrap();
    let [found] = &selection.of_test(test)[..] else { panic!("{metric} of {test}") };
    let Measure::Curve(measure) = &found.metric.measure else { panic!("{metric}") };
    measure(curve)
}

const NO_SUM: &str = "the map has the same sum at every draw";
const NO_CHANGE: &str = "the score changes by the same at every draw";

#[test]
fn every_case_has_a_number_or_a_reason() {
    let flat = |_: usize, point: &mut Point| point.mass = Some(0.3);
    let zero = |_: usize, point: &mut Point| point.mass = Some(0.0);
    let tied = |at: usize, point: &mut Point| point.mass = Some([0.0, 0.5, 0.5, 0.25, 0.25][at]);
    let sure = |_: usize, point: &mut Point| (point.probability, point.logit) = (1.0, Some(40.0));
    let never = |_: usize, point: &mut Point| (point.probability, point.logit) = (0.0, Some(-200.0));
    let bare = |_: usize, point: &mut Point| (point.logit, point.mass, point.predicted) = (None, None, None);
    let infinite = |_: usize, point: &mut Point| point.logit = Some(f64::NAN);
    let same = |_: usize, point: &mut Point| point.predicted = Some(1);
    let one = Curve::new(draws(|_, _| ()).points()[..2].to_vec()).unwrap();
    let none = Curve::new(draws(|_, _| ()).points()[..1].to_vec()).unwrap();
    let cases: Vec<(&str, &str, Curve, Result<f64, &str>)> = vec![
        ("faithfulness-correlation", "subset", draws(flat), Err(NO_SUM)),
        ("faithfulness-correlation", "subset", draws(zero), Err(NO_SUM)),
        ("faithfulness-correlation", "subset", draws(sure), Err(NO_CHANGE)),
        ("faithfulness-correlation", "subset", draws(bare), Err("point 0 has no logit")),
        ("faithfulness-correlation", "subset", draws(infinite), Err("point 0 has no logit")),
        ("faithfulness-correlation:score=probability", "subset", draws(bare), Err("point 1 has no mass")),
        ("faithfulness-correlation", "subset", one.clone(), Err("a correlation needs two draws, not 1")),
        ("faithfulness-correlation", "subset", none.clone(), Err("a run has no draws")),
        (
            "sensitivity-n",
            "subset",
            draws(flat),
            Err("subsets of 0.25: the map has the same sum at every draw"),
        ),
        (
            "sensitivity-n",
            "subset",
            one.clone(),
            Err("subsets of 0.25: a correlation needs two draws, not 1"),
        ),
        ("mu-fidelity", "subset", draws(flat), Err(NO_SUM)),
        // Equal sums share their ranks: 3.5 3.5 1.5 1.5 against falls of 1 2.5 2.25 4.
        ("mu-fidelity", "subset", draws(tied), Ok(-0.447_213_595_499_957_9)),
        ("faithfulness-estimate", "single", draws(zero), Err(NO_SUM)),
        ("faithfulness-estimate", "single", draws(never), Err(NO_CHANGE)),
        ("monotonicity-correlation", "single", draws(flat), Err(NO_SUM)),
        // A probability below 1e-5 is a number as any other, which Quantus fails on beside a larger one.
        (
            "monotonicity-correlation",
            "single",
            draws(|at, point| point.probability = 1e-7 * (5.0 - at as f64).powi(2)),
            Ok(-1.0),
        ),
        ("non-sensitivity", "single", draws(zero), Err("the map is 0 everywhere")),
        ("non-sensitivity", "single", draws(sure), Ok(1.0)),
        ("non-sensitivity", "single", draws(flat), Ok(0.0)),
        (
            "infidelity",
            "noise",
            draws(zero),
            Err("the map is 0 wherever the image changes: it predicts nothing"),
        ),
        ("infidelity:scaled=true", "square", draws(sure), Ok(0.0)),
        ("infidelity", "square", none, Err("a run has no draws")),
        (
            "deletion-correlation",
            "deletion",
            curve(|at, point| point.mass = Some(at.min(1) as f64)),
            Err(NO_SUM),
        ),
        ("deletion-correlation", "deletion", curve(sure), Err(NO_CHANGE)),
        ("deletion-correlation", "deletion", curve(bare), Err("point 1 has no mass")),
        ("insertion-correlation", "insertion", rising(never), Err(NO_CHANGE)),
        ("insertion-correlation", "insertion", one, Err("a correlation needs two draws, not 1")),
        ("monotonicity", "insertion:order=lerf", rising(never), Err("the score never changes")),
        ("monotonicity", "insertion:order=lerf", rising(|_, _| ()), Ok(0.75)),
        ("completeness", "deletion", curve(zero), Ok(1.0)),
        ("completeness", "deletion", curve(bare), Err("point 0 has no logit")),
        ("aoc", "deletion", curve(sure), Ok(0.0)),
        ("aopc", "patches", curve(never), Ok(0.0)),
        (
            "aopc:score=hit",
            "patches",
            curve(|_, point| point.hit = None),
            Err("point 0 has no predicted class"),
        ),
        ("area-above", "deletion", curve(never), Ok(0.0)),
        ("selectivity", "patches", curve(sure), Ok(1.0)),
        ("deletion-value:at=0", "deletion", curve(sure), Ok(1.0)),
        ("insertion-value:at=1", "insertion", rising(never), Ok(0.0)),
        ("minimal-subset", "deletion", curve(same), Err("the class never changes")),
        ("minimal-subset", "deletion", curve(bare), Err("point 0 has no predicted class")),
        (
            "minimal-subset-insertion",
            "insertion",
            rising(same),
            Err("the class is predicted before anything is revealed"),
        ),
        ("effective-complexity", "insertion", rising(|_, _| ()), Err("only the whole image is within 0.05")),
        ("effective-complexity", "insertion", rising(sure), Ok(0.0)),
    ];
    for (metric, test, curve, expected) in cases {
        match (of(metric, test, &curve), expected) {
            (Ok(found), Ok(expected)) => assert!((found - expected).abs() < 1e-9, "{metric}: {found}"),
            (found, expected) => assert_eq!(found, expected.map_err(str::to_owned), "{metric}"),
        }
    }
}
