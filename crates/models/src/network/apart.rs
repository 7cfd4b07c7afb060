//! Parts of a batch at once: each thread takes some images through all layers, instead of all threads meeting behind every layer.

use std::ops::Range;

use rayon::prelude::*;

use super::graph::NodeId;
use super::packed::fits;
use super::value::Value;
use super::weight::Weight;
use super::{Network, Plain};

impl Network {
    /// In how many parts `n` images go through at once. One where the kernels of the CPU are not used, within a part, and where
    /// weights learn: their gradient is a sum over images, whose order must not depend on threads.
    fn parts(&self, n: usize) -> usize {
        let inside = rayon::current_thread_index().is_some();
        let learns = |weight: &Weight| weight.device().is_autodiff();
        let whole =
            inside || !self.is_packed() || self.graph().is_black_box() || self.weights.iter().any(learns);
        if whole { 1 } else { rayon::current_num_threads().min(n).max(1) }
    }

    /// Calls `f` for even parts of `0..n`, one for each thread, and gives the results in their order. Images do not depend on each
    /// other, so parts change no bit.
    pub(crate) fn in_parts<T: Send>(&self, n: usize, f: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
        match self.parts(n) {
            1 => vec![f(0..n)],
            parts => (0..parts).into_par_iter().map(|i| f(i * n / parts..(i + 1) * n / parts)).collect(),
        }
    }

    /// [`Network::run`] in several parts, if these are values of one batch on the CPU of which nobody wants a gradient.
    pub(super) fn run_in_parts(&self, feeds: &[(NodeId, Value)], fetches: &[NodeId]) -> Option<Vec<Value>> {
        let n = feeds.first()?.1.shape()[0];
        if self.parts(n) == 1 {
            return None;
        }
        let varies = self.graph().varies();
        let plain = |value: &Value| fits(value) && !value.device().is_autodiff() && value.shape()[0] == n;
        if !feeds.iter().all(|(_, value)| plain(value)) || !fetches.iter().all(|&fetch| varies[fetch]) {
            return None;
        }
        let run = |part: Range<usize>| {
            let of = |value: &Value| value.clone().slice(0, part.clone(), 1);
            let feeds = feeds.iter().map(|(node, value)| (*node, of(value))).collect();
            self.run_whole(feeds, fetches, &mut Plain)
        };
        let mut parts: Vec<_> = self.in_parts(n, run).into_iter().map(Vec::into_iter).collect();
        let join = |_: &NodeId| {
            let values = parts.iter_mut().map(|values| values.next().expect("each part has all values"));
            Value::concat(values.collect(), 0)
        };
        Some(fetches.iter().map(join).collect())
    }
}
