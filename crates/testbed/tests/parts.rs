//! A batch that goes through a network in parts, one for each thread, has the results of the whole one to the last bit.

use models::classifier::Output;
use models::zoo::Options;
use models::{Classifier, Graph, Hooks, Image, Network, NodeId, Plain, Tensor, Value, device};
use testbed::Embedded;

/// The operations as they are, and the batch whole.
struct Whole;

impl Hooks for Whole {
    fn plain(&self, _: &Network, _: NodeId) -> bool {
        true
    }
}

fn bits<const D: usize>(x: Tensor<D>) -> Vec<u32> {
    x.into_data().iter::<f32>().map(f32::to_bits).collect()
}

/// A number of images that no number of threads divides.
fn images(classifier: &Classifier) -> Tensor<4> {
    let prepare = |name: &String| {
        Image::prepare(name, &testbed::image(name).unwrap().image, &classifier.preprocess).unwrap()
    };
    let images: Vec<Image> = testbed::names().iter().take(7).map(prepare).collect();
    classifier.input(&images.iter().collect::<Vec<_>>())
}

#[test]
fn parts_change_no_bit() {
    for embedded in Embedded::ALL {
        let classifier = embedded.classifier(&device::cpu().device, Options::default()).unwrap();
        let (x, network, targets) = (images(&classifier), &classifier.network, [3, 1, 4, 1, 5, 9, 2]);
        let run = |hooks: &mut dyn Hooks| {
            let fetches = [network.graph().output(), classifier.layer];
            let mut found = network.run(vec![(Graph::INPUT, Value::new(x.clone()))], &fetches, hooks);
            let layer = found.pop().unwrap();
            let (shape, size) = (layer.shape(), layer.shape().iter().product());
            (bits(found.remove(0).tensor::<2>()), shape, bits(layer.reshape(&[1, size]).tensor::<2>()))
        };
        assert!(run(&mut Plain) == run(&mut Whole), "{}", embedded.name());
        let gradient = |hooks: &mut dyn Hooks| {
            let (gradient, scores) = classifier.input_gradient(x.clone(), &targets, Output::LogOdds, hooks);
            (gradient.dims(), bits(gradient), bits(scores))
        };
        assert!(gradient(&mut Plain) == gradient(&mut Whole), "{}", embedded.name());
        let (values, gradients) = classifier.layer_gradient(x.clone(), &targets, classifier.layer);
        for (image, target) in targets.iter().enumerate() {
            let one = classifier.layer_gradient(x.clone().narrow(0, image, 1), &[*target], classifier.layer);
            assert!(bits(values.clone().narrow(0, image, 1)) == bits(one.0), "{}", embedded.name());
            assert!(bits(gradients.clone().narrow(0, image, 1)) == bits(one.1), "{}", embedded.name());
        }
        // Each image counts once, however many parts there are.
        let before = (network.forwards(), network.backwards());
        gradient(&mut Plain);
        assert_eq!((network.forwards(), network.backwards()), (before.0 + 7, before.1 + 7));
    }
}
