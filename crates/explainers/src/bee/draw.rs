//! Drawing baselines, and the maps that they give.

use attribution::{Context, Error, Request};
use models::resize::Resample;
use models::{Tensor, softmax};

use super::arms::{Arm, Values, training};
use super::settings::Settings;
use super::space::{Paths, Space, maps};

/// A baseline to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Job {
    /// Its image in the request.
    pub(super) image: usize,
    /// Its number among the draws of the image.
    pub(super) draw: usize,
    /// What it is drawn from.
    pub(super) arm: Arm,
}

/// Draws for the images of a request.
pub(super) struct Drawer<'a> {
    settings: &'a Settings,
    /// Where paths run; a map is the mean over these.
    pub(super) spaces: Vec<Box<dyn Space + 'a>>,
    /// For each space the values of each image.
    values: Vec<Vec<Values>>,
    /// For each space the values of all training images, which are the same for the whole run.
    training: Vec<Tensor<4>>,
}

impl<'a> Drawer<'a> {
    /// For a network.
    ///
    /// # Errors
    /// If it lacks a layer, or one is of no use.
    pub(super) fn new(settings: &'a Settings, context: &'a Context<'a>) -> Result<Self, Error> {
        let spaces = settings.spaces(context)?;
        Ok(Self { settings, spaces, values: Vec::new(), training: Vec::new() })
    }

    /// Takes the images that the next baselines are drawn for.
    pub(super) fn take(&mut self, request: &Request<'_>) {
        if let (true, Some(images)) = (self.settings.trains() && self.training.is_empty(), request.baselines)
        {
            let size = request.batch_size;
            self.training = self.spaces.iter().map(|space| space.values(images, size)).collect();
        }
        let one = |all: Tensor<4>| -> Vec<Values> {
            (0..request.dims()[0]).map(|image| Values::new(all.clone().narrow(0, image, 1))).collect()
        };
        self.values = self.spaces.iter_mut().map(|space| one(space.take(request))).collect();
    }

    /// The map of each baseline, `(jobs, 1, h, w)` as the images.
    pub(super) fn maps(&self, request: &Request<'_>, jobs: &[Job]) -> Tensor<4> {
        let [_, _, h, w] = request.dims();
        let of_space = |at: usize| {
            let paths: Vec<Paths> = jobs.iter().map(|&job| self.paths(request, at, job)).collect();
            let small = maps(&*self.spaces[at], &paths, request.targets, request.batch_size);
            Resample::BICUBIC.resize(small, h, w)
        };
        let sum = (0..self.spaces.len()).map(of_space).reduce(|a, b| a + b);
        sum.expect("there is a place for paths") / self.spaces.len() as f32
    }

    /// The paths of one map in a space. Random numbers belong to image, arm, space and draw, and not to the method: two methods that draw from
    /// one arm draw the same.
    fn paths(&self, request: &Request<'_>, at: usize, Job { image, draw, arm }: Job) -> Paths {
        let space = &self.spaces[at];
        let key = ["bee", &request.keys[image], arm.name(), space.name()];
        let mut random = stats::random::generator(request.seed, &key, draw as u64);
        let Some(drawn) = self.values[at][image].draw(arm, self.settings.normal, &mut random) else {
            let baselines = self.training[at].clone();
            let rows = training::draw(baselines.dims()[0], self.settings.images, &mut random);
            return Paths { image, baselines, rows };
        };
        // BEE: rows of attention are normalised by a softmax.
        let baselines = if space.holds_weights() { softmax(drawn, 3) } else { drawn };
        Paths { image, baselines, rows: vec![0] }
    }
}
