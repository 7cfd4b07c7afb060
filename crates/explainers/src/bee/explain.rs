//! The method at work: draws, scores, the best of them.

use std::fs;

use attribution::{Context, Error, Explainer, Request, Told};
use models::{Classifier, NodeId, Tensor};
use rand::RngExt;

use super::bandit::{Bandit, Beta, Gaussian, Layer, file};
use super::draw::{Drawer, Job};
use super::{Bee, Choice};
use crate::reward::{Judge, Tries};

/// A method that is ready.
pub(super) struct Adapting<'a> {
    bee: &'a Bee,
    pub(super) drawer: Drawer<'a>,
    pub(super) eyes: Eyes<'a>,
    pub(super) bandit: Bandit,
    pub(super) judge: Judge<'a>,
    told: Vec<Told>,
}

/// What is known of an image while its baselines are drawn.
struct Image {
    context: Vec<f64>,
    bandit: Bandit,
    tries: Tries,
    maps: Vec<Tensor<4>>,
}

impl<'a> Adapting<'a> {
    /// For a network.
    ///
    /// # Errors
    /// If it lacks a layer or features, or the bandit's file is of no use for it.
    pub(super) fn new(bee: &'a Bee, context: &'a Context<'a>) -> Result<Self, Error> {
        let drawer = Drawer::new(&bee.settings, context)?;
        let eyes = Eyes::new(bee, context)?;
        let first = first(bee, &eyes);
        let bandit = match &bee.bandit {
            Some(name) => load(bee, context, name, &bee.settings.words(&drawer.spaces), &first)?,
            None => first,
        };
        let judge = Judge::new(&bee.settings.reward, context.plain);
        Ok(Self { bee, drawer, eyes, bandit, judge, told: Vec::new() })
    }

    /// Draws once more for each image, as the bandit of each has learned so far, or all at once.
    fn draw(&mut self, request: &Request<'_>, images: &mut [Image], draws: std::ops::Range<usize>) {
        let settings = &self.bee.settings;
        let mut jobs = Vec::new();
        for (image, known) in images.iter_mut().enumerate() {
            for draw in draws.clone() {
                let (arm, chances) =
                    known.bandit.choose(&known.context, &mut random(request, image, "choice", draw));
                let names = settings.arms.iter().map(|arm| arm.name().to_owned());
                let chances = names.zip(chances).collect();
                known.tries.begin(settings.arms[arm].name(), chances);
                jobs.push((Job { image, draw, arm: settings.arms[arm] }, arm));
            }
        }
        let (jobs, arms): (Vec<Job>, Vec<usize>) = jobs.into_iter().unzip();
        let maps = self.drawer.maps(request, &jobs);
        let of: Vec<(usize, usize)> =
            jobs.iter().map(|job| (job.image, request.targets[job.image])).collect();
        let scores = self.judge.scores(maps.clone(), &of);
        for (at, ((job, arm), scores)) in jobs.iter().zip(arms).zip(scores).enumerate() {
            let known = &mut images[job.image];
            known.maps.push(maps.clone().narrow(0, at, 1));
            if self.bee.choice.learns() {
                let luck = random(request, job.image, "reward", job.draw).random();
                let success = settings.reward.success(&scores, &known.tries.scored(), luck);
                known.bandit.learn(arm, &known.context, success);
            }
            known.tries.end(scores);
        }
    }
}

impl Explainer for Adapting<'_> {
    fn explain(&mut self, request: &Request<'_>) -> Result<Tensor<4>, Error> {
        let settings = &self.bee.settings;
        self.drawer.take(request);
        self.judge.take(request);
        let features = self.eyes.features(request);
        let image = |features: &Vec<f64>| Image {
            context: self.bandit.context(features),
            bandit: self.bandit.clone(),
            tries: Tries::default(),
            maps: Vec::new(),
        };
        let mut images: Vec<Image> = features.iter().map(image).collect();
        if self.bee.choice.learns() {
            (0..settings.samples).for_each(|draw| self.draw(request, &mut images, draw..draw + 1));
        } else {
            self.draw(request, &mut images, 0..settings.samples);
        }
        let best = |image: &Image| match image.tries.best(&settings.reward) {
            Some(best) => image.maps[best].clone(),
            None => image.maps[0].full_like(f32::NAN),
        };
        let maps = Tensor::cat(images.iter().map(best).collect(), 0);
        self.told = images.into_iter().map(|image| image.tries.told(&settings.reward)).collect();
        Ok(maps)
    }

    fn told(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.told)
    }
}

