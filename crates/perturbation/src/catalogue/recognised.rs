//! Which classes a generator can paint at all: the class set of the inpainting study.

use std::sync::Arc;

use super::{Demand, Entry, Test, draws};
use crate::generate::{Generated, Scene};
use crate::input::Input;
use crate::painter::Replacement;
use crate::plan::PlanBuilder;
use crate::point::{Measures, Point};
use crate::undefined::Undefined;

pub(super) const ENTRY: Entry = Entry {
    name: "recognised",
    summary: "the image, then `samples` images that a generator paints from black, told the words of the row's own class; whatever the \
              image and the map show",
    source: "Meaningful Perturbation, its supplement: the classes of which at least half of 20 samples are recognised",
    build: |reader| {
        let generator = reader.take("generator", "sd".to_owned())?;
        let samples =
            reader.take_if("samples", 20, "a whole number from 1 to 1000", |n| (1..=1000).contains(n))?;
        Ok(Arc::new(Recognised { generator, samples }))
    },
};

/// The test.
#[derive(Debug)]
struct Recognised {
    generator: String,
    samples: u64,
}

impl Test for Recognised {
    /// None that could be painted without a row: its class has the words.
    fn fills(&self) -> &[Replacement] {
        &[]
    }

    fn generator(&self) -> Option<&str> {
        Some(&self.generator)
    }

    fn points(&self, builder: &mut PlanBuilder<'_>) -> Result<Vec<Point>, Undefined> {
        let words: Arc<str> = builder.image().class().unwrap_or_default().into();
        let sample = |sample| {
            let (generator, scene) = (self.generator.clone(), Scene::Whole(Arc::clone(&words)));
            let painted = Input::Filled(Replacement::new(Generated { generator, sample, scene }));
            let measures = Measures { area: Some(0.0), ..Measures::default() };
            Point { measures, ..Point::new(1.0, vec![painted]) }
        };
        Ok(std::iter::once(draws::clean()).chain((0..self.samples).map(sample)).collect())
    }

    fn demand(&self, _: usize) -> Demand {
        Demand::AtMost { count: 0, of_image: self.samples }
    }
}
