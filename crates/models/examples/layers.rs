//! The least time of each layer of a network over several passes, as CSV: `layer,operation,shape,gflop,seconds`.
//!
//! `cargo run --release -p models --example layers -- MODEL BATCH ROUNDS`; `RAYON_NUM_THREADS` sets the threads. The first row is
//! the peak of the processor: multiplications and additions in registers. A layer that is computed together with others has their time.

use std::time::Instant;

use kernels::Level;
use models::graph::Node;
use models::{Hooks, Network, NodeId, Op, Value};

mod made_up;

/// Takes the time of each node.
struct Timer {
    last: Instant,
    seconds: Vec<f64>,
}

impl Hooks for Timer {
    fn plain(&self, _: &Network, _: NodeId) -> bool {
        true
    }

    fn computed(&mut self, node: NodeId, _: &Value) {
        let now = Instant::now();
        self.seconds[node] = self.seconds[node].min((now - self.last).as_secs_f64());
        self.last = now;
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().expect("the name of a model");
    let mut number = |what: &str| arguments.next().expect(what).parse::<usize>().expect(what);
    let (batch, rounds) = (number("a batch size"), number("a number of rounds"));
    let classifier = made_up::classifier(&name);
    let (network, x) = (&classifier.network, made_up::images(&classifier, batch));
    let mut timer = Timer { last: Instant::now(), seconds: vec![f64::INFINITY; network.graph().nodes.len()] };
    for _ in 0..rounds {
        timer.last = Instant::now();
        drop(network.logits_with(x.clone(), &mut timer));
    }
    let shapes = network.graph().shapes(network.graph().input).expect("the network's own size");
    println!("layer,operation,shape,gflop,seconds");
    println!("peak,,,{},1", Level::best().peak_gflops());
    for id in 0..network.graph().nodes.len() {
        if timer.seconds[id].is_finite() {
            let layer = network.computed_with(id).unwrap_or(id);
            let (shape, work) = describe(network, layer, &shapes);
            let gflop = 2e-9 * work as f64 * batch as f64;
            let Node { name, op, .. } = &network.graph().nodes[layer];
            println!("{name},{},{shape},{gflop},{}", op.kind(), timer.seconds[id]);
        }
    }
}

/// What a layer does, and its multiplications for an image.
fn describe(network: &Network, id: NodeId, shapes: &[Vec<usize>]) -> (String, usize) {
    let graph = network.graph();
    let (node, out) = (&graph.nodes[id], &shapes[id]);
    let outputs: usize = out[1..].iter().product();
    match &node.op {
        Op::Conv2d { weight, stride, groups, .. } => {
            let [o, i, h, w] = graph.parameters[*weight].shape[..] else {
                unreachable!("kernels have four axes")
            };
            let size = shapes[node.inputs[0]][2];
            let group = if *groups > 1 { format!(" by {groups}") } else { String::new() };
            (format!("{} -> {o}{group} {h}x{w}/{} {size}", i * groups, stride[0]), outputs * i * h * w)
        }
        Op::Linear { weight, .. } => {
            let [o, i] = graph.parameters[*weight].shape[..] else { unreachable!("matrices have two axes") };
            (format!("{i} -> {o}"), outputs * i)
        }
        _ => (String::new(), 0),
    }
}
