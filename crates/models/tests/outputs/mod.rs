//! Folders with the expected outputs of a network: `logits.npy`, and a file in `features/` for each of some layers.

use std::fs;
use std::path::Path;

use models::{Graph, Network, NodeId, Plain, Tensor, TensorData, Value, device};
use testing::{Tolerance, golden};

/// Images from a file.
pub fn tensor(path: impl AsRef<Path>) -> Tensor<4> {
    let array = golden::array(path);
    let shape: [usize; 4] = array.shape.try_into().expect("four axes");
    Tensor::from_data(TensorData::new(array.data, shape), &device::cpu().device)
}

/// Compares the layers that the folder has files of, and the scores; how far each is in relative L2. A file may hold
/// the first images only.
pub fn assert_equal(network: &Network, x: Tensor<4>, folder: &Path, tolerance: Tolerance) -> Vec<f64> {
    let layers = layers(folder);
    let graph = network.graph();
    let node = |name: &String| graph.find(name).unwrap_or_else(|| panic!("{name} is not in the graph"));
    let mut fetches: Vec<NodeId> = layers.iter().map(node).collect();
    fetches.push(graph.output());
    let values = network.run(vec![(Graph::INPUT, Value::new(x))], &fetches, &mut Plain);
    let files = layers.iter().map(|layer| format!("features/{layer}.npy")).chain(["logits.npy".into()]);
    values.into_iter().zip(files).map(|(value, file)| compare(value, &folder.join(file), tolerance)).collect()
}

/// Checks that the scores of the last image are the same bits without the others.
pub fn assert_alone(network: &Network, x: Tensor<4>) {
    let scores = |x| network.logits(x).into_data().try_into_vec::<f32>().unwrap();
    let last = x.dims()[0] - 1;
    let (alone, together) = (scores(x.clone().narrow(0, last, 1)), scores(x));
    assert_eq!(alone, together[last * alone.len()..]);
}

fn compare(value: Value, path: &Path, tolerance: Tolerance) -> f64 {
    let expected = golden::array(path);
    let value = value.slice(0, 0..expected.shape[0], 1);
    assert_eq!(value.shape(), expected.shape, "{}", path.display());
    let flat = value.reshape(&[expected.data.len()]).tensor::<1>();
    let numbers: Vec<f32> = flat.into_data().try_into_vec().unwrap();
    let close = testing::compare::close(&numbers, &expected.data, tolerance);
    close.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let norm =
        |numbers: &mut dyn Iterator<Item = f32>| numbers.map(|x| f64::from(x).powi(2)).sum::<f64>().sqrt();
    let apart = norm(&mut numbers.iter().zip(&expected.data).map(|(a, b)| a - b));
    apart / norm(&mut expected.data.iter().copied())
}

fn layers(folder: &Path) -> Vec<String> {
    let Ok(files) = fs::read_dir(folder.join("features")) else { return Vec::new() };
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut layers: Vec<String> =
        names.filter_map(|name| name.strip_suffix(".npy").map(str::to_string)).collect();
    layers.sort();
    layers
}
