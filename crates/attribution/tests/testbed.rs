//! Every method on the two networks of the testbed: alone and in company, on every layer, and what it costs.

mod tiny;

use std::collections::BTreeMap;

use attribution::{Context, Entry, Error, METHODS, ParsedMethod, Request, parse};
use models::network::{Weight, fold};
use models::zoo::Options;
use models::{Classifier, Engine, Image, Network, Tensor, TensorData, Views, device};
use testbed::Embedded;
use tiny::numbers;

/// A classifier of the testbed with BatchNorm apart.
fn raw(embedded: Embedded) -> Classifier {
    embedded.open(&device::cpu().device, Options::default()).unwrap()
}

/// The first demo images.
fn images(classifier: &Classifier, count: usize) -> Tensor<4> {
    let names = testbed::names();
    let prepare = |name: &String| {
        Image::prepare(name, &testbed::image(name).unwrap().image, &classifier.preprocess).unwrap()
    };
    let images: Vec<Image> = names.iter().take(count).map(prepare).collect();
    classifier.input(&images.iter().collect::<Vec<_>>())
}

/// A spec of a method that takes no longer than a test may.
fn quick(entry: &Entry) -> String {
    let parameters = match entry.name {
        "lime" | "kernel-shap" => "samples=8,segments=grid,cells=2",
        "occlusion" => "window=16,stride=16",
        "hsic" => "designs=6,grid=2",
        "sobol" => "designs=3,grid=2",
        "rise" => "masks=6",
        _ if entry.takes("samples") => "samples=2",
        _ if entry.takes("steps") => "steps=2",
        _ => return entry.name.into(),
    };
    format!("{}:{parameters}", entry.name)
}

fn parsed(specs: &[String]) -> Vec<ParsedMethod> {
    specs.iter().map(|spec| parse(spec, &[METHODS]).unwrap_or_else(|error| panic!("{error}"))).collect()
}

/// What methods give that share views and contexts, and which of them do not fit.
fn together(raw: &Classifier, specs: &[String], request: &Request<'_>) -> BTreeMap<String, Vec<f32>> {
    let methods = parsed(specs);
    let needs: Vec<Vec<String>> = methods.iter().map(|method| method.needs().unfolded).collect();
    let views = Views::new(raw, &needs, Engine::Best);
    let contexts: Vec<Context<'_>> = views.all().iter().map(|view| Context::new(view).unwrap()).collect();
    let mut explainers: Vec<_> = methods
        .iter()
        .filter_map(|method| {
            let context = &contexts[views.index(&method.needs().unfolded).unwrap()];
            Some((method.spec.clone(), method.prepare(context).ok()?))
        })
        .collect();
    let maps = explainers.iter_mut().map(|(spec, explainer)| {
        let maps = explainer.explain(request).unwrap_or_else(|error| panic!("{error}"));
        (spec.clone(), numbers(maps))
    });
    maps.collect()
}

#[test]
fn company_changes_no_map() {
    for embedded in Embedded::ALL {
        let raw = raw(embedded);
        let request =
            Request { images: images(&raw, 1), targets: &[1], keys: &tiny::keys()[..1], ..tiny::request(8) };
        let mut specs: Vec<String> = METHODS.iter().map(quick).collect();
        let more = ["lrp:preset=coherency", "lrp:preset=epsilon-gamma-box", "gradcam:layer=conv1"];
        specs.extend(more.map(String::from));
        let all = together(&raw, &specs, &request);
        assert!(all.len() > 35, "{} methods fit {}", all.len(), raw.name);
        for spec in all.keys() {
            let alone = together(&raw, std::slice::from_ref(spec), &request);
            assert!(alone[spec] == all[spec], "{spec} on {}", raw.name);
        }
    }
}

/// Whatever layer is named, there is a map or an error, and never a panic.
#[test]
fn every_layer_gives_a_map_or_an_error() {
    for embedded in Embedded::ALL {
        let raw = raw(embedded);
        let request =
            Request { images: images(&raw, 1), targets: &[1], keys: &tiny::keys()[..1], ..tiny::request(8) };
        // Here every layer that any view has is there by its name.
        let apart = raw.folded(&[fold::ALL.to_string()], Engine::Best);
        let context = Context::new(&apart).unwrap();
        let mut maps = 0;
        for node in &apart.network.graph().nodes {
            for entry in METHODS.iter().filter(|entry| entry.takes("layer")) {
                let separator = if quick(entry).contains(':') { ',' } else { ':' };
                let spec = format!("{}{separator}layer={}", quick(entry), node.name);
                let method = parse(&spec, &[METHODS]).unwrap();
                let Ok(mut explainer) = method.prepare(&context) else { continue };
                let found = explainer.explain(&request).unwrap_or_else(|error| panic!("{spec}: {error}"));
                assert_eq!(found.dims()[2..], request.images.dims()[2..], "{spec}");
                maps += 1;
            }
        }
        assert!(maps > 100, "{maps} maps on {}", raw.name);
    }
}

/// One pixel high, one pixel wide, a single pixel: there is nothing beside, above or below to look at.
#[test]
fn every_method_explains_images_of_one_row_or_column() {
    let raw = raw(Embedded::ResNet);
    let specs: Vec<String> = METHODS.iter().map(quick).collect();
    let pixel = |i: u32| (f64::from(i) * 0.7).sin() as f32;
    for [h, w] in [[1, 9], [9, 1], [1, 1], [2, 5]] {
        let values: Vec<f32> = (0..3 * h as u32 * w as u32).map(pixel).collect();
        let images = Tensor::from_data(TensorData::new(values, [1, 3, h, w]), &device::cpu().device);
        let request = Request { images, targets: &[1], keys: &tiny::keys()[..1], ..tiny::request(8) };
        let maps = together(&raw, &specs, &request);
        assert!(maps.len() > 35, "{} methods fit {}", maps.len(), raw.name);
        for (spec, map) in maps {
            let whole = map.len() == h * w || map.len() == 3 * h * w;
            assert!(whole && map.iter().all(|x| x.is_finite()), "{spec} on {h} x {w}: {map:?}");
        }
    }
}

