//! Measuring maps in memory as `perturb` and `score` measure them in tables.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use attribution::Request;
use maps::Map;
use metrics::Curve;
use models::{Classifier, Preprocess, Tensor};
use perturbation::{Executor, HostImage, Job, MapResult, ParsedTest, Plan};
use rayon::prelude::*;

use super::metric::{Metric, curve};
use super::{Reward, Scores};

/// Gives maps their scores. Equal inputs of the maps of an image are shown to the classifier once, and the clean image once for all
/// calls.
pub(crate) struct Judge<'a> {
    reward: &'a Reward,
    executor: Executor<'a, usize>,
    preprocess: Arc<Preprocess>,
    /// Inputs at once.
    batch: Rc<Cell<usize>>,
    /// The images of the request, or why they cannot be tested.
    images: Vec<Result<Arc<HostImage>, String>>,
}

/// How many maps are sorted at once: what is known of a sorted map takes many times its memory.
const SORTED: usize = 64;

/// The answers to each test, or why there are none.
type Curves = Vec<Result<Curve, String>>;

impl<'a> Judge<'a> {
    /// Measures by what `classifier` answers.
    pub(crate) fn new(reward: &'a Reward, classifier: &'a Classifier) -> Self {
        let batch = Rc::new(Cell::new(1));
        let size = Rc::clone(&batch);
        let executor = Executor::new(classifier, move |_| size.get());
        let preprocess = Arc::new(classifier.preprocess.clone());
        Self { reward, executor, preprocess, batch, images: Vec::new() }
    }

    /// Takes the images that the next maps are of.
    pub(crate) fn take(&mut self, request: &Request<'_>) {
        self.batch.set(request.batch_size);
        let [n, c, h, w] = request.dims();
        let planes = numbers(request.images.clone());
        let host = |image: usize| {
            let planes = planes[image * c * h * w..][..c * h * w].to_vec();
            let (key, tests) = (&request.keys[image], &self.reward.tests);
            HostImage::of_planes(key, [h, w], planes, &self.preprocess, tests, request.seed)
                .map(Arc::new)
                .map_err(|error| error.to_string())
        };
        self.images = (0..n).map(host).collect();
    }

    /// The scores of maps `(maps, 1, h, w)`, of each the number of its image and the class that it explains.
    pub(crate) fn scores(&mut self, maps: Tensor<4>, of: &[(usize, usize)]) -> Vec<Scores> {
        let [_, _, h, w] = maps.dims();
        let values = numbers(maps);
        let map =
            |values: &[f32]| Map::from_plane([h, w], values.to_vec()).map_err(|error| error.to_string());
        let maps: Vec<Result<Map, String>> = values.chunks(h * w).map(map).collect();
        let curves = self.curves(&maps, of);
        maps.iter().zip(&curves).map(|(map, curves)| self.values(map, curves)).collect()
    }

    /// The answers to the tests of each map.
    fn curves(&mut self, maps: &[Result<Map, String>], of: &[(usize, usize)]) -> Vec<Curves> {
        let tests = &self.reward.tests;
        let failed = |reason: String| vec![Err(reason); tests.len()];
        if tests.is_empty() {
            return vec![Vec::new(); maps.len()];
        }
        let images = &self.images;
        let plan = |(map, &(image, _)): (&Result<Map, String>, &(usize, usize))| {
            let image = images[image].clone()?;
            Ok((Plan::new(map.as_ref().map_err(Clone::clone)?, &image, tests), image))
        };
        let mut found: Vec<Curves> = vec![Vec::new(); maps.len()];
        let mut tags = 0..maps.len();
        for (maps, of) in maps.chunks(SORTED).zip(of.chunks(SORTED)) {
            // Sorting maps is the costly part of the host's work.
            let plans: Vec<Result<_, String>> = maps.par_iter().zip(of).map(plan).collect();
            for ((plan, &(_, target)), tag) in plans.into_iter().zip(of).zip(&mut tags) {
                let pushed = plan.and_then(|(plan, image)| {
                    let job = Job { image, plan, target: Some(target), tag, keep: None };
                    self.executor.push(job).map_err(|error| error.to_string())
                });
                if let Err(reason) = pushed {
                    found[tag] = failed(reason);
                }
            }
        }
        self.executor.flush();
        while let Some(MapResult { tag, target, curves, .. }) = self.executor.pop() {
            found[tag] = match curves {
                Ok(curves) => curves.iter().map(|answers| answered(answers, target)).collect(),
                Err(error) => failed(error.to_string()),
            };
        }
        found
    }

    /// The value of each metric.
    fn values(&self, map: &Result<Map, String>, curves: &Curves) -> Scores {
        let Reward { terms, tests } = self.reward;
        let of = |test: &ParsedTest| {
            tests.iter().position(|other| other == test).expect("a reward has its metrics' tests")
        };
        let value = |metric: &Metric| {
            let curves: Vec<_> = metric.tests.iter().map(|test| &curves[of(test)]).collect();
            metric.value(map, &curves)
        };
        terms.iter().map(|(metric, _)| value(metric)).collect()
    }
}

fn answered(answers: &perturbation::Curve, target: usize) -> Result<Curve, String> {
    answers.as_ref().map_err(ToString::to_string).and_then(|points| curve(points, target))
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().expect("images and maps are f32")
}
