//! The mean of any method's maps over noisy copies of the image: Captum's noise tunnel, and what smooth MPRT compares (Hedström et al., "Sanity
//! Checks Revisited", 2024: 50 copies, noise of a tenth of the image's range).
//!
//! It stands behind a method, with parameters of its own: `lrp:rule=epsilon+noise-tunnel:samples=20`. The gradient in it is SmoothGrad.

use models::{Tensor, TensorData};
use rand::RngExt;
use rand_distr::StandardNormal;
use spec::Reader;

use crate::batch::{self, Sums};
use crate::context::Context;
use crate::method::{Error, Explainer, Method, Needs, Passes};
use crate::noise::{self, Scale};
use crate::request::Request;

/// What stands behind the method's spec.
pub(crate) const NAME: &str = "noise-tunnel";

/// Takes apart the spec of a method and that of a tunnel behind it, if there is one.
pub fn split_tunnel(spec: &str) -> (&str, Option<&str>) {
    let tunnel = |(_, behind): &(&str, &str)| behind.split(':').next() == Some(NAME);
    spec::rsplit(spec, '+').filter(tunnel).map_or((spec, None), |(method, tunnel)| (method, Some(tunnel)))
}

/// How many copies, and how noisy.
#[derive(Clone, Copy)]
pub(crate) struct Tunnel {
    samples: usize,
    noise: f32,
    scale: Scale,
}

impl Tunnel {
    /// Reads a spec, and gives its canonical form.
    pub(crate) fn read(spec: &str) -> Result<(Self, String), spec::Error> {
        let mut reader = Reader::new(spec)?;
        let samples = reader.take_if("samples", 50, "a positive whole number", |&samples| samples > 0)?;
        let noise = noise::take(&mut reader, 0.1)?;
        let scale = reader.choose("scale", &[("range", Scale::Range), ("absolute", Scale::Absolute)])?;
        Ok((Self { samples, noise, scale }, reader.finish()?))
    }

    /// A method in the tunnel.
    pub(crate) fn around(self, method: Box<dyn Method>) -> Box<dyn Method> {
        Box::new(InTunnel { tunnel: self, method })
    }
}

struct InTunnel {
    tunnel: Tunnel,
    method: Box<dyn Method>,
}

impl Method for InTunnel {
    /// Of copies nothing is told.
    fn needs(&self) -> Needs {
        Needs { tells: false, ..self.method.needs() }
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        Ok(Box::new(Averaged { tunnel: self.tunnel, explainer: self.method.prepare(context)? }))
    }

    fn passes(&self, context: &Context<'_>, size: [usize; 2]) -> Result<Passes, Error> {
        let Passes { forwards, backwards, exact } = self.method.passes(context, size)?;
        let times = |passes: u64| passes.saturating_mul(self.tunnel.samples as u64);
        Ok(Passes { forwards: times(forwards), backwards: times(backwards), exact })
    }
}

struct Averaged<'a> {
    tunnel: Tunnel,
    explainer: Box<dyn Explainer + 'a>,
}