/// A network with one score is one of two classes to every method: nothing is constant, and the two classes differ.
#[test]
fn every_method_explains_a_network_with_one_score() {
    let device = device::cpu().device;
    let two = raw(Embedded::ResNet);
    let graph = two.network.graph();
    let head = graph.parameters.iter().position(|parameter| parameter.name == "linear.weight").unwrap();
    let mut one = graph.clone();
    let mut weights = two.network.weights().to_vec();
    for id in [head, head + 1] {
        let row = graph.parameters[id].shape.get(1).copied().unwrap_or(1);
        one.parameters[id].shape[0] = 1;
        let numbers: Vec<f32> = weights[id].data().iter::<f32>().skip(2 * row).take(row).collect();
        weights[id] = Weight::new(TensorData::new(numbers, one.parameters[id].shape.clone()), &device);
    }
    let one = Classifier { network: Network::new(one, weights).completed(), ..two };
    assert_eq!(one.network.classes(), 2);
    let specs: Vec<String> = METHODS.iter().map(quick).collect();
    let explain = |target: usize| {
        let images = images(&one, 1);
        let request = Request { images, targets: &[target], keys: &tiny::keys()[..1], ..tiny::request(8) };
        together(&one, &specs, &request)
    };
    let (first, second) = (explain(0), explain(1));
    assert!(first.len() > 35, "{} methods", first.len());
    for (spec, map) in &second {
        assert!(map.iter().all(|x| x.is_finite()), "{spec}");
        assert!(map.iter().any(|x| *x != map[0]), "{spec} is constant");
        assert!(first[spec].iter().all(|x| x.is_finite()), "{spec} of class 0");
    }
    let negative: Vec<f32> = first["gradient"].iter().map(|x| -x).collect();
    assert_eq!(second["gradient"], negative);
}

#[test]
fn the_layer_of_a_transformer_is_not_passed_over_in_silence() {
    let classifier = Embedded::ViT.classifier(&device::cpu().device, Options::default()).unwrap();
    let error = tiny::check("iia:layer=blocks.0.norm1", &classifier).unwrap_err().to_string();
    assert!(error.contains("layer=blocks.0.norm1"), "{error}");
    let error: Error = tiny::check("gradcam:layer=nowhere", &classifier).unwrap_err();
    assert!(error.to_string().contains("it has no layer `nowhere`"));
}

/// What a method says that it costs is what the network counts.
#[test]
fn passes_are_what_is_counted() {
    for embedded in Embedded::ALL {
        let classifier = embedded.classifier(&device::cpu().device, Options::default()).unwrap();
        let context = Context::new(&classifier).unwrap();
        let images = images(&classifier, 3);
        let keys: Vec<String> = ["a", "b", "c"].map(String::from).to_vec();
        let [_, _, h, w] = images.dims();
        let mut exact = 0;
        for method in parsed(&METHODS.iter().map(quick).collect::<Vec<_>>()) {
            let (Ok(mut explainer), Ok(passes)) = (method.prepare(&context), method.passes(&context, [h, w]))
            else {
                continue;
            };
            for batch_size in [1, 8] {
                let images = images.clone();
                let request =
                    Request { images, targets: &[0, 1, 2], keys: &keys, ..tiny::request(batch_size) };
                let before = counted(&classifier.network);
                let maps = explainer.explain(&request).unwrap();
                let channels = if method.needs().per_channel { 3 } else { 1 };
                assert_eq!(maps.dims(), [3, channels, h, w], "{}", method.spec);
                let after = counted(&classifier.network);
                let found = [after[0] - before[0], after[1] - before[1]];
                let said = [3 * passes.forwards, 3 * passes.backwards];
                let fits =
                    if passes.exact { found == said } else { found[0] <= said[0] && found[1] <= said[1] };
                assert!(fits, "{} in batches of {batch_size}: {found:?} and {passes:?}", method.spec);
            }
            exact += usize::from(passes.exact);
        }
        assert!(exact > 35, "{exact} methods say what they cost");
    }
}

fn counted(network: &Network) -> [u64; 2] {
    [network.forwards(), network.backwards()]
}

/// Methods of one view share modified weights; what would take more than is allowed is refused with its size.
#[test]
fn modified_weights_are_made_once_and_within_a_limit() {
    let classifier = Embedded::ResNet.classifier(&device::cpu().device, Options::default()).unwrap();
    let context = Context::new(&classifier).unwrap();
    assert_eq!(context.modified_bytes(), 0);
    let methods =
        parsed(&["lrp", "lrp:preset=epsilon-plus", "lrp:preset=epsilon-plus-flat"].map(String::from));
    let bytes: Vec<u64> = methods
        .iter()
        .map(|method| {
            method.prepare(&context).unwrap();
            context.modified_bytes()
        })
        .collect();
    // All share z+ for convolutions. Of the first layer, of 3 to 16 channels, z-box has one variant of the two of z+, and
    // flat another one.
    let first = 3 * 4 * (3 * 16 * 9 + 16);
    assert_eq!([bytes[1] - bytes[0], bytes[2] - bytes[1]], [first, first], "{bytes:?}");
    assert!(bytes[0] > 20 * first, "{bytes:?}");
    let tight = Context::new(&classifier).unwrap().with_most_bytes(bytes[0] / 2);
    let error = methods[0].prepare(&tight).err().unwrap().to_string();
    assert!(error.contains("modified weights would take"), "{error}");
}
