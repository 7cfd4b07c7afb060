//! SISE (Sattarzadeh et al., "Explaining Convolutional Neural Networks through Attribution-Based Input Sampling and Block-Wise
//! Feature Aggregation", 2021) and Ada-SISE (Sudhakar et al., "Ada-SISE: Adaptive Semantic Input Sampling", 2021).
//!
//! At the end of each block, feature maps whose mean gradient is high enough become masks; each layer's map is the sum of
//! its masks weighted by the probability behind them; and the layers are joined from shallow to deep, each deeper one
//! also gating the sum by its Otsu threshold. SISE keeps gradients above `threshold` times the largest, divides masks by
//! their area and gates softly; Ada-SISE finds the threshold by Otsu's method and gates hard.

use models::classifier::Output;
use models::features::Layout;
use models::resize::Resample;
use models::{Classifier, NodeId, Tensor, TensorData};
use spec::Reader;
use stats::otsu::otsu;

use super::scorecam::unit_range;
use crate::context::Context;
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};
use crate::request::Request;

pub(crate) const SISE: Entry = Entry {
    name: "sise",
    summary: "feature maps of every block as masks, weighted by the probability behind them",
    paper: "Sattarzadeh et al. 2021",
    cost: "1 F + 1 B for each block + kept channels F",
    build: |reader: &mut Reader| {
        let threshold =
            reader.take_if("threshold", 0.0, "a number in [0, 1)", |x: &f32| (0.0..1.0).contains(x))?;
        Ok(Box::new(Sise { choice: Choice::Above(threshold) }))
    },
};

pub(crate) const ADA_SISE: Entry = Entry {
    name: "ada-sise",
    summary: "SISE with the threshold for feature maps found by Otsu's method",
    paper: "Sudhakar et al. 2021",
    cost: "1 F + 1 B for each block + kept channels F",
    build: |_: &mut Reader| Ok(Box::new(Sise { choice: Choice::Otsu })),
};

/// Which feature maps become masks.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Choice {
    /// Mean gradients above this part of the largest; SISE.
    Above(f32),
    /// Mean gradients above Otsu's threshold of the positive ones; Ada-SISE.
    Otsu,
}

struct Sise {
    choice: Choice,
}

impl Method for Sise {
    fn needs(&self) -> Needs {
        Needs::network()
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let layers = blocks(context)?;
        let classifier = context.classifier;
        Ok(explainer(move |request| {
            let [n, _, h, w] = request.dims();
            let maps = (0..n).flat_map(|image| {
                let layers: Vec<Vec<f32>> =
                    layers.iter().map(|&layer| self.layer(classifier, request, image, layer)).collect();
                self.join(layers)
            });
            let maps = TensorData::new(maps.collect(), [n, 1, h, w]);
            Tensor::from_data(maps, &request.images.device())
        }))
    }

    fn passes(&self, context: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        let layers = blocks(context)?;
        let channels: usize = layers.iter().map(|&layer| context.channels(layer)).sum();
        Ok(Passes::at_most(2 * layers.len() + channels, layers.len()))
    }
}

/// The last feature map of each size that nothing passes by: the ends of the blocks. Inside a residual block, the shortcut
/// passes by.
fn blocks(context: &Context<'_>) -> Result<Vec<NodeId>, Error> {
    let (graph, shapes) = (context.classifier.network.graph(), &context.shapes);
    let mut ends: Vec<([usize; 2], NodeId)> = Vec::new();
    let first = graph.nodes.iter().position(|node| matches!(node.op, models::Op::Conv2d { .. }));
    for id in first.unwrap_or(shapes.len())..shapes.len() {
        if let [1, _, h, w] = shapes[id][..]
            && h * w > 1
            && Layout::at(graph, shapes, id).is_some()
            && graph.cut(id) == [id]
        {
            ends.retain(|(size, _)| *size != [h, w]);
            ends.push(([h, w], id));
        }
    }
    if ends.is_empty() {
        return Err(Error::unfit("sise", context.classifier, "it has no convolutional blocks"));
    }
    Ok(ends.into_iter().map(|(_, id)| id).collect())
}

