//! Weights to a file that `models` and PyTorch read.

use anyhow::Result;
use models::Network;
use safetensors::tensor::{Dtype, TensorView};

/// All weights under their names, as `f32` safetensors.
///
/// # Errors
/// If the format cannot hold them.
pub fn to_safetensors(network: &Network) -> Result<Vec<u8>> {
    let bytes: Vec<(String, Vec<usize>, Vec<u8>)> = network
        .graph()
        .parameters
        .iter()
        .zip(network.weights())
        .map(|(parameter, weight)| {
            let numbers = weight.data();
            let bytes = numbers.iter::<f32>().flat_map(f32::to_le_bytes).collect();
            (parameter.name.clone(), parameter.shape.clone(), bytes)
        })
        .collect();
    let views = bytes.iter().map(|(name, shape, bytes)| {
        TensorView::new(Dtype::F32, shape.clone(), bytes).map(|view| (name.as_str(), view))
    });
    let views: Vec<_> = views.collect::<Result<_, _>>()?;
    Ok(safetensors::serialize(views, None)?)
}
