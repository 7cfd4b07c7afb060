//! Pre-training of a bandit: image by image one arm, one map, one reward, one update (BEE 2025, section 3.3).

use anyhow::{Context as _, Result, bail, ensure};
use attribution::{Context, Needs, Request};
use rand::RngExt;
use spec::Reader;

use super::bandit::file::{self, Header, Numbers};
use super::bandit::{Adam, Bandit};
use super::draw::Job;
use super::explain::{Adapting, random};
use super::{Bee, Choice};
use crate::reward::Scores;

/// A method whose bandit is to be trained.
pub struct BanditMethod {
    bee: Bee,
    spec: String,
}

impl BanditMethod {
    /// Reads the spec of a method, as `explain` would be given it. Whether one of them goes on learning makes no difference here.
    ///
    /// # Errors
    /// If it is no method with a bandit, a parameter is wrong, or a bandit is named.
    pub fn parse(spec: &str) -> Result<Self, spec::Error> {
        let mut reader = Reader::new(spec)?;
        let bee = Bee::take(&mut reader, |choice| choice != Choice::Uniform)?;
        let spec = reader.finish()?;
        if bee.bandit.as_deref().is_some_and(|file| file != "bandit") {
            let reason = "names a bandit, and this is to train one: leave bandit= out".to_owned();
            return Err(spec::Error::Unfit { name: bee.settings.method.to_owned(), reason });
        }
        Ok(Self { bee: Bee { bandit: None, ..bee }, spec })
    }

    /// The canonical spec.
    pub fn spec(&self) -> &str {
        &self.spec
    }

    /// What the method needs.
    pub fn needs(&self) -> Needs {
        attribution::Method::needs(&self.bee)
    }
}

/// A training that can be left and gone on with.
pub struct BanditTraining<'a> {
    recipe: &'a BanditMethod,
    adapting: Adapting<'a>,
    model: String,
    /// What else it depends on, in words.
    facts: String,
    adam: Adam,
    /// The scores of all maps so far that have some.
    history: Vec<Scores>,
    /// For each arm how often it was drawn, and how often a success.
    drawn: Vec<[u64; 2]>,
    done: usize,
}

impl<'a> BanditTraining<'a> {
    /// Begins; `facts` are what the training depends on besides: images, their order, the seed.
    ///
    /// # Errors
    /// If the method does not fit the network.
    pub fn new(
        recipe: &'a BanditMethod,
        context: &'a Context<'a>,
        facts: &str,
    ) -> Result<Self, attribution::Error> {
        let adapting = Adapting::new(&recipe.bee, context)?;
        let (model, facts) = (context.plain.key(), facts.to_owned());
        let (adam, history, drawn) =
            (Adam::default(), Vec::new(), vec![[0; 2]; recipe.bee.settings.arms.len()]);
        Ok(Self { recipe, adapting, model, facts, adam, history, drawn, done: 0 })
    }

    /// The network, as tables call it.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Images that it has seen.
    pub fn done(&self) -> usize {
        self.done
    }

    /// The name of each arm, how often it was drawn, and how often a success.
    pub fn drawn(&self) -> impl Iterator<Item = (&'static str, [u64; 2])> {
        self.recipe.bee.settings.arms.iter().zip(&self.drawn).map(|(arm, drawn)| (arm.name(), *drawn))
    }

    /// Learns from the one image of a request; its place in the training, [`BanditTraining::done`], belongs to its random numbers.
    ///
    /// # Errors
    /// If the request is for more than one image, or lacks the images that baselines are drawn from.
    pub fn step(&mut self, request: &Request<'_>) -> Result<()> {
        let settings = &self.recipe.bee.settings;
        ensure!(request.targets.len() == 1, "one image at a time");
        ensure!(request.baselines.is_some() || !settings.trains(), "training images are missing");
        let Adapting { drawer, eyes, bandit, judge, .. } = &mut self.adapting;
        drawer.take(request);
        judge.take(request);
        let features = eyes.features(request).remove(0);
        let context = bandit.context(&features);
        let (arm, _) = bandit.choose(&context, &mut random(request, 0, "train choice", self.done));
        let job = Job { image: 0, draw: self.done, arm: settings.arms[arm] };
        let scores = judge.scores(drawer.maps(request, &[job]), &[(0, request.targets[0])]).remove(0);
        let luck = random(request, 0, "train reward", self.done).random();
        let success = settings.reward.success(&scores, &self.history, luck);
        bandit.learn(arm, &context, success);
        if let Bandit::Gaussian { arms, layer } = bandit {
            layer.learn(arms[arm].weights(), &features, success, &mut self.adam);
        }
        self.history.extend(scores.iter().any(Result::is_ok).then_some(scores));
        self.drawn[arm][0] += 1;
        self.drawn[arm][1] += u64::from(success);
        self.done += 1;
        Ok(())
    }

    fn header(&self, training: &str) -> Header {
        let settings = self.recipe.bee.settings.words(&self.adapting.drawer.spaces);
        Header { model: self.model.clone(), settings, images: self.done, training: training.to_owned() }
    }

    /// The file that the method takes.
    ///
    /// # Errors
    /// If the format cannot hold it.
    pub fn finished(&self) -> Result<Vec<u8>> {
        let mut numbers = Numbers::default();
        numbers.add_bandit(&self.adapting.bandit);
        file::write(&self.header(""), &numbers)
    }

    /// Everything that [`BanditTraining::restore`] needs to go on to the same bits.
    ///
    /// # Errors
    /// If the format cannot hold it.
    pub fn store(&self) -> Result<Vec<u8>> {
        let mut numbers = Numbers::default();
        numbers.add_bandit(&self.adapting.bandit);
        numbers.add_adam(&self.adam);
        let metrics = self.recipe.bee.settings.reward.terms.len();
        let scores = self.history.iter().flatten().map(|score| *score.as_ref().unwrap_or(&f64::NAN));
        numbers.add("history", &[self.history.len(), metrics], scores.collect());
        let drawn = self.drawn.iter().flatten().map(|&count| count as f64).collect();
        numbers.add("drawn", &[self.drawn.len(), 2], drawn);
        file::write(&self.header(&self.facts), &numbers)
    }

    /// Goes on where a stored training was left.
    ///
    /// # Errors
    /// If the bytes are damaged, or of a training with another network, other settings or other facts.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<()> {
        let (header, mut numbers) = file::read(bytes)?;
        let own = self.header(&self.facts);
        for (what, there, here) in [
            ("model", &header.model, &own.model),
            ("settings", &header.settings, &own.settings),
            ("training", &header.training, &own.training),
        ] {
            if there != here {
                bail!("the training was begun with another {what}: {there}, and not {here}");
            }
        }
        self.adapting.bandit = numbers.take_bandit(&self.adapting.bandit)?;
        self.adam = numbers.take_adam()?;
        let ([_, metrics], scores) = numbers.take("history")?;
        ensure!(metrics == self.recipe.bee.settings.reward.terms.len(), "history is one of other metrics");
        let score = |&score: &f64| if score.is_nan() { Err("no value".to_owned()) } else { Ok(score) };
        self.history = scores.chunks(metrics).map(|scores| scores.iter().map(score).collect()).collect();
        let ([arms, two], drawn) = numbers.take("drawn").context("no training")?;
        ensure!([arms, two] == [self.drawn.len(), 2], "drawn is one of other arms");
        self.drawn = drawn.chunks(2).map(|drawn| [drawn[0] as u64, drawn[1] as u64]).collect();
        self.done = header.images;
        Ok(())
    }
}
