//! Who computes must not matter.

use models::{Engine, Graph, Level, Network, Plain, Tensor, Value};
use testing::Tolerance;

/// Compares scores and the gradient of one of them at the input between burn's operations and our kernels, with all
/// instructions that this processor has.
pub fn assert_agree(network: &Network, x: Tensor<4>) {
    let stock = network.clone().pack_for(Engine::Stock);
    let (scores, gradient) = scores_and_gradient(&stock, x.clone());
    let mut fused = Vec::new();
    for level in Level::all() {
        let network = stock.clone().pack_for(Engine::Kernels(level));
        let (our_scores, our_gradient) = scores_and_gradient(&network, x.clone());
        for (what, ours, expected) in
            [("scores", &our_scores, &scores), ("gradient", &our_gradient, &gradient)]
        {
            let close = testing::compare::close(ours, expected, Tolerance::new(f64::INFINITY, 1e-5));
            close.unwrap_or_else(|error| panic!("{what} with {}: {error}", level.name()));
        }
        // Without a fused multiplication and addition each product is rounded twice.
        if level.name() != "portable" {
            fused.push((our_scores, our_gradient));
        }
    }
    assert!(fused.windows(2).all(|pair| pair[0] == pair[1]), "wide and narrow vectors differ");
}

fn scores_and_gradient(network: &Network, x: Tensor<4>) -> (Vec<f32>, Vec<f32>) {
    let leaf = Value::new(x).leaf();
    let feeds = vec![(Graph::INPUT, leaf.clone())];
    let scores = network.run(feeds, &[network.graph().output()], &mut Plain).remove(0).tensor::<2>();
    let gradient = leaf.grad(&scores.clone().narrow(1, 1, 1).backward()).unwrap();
    let numbers = |value: Value| {
        let count = value.shape().iter().product();
        value.reshape(&[count]).tensor::<1>().into_data().try_into_vec().unwrap()
    };
    (numbers(Value::new(scores.inner())), numbers(gradient))
}
