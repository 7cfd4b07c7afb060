//! The file as it is: decoded, with its one image input and the output that is used.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use models::lfs;
use prost::Message;
use prost::bytes::Bytes;

use crate::proto::{DimensionProto, GraphProto, ModelProto, TensorShapeProto, ValueInfoProto};
use crate::tensor::element;

/// A decoded file.
pub struct File {
    /// The folder of external data.
    pub folder: PathBuf,
    /// Nodes and stored tensors.
    pub graph: GraphProto,
    /// The version of the operators' definitions.
    pub opset: i64,
}

/// The image input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// Images, if the file fixes their number.
    pub images: Option<usize>,
    /// Height and width, as far as the file fixes them.
    pub size: [Option<usize>; 2],
    /// Channels of an image.
    pub channels: usize,
    /// Whether they are the last axis.
    pub channels_last: bool,
}

/// Operator sets whose definitions are known here.
const OPSETS: std::ops::RangeInclusive<i64> = 7..=28;

/// The most images that a file may be written for, and the largest height and width.
const LARGEST: i64 = 1 << 14;

impl File {
    /// Reads and decodes a file.
    pub fn open(path: &Path) -> Result<Self, String> {
        let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
        if bytes.starts_with(lfs::START) {
            return Err(lfs::MEANING.into());
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Self::decode(bytes.into(), folder)
    }

    /// Decodes the bytes of a file in a folder.
    pub fn decode(bytes: Bytes, folder: &Path) -> Result<Self, String> {
        let model = ModelProto::decode(bytes).map_err(|error| format!("not an ONNX file: {error}"))?;
        let standard = |domain: &str| domain.is_empty() || domain == "ai.onnx";
        let opset = model.opset_import.iter().find(|set| standard(&set.domain)).map(|set| set.version);
        let opset = opset.ok_or("not an ONNX file, or one without the standard operator set")?;
        if !OPSETS.contains(&opset) {
            return Err(format!(
                "operator set {opset}; {} to {} are supported",
                OPSETS.start(),
                OPSETS.end()
            ));
        }
        let graph = model.graph.ok_or("it holds no graph")?;
        Ok(Self { folder: folder.into(), graph, opset })
    }

    /// The only input that is no stored tensor: images as floats.
    pub fn input(&self) -> Result<Input, String> {
        let stored: HashSet<&str> =
            self.graph.initializer.iter().map(|tensor| tensor.name.as_str()).collect();
        let inputs: Vec<&ValueInfoProto> =
            self.graph.input.iter().filter(|input| !stored.contains(input.name.as_str())).collect();
        let [input] = inputs.as_slice() else {
            let names: Vec<&str> = inputs.iter().map(|input| input.name.as_str()).collect();
            return Err(format!(
                "{} inputs ({}); a classifier of images has one",
                names.len(),
                names.join(", ")
            ));
        };
        image(input).map_err(|reason| format!("input `{}`: {reason}", input.name))
    }

    /// The output to use, and the names of the others: the one that is `wanted`, or the only one that can be class scores, or
    /// of several such the one that is called logits.
    pub fn output(&self, wanted: Option<&str>) -> Result<(&str, Vec<&str>), String> {
        let outputs = &self.graph.output;
        if outputs.is_empty() {
            return Err("it has no output".into());
        }
        let listed = || outputs.iter().map(described).collect::<Vec<_>>().join(", ");
        let chosen = match wanted {
            Some(name) => (outputs.iter().find(|output| output.name == name))
                .ok_or_else(|| format!("it has no output `{name}`: it has {}", listed()))?,
            None => class_scores(outputs).ok_or_else(|| {
                let (count, all) = (outputs.len(), listed());
                format!(
                    "{count} outputs, and which of them are the class scores is not known: {all}; \
                     name it with --model-output"
                )
            })?,
        };
        let others = outputs.iter().map(|output| output.name.as_str()).filter(|name| *name != chosen.name);
        Ok((&chosen.name, others.collect()))
    }
}

/// The only output there is, or the only one that may be class scores, or of several such the one that is called logits.
fn class_scores(outputs: &[ValueInfoProto]) -> Option<&ValueInfoProto> {
    if let [only] = outputs {
        return Some(only);
    }
    let likely: Vec<&ValueInfoProto> = outputs.iter().filter(|output| may_be_scores(output)).collect();
    match likely[..] {
        [only] => Some(only),
        _ => likely.into_iter().find(|output| output.name.eq_ignore_ascii_case("logits")),
    }
}

/// Whether an output may be a score for each class: floats of images x classes, as far as the file says what it is.
fn may_be_scores(output: &ValueInfoProto) -> bool {
    let Some(tensor) = output.r#type.as_ref().and_then(|kind| kind.tensor_type.as_ref()) else {
        // Neither a tensor nor anything else: nothing is said.
        return output.r#type.is_none();
    };
    let floats = [element::FLOAT, element::FLOAT16, element::DOUBLE, element::BFLOAT16, 0];
    let fits = |shape: &TensorShapeProto| match shape.dim.as_slice() {
        [_, _, rest @ ..] => rest.iter().all(|dim| dim.dim_value.is_none_or(|length| length <= 1)),
        // An empty shape is what a file without shapes has.
        dim => dim.is_empty(),
    };
    floats.contains(&tensor.elem_type) && tensor.shape.as_ref().is_none_or(fits)
}

