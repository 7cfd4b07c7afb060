//! The classifiers that have learnt the task, embedded in the program.

use models::zoo::cifar_resnet::CifarResNet;
use models::zoo::vit::{Stem, ViT};
use models::zoo::{self, Architecture, ModelError, Options};
use models::{Checkpoint, Classifier, Device};

use crate::{CLASSES, SIZE};

/// An architecture of the zoo, or of an embedded classifier.
///
/// # Errors
/// If there is none of that name.
pub fn architecture(name: &str) -> Result<Architecture, ModelError> {
    Embedded::find(name).map_or_else(|| zoo::architecture(name), |embedded| Ok(embedded.architecture()))
}

/// A network of which trained weights are embedded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Embedded {
    /// A ResNet of eight layers: three stages of 16, 32 and 64 channels at 32, 16 and 8 pixels.
    ResNet,
    /// A vision transformer: a stem of convolutions, 8 x 8 patches and a class token, four blocks of four heads.
    ViT,
}

impl Embedded {
    /// All of them; the first is the one that is used where none is named.
    pub const ALL: [Self; 2] = [Self::ResNet, Self::ViT];

    /// What `--model` calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::ResNet => "testbed",
            Self::ViT => "testbed-vit",
        }
    }

    /// The network of that name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|embedded| embedded.name() == name)
    }

    /// The file that `make testbed-weights` writes.
    fn weights(self) -> &'static [u8] {
        match self {
            Self::ResNet => include_bytes!("../../../testdata/testbed/resnet8.safetensors"),
            Self::ViT => include_bytes!("../../../testdata/testbed/vit.safetensors"),
        }
    }

    /// Its architecture.
    pub fn architecture(self) -> Architecture {
        let resnet = CifarResNet { blocks: 1, width: 16, stem_stride: 2 };
        let vit = ViT { side: SIZE, patch: 8, hidden: 128, stem: Stem::Convolutions, ..ViT::new(64, 4, 4) };
        let (architecture, weights) = match self {
            Self::ResNet => {
                let architecture =
                    Architecture::imagenet(self.name(), "linear.weight", move |n| resnet.graph(n));
                (architecture, "embedded; without --model")
            }
            Self::ViT => {
                (Architecture::imagenet(self.name(), "head.weight", move |n| vit.graph(n)), "embedded")
            }
        };
        Architecture { input: [3, SIZE, SIZE], preprocess: "imagenet-keep", weights, ..architecture }
    }

    /// The classifier, trained on the split [`crate::Split::Train`].
    ///
    /// # Errors
    /// If the embedded weights do not fit, which a test excludes.
    pub fn classifier(self, device: &Device, options: Options) -> Result<Classifier, ModelError> {
        let engine = options.engine;
        Ok(self.open(device, options)?.folded(&[], engine))
    }

    /// The same with BatchNorm apart and nothing packed, to make [`models::Views`] of.
    ///
    /// # Errors
    /// As [`Embedded::classifier`].
    pub fn open(self, device: &Device, mut options: Options) -> Result<Classifier, ModelError> {
        let name = format!("the embedded weights of {}", self.name());
        let checkpoint = Checkpoint::from_safetensors(&name, self.weights())?;
        if options.labels.is_empty() {
            options.labels = CLASSES.map(String::from).to_vec();
        }
        self.architecture().open(&checkpoint, device, options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use models::{Image, device};

    /// The held-out images are measured when the weights are made (`testdata/testbed/README.md`).
    #[test]
    fn embedded_classifiers_know_the_demo_images() {
        for embedded in Embedded::ALL {
            let classifier = embedded.classifier(&device::cpu().device, Options::default()).unwrap();
            let is_right = |name: &String| {
                let scene = crate::image(name).unwrap();
                let image = Image::prepare(name, &scene.image, &classifier.preprocess).unwrap();
                let best = classifier.logits(classifier.input(&[&image])).argmax(1).into_data();
                best.iter::<i64>().next() == Some(scene.label as i64)
            };
            let right = crate::names().iter().filter(|name| is_right(name)).count();
            assert!(right >= 36, "{}: {right} of 40", embedded.name());
        }
    }
}
