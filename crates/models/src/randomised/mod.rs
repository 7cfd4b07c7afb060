//! A classifier whose weights were drawn anew in some layers: does an explanation depend on what a network has learnt? (Adebayo et al.,
//! "Sanity Checks for Saliency Maps", 2018.)

mod how;

use burn::tensor::TensorData;

use crate::classifier::Classifier;
use crate::identity::{self, Digest};
use crate::initialise::First;
use crate::network::graph::Graph;
use crate::network::layers::Layer;
use crate::network::{Network, Weight};

pub use how::{Randomisation, RandomisationError};
use how::{Reach, Which};

impl Classifier {
    /// The same classifier with first weights ([`crate::initialise`]) in some layers, and those layers from the input to the output. All
    /// other weights stay bit for bit, and a layer gets the same weights whatever others are drawn. BatchNorm must be apart.
    ///
    /// # Errors
    /// If it has not the layers that are meant.
    pub fn randomised(&self, how: &Randomisation) -> Result<(Self, Vec<Layer>), RandomisationError> {
        if self.network.graph().is_black_box() {
            return Err(RandomisationError::BlackBox(self.name.clone()));
        }
        let layers = how.layers(&self.network, &self.name)?;
        let network = self.network.with_first_weights(&layers, how.seed);
        let tensors = Digest::of_tensors(&network).finish();
        let classifier = Self {
            name: format!("{}+{how}", self.name),
            // What it is besides its tensors is in the old one.
            digest: identity::long(&[&self.digest, &tensors]),
            network,
            ..self.clone()
        };
        Ok((classifier, layers))
    }
}

impl Randomisation {
    /// The layers that are meant, from the input to the output.
    fn layers(&self, network: &Network, model: &str) -> Result<Vec<Layer>, RandomisationError> {
        let (graph, mut all) = (network.graph(), network.layers());
        if all.is_empty() {
            return Err(RandomisationError::NoWeights(model.into()));
        }
        let inside = |name: &str| {
            let is = |layer: &Layer| layer.nodes.iter().any(|&id| is_inside(&graph.nodes[id].name, name));
            let places: Vec<usize> = (0..all.len()).filter(|&at| is(&all[at])).collect();
            if places.is_empty() { Err(unknown(name, model, graph, &all)) } else { Ok(places) }
        };
        let reach = |reach: &Reach, count: fn(&[usize], usize) -> usize| match reach {
            Reach::All => Ok(all.len()),
            Reach::Layers(wanted) if *wanted > all.len() => {
                Err(RandomisationError::TooMany { wanted: *wanted, model: model.into(), count: all.len() })
            }
            Reach::Layers(wanted) => Ok(*wanted),
            Reach::Name(name) => inside(name).map(|places| count(&places, all.len())),
        };
        match &self.which {
            Which::Cascading(down) => {
                let count = reach(down, |places, all| all - places[0])?;
                Ok(all.split_off(all.len() - count))
            }
            Which::BottomUp(up) => {
                let count = reach(up, |places, _| places[places.len() - 1] + 1)?;
                all.truncate(count);
                Ok(all)
            }
            Which::Independent(name) => {
                let places = inside(name)?;
                Ok(places.into_iter().map(|at| all[at].clone()).collect())
            }
        }
    }
}

/// What stands between the parts of a name: dots in ours, strokes in those of ONNX files.
const MARKS: [char; 2] = ['.', '/'];

/// Whether a node has that name, or is within the module of that name.
fn is_inside(node: &str, module: &str) -> bool {
    let [node, module] = [node, module].map(|name| name.trim_start_matches('/'));
    node.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with(MARKS))
}

/// Says which names are like a wrong one.
fn unknown(name: &str, model: &str, graph: &Graph, layers: &[Layer]) -> RandomisationError {
    const ALIKE: f64 = 0.8;
    let mut known: Vec<String> = Vec::new();
    for &id in layers.iter().flat_map(|layer| &layer.nodes) {
        let whole = graph.nodes[id].name.trim_start_matches('/');
        let ends = whole.match_indices(MARKS).map(|(at, _)| at).chain([whole.len()]);
        known.extend(ends.map(|end| whole[..end].to_owned()).filter(|part| !part.is_empty()));
    }
    known.sort();
    known.dedup();
    let alike = |other: &String| (strsim::jaro_winkler(name.trim_start_matches('/'), other), other.clone());
    let mut best: Vec<(f64, String)> = known.iter().map(alike).filter(|(alike, _)| *alike >= ALIKE).collect();
    best.sort_by(|a, b| b.0.total_cmp(&a.0));
    let names: Vec<String> = best.into_iter().take(3).map(|(_, name)| format!("`{name}`")).collect();
    let hint = if names.is_empty() {
        "; --list-layers counts them".to_owned()
    } else {
        format!("; did you mean {}?", names.join(" or "))
    };
    RandomisationError::Unknown { name: name.into(), model: model.into(), hint }
}