/// Name and shape of an output, for messages.
fn described(output: &ValueInfoProto) -> String {
    let tensor = output.r#type.as_ref().and_then(|kind| kind.tensor_type.as_ref());
    let shape = tensor.and_then(|tensor| tensor.shape.as_ref()).filter(|shape| !shape.dim.is_empty());
    let length =
        |dim: &DimensionProto| dim.dim_value.map_or_else(|| "?".to_owned(), |length| length.to_string());
    let shown = |shape: &TensorShapeProto| shape.dim.iter().map(length).collect::<Vec<_>>().join(" x ");
    let shape = shape.map_or_else(|| "shape not given".to_owned(), shown);
    format!("{} ({shape})", output.name)
}

fn image(input: &ValueInfoProto) -> Result<Input, String> {
    let tensor = input.r#type.as_ref().and_then(|kind| kind.tensor_type.as_ref()).ok_or("it is no tensor")?;
    if !matches!(tensor.elem_type, element::FLOAT | element::FLOAT16 | element::DOUBLE | element::BFLOAT16) {
        return Err(format!("it holds numbers of type {}; floats are needed", tensor.elem_type));
    }
    let shape = tensor.shape.as_ref().ok_or("its shape is not given")?;
    let lengths: Vec<Option<i64>> = shape.dim.iter().map(|dim| dim.dim_value).collect();
    let shown = || {
        let one = |length: &Option<i64>| length.map_or("?".to_string(), |length| length.to_string());
        lengths.iter().map(one).collect::<Vec<_>>().join(" x ")
    };
    let known = |axis: usize| match lengths[axis] {
        // Some exporters write -1 or 0 for a length that is not known.
        None | Some(-1 | 0) => Ok(None),
        Some(length) if (1..=LARGEST).contains(&length) => Ok(Some(length as usize)),
        Some(_) => Err(format!("its shape is {}", shown())),
    };
    let [images, a, b, c] = match lengths.len() {
        4 => [known(0)?, known(1)?, known(2)?, known(3)?],
        _ => return Err(format!("its shape is {}; images x channels x height x width is needed", shown())),
    };
    let (size, channels, channels_last) = match (a, c) {
        (Some(3), _) => ([b, c], 3, false),
        (_, Some(3)) => ([a, b], 3, true),
        (Some(channels @ (1 | 4)), _) => ([b, c], channels, false),
        (_, Some(channels @ (1 | 4))) => ([a, b], channels, true),
        (None, _) => ([b, c], 3, false),
        _ => return Err(format!("its shape is {}; 1, 3 or 4 channels are needed", shown())),
    };
    Ok(Input { name: input.name.clone(), images, size, channels, channels_last })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::{TensorTypeProto, TypeProto};

    fn input(lengths: &[i64]) -> Result<Input, String> {
        let dim = lengths.iter().map(|&length| DimensionProto { dim_value: (length != 0).then_some(length) });
        let shape = Some(TensorShapeProto { dim: dim.collect() });
        let tensor_type = Some(TensorTypeProto { elem_type: element::FLOAT, shape });
        image(&ValueInfoProto { name: "x".into(), r#type: Some(TypeProto { tensor_type }) })
    }

    #[test]
    fn channels_come_first_or_last() {
        let fixed = input(&[1, 3, 224, 192]).unwrap();
        assert_eq!((fixed.images, fixed.size, fixed.channels_last), (Some(1), [Some(224), Some(192)], false));
        let open = input(&[0, 224, 224, 3]).unwrap();
        assert_eq!((open.images, open.size, open.channels_last), (None, [Some(224); 2], true));
        assert_eq!(input(&[0, 0, 0, 0]).unwrap().size, [None, None]);
        let grey = input(&[0, 1, 28, 28]).unwrap();
        assert_eq!((grey.channels, grey.size, grey.channels_last), (1, [Some(28); 2], false));
        let opaque = input(&[0, 32, 32, 4]).unwrap();
        assert_eq!((opaque.channels, opaque.size, opaque.channels_last), (4, [Some(32); 2], true));
        assert_eq!(input(&[-1, 3, -1, 32]).unwrap().size, [None, Some(32)]);
    }

    #[test]
    fn other_shapes_are_errors() {
        for lengths in
            [&[1, 2, 28, 28][..], &[3, 224, 224], &[1, 3, -4, 8], &[1, 3, i64::MAX, 8], &[1, 5, 0, 0]]
        {
            assert!(input(lengths).is_err(), "{lengths:?}");
        }
    }
}
