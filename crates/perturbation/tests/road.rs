//! Imputation and ROAD: the vectors of the definitions, SciPy's direct solver and pytorch-grad-cam
//! (`testdata/perturbation/generate_road.py`).

mod common;

use common::{
    CLASSES, SIDE, curves, golden, images, jobs, keep, maps, probabilities, run, tests, tiny_basic,
};
use maps::{Map, Order};
use models::Image;
use perturbation::imputation::{ImputationError, impute};
use perturbation::{CurvePoint, Executor, HostImage};
use testing::{Tolerance, assert_close};

const PIXELS: usize = SIDE * SIDE;

/// The 8 x 8 fixtures: X_c = ((2i + 3j + 5c) mod 11) / 10.
fn image8(channels: usize) -> Vec<f32> {
    let value = |at: usize| ((2 * (at / 8 % 8) + 3 * (at % 8) + 5 * (at / 64)) % 11) as f32 / 10.0;
    (0..64 * channels).map(value).collect()
}

/// A = ((7n + 2) mod 67) / 67, by falling value.
fn order8() -> Vec<usize> {
    let values: Vec<f64> = (0..64).map(|n| f64::from((7 * n + 2) % 67) / 67.0).collect();
    Order::MostRelevantFirst.sort(&values)
}

fn mask(pixels: usize, missing: impl IntoIterator<Item = usize>) -> Vec<bool> {
    let mut mask = vec![false; pixels];
    missing.into_iter().for_each(|pixel| mask[pixel] = true);
    mask
}

/// The softmax of the linear model on three channels: logits Σ W x + k / 10 with
/// W_k,c[i, j] = (((i + 2j + 3c + 4k + ij) mod 5) - 2) / 8.
fn class2(x: &[f32]) -> (f64, f64) {
    let weight = |k: usize, at: usize| {
        let (i, j, c) = (at / 8 % 8, at % 8, at / 64);
        (((i + 2 * j + 3 * c + 4 * k + i * j) % 5) as f64 - 2.0) / 8.0
    };
    let logit =
        |k| x.iter().enumerate().map(|(at, &x)| weight(k, at) * f64::from(x)).sum::<f64>() + k as f64 / 10.0;
    let logits = [0, 1, 2].map(logit);
    (logits[2].exp() / logits.map(f64::exp).iter().sum::<f64>(), logits[2])
}

/// Probability and logit with so many first pixels of an order imputed.
fn imputed8(order: &[usize], count: usize) -> (f64, f64) {
    let missing = mask(64, order[..count].iter().copied());
    class2(&impute(&image8(3), [8, 8], &missing, 1e-7).unwrap())
}

fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let values: Vec<f64> = values.into_iter().collect();
    values.iter().sum::<f64>() / values.len() as f64
}

fn check(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() < tolerance, "{found} {expected}");
}

#[test]
fn imputed_pixels_of_the_catalogue() {
    let inside = mask(64, (2..6).flat_map(|i| (3..7).map(move |j| 8 * i + j)));
    let imputed = impute(&image8(1), [8, 8], &inside, 1e-7).unwrap();
    let expected = [
        0.445_325_614_6,
        0.416_601_278_2,
        0.522_960_521_9,
        0.517_061_296_5,
        0.422_495_558_3,
        0.465_713_702_5,
        0.508_720_102_6,
        0.525_047_205_7,
        0.422_432_469_1,
        0.486_401_848_6,
        0.529_408_248_7,
        0.598_317_449_9,
        0.543_914_313_3,
        0.497_852_486_2,
        0.530_878_396_6,
        0.615_649_995_1,
    ];
    for (pixel, expected) in (0..64).filter(|&pixel| inside[pixel]).zip(expected) {
        check(f64::from(imputed[pixel]), expected, 5e-7);
    }
    let corner = [0, 1, 2, 8];
    let imputed = impute(&image8(1), [8, 8], &mask(64, corner), 1e-7).unwrap();
    assert_close(
        &corner.map(|pixel| imputed[pixel]),
        &[0.542, 0.584, 0.6335, 0.521],
        Tolerance::new(5e-7, 5e-7),
    );
}