impl Sise {
    /// The map of one layer for one image, in 0..1.
    fn layer(&self, classifier: &Classifier, request: &Request<'_>, image: usize, layer: NodeId) -> Vec<f32> {
        let [_, _, h, w] = request.dims();
        let x = request.images.clone().narrow(0, image, 1);
        let target = request.targets[image];
        // Only the channels' shares of the largest gradient count: they are those of the probability, which may round to 1.
        let (activations, gradients) =
            classifier.layer_gradient_of(x.clone(), &[target], layer, Output::LogOdds);
        let means: Vec<f32> =
            gradients.mean_dim(3).mean_dim(2).into_data().try_into_vec().expect("gradients are f32");
        let kept = self.kept(&means);
        let mut sum = Tensor::<4>::zeros([1, 1, h, w], &x.device());
        for chosen in kept.chunks(request.batch_size.max(1)) {
            let part = Tensor::cat(chosen.iter().map(|&c| activations.clone().narrow(1, c, 1)).collect(), 0);
            let masks = unit_range(Resample::BILINEAR.resize(part, h, w));
            let scores = classifier.probabilities(x.clone() * masks.clone());
            let scores = scores.narrow(1, target, 1).reshape([chosen.len(), 1, 1, 1]);
            let masks = match self.choice {
                Choice::Above(_) => masks.clone() / (masks.sum_dim(3).sum_dim(2) + 1e-6),
                Choice::Otsu => masks,
            };
            for row in 0..chosen.len() {
                sum = sum + masks.clone().narrow(0, row, 1) * scores.clone().narrow(0, row, 1);
            }
        }
        unit_range(sum).into_data().try_into_vec().expect("maps are f32")
    }

    /// The channels that become masks.
    fn kept(&self, means: &[f32]) -> Vec<usize> {
        let largest = means.iter().copied().fold(0.0_f32, f32::max);
        if largest == 0.0 {
            return Vec::new();
        }
        let threshold = match self.choice {
            Choice::Above(part) => part * largest,
            Choice::Otsu => {
                let positive: Vec<f32> = means.iter().filter(|&&m| m > 0.0).map(|m| m / largest).collect();
                otsu(&positive) * largest
            }
        };
        (0..means.len()).filter(|&c| means[c] > threshold).collect()
    }

    /// Joins the layers, shallow ones first.
    fn join(&self, layers: Vec<Vec<f32>>) -> Vec<f32> {
        let mut layers = layers.into_iter();
        let first = layers.next().expect("prepare() found a block");
        let joined = layers.fold(first, |sum, layer| {
            let gate = self.gate(&layer);
            sum.iter().zip(&layer).zip(gate).map(|((sum, value), gate)| (sum + value) * gate).collect()
        });
        let (low, high) =
            joined.iter().fold((f32::MAX, f32::MIN), |(low, high), &x| (low.min(x), high.max(x)));
        let range = if high > low { high - low } else { 1.0 };
        joined.iter().map(|x| (x - low) / range).collect()
    }

    /// What a layer lets through of the sum before it.
    fn gate(&self, layer: &[f32]) -> Vec<f32> {
        let threshold = otsu(layer);
        match self.choice {
            Choice::Otsu => layer.iter().map(|&x| f32::from(u8::from(x > threshold))).collect(),
            Choice::Above(_) => {
                // Where little lies far above the threshold, it is raised.
                let raised = 1.5 * threshold;
                let far = layer.iter().filter(|&&x| x > raised).count();
                let threshold = if 10 * far < layer.len() { raised } else { threshold };
                layer.iter().map(|x| 1.0 / (1.0 + (-(x - threshold) * 100.0).exp())).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tiny;

    #[test]
    fn blocks_end_where_the_size_changes() {
        for network in tiny::RESNETS {
            let classifier = tiny::resnet(network, &[]);
            let graph = classifier.network.graph();
            let names: Vec<&str> = blocks(&Context::new(&classifier).unwrap())
                .unwrap()
                .into_iter()
                .map(|id| graph.nodes[id].name.as_str())
                .collect();
            assert_eq!(names, ["relu", "layer1.0.relu", "layer2.0.relu", "layer3.0.relu", "layer4.0.relu"]);
        }
    }

    #[test]
    fn ada_sise_keeps_positive_channels_only() {
        let kept = Sise { choice: Choice::Otsu }.kept(&[-1.0, 0.1, 0.9, -0.2, 0.12, 1.0]);
        assert_eq!(kept, [2, 5]);
        assert!(Sise { choice: Choice::Above(0.0) }.kept(&[-1.0, 0.0]).is_empty());
    }
}
