//! Damaged checkpoints are refused, not believed and not fatal.

use models::Checkpoint;
use testing::{WorkDir, fuzz, testdata};

#[test]
fn fuzz_checkpoints() {
    let files = fuzz::files(testdata("models/checkpoints"), &[".pth", ".ckpt", ".tar", ".safetensors"]);
    let work = WorkDir::new();
    fuzz::survives("checkpoints", &files, |bytes| {
        if let Ok(checkpoint) = Checkpoint::open(&work.write("weights", bytes)) {
            let _ = checkpoint.shape("fc.weight");
            let _ = checkpoint.notes();
        }
    });
}
