//! Noise over the whole image, and what the map predicts of it.

use std::sync::Arc;

use images::FillError;
use rand::RngExt;
use rand_distr::StandardNormal;

use super::{Demand, Entry, Test, draws};
use crate::host_image::HostImage;
use crate::painter::{Painter, Replacement, Reuse};
use crate::plan::PlanBuilder;
use crate::point::Point;
use crate::undefined::Undefined;

pub(super) const ENTRY: Entry = Entry {
    name: "noise",
    summary: "the image, then `draws` times the image less noise in normalised space, from N(0, sigma) or with               distribution=uniform from U(-radius, radius), the same for all maps of an image; `mass` is the sum of the map               times the noise, `distance` the norm of the noise",
    source: "Yeh et al. 2019 (infidelity, noisy baseline; sensitivity: Captum has distribution=uniform,radius=0.02,draws=10); LATEC:              sigma=0.005",
    build: |reader| {
        let distribution = reader.choose("distribution", &[("normal", true), ("uniform", false)])?;
        let positive = |width: &f64| *width > 0.0 && width.is_finite();
        let mut take = |name, default| reader.take_if(name, default, "a positive number", positive);
        let spread = if distribution {
            Spread::Normal(take("sigma", 0.1)?)
        } else {
            Spread::Uniform(take("radius", 0.02)?)
        };
        let draws = reader
            .take_if("draws", 50_u64, "a whole number from 1 to 10000", |n| (1..=10_000).contains(n))?;
        let noises = (0..draws).map(|draw| Replacement::new(Noise { spread, draw })).collect();
        Ok(Arc::new(Noisy { noises }))
    },
};

/// The test.
#[derive(Debug)]
struct Noisy {
    noises: Vec<Replacement>,
}

/// How noise is distributed.
#[derive(Clone, Copy, Debug)]
enum Spread {
    /// With this standard deviation.
    Normal(f64),
    /// Up to this number, to both sides.
    Uniform(f64),
}

/// The image less noise.
#[derive(Debug)]
struct Noise {
    spread: Spread,
    draw: u64,
}

impl Painter for Noise {
    fn key(&self) -> String {
        let Self { spread, draw } = self;
        match spread {
            Spread::Normal(sigma) => format!("noise:sigma={sigma},draw={draw}"),
            Spread::Uniform(radius) => format!("noise:radius={radius},draw={draw}"),
        }
    }

    fn reuse(&self) -> Reuse {
        Reuse::Run
    }

    fn paint(&self, image: &HostImage, _: &[f32]) -> Result<Vec<f32>, FillError> {
        let mut random = stats::random::generator(image.seed(), &["noise", image.hash()], self.draw);
        let mut noise = || match self.spread {
            Spread::Normal(sigma) => sigma * random.sample::<f64, _>(StandardNormal),
            Spread::Uniform(radius) => radius * (2.0 * random.random::<f64>() - 1.0),
        };
        Ok(image.pixels().iter().map(|&x| (f64::from(x) - noise()) as f32).collect())
    }
}

impl Test for Noisy {
    fn fills(&self) -> &[Replacement] {
        &self.noises
    }

    fn points(&self, builder: &mut PlanBuilder<'_>) -> Result<Vec<Point>, Undefined> {
        draws::changed(builder, &self.noises)
    }

    fn demand(&self, _: usize) -> Demand {
        Demand::AtMost { count: 0, of_image: self.noises.len() as u64 }
    }
}
