//! Networks of one channel and of four.

use models::TensorData;
use models::network::Weight;
use pipe::Explained;
use testing::{WorkDir, sibling};

use super::{EXPLAIN, map, rows, run};

const METHODS: &str = "-m gradient -m gradcam -m integrated-gradients:steps=3 -m occlusion:window=16 -m lime:samples=20 \
                       -m smoothgrad:samples=2 -m rise:masks=5 -m edge --target 3";

/// A ResNet for so many channels: `first` makes its first kernel, (16, c, 3, 3), of one for three channels.
fn resnet(work: &WorkDir, name: &str, channels: usize, first: impl Fn(&[f32]) -> Vec<f32>) {
    let graph = (models::zoo::architecture("cifar-resnet20").unwrap().build)(7);
    let device = models::device::cpu().device;
    let network = learning::initialise(graph, 0, &device);
    let at =
        network.graph().parameters.iter().position(|parameter| parameter.name == "conv1.weight").unwrap();
    let numbers: Vec<f32> = network.weights()[at].data().try_into_vec().unwrap();
    let kernel: Vec<f32> = numbers.chunks(27).flat_map(first).collect();
    let mut weights = network.weights().to_vec();
    weights[at] = Weight::new(TensorData::new(kernel, [16, channels, 3, 3]), &device);
    let shape = [16, channels, 3, 3];
    let network = models::Network::new(network.graph().clone().with_channels_of(|_| Some(&shape)), weights);
    work.write(name, learning::to_safetensors(&network).unwrap());
}

fn grey(work: &WorkDir) {
    let pixel = |x: u32, y: u32| image::Luma([(x * 7 + y * y) as u8]);
    image::GrayImage::from_fn(32, 32, pixel).save(work.join("grey.png")).unwrap();
}

fn explained(work: &WorkDir, weights: &str, image: &str) -> Vec<Explained> {
    let arguments = format!("--model cifar-resnet20 --weights {weights} --preprocess none {METHODS} {image}");
    rows(&run(work, &arguments, "").success())
}

/// LIME's segments and SmoothGrad's noise depend on the channels; the other maps are the same.
fn assert_same_maps(work: &WorkDir, one: &[Explained], other: &[Explained], unlike: &[&str]) {
    let alike = |(a, _): &(&Explained, &Explained)| !unlike.iter().any(|name| a.method.starts_with(name));
    for (a, b) in one.iter().zip(other).filter(alike) {
        let (x, y) = (map(work, a), map(work, b));
        assert_eq!(x.shape, y.shape, "{}", a.method);
        let largest = y.data.iter().fold(0.0, |most: f32, value| most.max(value.abs()));
        assert!(largest > 0.0, "{}", a.method);
        testing::assert_close(&x.data, &y.data, testing::Tolerance::new(1e-4 * f64::from(largest), 1e-4));
    }
}

/// In a grey image all channels are one: a kernel over three is its sum over one, and what a pixel is worth adds up too.
#[test]
fn a_network_of_one_channel_sees_what_one_of_three_sees_in_a_grey_image() {
    let work = WorkDir::new();
    grey(&work);
    resnet(&work, "three.safetensors", 3, <[f32]>::to_vec);
    resnet(&work, "one.safetensors", 1, |three| {
        (0..9).map(|i| three[i] + three[i + 9] + three[i + 18]).collect()
    });
    let one = explained(&work, "one.safetensors", "grey.png");
    assert_eq!(one.len(), 8);
    assert_same_maps(&work, &one, &explained(&work, "three.safetensors", "grey.png"), &["lime", "smooth"]);
    let model = "--model cifar-resnet20 --weights one.safetensors --preprocess none";
    let table = run(&work, &format!("{model} -m gradcam --target 3 grey.png"), "").success();
    work.write("maps.csv", table);
    for tool in ["perturb", "score", "render"] {
        sibling(EXPLAIN, tool);
    }
    let tests = "-t deletion:steps=4,fill=uniform -t insertion:steps=4,fill=blur -t pos:fill=mean -t mask";
    let line = format!("perturb -q {model} {tests} maps.csv | score && render -q -o png maps.csv");
    let text = work.shell(EXPLAIN, &line).success();
    assert!(!text.contains("NaN") && text.contains("png/gradcam/grey-1.png"), "{text}");
    // Colours are seen as grey, with the usual statistics made grey.
    super::png(&work, "colours.png", 32, 32);
    let row = &rows(
        &run(&work, "--model cifar-resnet20 --weights one.safetensors -m gradient colours.png", "").success(),
    )[0];
    let sidecar = map_sidecar(&work, row);
    assert_eq!(
        (&sidecar["preprocess"]["channels"], sidecar["preprocess"]["mean"].as_array().unwrap().len()),
        (&"grey".into(), 1)
    );
}

