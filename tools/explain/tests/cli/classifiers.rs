//! Classifiers, their classes and their layers.

use testing::WorkDir;

use super::{map, png, rows, run, weights};

#[test]
fn models_of_files_bring_their_classes() {
    let work = WorkDir::new();
    png(&work, "a.png", 32, 32);
    weights(&work, "cifar-resnet20", "w.safetensors", ("", 0.0));
    let model = "--model cifar-resnet20 --weights w.safetensors";
    let rows = rows(&run(&work, &format!("{model} -m gradcam -m random --target 6 a.png"), "").success());
    assert_eq!((super::name(&rows[0]), rows[0].target), ("cifar-resnet20", Some(6)));
    assert_eq!(map(&work, &rows[0]).shape, [32, 32]);
    assert!(run(&work, &format!("{model} --target 7 a.png"), "").failure(2).contains("7 classes"));
    assert!(
        run(&work, &format!("{model} --list-layers"), "")
            .success()
            .lines()
            .last()
            .unwrap()
            .ends_with(" 7  (bottom-up:20, cascading:1)")
    );
}

#[test]
fn a_network_of_one_size_refuses_other_images_one_by_one() {
    let work = WorkDir::new();
    png(&work, "good.png", 32, 32);
    png(&work, "wide.png", 48, 32);
    weights(&work, "cifar-vit", "w.safetensors", ("", 0.0));
    let output = run(&work, "--model cifar-vit --weights w.safetensors -m gradcam wide.png good.png", "");
    let message = output.failure(1);
    assert!(message.contains("explain: wide.png, open: input"), "{message}");
    assert!(message.contains("the network takes 32 x 32 pixels only"), "{message}");
    assert_eq!(super::explained(&output.text()).len(), 1);
}

#[test]
fn the_embedded_transformer_needs_no_file() {
    let work = WorkDir::new();
    let layers = run(&work, "--model testbed-vit --list-layers", "").success();
    let auto: Vec<&str> = layers.lines().filter(|line| line.ends_with("(auto)")).collect();
    assert!(auto.len() == 1 && auto[0].starts_with("blocks.3.norm1"), "{layers}");
    let rows = rows(&run(&work, "--model testbed-vit -m gradcam testbed/004", "").success());
    assert_eq!(super::name(&rows[0]), "testbed-vit");
    // Four axes that are no rows and columns of an image, and values that are the same for all images.
    for layer in ["blocks.3.attn.softmax", "pos_embed"] {
        let method = format!("gradcam:layer={layer}");
        let error = run(&work, &format!("--model testbed-vit -m {method} testbed"), "").failure(2);
        assert!(error.contains(&format!("layer `{layer}` has neither feature maps nor tokens")), "{error}");
    }
}

#[test]
fn broken_weights_are_told() {
    let work = WorkDir::new();
    png(&work, "a.png", 32, 32);
    weights(&work, "cifar-resnet20", "nan.safetensors", ("linear.bias", f32::NAN));
    let model = "--model cifar-resnet20 --weights";
    let message = run(&work, &format!("{model} nan.safetensors a.png"), "").failure(1);
    assert!(
        message.ends_with("nan.safetensors: the weights do not fit the network: not finite: linear.bias"),
        "{message}"
    );
    // Weights that are numbers, and a score that is none: infinity minus infinity.
    weights(&work, "cifar-resnet20", "variance.safetensors", ("bn1.running_var", -1.0));
    let output = run(
        &work,
        &format!("{model} variance.safetensors -m occlusion:window=16 -m random --target 6 a.png"),
        "",
    );
    let message = output.failure(1);
    assert!(
        message.contains("a.png, occlusion:window=16, explain: its map holds values that are not finite"),
        "{message}"
    );
    assert_eq!(super::explained(&output.text()).len(), 1);
    let message =
        run(&work, &format!("{model} variance.safetensors -m random -o other a.png"), "").failure(1);
    assert!(message.contains("a.png, target: the classifier's scores are not finite"), "{message}");
}

/// Weights of `cifar-resnet20` for seven classes, with a prefix before every name.
fn prefixed(work: &WorkDir, name: &str, prefix: &str) {
    let graph = (models::zoo::architecture("cifar-resnet20").unwrap().build)(7);
    let network = learning::initialise(graph, 0, &models::device::cpu().device);
    let mut graph = network.graph().clone();
    graph.parameters.iter_mut().for_each(|parameter| parameter.name.insert_str(0, prefix));
    let renamed = models::Network::new(graph, network.weights().to_vec());
    work.write(name, learning::to_safetensors(&renamed).unwrap());
}

#[test]
fn weights_are_known_by_their_content_and_models_by_other_names() {
    let work = WorkDir::new();
    png(&work, "a.png", 32, 32);
    prefixed(&work, "plain.safetensors", "");
    prefixed(&work, "wrapped.pth", "module.model.");
    let table = |arguments: &str| {
        let output = run(&work, &format!("{arguments} -m gradient --target 6 a.png"), "");
        (output.success(), output.stderr)
    };
    let (expected, quiet) = table("--model cifar-resnet20 --weights plain.safetensors");
    assert_eq!(quiet, "");
    for model in ["cifar_resnet20", "resnet20"] {
        assert_eq!(
            table(&format!("--model {model} --weights wrapped.pth")),
            (expected.clone(), String::new())
        );
    }
    let (tagged, note) = table("--model cifar_resnet20.some_in1k --weights wrapped.pth --weights-key module");
    assert_eq!(tagged, expected);
    assert!(note.contains("cifar_resnet20.some_in1k is cifar-resnet20 here"), "{note}");
}