impl Explainer for Averaged<'_> {
    /// A copy is an image of its own: methods that draw do so anew for each.
    fn explain(&mut self, request: &Request<'_>) -> Result<Tensor<4>, Error> {
        let Tunnel { samples, noise, scale } = self.tunnel;
        let [n, c, h, w] = request.dims();
        let deviations = noise::deviations(request, noise, scale);
        let mut sums = Sums::new(n);
        for jobs in batch::batches(n, samples, request.batch_size) {
            let drawn = jobs.iter().flat_map(|job| {
                // The draws of SmoothGrad.
                let normal = request.random("smoothgrad", job.image, job.sample).sample_iter(StandardNormal);
                let deviation = deviations[job.image];
                normal.take(c * h * w).map(move |z: f32| z * deviation)
            });
            let drawn = TensorData::new(drawn.collect::<Vec<f32>>(), [jobs.len(), c, h, w]);
            let images = batch::images(&request.images, &jobs);
            let images = images + Tensor::from_data(drawn, &request.images.device());
            let keys: Vec<String> =
                jobs.iter().map(|job| format!("{}/{}", request.keys[job.image], job.sample)).collect();
            let targets = batch::targets(request.targets, &jobs);
            let copies = Request { images, targets: &targets, keys: &keys, ..*request };
            sums.add(&jobs, &self.explainer.explain(&copies)?);
        }
        Ok(sums.finish() / samples as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list::METHODS;
    use crate::{parse, tiny};

    fn maps(spec: &str, batch_size: usize) -> Vec<f32> {
        let classifier = tiny::resnet("tiny_basic", &[]);
        let context = Context::new(&classifier).unwrap();
        let method = parse(spec, &[METHODS]).unwrap();
        let mut explainer = method.prepare(&context).unwrap();
        tiny::numbers(explainer.explain(&tiny::request(batch_size)).unwrap())
    }

    #[test]
    fn the_gradient_in_the_tunnel_is_smoothgrad() {
        let smooth = maps("smoothgrad:samples=3", 8);
        assert_eq!(maps("gradient+noise-tunnel:samples=3,noise=0.15", 8), smooth);
        assert_eq!(maps("gradient+noise-tunnel:samples=3,noise=0.15", 2), smooth);
        assert_ne!(maps("gradient+noise-tunnel:samples=3", 8), smooth);
    }

    /// Without noise the copies are the image: so is the mean, for a power of two, bit for bit; but what draws, draws for each copy.
    #[test]
    fn without_noise_nothing_changes() {
        for spec in ["gradient", "gradcam", "center"] {
            assert_eq!(maps(&format!("{spec}+noise-tunnel:samples=2,noise=0"), 8), maps(spec, 8), "{spec}");
        }
        let drawn = |batch_size| maps("rise:masks=4+noise-tunnel:samples=2,noise=0", batch_size);
        assert_ne!(drawn(8), maps("rise:masks=4", 8));
        assert_eq!(drawn(8), drawn(1));
    }

    #[test]
    fn the_spec_is_the_methods_and_the_tunnels() {
        let spec = |text: &str| parse(text, &[METHODS]).map(|method| method.spec);
        assert_eq!(spec("gradcam+++noise-tunnel:samples=50,noise=0.10").unwrap(), "gradcam+++noise-tunnel");
        let whole = "rise:masks=5+noise-tunnel:samples=3,noise=0.2,scale=absolute";
        assert_eq!(spec(whole).unwrap(), whole);
        assert_eq!(split_tunnel(whole).0, "rise:masks=5");
        let inside = "best-of:methods=(gradient+noise-tunnel:samples=3)(rise)";
        assert_eq!(split_tunnel(inside), (inside, None));
        assert_eq!(split_tunnel("gradcam++"), ("gradcam++", None));
        for (text, part) in [
            ("gradient+noise-tunnel:samples=0", "samples=0 is not a positive whole number"),
            ("gradient+noise-tunnel:noise=-1", "noise=-1 is not a number >= 0"),
            ("gradient+noise-tunnel:layer=x", "has no parameter `layer`"),
            ("gradient+noise", "unknown method `gradient+noise`"),
            ("gradient+noise-tunnel+noise-tunnel", "unknown method `gradient+noise-tunnel`"),
        ] {
            let error = spec(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn it_costs_as_many_times_as_there_are_copies() {
        let classifier = tiny::resnet("tiny_basic", &[]);
        let context = Context::new(&classifier).unwrap();
        let passes = |spec: &str| parse(spec, &[METHODS]).unwrap().passes(&context, [64, 64]).unwrap();
        assert_eq!(passes("gradient+noise-tunnel:samples=7"), Passes::exact(7, 7));
        assert_eq!(passes("center+noise-tunnel"), Passes::exact(0, 0));
    }
}
