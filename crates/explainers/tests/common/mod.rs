//! The testbed's networks, and asking methods of this crate about its first images.
//!
//! Each test file uses a part of it.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use attribution::{Context, Error, Request, Told};
use models::zoo::Options;
use models::{Classifier, Engine, Image, Tensor, device};
use testbed::Embedded;

/// A network of the testbed.
pub fn classifier(embedded: Embedded) -> Classifier {
    embedded.open(&device::cpu().device, Options::default()).unwrap().folded(&[], Engine::Best)
}

/// The first demo images from one on.
pub fn images(classifier: &Classifier, first: usize, count: usize) -> Tensor<4> {
    let prepare = |name: &String| {
        Image::prepare(name, &testbed::image(name).unwrap().image, &classifier.preprocess).unwrap()
    };
    let images: Vec<Image> = testbed::names().iter().skip(first).take(count).map(prepare).collect();
    classifier.input(&images.iter().collect::<Vec<_>>())
}

/// What is asked.
#[derive(Clone, Default)]
pub struct Asked {
    /// Of images from this one on.
    pub first: usize,
    /// So many.
    pub count: usize,
    pub batch_size: usize,
    pub seed: u64,
    pub baselines: Option<Tensor<4>>,
    pub files: BTreeMap<String, PathBuf>,
}

/// What came of it.
pub struct Answer {
    /// The values of each map.
    pub maps: Vec<Vec<f32>>,
    pub told: Vec<Told>,
    pub forwards: u64,
    pub backwards: u64,
}

/// The maps of a method.
pub fn explain(spec: &str, classifier: &Classifier, asked: &Asked) -> Result<Answer, Error> {
    let method = explainers::parse(spec)?;
    let context = Context::new(classifier).unwrap().with_files(asked.files.clone());
    let mut explainer = method.prepare(&context)?;
    let images = images(classifier, asked.first, asked.count);
    let targets: Vec<usize> = (0..asked.count).map(|image| (image * 3 + 1) % 10).collect();
    let keys: Vec<String> = (asked.first..).take(asked.count).map(|image| format!("key {image}")).collect();
    let network = &classifier.network;
    let (forwards, backwards) = (network.forwards(), network.backwards());
    let maps = explainer.explain(&Request {
        images,
        targets: &targets,
        keys: &keys,
        seed: asked.seed,
        batch_size: asked.batch_size.max(1),
        baselines: asked.baselines.as_ref(),
    })?;
    let size = maps.dims()[1..].iter().product();
    let values: Vec<f32> = maps.into_data().try_into_vec().unwrap();
    Ok(Answer {
        maps: values.chunks(size).map(<[f32]>::to_vec).collect(),
        told: explainer.told(),
        forwards: network.forwards() - forwards,
        backwards: network.backwards() - backwards,
    })
}