#[test]
fn what_is_no_model_is_answered_with_what_may_be_meant() {
    let work = WorkDir::new();
    prefixed(&work, "w.pth", "");
    let refused =
        |arguments: &str, status| run(&work, &format!("{arguments} testbed/000"), "").failure(status);
    let unknown = refused("--model mobilenet_v4 --weights w.pth", 2);
    assert!(unknown.contains("unknown model `mobilenet_v4`: did you mean mobilenet-v"), "{unknown}");
    assert!(unknown.contains("any other network can be given as ONNX"), "{unknown}");
    let file = refused("--model w.pth", 2);
    assert!(file.contains("--model ARCHITECTURE --weights w.pth"), "{file}");
    let key = refused("--model cifar-resnet20 --weights w.pth --weights-key ema", 1);
    assert!(key.ends_with("w.pth: nothing in it is under `ema`; it holds weights under no prefix"), "{key}");
    work.write("net", std::fs::read(testing::testdata("onnx/tiny_vit.17.free.onnx")).unwrap());
    let whole = refused("--model resnet18 --weights net", 1);
    assert!(whole.contains("net: an ONNX file, which is a whole network"), "{whole}");
    png(&work, "a.png", 16, 16);
    run(&work, "--model net --preprocess none -m attention a.png", "").success();
}

#[test]
fn classes_have_names() {
    let work = WorkDir::new();
    let class = |table: &str| rows(table)[0].extra.get("class").unwrap().to_string();
    assert_eq!(class(&run(&work, "-m random --target 6 testbed/000", "").success()), "crescent");
    work.write(
        "names.txt",
        "thing 0\nthing 1\nthing 2\nthing 3\nthing 4\nthing 5\nthing 6\nthing 7\nthing 8\nthing 9\n",
    );
    let named = run(&work, "-m random --target 6 --labels names.txt testbed/000", "").success();
    assert_eq!(class(&named), "thing 6");
    work.write("few.txt", "a\nb\n");
    let message = run(&work, "-m random --labels few.txt testbed/000", "").failure(1);
    assert!(message.contains("few.txt: 2 names, but the model has 10 classes"), "{message}");
}

#[test]
fn lists_tell_what_there_is() {
    let work = WorkDir::new();
    let models = run(&work, "--list-models", "").success();
    let columns = ["model", "testbed", "resnet18"].map(|name| {
        let line = models.lines().find(|line| line.starts_with(&format!("{name} "))).unwrap();
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    });
    let [header, testbed, resnet] = columns;
    assert_eq!(header, "model input preprocess layer auto weights");
    assert_eq!(testbed, "testbed 3x64x64 imagenet-keep layer3.0.relu embedded; without --model");
    assert_eq!(resnet, "resnet18 3x224x224 imagenet layer4.1.relu torchvision");
    assert!(models.lines().last().unwrap().starts_with("exec:COMMAND "), "{models}");
    for name in
        ["resnet50-v1", "cifar-resnet56", "vgg16-bn", "densenet201", "efficientnet-lite4", "binary-cnn"]
    {
        assert!(models.contains(&format!("\n{name} ")), "{models}");
    }
    let methods = run(&work, "--list-methods", "").success();
    assert!(methods.contains("rise\n    random masks weighted by the probability behind them"), "{methods}");
    assert!(methods.contains("parameters: preset=paper,masks=4000,grid=7,p=0.5"), "{methods}");
    let layers = run(&work, "--list-layers", "").success();
    let auto: Vec<&str> = layers.lines().filter(|line| line.ends_with("(auto)")).collect();
    assert_eq!(auto.len(), 1, "{layers}");
    let with = |name: &str| layers.lines().find(|line| line.split(' ').next() == Some(name)).unwrap();
    assert!(with("bn1").ends_with("(with conv1)") && with("relu").ends_with("(with conv1)"), "{layers}");
    assert!(!with("conv1").contains("with"), "{layers}");
    assert!(with("relu").contains("  (blocks of 16)"), "{layers}");
    assert!(!layers.lines().last().unwrap().contains("blocks"), "{layers}");
    let stock = run(&work, "--list-layers --engine stock", "").success();
    assert!(!stock.contains("blocks"), "{stock}");
    assert_eq!(stock.matches("(with").count(), layers.matches("batchnorm2d").count(), "{stock}");
    assert!(auto[0].starts_with("layer3.0.relu") && auto[0].contains("64x8x8"), "{layers}");
    // Every layer of the list that has feature maps can be named, those before a BatchNorm too.
    for line in
        layers.lines().filter(|line| line.split_whitespace().nth(2).is_some_and(|shape| shape.contains('x')))
    {
        let name = line.split_whitespace().next().unwrap();
        run(&work, &format!("-m layercam:layer={name} -o {name} testbed/000"), "").success();
    }
}

#[test]
fn a_layer_is_part_of_the_name() {
    let work = WorkDir::new();
    let table =
        run(&work, "-m gradcam -m layercam:layer=layer1 -m random --layer layer2 testbed/000", "").success();
    let methods: Vec<String> = rows(&table).into_iter().map(|row| row.method).collect();
    assert_eq!(methods, ["gradcam:layer=layer2", "layercam:layer=layer1", "random"]);
    let table = run(&work, "-m gradcam:relu=false --layer layer2 testbed/000", "").success();
    assert_eq!(rows(&table)[0].method, "gradcam:layer=layer2,relu=false");
    let table = run(&work, "-m gradcam --layer auto testbed/000", "").success();
    assert_eq!(rows(&table)[0].method, "gradcam");
}
