//! How many inputs a network has run, counted where they are run.

use std::sync::atomic::{AtomicU64, Ordering};

use burn::tensor::{Gradients, Tensor};

use super::Network;

/// Totals that a network shares with all that is made from it: other foldings, modified weights.
#[derive(Debug, Default)]
pub(super) struct Counters {
    forwards: AtomicU64,
    backwards: AtomicU64,
}

impl Counters {
    pub(super) fn add_forwards(&self, rows: usize) {
        self.forwards.fetch_add(rows as u64, Ordering::Relaxed);
    }

    pub(super) fn add_backwards(&self, rows: usize) {
        self.backwards.fetch_add(rows as u64, Ordering::Relaxed);
    }
}

impl Network {
    /// Inputs that were run forward so far. Each row of a [`Network::run`] counts as one, whatever part of the network it ran.
    pub fn forwards(&self) -> u64 {
        self.counters.forwards.load(Ordering::Relaxed)
    }

    /// Inputs that were walked back so far, by [`Network::backward`] or [`Network::walk_back`].
    pub fn backwards(&self) -> u64 {
        self.counters.backwards.load(Ordering::Relaxed)
    }

    /// The gradients of the sum of outputs `(n, k)`, each row of which depends on its own input only.
    pub fn backward(&self, outputs: &Tensor<2>) -> Gradients {
        self.counters.add_backwards(outputs.dims()[0]);
        outputs.backward()
    }
}
