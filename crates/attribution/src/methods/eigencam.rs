//! Eigen-CAM (Muhammad and Yeasin, "Eigen-CAM: Class Activation Map using Principal Components", 2020): the layer projected on
//! the first principal component of its channels, positions as observations. It knows no class. The component's sign is
//! chosen so that the position farthest from the mean is positive.

use models::resize::Resample;
use models::{Tensor, TensorData};
use spec::Reader;

use crate::batch;
use crate::context::Context;
use crate::layer::Layer;
use crate::linear::{Matrix, first_component};
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};

pub(crate) const ENTRY: Entry = Entry {
    name: "eigencam",
    summary: "first principal component of the feature maps; the same for every class",
    paper: "Muhammad and Yeasin 2020",
    cost: "1 F to the layer",
    build: |reader: &mut Reader| Ok(Box::new(EigenCam { layer: Layer::take(reader)? })),
};

struct EigenCam {
    layer: Layer,
}

impl Method for EigenCam {
    fn needs(&self) -> Needs {
        Needs::network().layer(&self.layer)
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let classifier = context.classifier;
        let layer = self.layer.find("eigencam", context)?;
        Ok(explainer(move |request| {
            let [_, _, h, w] = request.dims();
            batch::each(request, |x, _| {
                let maps = classifier.layer_maps(x, layer);
                let [k, c, rows, columns] = maps.dims();
                let numbers: Vec<f32> = maps.clone().into_data().try_into_vec().expect("features are f32");
                let shown = numbers.chunks(c * rows * columns).flat_map(|maps| component(maps, c)).collect();
                let shown = TensorData::new(shown, [k, 1, rows, columns]);
                Resample::BILINEAR.resize(Tensor::from_data(shown, &maps.device()), h, w)
            })
        }))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(1, 0))
    }
}

/// The projection of each position on the first principal component of `(channels, positions)`.
fn component(maps: &[f32], channels: usize) -> Vec<f32> {
    let positions = maps.len() / channels;
    let mean = |c: usize| {
        let channel = maps[c * positions..][..positions].iter();
        channel.map(|&v| f64::from(v)).sum::<f64>() / positions as f64
    };
    let means: Vec<f64> = (0..channels).map(mean).collect();
    let x = Matrix::from_fn(positions, channels, |i, c| f64::from(maps[c * positions + i]) - means[c]);
    let map = first_component(&x);
    let farthest = map.iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap_or(1.0);
    map.into_iter().map(|value| (value * farthest.signum()) as f32).collect()
}
