//! XRAI (Kapishnikov et al., "XRAI: Better Attributions Through Regions", 2019, algorithm 1): segments of six scales are added
//! to a growing region in the order of their mean attribution outside it; each pixel gets the mean of the segment that
//! brought it. The attribution is the largest over colours of the mean of integrated gradients from black and from white.

use std::collections::BTreeSet;

use models::classifier::Output;
use models::{Classifier, Plain, Tensor, TensorData};
use rayon::prelude::*;
use spec::Reader;

use crate::batch::{self, Sums};
use crate::context::Context;
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};
use crate::request::Request;
use crate::segments::Segments;

pub(crate) const ENTRY: Entry = Entry {
    name: "xrai",
    summary: "integrated gradients summed over segments, best segments first",
    paper: "Kapishnikov et al. 2019",
    cost: "2 steps (F + B)",
    build: |reader: &mut Reader| {
        let steps = reader.take_if("steps", 100, "a whole number > 1", |&steps| steps > 1)?;
        Ok(Box::new(Xrai { steps }))
    },
};

const SCALES: [f64; 6] = [50.0, 100.0, 150.0, 250.0, 500.0, 1200.0];
/// Segments smaller than this are merged, and a segment that adds fewer pixels than a third of it is passed over.
const LEAST_SIZE: usize = 150;
const LEAST_GAIN: usize = 50;
/// Segments are widened by a disk of this radius, so that edges belong to both sides.
const RADIUS: isize = 5;

struct Xrai {
    steps: usize,
}

impl Method for Xrai {
    fn needs(&self) -> Needs {
        Needs::network()
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let classifier = context.classifier;
        Ok(explainer(move |request| {
            let [n, _, h, w] = request.dims();
            let attribution: Vec<f32> =
                self.attribution(classifier, request).into_data().try_into_vec().expect("maps are f32");
            let pixels: Vec<Tensor<4>> = (0..n).map(|image| request.pixels(classifier, image)).collect();
            let maps = attribution
                .par_chunks(h * w)
                .zip(pixels)
                .flat_map_iter(|(attribution, pixels)| grow(attribution, segments(&pixels)));
            Tensor::from_data(TensorData::new(maps.collect(), [n, 1, h, w]), &request.images.device())
        }))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(2 * self.steps, 2 * self.steps))
    }
}

impl Xrai {
    /// `(n, 1, h, w)`.
    fn attribution(&self, classifier: &Classifier, request: &Request<'_>) -> Tensor<4> {
        let ends = [0.0, 1.0].map(|pixel| request.images.zeros_like() + classifier.colour(pixel));
        let parts = ends.map(|baseline| {
            let difference = request.images.clone() - baseline.clone();
            let mut sums = Sums::new(request.dims()[0]);
            for jobs in batch::batches(request.dims()[0], self.steps, request.batch_size) {
                let along = jobs.iter().map(|job| job.sample as f32 / (self.steps - 1) as f32).collect();
                let step = batch::images(&difference, &jobs);
                let x = batch::images(&baseline, &jobs) + step.clone() * batch::numbers(along, &step);
                let targets = batch::targets(request.targets, &jobs);
                sums.add(&jobs, &classifier.input_gradient(x, &targets, Output::Logit, &mut Plain).0);
            }
            sums.finish() * difference / self.steps as f32
        });
        let [black, white] = parts;
        ((black + white) / 2.0).max_dim(1)
    }
}

/// The widened segments of all scales, each as its pixels in order. The image is taken as values in -1..1.
fn segments(pixels: &Tensor<4>) -> Vec<Vec<u32>> {
    let [_, _, h, w] = pixels.dims();
    let doubled = pixels.clone() * 2.0 - 1.0;
    let cut = |scale| Segments::Felzenszwalb { scale, sigma: 0.8, size: LEAST_SIZE }.of(&doubled);
    SCALES.into_iter().flat_map(|scale| widened(cut(scale), [h, w])).collect()
}

/// Segments with what a disk around each of their pixels covers. What that takes grows with the pixels alone: of all the
/// segments, one at a time marks what it has reached.
fn widened((of, count): (Vec<usize>, usize), [h, w]: [usize; 2]) -> Vec<Vec<u32>> {
    let disk: Vec<(isize, isize)> = (-RADIUS..=RADIUS)
        .flat_map(|y| (-RADIUS..=RADIUS).map(move |x| (y, x)))
        .filter(|(y, x)| y * y + x * x <= RADIUS * RADIUS)
        .collect();
    let mut own = vec![Vec::new(); count];
    for (i, segment) in of.into_iter().enumerate() {
        own[segment].push(i);
    }
    let mut reached = vec![usize::MAX; h * w];
    let mut widen = |(segment, own): (usize, Vec<usize>)| {
        let mut wide = Vec::with_capacity(own.len());
        for (i, (dy, dx)) in own.into_iter().flat_map(|i| disk.iter().map(move |offset| (i, offset))) {
            let (y, x) = ((i / w) as isize + dy, (i % w) as isize + dx);
            if !(0..h as isize).contains(&y) || !(0..w as isize).contains(&x) {
                continue;
            }
            let at = y as usize * w + x as usize;
            if std::mem::replace(&mut reached[at], segment) != segment {
                wide.push(at as u32);
            }
        }
        wide.sort_unstable();
        wide.shrink_to_fit();
        wide
    };
    own.into_iter().enumerate().map(&mut widen).collect()
}

