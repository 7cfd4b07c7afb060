//! The three feature maps that TAME reads where nobody names them.

use models::features::Layout;
use models::{Graph, NodeId};

/// The published choice for VGG16: behind its last three poolings.
const VGG16: [&str; 3] = ["features.16", "features.23", "features.30"];

/// Names of three layers for images of height and width `size`: of the last three sizes of feature maps the last one that all that
/// follows comes through, which is a ResNet's `layer2`, `layer3` and `layer4` as published; of VGG16 the published ones.
///
/// # Errors
/// If there are no three, or the network is a transformer, whose maps lie before its features.
pub fn layers(graph: &Graph, size: [usize; 2]) -> Result<[String; 3], String> {
    let shapes = graph.shapes([graph.input[0], size[0], size[1]]).map_err(|error| error.to_string())?;
    let attention = |id: usize| graph.nodes[id].op.kind() == "softmax" && shapes[id].len() >= 3;
    if (0..graph.nodes.len()).any(attention) {
        return Err("it is a transformer, whose features are tokens and no maps".into());
    }
    let is_pool = |name: &str| graph.find(name).is_some_and(|id| graph.nodes[id].op.kind() == "maxpool2d");
    if VGG16.iter().all(|name| is_pool(name)) {
        return Ok(VGG16.map(String::from));
    }
    let mut found: Vec<NodeId> = Vec::new();
    for id in (1..graph.nodes.len()).rev().filter(|&id| Layout::at(graph, &shapes, id) == Some(Layout::Maps))
    {
        let larger = |last: &NodeId| shapes[id][2] * shapes[id][3] > shapes[*last][2] * shapes[*last][3];
        let several = shapes[id][2] * shapes[id][3] > 1;
        if several && found.last().is_none_or(larger) && graph.cut(id) == [id] {
            found.push(id);
        }
    }
    match found[..] {
        [last, middle, first, ..] => Ok([first, middle, last].map(|id| graph.nodes[id].name.clone())),
        _ => {
            Err(format!("it has feature maps of {} sizes to come through, and three are needed", found.len()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use models::graph::{Op, Pool};
    use models::zoo;

    #[test]
    fn they_are_the_published_ones() {
        let of = |name: &str| {
            let architecture = zoo::architecture(name).unwrap();
            let [_, h, w] = architecture.input;
            let graph = (architecture.build)(10);
            layers(&graph, [h, w])
                .map(|names| {
                    names.map(|name| graph.find(&name).unwrap()).map(|id| (graph.nodes[id].name.clone(), id))
                })
                .map(|found| (found.clone().map(|(name, _)| name), found.map(|(_, id)| id), graph))
        };
        let (names, ..) = of("vgg16").unwrap();
        assert_eq!(names, VGG16);
        for (name, stages) in
            [("resnet50", ["layer2", "layer3", "layer4"]), ("cifar-resnet20", ["layer1", "layer2", "layer3"])]
        {
            let (_, ids, graph) = of(name).unwrap();
            assert_eq!(ids, stages.map(|stage| graph.find(stage).unwrap()), "{name}");
        }
        // A stem of convolutions has maps of three sizes.
        for name in ["vit-b16", "cifar-vit-conv"] {
            assert!(of(name).unwrap_err().starts_with("it is a transformer"), "{name}");
        }
        let mut graph = Graph::new([3, 8, 8]);
        let pool = graph.push("pool", Op::MaxPool2d(Pool::square(2, 2, 0)), &[Graph::INPUT]);
        graph.push("relu", Op::Relu, &[pool]);
        let message = layers(&graph, [8, 8]).unwrap_err();
        assert_eq!(message, "it has feature maps of 1 sizes to come through, and three are needed");
    }
}