#[test]
fn road_of_the_catalogue() {
    let (most, tenths) = (order8(), (1..10).map(|tenth| 64 * tenth / 10));
    let least: Vec<usize> = most.iter().rev().copied().collect();
    let of = |order: &[usize]| tenths.clone().map(|count| imputed8(order, count).0).collect::<Vec<f64>>();
    let expected = [
        0.617_483_843,
        0.613_051_227_9,
        0.608_441_482_4,
        0.663_248_851_8,
        0.778_582_309_9,
        0.724_946_647_5,
        0.586_638_854_2,
        0.480_774_484_4,
        0.259_068_396_8,
    ];
    let (most, least) = (of(&most), of(&least));
    most.iter().zip(expected).for_each(|(&found, expected)| check(found, expected, 2e-6));
    check(mean(most.clone()), 0.592_470_677_5, 1e-6);
    check(mean(least.clone()), 0.384_963_687_7, 1e-6);
    check((mean(least) - mean(most)) / 2.0, -0.103_753_494_9, 1e-6);
}

/// Of 64 pixels its percentiles remove one more than an exact count at four of nine levels.
#[test]
fn averages_of_pytorch_grad_cam_at_its_own_thresholds() {
    let most = order8();
    let least: Vec<usize> = most.iter().rev().copied().collect();
    let counts = [57, 51, 45, 38, 32, 26, 19, 13, 7];
    let clean = class2(&image8(3));
    let change = |order: &[usize]| {
        let (probabilities, logits): (Vec<f64>, Vec<f64>) =
            counts.iter().map(|&count| imputed8(order, count)).unzip();
        (mean(probabilities) - clean.0, mean(logits) - clean.1)
    };
    let (most, least) = (change(&most), change(&least));
    check(most.0, -0.038_102_02, 2e-6);
    check(least.0, -0.246_293_92, 2e-6);
    check((least.0 - most.0) / 2.0, -0.104_095_95, 2e-6);
    check(most.1, -0.120_909_3, 1e-5);
    check(least.1, -0.444_829_14, 1e-5);
    check((least.1 - most.1) / 2.0, -0.161_959_92, 1e-5);
}

/// A hole that leaves one corner, a comb, a chessboard and everything but one pixel.
fn hard_masks([height, width]: [usize; 2]) -> Vec<Vec<bool>> {
    let all = || (0..height).flat_map(|i| (0..width).map(move |j| (i, j)));
    let rule = |missing: fn(usize, usize) -> bool| all().map(|(i, j)| missing(i, j)).collect();
    vec![
        rule(|i, j| i > 2 || j > 2),
        rule(|_, j| j % 4 != 0),
        rule(|i, j| (i + j) % 2 == 0),
        rule(|i, j| (i, j) != (0, 0)),
    ]
}

#[test]
fn a_constant_image_is_imputed_exactly_and_known_pixels_stay() {
    for size in [[8, 8], [31, 50], [1, 40], [40, 1], [2, 3]] {
        let area = size[0] * size[1];
        for missing in hard_masks(size) {
            let constant = vec![0.3; 3 * area];
            assert_eq!(impute(&constant, size, &missing, 1e-5).unwrap(), constant);
            let ramp: Vec<f32> = (0..area).map(|pixel| (pixel * 37 % 101) as f32 / 100.0).collect();
            let imputed = impute(&ramp, size, &missing, 1e-6).unwrap();
            for pixel in (0..area).filter(|&pixel| !missing[pixel]) {
                assert_eq!(imputed[pixel], ramp[pixel]);
            }
            let most = residuals(&imputed, size, &missing).fold(0.0, f32::max);
            assert!(most < 1e-6, "{size:?} {most}");
        }
    }
}

/// How far each missing pixel is from the weighted mean of its neighbours.
fn residuals<'a>(
    x: &'a [f32],
    [height, width]: [usize; 2],
    missing: &'a [bool],
) -> impl Iterator<Item = f32> + 'a {
    (0..x.len()).filter(|&pixel| missing[pixel]).map(move |pixel| {
        let (row, column) = ((pixel / width) as isize, (pixel % width) as isize);
        let mut residual = 0.0;
        for (i, j) in (-1..=1).flat_map(|i| (-1..=1).map(move |j| (i, j))).filter(|at| *at != (0, 0)) {
            let (r, c) = (row + i, column + j);
            if (0..height as isize).contains(&r) && (0..width as isize).contains(&c) {
                let weight = if i == 0 || j == 0 { 1.0 / 6.0 } else { 1.0 / 12.0 };
                residual += weight * (x[pixel] - x[r as usize * width + c as usize]);
            }
        }
        residual.abs()
    })
}

