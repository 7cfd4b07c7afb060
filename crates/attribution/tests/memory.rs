//! What methods of many masks and segments keep in memory: the most at one time beyond what was there before, as Linux
//! counts it. Elsewhere nothing is measured.

mod tiny;

use std::fs;
use std::sync::{Mutex, PoisonError};

use attribution::{Context, Error, METHODS, Request, parse};
use models::{Classifier, Tensor, TensorData, device};

/// One measurement at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// The most MiB that explaining one image of noise of `side` x `side` pixels takes.
fn mib(spec: &str, classifier: &Classifier, side: usize, batch_size: usize) -> usize {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let noise = TensorData::new(tiny::wave(3 * side * side, 0.37), [1, 3, side, side]);
    let images = Tensor::from_data(noise, &device::cpu().device);
    let keys = ["a".to_owned()];
    let request = Request { images, targets: &[1], keys: &keys, seed: 0, batch_size, baselines: None };
    // The peak starts anew.
    let measured = fs::write("/proc/self/clear_refs", "5").is_ok();
    let before = kib("VmRSS");
    drop(tiny::explain(spec, classifier, &request).unwrap());
    if measured { kib("VmHWM").saturating_sub(before) >> 10 } else { 0 }
}

/// A line of the process's own status.
fn kib(name: &str) -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}

fn linear() -> Classifier {
    tiny::linear(&tiny::wave(384, 0.11), [0.0; 2])
}

/// As many masks as these times as many cells are 266 MB of numbers.
#[test]
fn masks_of_sobol_are_not_kept() {
    let found = mib("sobol:grid=64,designs=4", &linear(), 8, 64);
    assert!(found < 8, "{found} MiB");
}

/// The kernel of as many designs, and its centred copy, are 256 MB.
#[test]
fn the_kernel_of_hsic_is_not_kept() {
    let found = mib("hsic:grid=2,designs=4000", &linear(), 8, 256);
    assert!(found < 8, "{found} MiB");
}

/// A mask of the image for each of the segments, of which noise has as many as the least size allows, is 0.5 GB and grows
/// with the square of the pixels.
#[test]
fn segments_of_xrai_grow_with_the_pixels_alone() {
    let classifier = tiny::cam(&tiny::wave(108, 0.7), &tiny::wave(8, 0.3));
    let [small, large] = [200, 400].map(|side| mib("xrai:steps=2", &classifier, side, 1));
    assert!(large < 200 && large < 5 * small + 8, "{small} and {large} MiB for four times as many pixels");
}

#[test]
fn what_cannot_be_bounded_is_refused_before_any_pass() {
    let classifier = linear();
    for (spec, needed) in [("sobol:designs=2000000", "1481 MiB"), ("hsic:grid=64,designs=100000", "393 MiB")]
    {
        let method = parse(spec, &[METHODS]).unwrap_or_else(|error| panic!("{error}"));
        let context = Context::new(&classifier).unwrap();
        let error = method.prepare(&context).err().unwrap();
        assert!(matches!(error, Error::TooLarge { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains(needed) && text.contains("256 MiB are allowed"), "{text}");
    }
    assert_eq!(classifier.network.forwards(), 0);
}
