//! The network before its first step.

use std::path::Path;

use anyhow::{Result, bail};
use models::network::Weight;
use models::zoo::{Architecture, ModelError};
use models::{Checkpoint, Graph, Network, device};

/// How many weights a message names.
const SHOWN: usize = 4;

/// Random first weights, or where `weights` has them in the same shape, its own.
///
/// # Errors
/// If the file cannot be read, or none of its weights fits.
pub fn network(
    architecture: &Architecture,
    graph: Graph,
    weights: Option<&Path>,
    seed: u64,
) -> Result<Network> {
    let device = device::cpu().device;
    let random = learning::initialise(graph, seed, &device);
    let Some(path) = weights else { return Ok(random) };
    let file = Checkpoint::open(path)?;
    let chosen = architecture.weights_in(&file, None).map_err(ModelError::from)?;
    chosen.notes().iter().for_each(pipe::note);
    let renamed = architecture.rename.as_ref().map(|rename| chosen.renamed(rename)).transpose()?;
    let (found, others) = renamed.as_ref().unwrap_or(&chosen).fitting(&random.graph().parameters)?;
    let all = found.len();
    if others.len() == all {
        bail!("{}: none of the weights fits {}, as {}", path.display(), architecture.name, others[0]);
    }
    if !others.is_empty() {
        let more =
            if others.len() > SHOWN { format!(", and {} more", others.len() - SHOWN) } else { String::new() };
        let (path, count) = (path.display(), others.len());
        let shown = others[..count.min(SHOWN)].join(", ");
        pipe::note(format_args!("{path}: {count} of {all} weights begin anew: {shown}{more}"));
    }
    let weights = found.into_iter().zip(random.weights());
    let weights =
        weights.map(|(own, first)| own.map_or_else(|| first.clone(), |own| Weight::new(own, &device)));
    Ok(random.with_weights(weights.collect()))
}
