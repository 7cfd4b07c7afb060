//! Perturbed images and their probabilities against plain PyTorch (`testdata/perturbation/generate.py`).

mod common;

use common::{CLASSES, SIDE, curves, golden, images, maps, probabilities, tiny_basic};
use models::Preprocess;
use perturbation::{CurvePoint, Fill};
use stats::gaussian::Blur;
use testing::{Tolerance, assert_close};

/// Probabilities; the reference is computed in double precision.
const CLOSE: Tolerance = Tolerance::new(1e-5, 1e-5);

/// Our names of the fills `black`, `mean` and `blur` of the reference, whose `mean` is that of the data set.
const FILLS: [&str; 3] = ["black", "zero", "blur"];

#[test]
fn torch_blur() {
    let preprocess = Preprocess::preset("imagenet-keep").unwrap();
    let input = pipe::npy::read_file(&testing::testdata("models/input.npy")).unwrap();
    let blur = Fill::Blur(Blur { kernel: 11, sigma: 5.0 });
    let paint = |pixels| blur.paint(pixels, [SIDE, SIDE], &preprocess, 0, "").unwrap();
    let blurred: Vec<f32> = input.data.chunks(3 * SIDE * SIDE).flat_map(paint).collect();
    assert_close(&blurred, &golden("blur").data, Tolerance::new(1e-6, 1e-6));
}

#[test]
fn torch_clean() {
    let (classifier, images) = (tiny_basic(), images());
    let input = classifier.input(&images.iter().collect::<Vec<_>>());
    let clean = classifier.probabilities(input).into_data().try_to_vec::<f32>().unwrap();
    assert_close(&clean, &golden("clean").data, CLOSE);
}

/// Compares deletion and insertion with all fills; the reference is (test, fill, image, step).
fn check_curves(label: &str, rule: &str, parameters: &str) {
    let names: Vec<String> = ["deletion", "insertion"]
        .into_iter()
        .flat_map(|test| FILLS.map(|fill| format!("{test}:fill={fill}{parameters}")))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let found = curves(&tiny_basic(), &maps(label), &names);
    let (expected, mut all) = (golden(&format!("{label}.curves_{rule}")), Vec::new());
    for test in 0..names.len() {
        for curves in &found {
            all.extend(probabilities(&curves[test]));
        }
    }
    assert_close(&all, &expected.data, CLOSE);
}

#[test]
fn torch_21_points() {
    check_curves("signed", "21", ",steps=20");
    check_curves("ties", "21", ",steps=20");
}

#[test]
fn torch_101_points() {
    check_curves("signed", "101", "");
    check_curves("ties", "101", "");
}

#[test]
fn torch_regions() {
    check_curves("signed", "region9", ",region=9");
    check_curves("ties", "region9", ",region=9");
}

#[test]
fn torch_pos_neg() {
    for label in ["signed", "ties"] {
        let found = curves(&tiny_basic(), &maps(label), &["pos", "neg"]);
        for (test, name) in ["pos", "neg"].into_iter().enumerate() {
            let expected = golden(&format!("{label}.{name}"));
            for (curves, expected) in found.iter().zip(expected.data.chunks(20)) {
                assert_close(&probabilities(&curves[test]), &expected[..10], CLOSE);
                let predicted: Vec<f32> = curves[test].iter().map(|answer| answer.predicted as f32).collect();
                assert_eq!(predicted, &expected[10..]);
            }
        }
    }
}

/// The reference keeps all that reach the percentile, as published.
#[test]
fn torch_mask() {
    let percentiles = ["none", "50", "70", "75", "80", "85", "90"];
    for label in ["signed", "ties"] {
        let expected = golden(&format!("{label}.mask"));
        for (space, fill) in ["black", "zero"].into_iter().enumerate() {
            let specs = percentiles.map(|percentile| match percentile {
                "none" => format!("mask:fill={fill}"),
                _ => format!("mask:fill={fill},percentile={percentile},ties=all"),
            });
            let found = curves(&tiny_basic(), &maps(label), &specs.each_ref().map(String::as_str));
            for (image, curves) in found.iter().enumerate() {
                let masked: Vec<f32> = curves.iter().map(|curve| curve[1].probability).collect();
                assert_close(&masked, &expected.data[(image * 2 + space) * 7..][..7], CLOSE);
                let clean = golden("clean").data[image * 10 + CLASSES[image]];
                assert!((curves[0][0].probability - clean).abs() < 1e-5);
            }
        }
    }
}

/// Parts that are replaced alone: probability, logit and mass of each.
#[test]
fn torch_parts_alone() {
    for (spec, name) in [("single:blocks=8", "signed.single"), ("square:size=16", "signed.square")] {
        let all = curves(&tiny_basic(), &maps("signed"), &[spec]);
        let points: Vec<&CurvePoint> = all.iter().flat_map(|curves| &curves[0]).collect();
        let numbers = |of: fn(&CurvePoint) -> f32| points.iter().map(|point| of(point)).collect::<Vec<f32>>();
        let golden = golden(name).data;
        let expected = |column: usize| golden.iter().skip(column).step_by(3).copied().collect::<Vec<f32>>();
        assert_close(&numbers(|point| point.probability), &expected(0), CLOSE);
        assert_close(&numbers(|point| point.logit), &expected(1), CLOSE);
        // Sums of hundreds.
        let masses = numbers(|point| point.measures.mass.unwrap() as f32);
        assert_close(&masses, &expected(2), Tolerance::new(5e-5, 1e-7));
    }
}
