//! How much of an image a classifier needs, by the information in what it is shown.

use std::sync::Arc;

use images::{Information, bokeh};
use spec::Reader;

use super::shown::{Ordered, ordered};
use super::{Demand, Entry, Test};
use crate::input::{Input, Painted};
use crate::painter::Replacement;
use crate::plan::PlanBuilder;
use crate::point::{Measures, Point};
use crate::undefined::Undefined;

pub(super) const ENTRY: Entry = Entry {
    name: "information",
    summary: "a hundredth of the pixels, drawn at random, then the most relevant ones besides, the others interpolated between \
              them, and the image; `information` is the size of what is shown in bytes (estimate=webp: a lossless file; \
              entropy: that of LOCO-I's residuals), `area` the share of known pixels",
    source: "Kapishnikov et al. 2019 (XRAI), performance information curves; thresholds=bee: those of BEE, pair: of PAIR's \
             program, which keeps all pixels that tie; here the share is exact, by index",
    build,
};

/// The shares of the most relevant pixels, as published.
const BEE: &[f64] = &[0.005, 0.01, 0.03, 0.08, 0.1, 0.21, 0.34, 0.5, 0.75];
const PAIR: &[f64] = &[0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.07, 0.1, 0.13, 0.21, 0.34, 0.5, 0.75];

/// The parameters of the test.
#[derive(Debug)]
struct Shown {
    thresholds: &'static [f64],
    estimate: Information,
}

fn build(reader: &mut Reader) -> Result<Arc<dyn Test>, spec::Error> {
    let thresholds = reader.choose("thresholds", &[("bee", BEE), ("pair", PAIR)])?;
    let estimate =
        reader.choose("estimate", &[("webp", Information::WebP), ("entropy", Information::Entropy)])?;
    Ok(Arc::new(Shown { thresholds, estimate }))
}

impl Test for Shown {
    fn fills(&self) -> &[Replacement] {
        &[]
    }

    /// The blank image first, which no map has a part in, and the clean one last.
    fn points(&self, builder: &mut PlanBuilder<'_>) -> Result<Vec<Point>, Undefined> {
        let (map, image) = (builder.map(), builder.image());
        let Some(Ordered { planes, ranks }) = ordered(builder)? else { return Ok(Vec::new()) };
        let pixels = map.pixels();
        let mut seed = vec![false; pixels];
        let always = bokeh::known_pixels(pixels, image.seed(), image.hash());
        for place in always.into_iter().chain(bokeh::corners(image.size())) {
            seed[place] = true;
        }
        let point = |count: usize| {
            let known: Vec<bool> =
                seed.iter().zip(ranks).map(|(&seed, &rank)| seed || rank < count as f32).collect();
            let area = known.iter().filter(|&&known| known).count() as f64 / pixels as f64;
            let shown = bokeh::paint(&planes, image.size(), &known);
            let information = self.estimate.of(&shown, image.size());
            let measures = Measures { information, area: Some(area), ..Measures::default() };
            Point { measures, ..Point::new(1.0 - area, vec![input(count, pixels, shown)]) }
        };
        Ok(self.counts(pixels).map(point).collect())
    }

    /// The image of nothing but the random pixels is the same for all maps; of few pixels several thresholds may be one image.
    fn demand(&self, _: usize) -> Demand {
        Demand::AtMost { count: self.thresholds.len() as u64, of_image: 1 }
    }
}

impl Shown {
    /// How many of the first pixels are known: none, as many as reach the quantile of a map without equal values (NumPy's
    /// linear one), and all.
    fn counts(&self, pixels: usize) -> impl Iterator<Item = usize> {
        let of = move |share: &f64| pixels - ((1.0 - share) * (pixels - 1) as f64 - 1e-9).ceil() as usize;
        [0].into_iter().chain(self.thresholds.iter().map(of)).chain([pixels])
    }
}

fn input(count: usize, pixels: usize, shown: Vec<u8>) -> Input {
    if count == pixels { Input::Clean } else { Input::Painted(Painted::new(shown)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_pixels_are_known_as_reach_the_quantile() {
        let counts = |thresholds, pixels| -> Vec<usize> {
            Shown { thresholds, estimate: Information::WebP }.counts(pixels).collect()
        };
        // (np.arange(50176) >= np.quantile(np.arange(50176), 1 - t)).sum()
        assert_eq!(
            counts(BEE, 50_176),
            [0, 251, 502, 1506, 4015, 5018, 10_537, 17_060, 25_088, 37_632, 50_176]
        );
        assert_eq!(counts(BEE, 1), [0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
    }
}
