//! Controls that know nothing of the classifier: what a method must beat besides noise.
//!
//! `center` is a Gaussian in the middle, `edge` the Sobel gradient magnitude of the grey image, `input-magnitude` the mean
//! absolute normalised value.

use models::{Tensor, TensorData};
use spec::Reader;

use crate::context::Context;
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};

pub(crate) const CENTER: Entry = Entry {
    name: "center",
    summary: "a Gaussian in the middle of the image: a control",
    paper: "-",
    cost: "none",
    build: |reader: &mut Reader| {
        let positive = |x: &f64| *x > 0.0 && x.is_finite();
        let sigma = reader.take_if("sigma", 0.25, "a positive number", positive)?;
        Ok(Box::new(Center { sigma }))
    },
};

pub(crate) const EDGE: Entry = Entry {
    name: "edge",
    summary: "Sobel edges of the image: a control",
    paper: "Adebayo et al. 2018",
    cost: "none",
    build: |_: &mut Reader| Ok(Box::new(Edge)),
};

pub(crate) const INPUT_MAGNITUDE: Entry = Entry {
    name: "input-magnitude",
    summary: "mean absolute value of the normalised image: a control",
    paper: "-",
    cost: "none",
    build: |_: &mut Reader| Ok(Box::new(InputMagnitude)),
};

struct Center {
    /// In units of the image's height and width.
    sigma: f64,
}

impl Method for Center {
    fn needs(&self) -> Needs {
        Needs::scores()
    }

    fn prepare<'a>(&'a self, _: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        Ok(explainer(move |request| {
            let [n, _, h, w] = request.dims();
            let line = |size: usize| {
                let density = |i: usize| {
                    let t = ((i as f64 + 0.5) / size as f64 - 0.5) / self.sigma;
                    (-t * t / 2.0).exp() as f32
                };
                (0..size).map(density).collect::<Vec<f32>>()
            };
            let device = request.images.device();
            let rows = Tensor::<4>::from_data(TensorData::new(line(h), [1, 1, h, 1]), &device);
            let columns = Tensor::<4>::from_data(TensorData::new(line(w), [1, 1, 1, w]), &device);
            (rows * columns).expand([n, 1, h, w])
        }))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(0, 0))
    }
}

struct Edge;

impl Method for Edge {
    fn needs(&self) -> Needs {
        Needs::scores()
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let classifier = context.classifier;
        Ok(explainer(move |request| {
            let [n, ..] = request.dims();
            let grey: Vec<Tensor<4>> =
                (0..n).map(|image| request.pixels(classifier, image).mean_dim(1)).collect();
            sobel(Tensor::cat(grey, 0))
        }))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(0, 0))
    }
}

/// The length of Sobel's gradient of maps `(n, 1, h, w)`, their borders repeated.
fn sobel(x: Tensor<4>) -> Tensor<4> {
    let smooth = |x: Tensor<4>, axis| shifted(x.clone(), axis, -1) + x.clone() * 2.0 + shifted(x, axis, 1);
    let difference = |x: Tensor<4>, axis| shifted(x.clone(), axis, 1) - shifted(x, axis, -1);
    let down = difference(smooth(x.clone(), 3), 2);
    let right = difference(smooth(x, 2), 3);
    (down.clone() * down + right.clone() * right).sqrt()
}

/// The neighbour in one direction along an axis; outside lies the border.
fn shifted(x: Tensor<4>, axis: usize, by: isize) -> Tensor<4> {
    let size = x.dims()[axis];
    if size == 1 {
        // Its only line is its own border.
        return x;
    }
    let (first, last) = (x.clone().narrow(axis, 0, 1), x.clone().narrow(axis, size - 1, 1));
    if by > 0 {
        Tensor::cat(vec![x.narrow(axis, 1, size - 1), last], axis)
    } else {
        Tensor::cat(vec![first, x.narrow(axis, 0, size - 1)], axis)
    }
}

struct InputMagnitude;

impl Method for InputMagnitude {
    fn needs(&self) -> Needs {
        Needs::scores()
    }

    fn prepare<'a>(&'a self, _: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        Ok(explainer(move |request| request.images.clone().abs().mean_dim(1)))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(0, 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tiny::numbers;

    #[test]
    fn edges_lie_where_the_image_changes() {
        let pixels: Vec<f32> = (0..16).map(|i| if i % 4 < 2 { 0.0 } else { 1.0 }).collect();
        let x = Tensor::from_data(TensorData::new(pixels, [1, 1, 4, 4]), &models::device::cpu().device);
        assert_eq!(numbers(sobel(x))[4..8], [0.0, 4.0, 4.0, 0.0]);
    }

    #[test]
    fn a_line_and_a_point_have_edges_too() {
        let edges = |pixels: &[f32], shape: [usize; 4]| {
            let x = TensorData::new(pixels.to_vec(), shape);
            numbers(sobel(Tensor::from_data(x, &models::device::cpu().device)))
        };
        assert_eq!(edges(&[0.0, 0.0, 1.0, 1.0], [1, 1, 1, 4]), [0.0, 4.0, 4.0, 0.0]);
        assert_eq!(edges(&[0.0, 0.0, 1.0, 1.0], [1, 1, 4, 1]), [0.0, 4.0, 4.0, 0.0]);
        assert_eq!(edges(&[7.0], [1, 1, 1, 1]), [0.0]);
    }
}