#[test]
fn what_cannot_be_imputed_is_an_error() {
    let error = |planes: &[f32], size, missing: &[bool]| impute(planes, size, missing, 1e-5).unwrap_err();
    assert_eq!(error(&[0.5; 12], [2, 2], &[true; 4]), ImputationError::NothingKnown);
    assert_eq!(error(&[f32::NAN, 0.0], [1, 2], &[false, true]), ImputationError::NotFinite);
    for (planes, size) in [(7, [2, 2]), (20, [2, 2]), (0, [0, 0]), (0, [2, 2])] {
        let expected = ImputationError::Size { values: planes, mask: 4, size };
        assert_eq!(error(&vec![0.5; planes], size, &[false; 4]), expected);
    }
    assert_eq!(impute(&[0.1, 0.2], [1, 2], &[false; 2], 1e-5).unwrap(), [0.1, 0.2]);
}

#[test]
fn scipy_solves_the_same_system() {
    let (expected, smooth, noise) = (golden("road.imputed").data, golden("road.smooth").data, maps("signed"));
    let values = |map: &[f32]| map.iter().copied().map(f64::from).collect::<Vec<f64>>();
    let most = Order::MostRelevantFirst.sort(&values(&smooth[..PIXELS]));
    let least = Order::LeastRelevantFirst.sort(noise[0].values());
    let first = |order: &[usize], count: usize| mask(PIXELS, order[..count].iter().copied());
    let masks = [first(&most, PIXELS * 9 / 10), first(&least, PIXELS / 2)];
    for (missing, expected) in masks.iter().zip(expected.chunks(3 * PIXELS)) {
        let imputed = impute(&images()[0].pixels, [SIDE, SIDE], missing, 1e-6).unwrap();
        assert_close(&imputed, expected, Tolerance::new(5e-6, 5e-6));
    }
}

fn smooth() -> Vec<Map> {
    let map = |map: &[f32]| Map::from_plane([SIDE, SIDE], map.to_vec()).unwrap();
    golden("road.smooth").data.chunks(PIXELS).map(map).collect()
}

#[test]
fn scipy_curves() {
    let expected = golden("road.curves").data;
    let specs = ["road:noise=0", "road:noise=0,order=lerf"];
    for (maps, expected) in [smooth(), maps("signed")].iter().zip(expected.chunks(36)) {
        for (curves, expected) in curves(&tiny_basic(), maps, &specs).iter().zip(expected.chunks(18)) {
            for (curve, expected) in curves.iter().zip(expected.chunks(9)) {
                assert_close(&probabilities(curve)[1..], expected, Tolerance::new(1e-4, 1e-4));
            }
        }
    }
}

/// At percentiles where it removes as many pixels as we do.
#[test]
fn averages_of_pytorch_grad_cam() {
    let expected = golden("road.grad_cam").data;
    let percent = "noise=0,percent=22+25+45+50+65+70+75+85+95";
    let specs = [format!("road:{percent}"), format!("road:{percent},order=lerf")];
    let found = curves(&tiny_basic(), &smooth(), &specs.each_ref().map(String::as_str));
    let scores: [fn(&CurvePoint) -> f64; 2] =
        [|point| f64::from(point.probability), |point| f64::from(point.logit)];
    for (image, curves) in found.iter().enumerate() {
        for (kind, score) in scores.iter().enumerate() {
            let change = |curve: &[CurvePoint]| mean(curve[1..].iter().map(score)) - score(&curve[0]);
            let (most, least) = (change(&curves[0]), change(&curves[1]));
            let expected = |which: usize| f64::from(expected[6 * kind + 2 * which + image]);
            for (which, value) in [most, least, (least - most) / 2.0].into_iter().enumerate() {
                check(value, expected(which), if kind == 0 { 1e-4 } else { 1e-3 });
            }
        }
    }
}

