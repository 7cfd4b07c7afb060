//! What a file answers, and what PyTorch answered.
//!
//! Each test file uses a part of it.
#![allow(dead_code)]

use std::path::Path;

use models::classifier::Output;
use models::zoo::Options;
use models::{Classifier, Plain, Preprocess, Tensor, TensorData, device};
use testing::golden;

/// Inputs, scores and gradients, flat.
pub struct Answers {
    pub shape: [usize; 4],
    pub input: Vec<f32>,
    pub logits: Vec<f32>,
    /// At the input, of each image's largest score.
    pub gradient: Vec<f32>,
}

impl Answers {
    /// Reads `input.npy` and its company.
    pub fn read(folder: &Path) -> Self {
        let file = |what: &str| folder.join(format!("{what}.npy"));
        let input = golden::array(file("input"));
        Self {
            shape: input.shape.try_into().expect("four axes"),
            input: input.data,
            logits: golden::array(file("logits")).data,
            gradient: golden::array(file("gradient")).data,
        }
    }

    /// The class of each image's largest score.
    pub fn targets(&self) -> Vec<usize> {
        let largest = |row: &[f32]| (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap();
        self.logits.chunks(self.logits.len() / self.shape[0]).map(largest).collect()
    }

    /// The input as a tensor.
    pub fn tensor(&self) -> Tensor<4> {
        Tensor::from_data(TensorData::new(self.input.clone(), self.shape), &device::cpu().device)
    }
}

/// The file's name up to its first dot.
pub fn stem(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap().split('.').next().unwrap()
}

/// A classifier that takes images as they are.
pub fn load(path: &Path) -> Classifier {
    opened(path, Preprocess::preset("none").unwrap())
}

/// The same, of images of this height and width.
pub fn load_sized(path: &Path, size: [usize; 2]) -> Classifier {
    opened(path, Preprocess { crop: Some(size), ..Preprocess::preset("none").unwrap() })
}

fn opened(path: &Path, preprocess: Preprocess) -> Classifier {
    let options = Options { preprocess: Some(preprocess), ..Options::default() };
    let (classifier, _) =
        onnx::load(path, &device::cpu().device, options).unwrap_or_else(|error| panic!("{error}"));
    classifier
}

/// What a classifier answers to the input of other answers.
pub fn answers(classifier: &Classifier, asked: &Answers) -> Answers {
    let numbers = |x: Tensor<4>| x.into_data().try_into_vec().unwrap();
    let logits = classifier.logits(asked.tensor()).into_data().try_into_vec().unwrap();
    let (gradient, _) =
        classifier.input_gradient(asked.tensor(), &asked.targets(), Output::Logit, &mut Plain);
    Answers { shape: asked.shape, input: asked.input.clone(), logits, gradient: numbers(gradient) }
}

/// Relative error in L2.
pub fn distance(found: &[f32], expected: &[f32]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let square = |x: f64| x * x;
    let apart: f64 = found.iter().zip(expected).map(|(a, b)| square(f64::from(*a) - f64::from(*b))).sum();
    (apart / expected.iter().map(|x| square(f64::from(*x))).sum::<f64>()).sqrt()
}