/// Adds the segment with the largest mean over the pixels that are not covered yet, until none adds enough; what is left
/// has its own mean.
fn grow(attribution: &[f32], mut segments: Vec<Vec<u32>>) -> Vec<f32> {
    let mut map: Vec<Option<f32>> = vec![None; attribution.len()];
    let mean = |pixels: &[u32]| {
        let sum: f64 = pixels.iter().map(|&i| f64::from(attribution[i as usize])).sum();
        (sum / pixels.len().max(1) as f64) as f32
    };
    let gain = |pixels: &[u32]| (pixels.len() >= LEAST_GAIN).then(|| mean(pixels));
    let holders = Holders::of(&segments, map.len());
    let mut gains: Vec<Option<f32>> = segments.iter().map(|pixels| gain(pixels)).collect();
    loop {
        let left = gains.iter().enumerate().filter_map(|(i, gain)| Some((i, (*gain)?)));
        // The first of equal gains wins.
        let best = left.reduce(|best, other| if other.1 > best.1 { other } else { best });
        let Some((best, value)) = best else { break };
        let region = std::mem::take(&mut segments[best]);
        for &i in &region {
            map[i as usize] = Some(value);
        }
        for segment in holders.any(&region) {
            segments[segment].retain(|&i| map[i as usize].is_none());
            gains[segment] = gain(&segments[segment]);
        }
    }
    let left: Vec<u32> = (0..map.len() as u32).filter(|&i| map[i as usize].is_none()).collect();
    let rest = mean(&left);
    map.into_iter().map(|value| value.unwrap_or(rest)).collect()
}

/// Which segments hold each pixel.
struct Holders {
    /// Where the segments of each pixel begin, and the end of the last.
    starts: Vec<usize>,
    segments: Vec<u32>,
}

impl Holders {
    fn of(segments: &[Vec<u32>], pixels: usize) -> Self {
        let mut starts = vec![0; pixels + 1];
        segments.iter().flatten().for_each(|&i| starts[i as usize + 1] += 1);
        for i in 0..pixels {
            starts[i + 1] += starts[i];
        }
        let (mut next, mut found) = (starts.clone(), vec![0; starts[pixels]]);
        for (segment, pixels) in segments.iter().enumerate() {
            for &i in pixels {
                found[next[i as usize]] = segment as u32;
                next[i as usize] += 1;
            }
        }
        Self { starts, segments: found }
    }

    /// The segments that hold any of these pixels, each once.
    fn any(&self, pixels: &[u32]) -> BTreeSet<usize> {
        let of = |&i: &u32| &self.segments[self.starts[i as usize]..self.starts[i as usize + 1]];
        pixels.iter().flat_map(of).map(|&segment| segment as usize).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tiny;

    #[test]
    fn the_best_segment_comes_first_and_all_pixels_get_a_value() {
        let attribution: Vec<f32> = (0..200).map(|i| if i < 100 { 2.0 } else { 1.0 }).collect();
        let segments = vec![(0..200).collect(), (0..100).collect(), (150..160).collect()];
        let map = grow(&attribution, segments);
        assert!(map[..100].iter().all(|&x| x == 2.0) && map[100..].iter().all(|&x| x == 1.0));
    }

    /// PAIR's segments, by scikit-image, and what grows in them from a given attribution.
    #[test]
    fn regions_equal_pair() {
        let given = |i: usize| {
            let (y, x) = ((i / 64) as f32, (i % 64) as f32);
            (0.1 * y).sin() * (0.07 * x).cos() + 0.2 * (1.3 * i as f64).sin() as f32
        };
        let attribution: Vec<f32> = (0..64 * 64).map(given).collect();
        let classifier = tiny::resnet("tiny_basic", &[]);
        let request = tiny::request(2);
        let map = |image| grow(&attribution, segments(&request.pixels(&classifier, image)));
        let maps = TensorData::new([map(0), map(1)].concat(), [2, 1, 64, 64]);
        let maps = Tensor::<4>::from_data(maps, &request.images.device());
        let expected = testing::golden::array("attribution/more/xrai_regions.npy");
        let kept = tiny::numbers(maps.slice(models::s![.., .., ..;5, ..;3]));
        testing::assert_close(&kept, &expected.data, testing::Tolerance::new(1e-5, 1e-5));
    }
}
