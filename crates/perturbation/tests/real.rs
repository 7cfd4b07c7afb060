//! Real weights and real images, where there are any (`PLUMBLINE_DATA`).

mod common;

use std::path::Path;
use std::sync::Arc;

use common::{run, tests};
use images::decode;
use maps::Map;
use models::zoo::{Options, load};
use models::{Checkpoint, Classifier, Image, device};
use perturbation::{CurvePoint, HostImage, Job, Plan};

const IMAGES: [&str; 4] = ["0001", "0011", "0021", "0031"];
const TEST: &str = "deletion:fill=blur,kernel=61,sigma=20,steps=5";

fn resnet(data: &Path) -> Classifier {
    let checkpoint = Checkpoint::open(&data.join("weights/resnet50-v1.safetensors")).unwrap();
    load("resnet50-v1", &checkpoint, &device::cpu().device, Options::default()).unwrap()
}

/// A map of the image's salient object, and its negative.
fn truth_and_opposite(mask: &Image) -> [Map; 2] {
    let size = [mask.height, mask.width];
    [1.0, -1.0].map(|sign| {
        let values = mask.pixels[..size[0] * size[1]].iter().map(|value| sign * value).collect();
        Map::from_plane(size, values).unwrap()
    })
}

/// For each image the job of its true map, then that of the opposite.
fn jobs(classifier: &Classifier, data: &Path) -> Vec<Job<usize>> {
    let (tests, preprocess) = (tests(&[TEST]), Arc::new(classifier.preprocess.clone()));
    let open =
        |path: String| decode(&data.join(&path)).unwrap().prepare(&path, &classifier.preprocess).unwrap();
    let mut jobs = Vec::new();
    for name in IMAGES {
        let image = open(format!("ecssd/images/{name}.jpg"));
        let image = Arc::new(HostImage::new(&image, &preprocess, &tests, 0).unwrap());
        for map in truth_and_opposite(&open(format!("ecssd/masks/{name}.png"))) {
            let plan = Plan::new(&map, &image, &tests);
            jobs.push(Job { image: Arc::clone(&image), plan, target: None, tag: jobs.len(), keep: None });
        }
    }
    jobs
}

fn mean(curve: &[CurvePoint]) -> f64 {
    curve.iter().map(|answer| f64::from(answer.probability)).sum::<f64>() / curve.len() as f64
}

#[test]
fn removing_the_object_hurts_more_than_removing_the_rest() {
    let Some(data) = testing::data_dir() else { return };
    let classifier = resnet(&data);
    let (curves, forwards) = run(&classifier, 8, jobs(&classifier, &data));
    // A clean and a wholly blurred image for each of four, and for each of their two maps four mixtures.
    assert_eq!(forwards, 4 * 2 + 4 * 2 * 4);
    let pairs = curves.chunks(2).map(|pair| [mean(&pair[0][0]), mean(&pair[1][0])]);
    let differences: Vec<f64> = pairs.map(|[truth, opposite]| opposite - truth).collect();
    assert!(differences.iter().all(|&difference| difference > 0.03), "{differences:?}");
}
