//! The first patches of an image painted anew by a generator: the metric of the inpainting study.

use std::sync::Arc;

use maps::Patches;

use super::{Demand, Entry, Test, draws};
use crate::generate::{Generated, Scene};
use crate::imputation::Impute;
use crate::input::{Input, PixelSet};
use crate::painter::Replacement;
use crate::plan::PlanBuilder;
use crate::point::{Measures, Point};
use crate::undefined::Undefined;

pub(super) const ENTRY: Entry = Entry {
    name: "inpaint",
    summary: "the image, then its first patches painted by a generator, at fractions step, 2 step ... `end`, `samples` times each; a \
              generator with words is told the class of the rank-th highest score, which the rows name in `second`; generator=impute \
              has one sample and no words",
    source: "Meaningful Perturbation (Algorithm 1: samples=3 of Stable Diffusion, patches of 16 pixels); its code: \
             ranking=published,end=1; its ablations: rank=10, patch=1",
    build: |reader| {
        let generator = reader.take("generator", "impute".to_owned())?;
        let side = reader.take_if("patch", Patches::STUDY.side, "a whole number from 1 to 1000", |side| {
            (1..=1000).contains(side)
        })?;
        let published = reader.choose("ranking", &[("exact", false), ("published", true)])?;
        let steps =
            reader.take_if("steps", 10_usize, "a whole number from 1 to 1000", |n| (1..=1000).contains(n))?;
        let imputes = generator == "impute";
        let last = |end: f64| (end * steps as f64 + 1e-9) as usize;
        // Imputation needs a pixel that stays.
        let allowed = |end: &f64| *end <= 1.0 && last(*end) > 0 && !(imputes && last(*end) == steps);
        let expected = if imputes {
            "a number from that of one step to below 1"
        } else {
            "a number from that of one step to 1"
        };
        let end = reader.take_if("end", 0.5, expected, allowed)?;
        let rank = reader.take_if("rank", 2, "a whole number from 2 on", |rank| *rank > 1)?;
        let samples: Vec<Replacement> = if imputes {
            vec![Replacement::new(Impute { noise: 0.01 })]
        } else {
            let count =
                reader.take_if("samples", 3, "a whole number from 1 to 1000", |n| (1..=1000).contains(n))?;
            let sample = |sample| {
                Replacement::new(Generated { generator: generator.clone(), sample, scene: Scene::Open })
            };
            (0..count).map(sample).collect()
        };
        let patches = Patches { side, published };
        Ok(Arc::new(Inpaint {
            generator,
            patches,
            fractions: (1..=last(end)).map(|j| j as f64 / steps as f64).collect(),
            samples,
            rank,
        }))
    },
};

/// The test.
#[derive(Debug)]
struct Inpaint {
    generator: String,
    patches: Patches,
    fractions: Vec<f64>,
    samples: Vec<Replacement>,
    rank: usize,
}

impl Test for Inpaint {
    fn fills(&self) -> &[Replacement] {
        &self.samples
    }

    fn generator(&self) -> Option<&str> {
        (self.generator != "impute").then_some(&*self.generator)
    }

    fn other_class(&self) -> Option<usize> {
        Some(self.rank)
    }

    /// Sample by sample, so that a generator is asked for several images at once.
    fn points(&self, builder: &mut PlanBuilder<'_>) -> Result<Vec<Point>, Undefined> {
        builder.check()?;
        let map = builder.map();
        let pixels = map.pixels();
        let sets: Vec<PixelSet> = self
            .fractions
            .iter()
            .map(|&share| PixelSet::new(pixels, self.patches.first(map, share)))
            .collect();
        let point = |sample: &Replacement, (set, &fraction): (&PixelSet, &f64)| {
            let shown = 1.0 - set.count() as f64 / pixels as f64;
            let measures = Measures { area: Some(shown), ..Measures::default() };
            Point { measures, ..Point::new(fraction, vec![Input::chosen(set.clone(), pixels, sample)]) }
        };
        let of_sample = |sample| sets.iter().zip(&self.fractions).map(move |place| point(sample, place));
        Ok(std::iter::once(draws::clean()).chain(self.samples.iter().flat_map(of_sample)).collect())
    }

    fn demand(&self, _: usize) -> Demand {
        Demand::AtMost { count: (self.fractions.len() * self.samples.len()) as u64, of_image: 0 }
    }
}
