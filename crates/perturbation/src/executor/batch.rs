//! One batch on the device: what goes in, and the few numbers that come back.

use std::cell::OnceCell;
use std::rc::Rc;

use models::{Classifier, Int, Link, NodeId, Tensor, TensorData, sigmoid};

use super::keep::Keep;
use super::known::{Answer, Clean};
use super::map_result::Prediction;
use crate::compose::{Item, compose};

/// Whom an answer is for.
#[derive(Clone, Debug)]
pub(super) enum Address {
    /// All maps of an image.
    Clean(Rc<OnceCell<Clean>>),
    /// All who ask for an input, and who keeps the image.
    Input(Answer, Option<Keep>),
}

/// What is kept of a batch.
#[derive(Debug)]
struct Shown {
    images: Tensor<4>,
    logits: Tensor<2>,
    features: Option<Tensor<2>>,
}

/// A batch that the device is working on.
#[derive(Debug)]
pub(super) struct Sent {
    addresses: Vec<Address>,
    /// `(n, 3)`: the probability and the logit of the target, and the predicted class.
    predictions: Tensor<2>,
    /// `(clean images, 2 classes + features)`: all probabilities, then all logits, then what the head reads, if that is wanted.
    clean: Option<Tensor<2>>,
    classes: usize,
    shown: Option<Shown>,
}

impl Sent {
    /// Starts a batch; nothing is read back yet, so that the host composes the next one beside the device's work.
    ///
    /// Of a perturbed image three numbers come back, those of its target and the class, in one tensor: a read waits
    /// for the device. Of a clean image all classes do, since its later maps may have other targets.
    pub(super) fn new(
        classifier: &Classifier,
        items: &[Item],
        addresses: Vec<Address>,
        targets: &[usize],
        pooled: Option<NodeId>,
    ) -> Self {
        let device = &classifier.device;
        let images = compose(items);
        let (mut logits, features) = match pooled {
            Some(node) => {
                let (logits, features) = classifier.network.logits_and(images.clone(), node);
                (logits, Some(features))
            }
            None => (classifier.logits(images.clone()), None),
        };
        let classes = logits.dims()[1];
        let predicted = logits.clone().argmax(1).float();
        let probabilities = match classifier.network.graph().link {
            Link::Softmax => softmax(logits.clone()),
            Link::Sigmoid => sigmoid(logits.clone()),
            // A program answers with probabilities, and nobody knows what was before them.
            Link::Identity => {
                let unknown = logits.full_like(f32::NAN);
                std::mem::replace(&mut logits, unknown)
            }
        };
        let is_kept = addresses.iter().any(|address| matches!(address, Address::Input(_, Some(_))));
        let shown = is_kept.then(|| Shown { images, logits: logits.clone(), features: features.clone() });
        let targets: Vec<i32> = targets.iter().map(|&target| target as i32).collect();
        let targets = Tensor::<2, Int>::from_data(TensorData::new(targets, [items.len(), 1]), device);
        let of_target = |all: &Tensor<2>| all.clone().gather(1, targets.clone());
        let predictions = Tensor::cat(vec![of_target(&probabilities), of_target(&logits), predicted], 1);
        let is_clean = |(row, address): (i32, &Address)| matches!(address, Address::Clean(_)).then_some(row);
        let rows: Vec<i32> = (0..).zip(&addresses).filter_map(is_clean).collect();
        let select = || {
            let rows = Tensor::from_data(rows.as_slice(), device);
            let all = [probabilities, logits].into_iter().chain(features).collect();
            Tensor::cat(all, 1).select(0, rows)
        };
        let clean = (!rows.is_empty()).then(select);
        Self { addresses, predictions, clean, classes, shown }
    }

    /// Waits for the answers; those to clean images come with the numbers of all classes.
    pub(super) fn receive(mut self) -> Vec<(Address, Prediction, Option<Clean>)> {
        if let Some(shown) = self.shown.take() {
            self.keep(shown);
        }
        let (classes, row) = (self.classes, self.clean.as_ref().map_or(1, |clean| clean.dims()[1]));
        let clean = self.clean.map(host).unwrap_or_default();
        let mut clean = clean.chunks(row);
        let predictions = host(self.predictions);
        let answer = |(address, prediction): (Address, &[f32])| {
            let [probability, logit, predicted] = [0, 1, 2].map(|at| prediction[at]);
            let prediction = Prediction { probability, logit, predicted: predicted as usize };
            let of_clean = |all: &[f32]| {
                let (probabilities, others) = all.split_at(classes);
                let (logits, features) = others.split_at(classes);
                let [probabilities, logits, features] =
                    [probabilities, logits, features].map(<[f32]>::to_vec);
                Clean { probabilities, logits, features, predicted: prediction.predicted }
            };
            let is_clean = matches!(address, Address::Clean(_));
            let clean = if is_clean { clean.next().map(of_clean) } else { None };
            (address, prediction, clean)
        };
        self.addresses.into_iter().zip(predictions.chunks(3)).map(answer).collect()
    }
}

impl Sent {
    /// Hands images, their scores and their features to those who keep them.
    fn keep(&self, Shown { images, logits, features }: Shown) {
        let n = self.addresses.len();
        let (images, logits) = (host(images), host(logits));
        let features = features.map(host).unwrap_or_default();
        let part = |all: &[f32], at: usize| at * all.len() / n..(at + 1) * all.len() / n;
        for (at, address) in self.addresses.iter().enumerate() {
            if let Address::Input(_, Some(keep)) = address {
                let [image, logits, features] = [&images, &logits, &features].map(|all| &all[part(all, at)]);
                keep.borrow_mut().keep(image, logits, features);
            }
        }
    }
}

/// Probabilities `(n, classes)`. Clean and perturbed images must take the same road: equal images, equal numbers.
fn softmax(logits: Tensor<2>) -> Tensor<2> {
    let exp = (logits.clone() - logits.max_dim(1)).exp();
    exp.clone() / exp.sum_dim(1)
}

fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().expect("images and scores are single-precision")
}