fn map_sidecar(work: &WorkDir, row: &Explained) -> serde_json::Value {
    serde_json::from_str(&work.read(row.map.replace(".npy", ".json"))).unwrap()
}

#[test]
fn a_network_of_four_channels_sees_how_opaque_a_pixel_is() {
    let work = WorkDir::new();
    let pixel = |x: u32, y: u32| image::Rgba([(x * 7) as u8, (y * 5) as u8, (x * y) as u8, (x * 8) as u8]);
    let image = image::RgbaImage::from_fn(32, 32, pixel);
    image.save(work.join("four.png")).unwrap();
    image::DynamicImage::from(image).into_rgb8().save(work.join("opaque.png")).unwrap();
    resnet(&work, "three.safetensors", 3, <[f32]>::to_vec);
    // Blind to the fourth one, it is the network of three channels.
    resnet(&work, "blind.safetensors", 4, |three| [three, &[0.0; 9]].concat());
    resnet(&work, "four.safetensors", 4, |three| [three, &three[..9]].concat());
    let blind = explained(&work, "blind.safetensors", "four.png");
    let three = explained(&work, "three.safetensors", "four.png");
    // Edges look at the image itself, of which opacity is a part.
    assert_same_maps(&work, &blind, &three, &["lime", "smooth", "edge"]);
    let gradient = |image: &str| map(&work, &explained(&work, "four.safetensors", image)[0]).data;
    assert_ne!(gradient("four.png"), gradient("opaque.png"));
}

#[test]
fn other_numbers_of_channels_are_one_clear_line() {
    let work = WorkDir::new();
    grey(&work);
    resnet(&work, "two.safetensors", 2, |three| three[..18].to_vec());
    resnet(&work, "three.safetensors", 3, <[f32]>::to_vec);
    work.write("grey.json", r#"{"input_size": [1, 32, 32], "interpolation": "bilinear", "crop_pct": 1.0, "mean": [0.13], "std": [0.31]}"#);
    let model = "-m gradient --model cifar-resnet20 --weights";
    let message = run(&work, &format!("{model} two.safetensors grey.png"), "").failure(1);
    assert!(message.contains("the network takes images of 2 channels, and the preprocessing"), "{message}");
    let message =
        run(&work, &format!("{model} three.safetensors --preprocess grey.json grey.png"), "").failure(1);
    assert!(
        message.contains("the network takes images of 3 channels, and the preprocessing grey.json gives 1"),
        "{message}"
    );
}

/// A program says how many channels it takes; here the shape that it is given is what it says.
#[test]
fn a_program_may_take_one_channel() {
    let work = WorkDir::new();
    grey(&work);
    let command = "echo plumbline classes=3 scores=logits channels=1; read line; \
                   head -c 100 $(echo \"$line\" | cut -f 1) | LC_ALL=C sed -n \"s/.*'shape': //p\" > shape";
    let model = format!("exec:{command}");
    let output = work.run(EXPLAIN, ["-q", "--model", &model, "-m", "random", "grey.png"], "");
    output.failure(1);
    assert!(work.read("shape").starts_with("(1, 1, 224, 224)"), "{}", work.read("shape"));
}
