//! `explain` as a shell sees it, on the embedded images and classifier.

mod baselines;
mod chosen;
mod classifiers;
mod exec;
mod failures;
mod finish;
mod images;
mod learned;
mod maps;
mod one_channel;
mod onnx;
mod protocols;
mod randomized;
mod resume;
mod rows;
mod shifted;
mod sources;
mod truth;

use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;
use std::path::Path;

use pipe::npy::{self, Array};
use pipe::{Explained, Tables};
use testing::{Output, WorkDir};

const EXPLAIN: &str = env!("CARGO_BIN_EXE_explain");
const HEADER: &str = "image,target,model,method,map,map_index,reason,list";

/// All methods, in little.
const ALL: &str = "-m random -m gradient -m input-x-gradient -m smoothgrad:samples=3 -m integrated-gradients:steps=3 \
                   -m guided-backprop -m gradcam -m layercam:layer=layer2 -m occlusion:window=32 -m rise:masks=7";

fn run(work: &WorkDir, arguments: &str, stdin: impl AsRef<[u8]>) -> Output {
    let arguments = arguments.split_whitespace().chain(["-q", "--device", "cpu"]);
    work.run(EXPLAIN, arguments, stdin)
}

fn rows(table: &str) -> Vec<Explained> {
    let input = Box::new(Cursor::new(table.as_bytes().to_vec()));
    let tables = Tables::from_input(Path::new("-"), input).unwrap();
    tables.rows().unwrap().collect::<Result<_, _>>().unwrap()
}

/// The rows that have a map.
fn explained(table: &str) -> Vec<Explained> {
    rows(table).into_iter().filter(|row| !row.map.is_empty()).collect()
}

/// The name of a model without its hash.
fn name(row: &Explained) -> &str {
    row.model.split_once('@').unwrap().0
}

fn record(work: &WorkDir) -> serde_json::Value {
    serde_json::from_str(&work.read("record.json")).unwrap()
}

fn map(work: &WorkDir, row: &Explained) -> Array {
    npy::read_map(&work.join(&row.map), row.map_index).unwrap()
}

/// What was explained by image and method, and the map's bits.
fn maps(work: &WorkDir, table: &str) -> BTreeMap<(String, String), (usize, Vec<u32>)> {
    let bits = |row: &Explained| map(work, row).data.into_iter().map(f32::to_bits).collect();
    let entry = |row: Explained| ((row.image.clone(), row.method.clone()), (row.target.unwrap(), bits(&row)));
    rows(table).into_iter().map(entry).collect()
}

/// Every file below a folder, but for the logs of the runs, which hold times.
fn files(work: &WorkDir, folder: &str) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![work.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(work.path()).unwrap().display().to_string();
            if path.is_dir() {
                folders.push(path);
            } else if !name.contains("/logs/") {
                found.insert(name, fs::read(path).unwrap());
            }
        }
    }
    found
}

/// An image with a pattern.
fn png(work: &WorkDir, name: &str, width: u32, height: u32) {
    let pixel = |x: u32, y: u32| image::Rgb([(x * 3) as u8, (y * 5) as u8, (x * y) as u8]);
    let path = work.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    image::RgbImage::from_fn(width, height, pixel).save(path).unwrap();
}

/// Weights of a model for seven classes, as they are before training, but for one vector that is filled with a number.
fn weights(work: &WorkDir, model: &str, name: &str, (filled, number): (&str, f32)) {
    let graph = (models::zoo::architecture(model).unwrap().build)(7);
    let device = models::device::cpu().device;
    let network = learning::initialise(graph, 0, &device);
    let mut weights = network.weights().to_vec();
    for (weight, parameter) in weights.iter_mut().zip(&network.graph().parameters) {
        if parameter.name == filled {
            let vector = models::TensorData::new(vec![number; parameter.shape[0]], [parameter.shape[0]]);
            *weight = models::network::Weight::new(vector, &device);
        }
    }
    work.write(name, learning::to_safetensors(&network.with_weights(weights)).unwrap());
}
