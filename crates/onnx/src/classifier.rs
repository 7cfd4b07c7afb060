//! A classifier from an ONNX file.

use std::path::Path;

use models::identity::Digest;
use models::network::{Network, Weight};
use models::preprocess::Resize;
use models::zoo::Options;
use models::{Classifier, Device, Graph, Link, Preprocess, TensorData};

use crate::import::{Import, OnnxError, import};

/// Loads a classifier, named after the file. Without other instructions images are prepared as for ImageNet. BatchNorm
/// is folded. Also says what should be told about it: outputs that are not used, what its scores are.
///
/// # Errors
/// As [`import`], or if images are prepared at another size than the file wants.
pub fn load(path: &Path, device: &Device, options: Options) -> Result<(Classifier, Vec<String>), OnnxError> {
    let engine = options.engine;
    open(path, device, options).map(|(classifier, notes)| (classifier.folded(&[], engine), notes))
}

/// The same with BatchNorm apart and nothing packed, to make [`models::Views`] of.
///
/// # Errors
/// As [`load`].
pub fn open(path: &Path, device: &Device, options: Options) -> Result<(Classifier, Vec<String>), OnnxError> {
    let preprocess = options.preprocess.or_else(|| Preprocess::preset("imagenet"));
    let preprocess = preprocess.unwrap_or_else(|| unreachable!("a preset of that name"));
    let prepared = size(&preprocess);
    let import = import(path, prepared, options.output.as_deref())?;
    let [channels, rows, columns] = import.graph.input;
    let preprocess =
        preprocess.for_channels(channels).map_err(|error| OnnxError::new(path, error.to_string()))?;
    if let Some([h, w]) = prepared.filter(|size| *size != [rows, columns]) {
        let reason = format!(
            "it takes images of {rows} x {columns} pixels, and the preprocessing {} gives {h} x {w} (see --preprocess)",
            preprocess.name
        );
        return Err(OnnxError::new(path, reason));
    }
    let notes = notes(path, &import);
    let parameters = import.graph.parameters.iter().zip(import.weights);
    let weights = parameters
        .map(|(parameter, numbers)| Weight::new(TensorData::new(numbers, parameter.shape.clone()), device))
        .collect();
    let network = Network::new(import.graph, weights).completed();
    let digest = Digest::of_tensors(&network).and_graph(network.graph(), &import.output).finish();
    let name = path.file_stem().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let classifier = Classifier {
        name,
        preprocess,
        labels: options.labels,
        layer: network.graph().auto_layer().unwrap_or(Graph::INPUT),
        digest,
        device: device.clone(),
        network,
    };
    Ok((classifier, notes))
}

/// The size of prepared images, if it is the same for all.
fn size(preprocess: &Preprocess) -> Option<[usize; 2]> {
    let resized =
        if let Resize::Exact(rows, columns) = preprocess.resize { Some([rows, columns]) } else { None };
    preprocess.crop.or(resized)
}

fn notes(path: &Path, import: &Import) -> Vec<String> {
    let others = import.unused.join(", ");
    let output = (!others.is_empty())
        .then(|| format!("the scores are output {}, not {others} (see --model-output)", import.output));
    let link = match import.graph.link {
        _ if import.graph.classes() == Ok(1) => Some("its one score is that of class 1 of two"),
        Link::Softmax => None,
        Link::Sigmoid => Some("it ends in a sigmoid: each class has a probability of its own"),
        Link::Identity => Some("its scores cannot leave 0..1, and are taken as probabilities"),
    };
    let told = output.into_iter().chain(link.map(String::from));
    told.map(|what| format!("{}: {what}", path.display())).collect()
}
