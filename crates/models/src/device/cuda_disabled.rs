//! A build without the `cuda` feature.

use burn::tensor::Device;

pub(super) fn device(_index: usize) -> Result<Device, String> {
    Err("this program was built without CUDA (build with --features cuda)".into())
}
