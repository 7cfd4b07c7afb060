//! The embedded classifier behind `--model exec:serve`, for tests: a program of the protocol in `docs/exec.md`, which
//! misbehaves if its argument says so.

use std::io::{BufRead, Write};
use std::path::Path;

use models::{Tensor, TensorData, device, zoo};
use pipe::npy::{self, Array};

fn main() {
    let mode = std::env::args().nth(1).unwrap_or_default();
    let device = device::cpu().device;
    let classifier = testbed::Embedded::ResNet
        .classifier(&device, zoo::Options::default())
        .expect("the embedded weights fit");
    let probabilities = mode == "probabilities" || mode == "mislabelled";
    let scores = |Array { shape, data }: Array| -> Vec<f32> {
        let shape: [usize; 4] = shape.try_into().expect("(n, 3, h, w)");
        let x = Tensor::from_data(TensorData::new(data, shape), &device);
        let scores = if probabilities { classifier.probabilities(x) } else { classifier.logits(x) };
        scores.into_data().try_into_vec().expect("scores are f32")
    };
    let kind = if mode == "probabilities" { "probabilities" } else { "logits" };
    say(&format!("plumbline classes=10 scores={kind}"));
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("lines are text");
        let (question, answer) = line.split_once('\t').expect("two names");
        let mut scores = scores(npy::read_file(Path::new(question)).expect("images"));
        let mut shape = [scores.len() / 10, 10];
        match mode.as_str() {
            "die" => std::process::exit(3),
            "nan" => scores[13] = f32::NAN,
            "turned" => shape.reverse(),
            _ => {}
        }
        if mode != "forgetful" {
            npy::write_file(Path::new(answer), &shape, &scores).expect("scores are written");
        }
        say(if mode == "chatty" { "ok\nok" } else { "ok" });
    }
}

fn say(line: &str) {
    println!("{line}");
    std::io::stdout().flush().expect("somebody listens");
}
