//! Architectures by name: one file per family, node names as in the checkpoint.

pub mod alexnet;
pub mod binary_cnn;
mod builder;
pub mod cifar_resnet;
pub mod convnext;
pub mod densenet;
pub mod efficientnet_lite;
pub mod mobilenet_v2;
pub mod mobilenet_v3;
mod names;
pub mod resnet;
pub mod squeezenet;
mod transformer;
pub mod vgg;
pub mod vit;

use burn::tensor::Device;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::classifier::Classifier;
use crate::identity::Digest;
use crate::network::graph::Graph;
use crate::network::{Engine, Network};
use images::Preprocess;
use images::preprocess::PreprocessError;

/// Why a model cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// No architecture of that name.
    #[error(
        "unknown model `{0}`:{hint} --list-models lists all, and any other network can be given as ONNX (docs/onnx.md)",
        hint = names::hint(.0, &names())
    )]
    Unknown(String),
    /// The weight file does not fit.
    #[error(transparent)]
    Weights(#[from] CheckpointError),
    /// No image has as many channels as the weights take.
    #[error(transparent)]
    Preprocess(#[from] PreprocessError),
}

/// An architecture that can be built for any number of classes.
pub struct Architecture {
    /// What `--model` calls it.
    pub name: String,
    /// The size of its usual input: channels, height, width.
    pub input: [usize; 3],
    /// The usual preset of [`Preprocess`].
    pub preprocess: &'static str,
    /// A tensor that only files of another library have, and the preset for those.
    pub other_preprocess: Option<(&'static str, &'static str)>,
    /// Whose files fit, for the list of models.
    pub weights: &'static str,
    /// The last matrix or kernel, whose first axis is the number of classes.
    pub head: &'static str,
    /// Builds the graph for a number of classes.
    pub build: Box<dyn Fn(usize) -> Graph>,
    /// From a name in a file of another layout to the graph's; names of the graph's stay.
    pub rename: Option<Rename>,
}

/// A new name for an old one.
pub type Rename = Box<dyn Fn(&str) -> String>;

/// All architectures.
pub fn architectures() -> Vec<Architecture> {
    let families = [
        resnet::architectures(),
        cifar_resnet::architectures(),
        alexnet::architectures(),
        vgg::architectures(),
        squeezenet::architectures(),
        densenet::architectures(),
        mobilenet_v2::architectures(),
        mobilenet_v3::architectures(),
        efficientnet_lite::architectures(),
        binary_cnn::architectures(),
        vit::architectures(),
        convnext::architectures(),
    ];
    families.into_iter().flatten().collect()
}

/// The names of all architectures.
pub fn names() -> Vec<String> {
    architectures().into_iter().map(|architecture| architecture.name).collect()
}

/// An architecture by our name, torchvision's or timm's; the tag of weights behind timm's is left out.
///
/// # Errors
/// If there is none of that name.
pub fn architecture(name: &str) -> Result<Architecture, ModelError> {
    let ours = names::ours(name, &names());
    let found = architectures().into_iter().find(|architecture| Some(&architecture.name) == ours.as_ref());
    found.ok_or_else(|| ModelError::Unknown(name.into()))
}

/// What to load and how.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Prepare images in another way than the model's usual one.
    pub preprocess: Option<Preprocess>,
    /// Class names, in order.
    pub labels: Vec<String>,
    /// Who computes on the CPU.
    pub engine: Engine,
    /// Which output gives the scores, where a file has several.
    pub output: Option<String>,
}

/// Loads a classifier: the architecture of that name with the weights of a checkpoint.
///
/// # Errors
/// If the model is unknown or the weights do not fit.
pub fn load(
    name: &str,
    checkpoint: &Checkpoint,
    device: &Device,
    options: Options,
) -> Result<Classifier, ModelError> {
    architecture(name)?.load(checkpoint, device, options)
}

impl Architecture {
    /// One for ImageNet images of 224 x 224.
    pub fn imagenet(
        name: impl Into<String>,
        head: &'static str,
        build: impl Fn(usize) -> Graph + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            input: [3, 224, 224],
            preprocess: "imagenet",
            other_preprocess: None,
            weights: "torchvision",
            head,
            build: Box::new(build),
            rename: None,
        }
    }

    /// A classifier with the weights of a checkpoint; the number of classes comes from the file, and a head of one row makes
    /// two ([`Network::completed`]). BatchNorm is folded.
    ///
    /// # Errors
    /// If the weights do not fit.
    pub fn load(
        &self,
        checkpoint: &Checkpoint,
        device: &Device,
        options: Options,
    ) -> Result<Classifier, ModelError> {
        let engine = options.engine;
        Ok(self.open(checkpoint, device, options)?.folded(&[], engine))
    }

    /// The same with BatchNorm apart and nothing packed, to make [`crate::Views`] of.
    ///
    /// # Errors
    /// If the weights do not fit.
    ///
    /// # Panics
    /// If the architecture names a preset that there is not.
    pub fn open(
        &self,
        checkpoint: &Checkpoint,
        device: &Device,
        options: Options,
    ) -> Result<Classifier, ModelError> {
        let checkpoint = &self.weights_in(checkpoint, None)?;
        let preset = self.preset(checkpoint);
        let renamed = self.rename.as_ref().map(|rename| checkpoint.renamed(rename)).transpose()?;
        let checkpoint = renamed.as_ref().unwrap_or(checkpoint);
        let head = checkpoint.shape(self.head).and_then(|shape| shape.first().copied());
        let classes = head.filter(|&classes| classes > 0).unwrap_or(1000);
        let graph = (self.build)(classes).with_channels_of(|name| checkpoint.shape(name));
        let channels = graph.input[0];
        let network = Network::load(graph, checkpoint, device)?.completed();
        let digest = Digest::of_tensors(&network).finish();
        let preset = || Preprocess::preset(preset).expect("an architecture names a preset");
        Ok(Classifier {
            name: self.name.clone(),
            preprocess: options.preprocess.unwrap_or_else(preset).for_channels(channels)?,
            labels: options.labels,
            layer: network.graph().auto_layer().unwrap_or(Graph::INPUT),
            digest,
            device: device.clone(),
            network,
        })
    }

    /// The set of weights in a file that is this architecture's, under the names of the file ([`Checkpoint::choose`]).
    ///
    /// # Errors
    /// If there are several and none is to be preferred, or none under `key`.
    pub fn weights_in(
        &self,
        checkpoint: &Checkpoint,
        key: Option<&str>,
    ) -> Result<Checkpoint, CheckpointError> {
        checkpoint.choose(&(self.build)(1).parameters, self.rename.as_ref(), key)
    }

    /// The preset for a file.
    fn preset(&self, checkpoint: &Checkpoint) -> &'static str {
        let other = self.other_preprocess.filter(|(tensor, _)| checkpoint.shape(tensor).is_some());
        other.map_or(self.preprocess, |(_, preset)| preset)
    }
}
