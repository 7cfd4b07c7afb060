//! A classifier from an ONNX file.

use std::path::Path;

use models::identity::Digest;
use models::network::{Network, Weight};
use models::preprocess::Resize;
use models::zoo::Options;
use models::{Classifier, Device, Graph, Preprocess, TensorData};

use crate::import::{Import, OnnxError, import};

/// Loads a classifier, named after the file. Without other instructions images are prepared as for ImageNet. BatchNorm
/// is folded. Also says what should be told about it: outputs that are not used.
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
    let import = import(path, prepared)?;
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
    let network = Network::new(import.graph, weights);
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
    if import.unused.is_empty() {
        return Vec::new();
    }
    let unused = import.unused.join(", ");
    vec![format!("{}: the scores are output {}, not {unused}", path.display(), import.output)]
}
