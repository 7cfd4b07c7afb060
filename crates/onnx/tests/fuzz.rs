//! Damaged ONNX files are refused, not believed and not fatal.

use models::device;
use models::zoo::Options;
use testing::{WorkDir, fuzz, testdata};

#[test]
fn fuzz_onnx() {
    let mut files = fuzz::files(testdata("onnx"), &[".onnx"]);
    files.extend(fuzz::files(testdata("onnx/ends"), &[".onnx"]));
    // The smallest, of which most bytes are the graph.
    files.sort_by_key(Vec::len);
    files.truncate(12);
    let work = WorkDir::new();
    fuzz::survives("onnx", &files, |bytes| {
        let path = work.write("model.onnx", bytes);
        let _ = onnx::load(&path, &device::cpu().device, Options::default());
    });
}