/// Random numbers of what is decided about an image.
pub(super) fn random(request: &Request<'_>, image: usize, what: &str, draw: usize) -> rand::rngs::ChaCha8Rng {
    stats::random::generator(request.seed, &["bee", &request.keys[image], what], draw as u64)
}

/// Where the context of an image is read: what the last linear layer reads.
pub(super) struct Eyes<'a> {
    classifier: &'a Classifier,
    node: Option<NodeId>,
    /// How many features there are.
    size: usize,
}

impl<'a> Eyes<'a> {
    fn new(bee: &Bee, context: &'a Context<'a>) -> Result<Self, Error> {
        let classifier = context.plain;
        if !bee.choice.has_context() {
            return Ok(Self { classifier, node: None, size: 0 });
        }
        let graph = classifier.network.graph();
        let unfit = |reason: String| Error::unfit(bee.settings.method, classifier, reason);
        let node = graph.pooled().ok_or_else(|| {
            unfit("it has no last linear layer, whose input would be the context of the bandit".into())
        })?;
        let shapes = graph.shapes(graph.input).map_err(|error| unfit(error.to_string()))?;
        Ok(Self { classifier, node: Some(node), size: shapes[node].iter().product() })
    }

    /// The features of each image; nothing if nobody looks.
    pub(super) fn features(&self, request: &Request<'_>) -> Vec<Vec<f64>> {
        let n = request.dims()[0];
        let Some(node) = self.node else { return vec![Vec::new(); n] };
        let size = request.batch_size.max(1);
        let mut all = Vec::new();
        for start in (0..n).step_by(size) {
            let x = request.images.clone().narrow(0, start, size.min(n - start));
            let (_, features) = self.classifier.network.logits_and(x, node);
            let features: Vec<f32> = features.into_data().try_into_vec().expect("features are f32");
            let rows = features.chunks(self.size.max(1));
            all.extend(rows.map(|row| row.iter().map(|&x| f64::from(x)).collect::<Vec<f64>>()));
        }
        all
    }
}

/// A bandit that has learned nothing.
pub(super) fn first(bee: &Bee, eyes: &Eyes<'_>) -> Bandit {
    let arms = bee.settings.arms.len();
    match bee.choice {
        Choice::Uniform => Bandit::Uniform { arms },
        Choice::WithoutContext => Bandit::Beta(vec![Beta::default(); arms]),
        Choice::Trained | Choice::Tuned => {
            Bandit::Gaussian { arms: vec![Gaussian::new(eyes.size); arms], layer: Layer::identity(eyes.size) }
        }
    }
}

/// A bandit that was trained for this network and these settings.
fn load(
    bee: &Bee,
    context: &Context<'_>,
    name: &str,
    settings: &str,
    first: &Bandit,
) -> Result<Bandit, Error> {
    let method = bee.settings.method;
    let path = context.file(name).ok_or_else(|| Error::File { method: method.into(), name: name.into() })?;
    let unusable =
        |reason: String| Error::Unusable { method: method.into(), path: path.display().to_string(), reason };
    let bytes = fs::read(path).map_err(|error| unusable(error.to_string()))?;
    let (header, mut numbers) = file::read(&bytes).map_err(|error| unusable(format!("{error:#}")))?;
    let model = context.plain.key();
    if header.model != model {
        return Err(unusable(format!("it was trained for {}, and this is {model}", header.model)));
    }
    if header.settings != settings {
        return Err(unusable(format!("it was trained with {}, and this is {settings}", header.settings)));
    }
    if !header.training.is_empty() {
        return Err(unusable("its training is not done".into()));
    }
    numbers.take_bandit(first).map_err(|error| unusable(format!("{error:#}")))
}

/// Whether a method fits a network, as far as that can be known without its file.
pub(super) fn check(bee: &Bee, context: &Context<'_>) -> Result<(), Error> {
    bee.settings.spaces(context)?;
    Eyes::new(bee, context).map(|_| ())
}
