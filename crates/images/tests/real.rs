//! How estimates of information agree on real images, where there are any (`PLUMBLINE_DATA`).

use std::fs;
use std::path::PathBuf;

use images::{Information, Preprocess, bokeh, decode};
use stats::correlation::pearson;

/// The shares of the pixels, those next to the middle, that are known besides a hundredth at random.
const SHARES: [f64; 6] = [0.0, 0.03, 0.1, 0.21, 0.5, 0.75];

/// The planes of 50 images of ImageNet, 224 x 224.
fn planes() -> Vec<Vec<u8>> {
    let Some(data) = testing::data_dir() else { return Vec::new() };
    let mut paths: Vec<PathBuf> =
        fs::read_dir(data.join("imagenet")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "JPEG"));
    paths.sort();
    let preprocess = Preprocess::preset("imagenet").unwrap();
    let open = |path: &PathBuf| {
        let image = decode(path).unwrap().prepare("", &preprocess).unwrap();
        preprocess.bytes(&preprocess.normalise(&image))
    };
    paths.iter().step_by(10).take(50).map(open).collect()
}

/// What is shown at each share, then the image.
fn shown(planes: &[u8], index: usize) -> Vec<Vec<u8>> {
    let size = [224, 224];
    let from_middle = |place: usize| (place / 224).abs_diff(112).pow(2) + (place % 224).abs_diff(112).pow(2);
    let mut order: Vec<usize> = (0..224 * 224).collect();
    order.sort_by_key(|&place| from_middle(place));
    let mut known = vec![false; 224 * 224];
    for place in bokeh::known_pixels(known.len(), 0, &index.to_string()) {
        known[place] = true;
    }
    let mut paint = |share: f64| {
        for &place in &order[..(share * 50_176.0) as usize] {
            known[place] = true;
        }
        bokeh::paint(planes, size, &known)
    };
    SHARES.into_iter().map(&mut paint).chain([planes.to_vec()]).collect()
}

/// The abscissas of performance information curves are nearly the same by a formula as by files.
#[test]
fn the_entropy_goes_with_the_length_of_files() {
    let (mut lengths, mut entropies, mut clean) = (Vec::new(), Vec::new(), Vec::new());
    for (index, planes) in planes().iter().enumerate() {
        let of = |estimate: Information| -> Vec<f64> {
            shown(planes, index).iter().map(|shown| estimate.of(shown, [224, 224]).unwrap()).collect()
        };
        let (files, formula) = (of(Information::WebP), of(Information::Entropy));
        let abscissa = |sizes: &[f64], at: usize| {
            let share = (sizes[at] - sizes[0]) / (sizes[SHARES.len()] - sizes[0]);
            share.clamp(0.0, 1.0)
        };
        clean.push((files[SHARES.len()], formula[SHARES.len()]));
        // A curve of the others is not defined: a drawing may take less than what is interpolated of it.
        if [&files, &formula].iter().all(|sizes| sizes[0] < sizes[SHARES.len()]) {
            lengths.extend((1..SHARES.len()).map(|at| abscissa(&files, at)));
            entropies.extend((1..SHARES.len()).map(|at| abscissa(&formula, at)));
        }
    }
    if clean.is_empty() {
        return;
    }
    let (files, formula): (Vec<f64>, Vec<f64>) = clean.into_iter().unzip();
    let (of_curves, of_images) =
        (pearson(&lengths, &entropies).coefficient, pearson(&files, &formula).coefficient);
    let apart = lengths.iter().zip(&entropies).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    println!(
        "abscissas {of_curves:.4}, at most {apart:.4} apart; images {of_images:.4}, n = {}",
        files.len()
    );
    assert!(of_curves > 0.98 && of_images > 0.97);
}
