//! One pass of a network for each line on standard input, to be timed by `pipelines/speed.py`: `forward` computes the
//! scores of a batch, `backward` also the gradient of one score of each image at the input.
//!
//! `cargo run --release -p models --example pass -- MODEL BATCH`; `RAYON_NUM_THREADS` sets the threads.

use std::io::{BufRead, Write, stdin, stdout};

use models::Plain;
use models::classifier::Output;

mod made_up;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().expect("the name of a model");
    let batch: usize = arguments.next().expect("a batch size").parse().expect("a number of images");
    let classifier = made_up::classifier(&name);
    let x = made_up::images(&classifier, batch);
    let targets: Vec<usize> = (0..batch).collect();
    for line in stdin().lock().lines() {
        let checksum = match line.expect("a line").as_str() {
            "forward" => classifier.logits(x.clone()).sum().into_scalar::<f32>(),
            "backward" => {
                let (gradient, _) = classifier.input_gradient(x.clone(), &targets, Output::Logit, &mut Plain);
                gradient.abs().sum().into_scalar::<f32>()
            }
            other => panic!("`{other}` is neither forward nor backward"),
        };
        println!("{checksum}");
        stdout().flush().expect("standard output");
    }
}
