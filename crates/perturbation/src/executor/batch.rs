//! One batch on the device: what goes in, and the few numbers that come back.

use std::cell::OnceCell;
use std::rc::Rc;

use models::{Classifier, Int, Link, Tensor, TensorData, sigmoid};

use super::clean::Clean;
use super::map_result::Prediction;
use crate::compose::{Item, compose};

/// Whom an answer is for.
#[derive(Clone, Debug)]
pub(super) enum Address {
    /// All maps of an image.
    Clean(Rc<OnceCell<Clean>>),
    /// An input of a job's plan; jobs are counted from the first one that was pushed.
    Input { job: usize, input: usize },
}

/// A batch that the device is working on.
#[derive(Debug)]
pub(super) struct Sent {
    addresses: Vec<Address>,
    /// `(n, 2)`: the probability of the target and the predicted class.
    predictions: Tensor<2>,
    /// `(clean images, classes)`: all probabilities.
    clean: Option<Tensor<2>>,
}

impl Sent {
    /// Starts a batch; nothing is read back yet, so that the host composes the next one beside the device's work.
    ///
    /// Of a perturbed image two numbers come back, the probability of its target and the class, in one tensor: a read waits
    /// for the device. Of a clean image all classes do, since its later maps may have other targets.
    pub(super) fn new(
        classifier: &Classifier,
        items: &[Item],
        addresses: Vec<Address>,
        targets: &[usize],
    ) -> Self {
        let device = &classifier.device;
        let logits = classifier.logits(compose(items));
        let predicted = logits.clone().argmax(1).float();
        let probabilities = match classifier.network.graph().link {
            Link::Softmax => softmax(logits),
            Link::Sigmoid => sigmoid(logits),
            Link::Identity => logits,
        };
        let targets: Vec<i32> = targets.iter().map(|&target| target as i32).collect();
        let targets = Tensor::<2, Int>::from_data(TensorData::new(targets, [items.len(), 1]), device);
        let predictions = Tensor::cat(vec![probabilities.clone().gather(1, targets), predicted], 1);
        let is_clean = |(row, address): (i32, &Address)| matches!(address, Address::Clean(_)).then_some(row);
        let rows: Vec<i32> = (0..).zip(&addresses).filter_map(is_clean).collect();
        let select = || probabilities.select(0, Tensor::from_data(rows.as_slice(), device));
        let clean = (!rows.is_empty()).then(select);
        Self { addresses, predictions, clean }
    }

    /// Waits for the answers; those to clean images come with the probabilities of all classes.
    pub(super) fn receive(self) -> Vec<(Address, Prediction, Vec<f32>)> {
        let classes = self.clean.as_ref().map_or(1, |clean| clean.dims()[1]);
        let clean = self.clean.map(numbers).unwrap_or_default();
        let mut clean = clean.chunks(classes);
        let predictions = numbers(self.predictions);
        let answer = |(address, prediction): (Address, &[f32])| {
            let probabilities = match address {
                Address::Clean(_) => clean.next().unwrap_or_default().to_vec(),
                Address::Input { .. } => Vec::new(),
            };
            let prediction = Prediction { probability: prediction[0], predicted: prediction[1] as usize };
            (address, prediction, probabilities)
        };
        self.addresses.into_iter().zip(predictions.chunks(2)).map(answer).collect()
    }
}

/// Probabilities `(n, classes)`. Clean and perturbed images must take the same road: equal images, equal numbers.
fn softmax(logits: Tensor<2>) -> Tensor<2> {
    let exp = (logits.clone() - logits.max_dim(1)).exp();
    exp.clone() / exp.sum_dim(1)
}

fn numbers(tensor: Tensor<2>) -> Vec<f32> {
    tensor.into_data().try_to_vec().expect("probabilities are single-precision")
}
