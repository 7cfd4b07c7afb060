//! Real architectures as PyTorch exports them, against PyTorch: the files of `pipelines/parity.py onnx` in the folder
//! that `PLUMBLINE_PARITY` names.

mod common;

use std::path::Path;

use common::{Answers, distance, stem};

/// Distances of one file: logits from float64, gradient from float32 and from float64.
fn measure(path: &Path, expected: &Answers) -> [f64; 3] {
    let found = common::answers(path, expected);
    let single = expected.gradient32.as_ref().expect("parity.py writes the gradient of float32");
    [
        distance(&found.logits, &expected.logits),
        distance(&found.gradient, single),
        distance(&found.gradient, &expected.gradient),
    ]
}

/// Gradients jump where an activation crosses zero: PyTorch's own float32 is that far from float64 too.
#[test]
fn exports_equal_pytorch() {
    let Some(folder) = testing::parity_dir() else { return };
    let mut files: Vec<_> =
        std::fs::read_dir(folder.join("onnx")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "onnx"));
    files.sort();
    assert!(!files.is_empty(), "no .onnx in {}", folder.join("onnx").display());
    println!("| file | logits | gradient, float32 | gradient, float64 | PyTorch's float32 from float64 |");
    println!("|---|---:|---:|---:|---:|");
    let mut far = Vec::new();
    for path in &files {
        let expected = Answers::read(&path.with_file_name(stem(path)));
        let [logits, single, double] = measure(path, &expected);
        let own = distance(expected.gradient32.as_ref().unwrap(), &expected.gradient);
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        println!("| {name} | {logits:.1e} | {single:.1e} | {double:.1e} | {own:.1e} |");
        if logits > 1e-4 || (single > 1e-3 && double > 2.0 * own) {
            far.push(name);
        }
    }
    println!("{} files", files.len());
    assert!(far.is_empty(), "too far from PyTorch: {far:?}");
}