/// pytorch-grad-cam keeps what lies below a percentile: of a map whose percentile is 0 it removes everything.
#[test]
fn a_sparse_map_loses_no_more_than_the_share() {
    let mut values = vec![0.0; PIXELS];
    values[1000..1200].fill(1.0);
    values[1100] = 2.0;
    let sparse = vec![Map::from_plane([SIDE, SIDE], values).unwrap(); 2];
    let curve = &curves(&tiny_basic(), &sparse, &["road"])[0][0];
    assert!(curve.iter().all(|point| point.probability.is_finite()) && curve.len() == 10);
    let host = host(0);
    let plan = perturbation::Plan::new(&sparse[0], &host, &tests(&["road:percent=4+5"]));
    let counts: Vec<usize> = plan.inputs().iter().map(count).collect();
    assert_eq!(counts, [163, 204]);
}

fn count(input: &perturbation::Input) -> usize {
    match input {
        perturbation::Input::Mixed { count, reveal: false, .. } => *count,
        other => panic!("{other:?}"),
    }
}

fn host(seed: u64) -> HostImage {
    let image: Image = images().remove(0);
    HostImage::new(&image, &keep(), &tests(&["road"]), seed).unwrap()
}

#[test]
fn noise_belongs_to_the_image_and_lies_on_missing_pixels() {
    let replaced: Vec<f32> = (0..PIXELS).map(|pixel| if pixel % 3 == 0 { 1.0 } else { 0.0 }).collect();
    let paint = |seed, test: &str| tests(&[test])[0].fills()[0].paint(&host(seed), &replaced).unwrap();
    let (noisy, plain) = (paint(0, "road"), paint(0, "road:noise=0"));
    let std = keep().std.clone();
    let noise: Vec<f64> =
        (0..3 * PIXELS).map(|at| f64::from((noisy[at] - plain[at]) * std[at / PIXELS])).collect();
    assert!((0..3 * PIXELS).all(|at| (noise[at] != 0.0) == (at % PIXELS).is_multiple_of(3)));
    let drawn: Vec<f64> = noise.iter().copied().filter(|&noise| noise != 0.0).collect();
    check(mean(drawn.iter().copied()), 0.0, 6e-4);
    check(mean(drawn.iter().map(|noise| noise * noise)).sqrt(), 0.01, 4e-4);
    assert!(noisy == paint(0, "road") && noisy != paint(1, "road"));
    // The same pixel has the same noise under another mask.
    let fewer: Vec<f32> = (0..PIXELS).map(|pixel| if pixel == 3 { 1.0 } else { 0.0 }).collect();
    let of_one = |test: &str| tests(&[test])[0].fills()[0].paint(&host(0), &fewer).unwrap()[3];
    check(f64::from((of_one("road") - of_one("road:noise=0")) * std[0]), noise[3], 1e-6);
}

#[test]
fn batches_change_nothing() {
    let asked = [(0, smooth().remove(0), Some(CLASSES[0])), (1, smooth().remove(1), None)];
    let specs = ["road", "road:order=lerf", "pos:fill=impute", "pos"];
    let classifier = tiny_basic();
    let (curves, forwards) = run(&classifier, 1, jobs(&asked, &specs));
    // POS replaces the same pixels, and the same noise makes them the same images.
    assert_eq!(forwards, 2 * (1 + 9 + 9 + 9));
    for batch in [4, 7, 100] {
        assert!(run(&classifier, batch, jobs(&asked, &specs)).0 == curves, "batches of {batch}");
    }
    assert_eq!(probabilities(&curves[0][0]), probabilities(&curves[0][2]));
}

#[test]
fn an_image_without_known_pixels_costs_its_job_only() {
    let classifier = tiny_basic();
    let mut executor = Executor::new(&classifier, |_| 8);
    for (tag, test) in ["patches:fill=impute,size=64", "road"].into_iter().enumerate() {
        let mut job = jobs(&[(0, smooth().remove(0), Some(3))], &[test]).remove(0);
        job.tag = tag;
        executor.push(job).unwrap();
    }
    executor.flush();
    let [failed, fine] = [executor.pop().unwrap(), executor.pop().unwrap()];
    let reason = "imputation: all pixels are missing, so that there is nothing to impute them from";
    assert_eq!(failed.curves.unwrap_err().to_string(), reason);
    assert!(fine.curves.is_ok());
}