impl Network {
    /// The network with first weights in some layers.
    fn with_first_weights(&self, layers: &[Layer], seed: u64) -> Self {
        let (graph, first) = (self.graph(), First::of(self.graph()));
        let mut weights = self.weights().to_vec();
        for &id in layers.iter().flat_map(|layer| &layer.parameters) {
            let old: Vec<f32> = weights[id].data().iter::<f32>().collect();
            if let Some(mut new) = first[id].numbers(graph, id, seed) {
                mirror(&old, &mut new, &graph.parameters[id].shape);
                let shape = graph.parameters[id].shape.clone();
                weights[id] = Weight::new(TensorData::new(new, shape), &weights[id].device());
            }
        }
        self.with_weights(weights)
    }
}

/// Two classes that are one score and its negative ([`Network::completed`]) stay so.
fn mirror(old: &[f32], new: &mut [f32], shape: &[usize]) {
    let half = old.len() / 2;
    let is_mirrored = shape.first() == Some(&2)
        && old.iter().any(|&x| x != 0.0)
        && old[..half].iter().zip(&old[half..]).all(|(a, b)| *a == -b);
    if is_mirrored {
        let (above, below) = new.split_at_mut(half);
        above.iter_mut().zip(below).for_each(|(above, below)| *above = -*below);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device;
    use crate::initialise::initialise;
    use crate::zoo;
    use images::Preprocess;

    /// An architecture of ten classes whose weights are other first weights, and count as trained.
    fn trained(model: &str) -> Classifier {
        let device = device::cpu().device;
        let network = initialise((zoo::architecture(model).unwrap().build)(10), 99, &device);
        // Scales, biases and statistics that nobody would draw.
        let shifted = network.weights().iter().map(|weight| weight.map(|x| x + 0.125)).collect();
        let network = network.with_weights(shifted);
        Classifier {
            name: model.into(),
            layer: Graph::INPUT,
            digest: Digest::of_tensors(&network).finish(),
            preprocess: Preprocess::preset("imagenet-keep").unwrap(),
            labels: Vec::new(),
            network,
            device,
        }
    }

    fn spec(text: &str) -> Randomisation {
        text.parse().unwrap()
    }

    fn layers(classifier: &Classifier, text: &str) -> Vec<String> {
        let layers = spec(text).layers(&classifier.network, &classifier.name).unwrap();
        layers.into_iter().map(|layer| layer.name).collect()
    }

    /// Every tensor of the layers that are meant is another one, and all others are the same bits.
    #[test]
    fn only_what_is_meant_is_drawn() {
        for (model, text, count) in [
            ("cifar-resnet20", "cascading:3", 3),
            ("cifar-resnet20", "cascading:all", 20),
            ("cifar-resnet20", "bottom-up:2", 2),
            ("cifar-resnet20", "cascading:layer3", 7),
            ("cifar-resnet20", "bottom-up:layer1", 7),
            ("cifar-resnet20", "independent:layer2", 6),
            ("cifar-resnet20", "independent:bn1", 1),
            ("cifar-vit", "cascading:blocks.5", 8),
            ("cifar-vit", "independent:pos_embed", 1),
            ("cifar-vit", "cascading:all", 41),
        ] {
            let classifier = trained(model);
            let (found, layers) = classifier.randomised(&spec(text)).unwrap();
            assert_eq!(layers.len(), count, "{model} {text}");
            let drawn: Vec<usize> = layers.iter().flat_map(|layer| layer.parameters.clone()).collect();
            let numbers = |classifier: &Classifier, at: usize| {
                classifier.network.weights()[at].data().try_into_vec::<f32>().unwrap()
            };
            for at in 0..classifier.network.weights().len() {
                let same = numbers(&classifier, at) == numbers(&found, at);
                assert_eq!(same, !drawn.contains(&at), "{model} {text}: tensor {at}");
            }
        }
    }

    /// Cascading reaches the layers in the order in which a signal would come back to them.
    #[test]
    fn layers_are_counted_from_both_ends() {
        let resnet = trained("cifar-resnet20");
        assert_eq!(layers(&resnet, "cascading:2"), ["layer3.2.conv2", "linear"]);
        assert_eq!(layers(&resnet, "bottom-up:2"), ["conv1", "layer1.0.conv1"]);
        assert_eq!(layers(&resnet, "cascading:layer3.1"), layers(&resnet, "cascading:5"));
        assert_eq!(layers(&resnet, "bottom-up:linear"), layers(&resnet, "cascading:all"));
        let vit = trained("cifar-vit");
        assert_eq!(layers(&vit, "cascading:2"), ["norm", "head"]);
        assert_eq!(layers(&vit, "bottom-up:3"), ["patch_embed.proj", "cls_token", "pos_embed"]);
        let mobile = trained("mobilenet-v2");
        assert_eq!(layers(&mobile, "cascading:2"), ["features.18.0", "classifier.1"]);
        assert_eq!(layers(&mobile, "independent:features.0"), ["features.0.0"]);
    }

    /// The weights of a layer do not depend on which others are drawn, but on the seed; equal networks have equal keys.
    #[test]
    fn a_layer_is_drawn_by_its_name_and_the_seed() {
        let classifier = trained("cifar-resnet20");
        let drawn = |text: &str| classifier.randomised(&spec(text)).unwrap().0;
        let head = |classifier: &Classifier| {
            let weights = classifier.network.weights();
            weights[weights.len() - 2].data().try_into_vec::<f32>().unwrap()
        };
        let [one, two, other] = ["cascading:1", "cascading:2", "cascading:1,seed=1"].map(drawn);
        assert_eq!(head(&one), head(&two));
        assert_ne!(head(&one), head(&other));
        assert_eq!(one.key(), drawn("cascading:1").key());
        assert!(one.key().starts_with("cifar-resnet20+cascading:1@"), "{}", one.key());
        let hash = |classifier: &Classifier| classifier.key().rsplit_once('@').unwrap().1.to_owned();
        let keys = [&classifier, &one, &two, &other].map(hash);
        assert!((0..4).all(|a| (0..a).all(|b| keys[a] != keys[b])), "{keys:?}");
        // The same layers by another name: the same hash.
        assert_eq!(hash(&drawn("independent:linear")), keys[1]);
    }

    #[test]
    fn what_cannot_be_randomised_says_why() {
        let classifier = trained("cifar-resnet20");
        let error = |text: &str| classifier.randomised(&spec(text)).unwrap_err().to_string();
        assert_eq!(error("cascading:21"), "21 layers of cifar-resnet20, which has 20 with weights");
        let unknown = error("independent:layer3.2.conv3");
        assert!(unknown.contains("no layer with weights called `layer3.2.conv3`"), "{unknown}");
        assert!(unknown.contains("did you mean `layer3.2.conv"), "{unknown}");
        assert!(error("cascading:zzz").ends_with("; --list-layers counts them"));
        // A prefix that ends within a word is no module.
        assert!(error("cascading:lay").contains("no layer"));
        let mut graph = Graph::new([3, 4, 4]);
        graph.push("pool", crate::Op::Mean { axes: vec![2, 3], keep: false }, &[Graph::INPUT]);
        let bare = Classifier { network: Network::new(graph, Vec::new()), name: "bare".into(), ..classifier };
        let error = bare.randomised(&spec("cascading:all")).unwrap_err().to_string();
        assert_eq!(error, "bare has no layer with weights");
    }

    #[test]
    fn two_classes_of_one_score_stay_each_others_negative() {
        let old = [-1.0, -2.0, 1.0, 2.0];
        let mut new = [5.0, 6.0, 7.0, 8.0];
        mirror(&old, &mut new, &[2, 2]);
        assert_eq!(new, [-7.0, -8.0, 7.0, 8.0]);
        mirror(&[-1.0, -2.0, 1.0, 3.0], &mut new, &[2, 2]);
        assert_eq!(new, [-7.0, -8.0, 7.0, 8.0]);
    }
}
