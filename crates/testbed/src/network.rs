//! The classifier that has learnt the task, embedded in the program.

use models::zoo::cifar_resnet::CifarResNet;
use models::zoo::{Architecture, ModelError, Options};
use models::{Checkpoint, Classifier, Device};

use crate::{CLASSES, SIZE};

/// Written by `make testbed-weights`.
const WEIGHTS: &[u8] = include_bytes!("../../../testdata/testbed/resnet8.safetensors");

/// A ResNet of eight layers: three stages of 16, 32 and 64 channels at 32, 16 and 8 pixels.
pub fn architecture() -> Architecture {
    let family = CifarResNet { blocks: 1, width: 16, stem_stride: 2 };
    let build = move |classes| family.graph(classes);
    Architecture {
        input: [3, SIZE, SIZE],
        preprocess: "imagenet-keep",
        ..Architecture::imagenet("testbed", "linear.weight", build)
    }
}

/// The embedded classifier, trained on the split [`crate::Split::Train`].
///
/// # Errors
/// If the embedded weights do not fit, which a test excludes.
pub fn classifier(device: &Device, mut options: Options) -> Result<Classifier, ModelError> {
    let checkpoint = Checkpoint::from_safetensors("the embedded testbed weights", WEIGHTS)?;
    if options.labels.is_empty() {
        options.labels = CLASSES.map(String::from).to_vec();
    }
    architecture().load(&checkpoint, device, options)
}
