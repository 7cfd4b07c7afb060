//! Preprocessing against torchvision and timm (`testdata/models/generate_preprocess.py`).

use images::preprocess::Resize;
use images::{Preprocess, decode};
use testing::{golden, testdata};

/// Prepares the image and compares every `step`-th row and column, from half a step on. Pillow resizes in 8 bits, so
/// a difference of one level of 255 is allowed.
fn check(name: &str, preprocess: &Preprocess, step: usize) {
    let image = decode(&testdata("models/preprocess/image.png")).unwrap();
    let prepared = image.prepare(name, preprocess).unwrap();
    let (h, w) = (prepared.height, prepared.width);
    let input = preprocess.normalise(&prepared);
    let expected = golden::array(format!("models/preprocess/{name}.npy"));
    let lines = |side: usize| (step / 2..side).step_by(step);
    assert_eq!(expected.shape, [1, 3, lines(h).count(), lines(w).count()], "{name}");
    let places = (0..3).flat_map(|c| lines(h).flat_map(move |y| lines(w).map(move |x| (c, y, x))));
    let levels = places.zip(&expected.data).map(|((c, y, x), expected)| {
        ((input[(c * h + y) * w + x] - expected) * preprocess.std[c] * 255.0).abs()
    });
    let worst = levels.fold(0.0, f32::max);
    assert!(worst < 1.01, "{name}: {worst} grey levels");
}

#[test]
fn small_crops_equal_torchvision() {
    let imagenet = Preprocess::preset("imagenet").unwrap();
    let to = |resize, bicubic, crop| Preprocess { resize, bicubic, crop, ..imagenet.clone() };
    check("resize64_crop56", &to(Resize::ShortSide(64), false, Some([56, 56])), 1);
    check("resize64_crop56_bicubic", &to(Resize::ShortSide(64), true, Some([56, 56])), 1);
    check("resize64_crop55", &to(Resize::ShortSide(64), false, Some([55, 55])), 1);
    check("squash56", &to(Resize::Exact(56, 56), false, None), 1);
}

#[test]
fn presets_equal_torchvision() {
    // EfficientNet-Lite's differ in nothing but their sizes.
    let alike = ["efficientnet-lite1", "efficientnet-lite2", "efficientnet-lite4"];
    for name in Preprocess::PRESETS.into_iter().filter(|name| !alike.contains(name)) {
        check(name, &Preprocess::preset(name).unwrap(), 8);
    }
}

#[test]
fn configuration_files_equal_timm_and_torchvision() {
    for name in ["timm_center", "timm_squash", "torchvision"] {
        let path = testdata(format!("models/preprocess/{name}.json"));
        check(name, &Preprocess::open(path.to_str().unwrap()).unwrap(), 1);
    }
}
