//! Golden numbers of `testdata/explainers`, and the networks that they are of.
#![allow(dead_code)]

use models::network::Weight;
use models::zoo::cifar_resnet::CifarResNet;
use models::zoo::vit::ViT;
use models::{Classifier, Graph, Network, Preprocess, Tensor, TensorData, device};
use safetensors::SafeTensors;
use serde_json::Value;

/// Tensors of a file.
pub struct Golden {
    bytes: Vec<u8>,
    pub json: Value,
}

impl Golden {
    pub fn open(name: &str) -> Self {
        let path = testing::testdata(format!("explainers/{name}.safetensors"));
        Self {
            bytes: std::fs::read(path).unwrap(),
            json: testing::golden::json(format!("explainers/{name}.json")),
        }
    }

    pub fn numbers(&self, name: &str) -> Vec<f32> {
        let file = SafeTensors::deserialize(&self.bytes).unwrap();
        let bytes =
            file.tensor(name).unwrap_or_else(|error| panic!("{name}: {error}")).data().as_chunks::<4>().0;
        bytes.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect()
    }

    /// Whether there is a tensor of that name.
    pub fn has(&self, name: &str) -> bool {
        SafeTensors::deserialize(&self.bytes).unwrap().tensor(name).is_ok()
    }

    /// A network of this structure with the weights under a prefix, and its own where there are none.
    pub fn network(&self, like: &Network, prefix: &str) -> Network {
        let parameters = like.graph().parameters.iter().zip(like.weights());
        let weight = |(parameter, own): (&models::graph::Parameter, &Weight)| {
            let name = format!("{prefix}.{}", parameter.name);
            if !self.has(&name) {
                assert!(name.contains(".resize."), "{name} is missing");
                return own.clone();
            }
            let data = TensorData::new(self.numbers(&name), parameter.shape.clone());
            Weight::new(data, &device::cpu().device)
        };
        like.with_weights(parameters.map(weight).collect())
    }

    /// How far the weights of a network are from those under a prefix at most, and of which. The biases of keys do not count: what is
    /// added to all keys changes no attention, so their gradient is zero but for its rounding, which AdamW makes a whole step of.
    pub fn farthest(&self, network: &Network, prefix: &str) -> (f32, String) {
        let parameters = network.graph().parameters.iter().zip(network.weights());
        let far = |(parameter, weight): (&models::graph::Parameter, &Weight)| {
            let name = format!("{prefix}.{}", parameter.name);
            if !self.has(&name) {
                return (0.0, name);
            }
            let found: Vec<f32> = weight.data().try_into_vec().unwrap();
            let mut expected = self.numbers(&name);
            if name.ends_with("attn.qkv.bias") {
                let keys = expected.len() / 3..2 * expected.len() / 3;
                expected[keys.clone()].copy_from_slice(&found[keys]);
            }
            (distance(&found, &expected), name)
        };
        parameters.map(far).max_by(|a, b| a.0.total_cmp(&b.0)).unwrap()
    }

    pub fn value(&self, name: &str) -> &Value {
        &self.json[name]
    }

    pub fn classes(&self, name: &str) -> Vec<usize> {
        floats(&self.json[name]).iter().map(|&number| number as usize).collect()
    }

    /// Normalised images of pixels in 0..1.
    pub fn images(&self, rows: std::ops::Range<usize>) -> Tensor<4> {
        let preprocess = preprocess();
        let pixels = self.numbers("pixels");
        let size = 3 * 16 * 16;
        let planes = rows.clone().flat_map(|row| preprocess.normalise_pixels(&pixels[row * size..][..size]));
        let shape = [rows.len(), 3, 16, 16];
        Tensor::from_data(TensorData::new(planes.collect(), shape), &device::cpu().device)
    }
}

pub fn preprocess() -> Preprocess {
    Preprocess::preset("imagenet-keep").unwrap()
}

pub fn floats(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

pub fn numbers<const D: usize>(x: Tensor<D>) -> Vec<f32> {
    x.into_data().try_into_vec().unwrap()
}

pub fn distance(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

pub fn cnn() -> Graph {
    CifarResNet { blocks: 1, width: 4, stem_stride: 1 }.graph(3)
}

pub fn vit() -> Graph {
    ViT { side: 16, patch: 4, ..ViT::new(12, 2, 3) }.graph(3)
}

/// A network with first weights.
pub fn first(graph: Graph) -> Network {
    learning::initialise(graph, 0, &device::cpu().device)
}

/// A classifier of a network whose BatchNorm is apart.
pub fn classifier(network: Network) -> Classifier {
    Classifier {
        name: "tiny".into(),
        preprocess: preprocess(),
        labels: Vec::new(),
        layer: Graph::INPUT,
        digest: models::identity::Digest::of_tensors(&network).finish(),
        device: device::cpu().device,
        network,
    }
}
