//! The layers with weights of an imported network are those of the network, whichever exporter wrote the file.

use onnx::import;
use testing::testdata;

const FAMILIES: [(&str, usize, &[&str]); 6] = [
    ("tiny_resnet", 10, &["11.fixed", "17.free", "newest.free"]),
    ("tiny_mobilenet", 12, &["11.fixed", "17.free", "newest.free"]),
    ("tiny_densenet", 14, &["11.fixed", "17.free", "newest.free"]),
    ("tiny_convnext", 14, &["11.fixed", "17.free", "newest.fixed", "newest.free"]),
    ("tiny_vit", 11, &["11.fixed", "17.free", "newest.free"]),
    ("tiny_vit_torchvision", 11, &["17.free", "newest.fixed", "newest.free"]),
];

#[test]
fn every_exporter_gives_the_same_layers() {
    for (family, count, files) in FAMILIES {
        let mut first: Option<Vec<&str>> = None;
        for file in files {
            let path = testdata(format!("onnx/{family}.{file}.onnx"));
            let graph = import(&path, Some([16, 16]), None).unwrap().graph;
            let layers = graph.layers();
            let kinds: Vec<&str> = layers.iter().map(|layer| graph.nodes[layer.nodes[0]].op.kind()).collect();
            assert_eq!(layers.len(), count, "{family}.{file}: {layers:?}");
            assert_eq!(*first.get_or_insert_with(|| kinds.clone()), kinds, "{family}.{file}");
            // Every tensor of the file belongs to one.
            let mut all: Vec<usize> = layers.into_iter().flat_map(|layer| layer.parameters).collect();
            all.sort_unstable();
            assert!(all.into_iter().eq(0..graph.parameters.len()), "{family}.{file}");
        }
    }
}
