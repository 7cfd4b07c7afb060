//! Noise over the whole image, and what the map predicts of it.

use std::sync::Arc;

use images::FillError;
use rand::RngExt;
use rand_distr::StandardNormal;

use super::{Demand, Entry, Test, draws};
use crate::host_image::HostImage;
use crate::input::Input;
use crate::painter::{Painter, Replacement, Reuse};
use crate::plan::PlanBuilder;
use crate::point::{Measures, Point};
use crate::undefined::Undefined;

pub(super) const ENTRY: Entry = Entry {
    name: "noise",
    summary: "the image, then `draws` times the image less noise from N(0, sigma) in normalised space, the same for all maps \
              of an image; `mass` is the sum of the map times the noise, `distance` the norm of the noise",
    source: "Yeh et al. 2019 (infidelity, noisy baseline); LATEC: sigma=0.005",
    build: |reader| {
        let positive = |sigma: &f64| *sigma > 0.0 && sigma.is_finite();
        let sigma = reader.take_if("sigma", 0.1, "a positive number", positive)?;
        let draws = reader
            .take_if("draws", 50_u64, "a whole number from 1 to 10000", |n| (1..=10_000).contains(n))?;
        let noises = (0..draws).map(|draw| Replacement::new(Noise { sigma, draw })).collect();
        Ok(Arc::new(Noisy { noises }))
    },
};

/// The test.
#[derive(Debug)]
struct Noisy {
    noises: Vec<Replacement>,
}

/// The image less noise.
#[derive(Debug)]
struct Noise {
    sigma: f64,
    draw: u64,
}

impl Painter for Noise {
    fn key(&self) -> String {
        format!("noise:sigma={},draw={}", self.sigma, self.draw)
    }

    fn reuse(&self) -> Reuse {
        Reuse::Run
    }

    fn paint(&self, image: &HostImage, _: &[f32]) -> Result<Vec<f32>, FillError> {
        let random = stats::random::generator(image.seed(), &["noise", image.hash()], self.draw);
        let less = |(x, z): (&f32, f64)| (f64::from(*x) - self.sigma * z) as f32;
        Ok(image.pixels().iter().zip(random.sample_iter(StandardNormal)).map(less).collect())
    }
}

impl Test for Noisy {
    fn fills(&self) -> &[Replacement] {
        &self.noises
    }

    fn points(&self, builder: &mut PlanBuilder<'_>) -> Result<Vec<Point>, Undefined> {
        builder.check()?;
        let (map, image) = (builder.map(), builder.image());
        let point = |noise: &Replacement| {
            let noisy = noise.paint(image, &[]).ok();
            let change = noisy.map(|noisy| draws::change(map, image, &noisy)).unwrap_or_default();
            let measures = Measures { area: Some(0.0), ..change };
            Point { measures, ..Point::new(1.0, vec![Input::Filled(noise.clone())]) }
        };
        Ok(std::iter::once(draws::clean()).chain(self.noises.iter().map(point)).collect())
    }

    fn demand(&self, _: usize) -> Demand {
        Demand::AtMost { count: 0, of_image: self.noises.len() as u64 }
    }
}
