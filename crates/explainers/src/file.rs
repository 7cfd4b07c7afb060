//! What a training of an explainer writes: weights, and what they belong to. A file is refused by any other network.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use learning::{Decayed, Learner, Optimiser, Rule, Schedule, checkpoint};
use models::network::Weight;
use models::{Classifier, Device, Graph, Network, Preprocess, TensorData};
use safetensors::SafeTensors;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{ExplainerNetwork, eea, tame};

/// What an EEA explainer was trained for, and how far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EeaFacts {
    /// The explained network as `NAME@HASH`.
    pub explained: String,
    /// The architecture of the explainer's encoder.
    pub explainer: String,
    /// Channels, height and width of the images.
    pub input: [usize; 3],
    /// How the explainer takes pixels.
    pub preprocess: Preprocess,
    /// What was learnt.
    pub loss: eea::Loss,
    /// AdamW's weight decay.
    pub decay: f32,
    /// The highest learning rate.
    pub rate: f64,
    /// The share of the schedule in which the rate rises; then it falls to zero, both linearly.
    pub warm_up: f64,
    /// Steps of the whole schedule.
    pub course: usize,
    /// Steps of the training.
    pub steps: usize,
}

/// What TAME's attention was trained for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TameFacts {
    /// The explained network as `NAME@HASH`.
    pub explained: String,
    /// Its layers that the attention reads.
    pub layers: [String; 3],
    /// Channels, height and width of the images.
    pub input: [usize; 3],
    /// What was learnt.
    pub loss: tame::Loss,
}

/// An EEA explainer with the state of its optimiser.
pub struct EeaFile {
    /// What it belongs to.
    pub facts: EeaFacts,
    /// The explainer as its training left it.
    pub learner: Learner,
}

/// TAME's attention on its network.
pub struct TameFile {
    /// What it belongs to.
    pub facts: TameFacts,
    /// The network and the attention.
    pub network: Network,
}

/// The method that a file is of, beside its facts.
#[derive(Deserialize)]
struct Of<T> {
    method: String,
    #[serde(flatten)]
    facts: T,
}

impl EeaFacts {
    /// What a file of these facts says that it is of.
    pub const METHOD: &'static str = "eea";

    /// Who changes the weights, in training and in fine-tuning: all of them decay, as PyTorch has it.
    pub fn rule(&self) -> Rule {
        let optimiser = Optimiser::AdamW { decay: self.decay, epsilon: 1e-8 };
        Rule { optimiser, decayed: Decayed::All, bias_rate: 1.0 }
    }

    /// How the rate goes.
    pub fn schedule(&self) -> Schedule {
        Schedule::WarmUpLinear { warm_up: self.warm_up }
    }

    /// The rate of a step behind the training, counted from 0: the schedule goes on.
    pub fn next_rate(&self, step: usize) -> f64 {
        self.schedule().rate(self.rate, (self.steps + step).min(self.course), self.course)
    }

    /// Whether the numbers can be meant.
    fn check(&self) -> Result<()> {
        check_size(self.input)?;
        let positive = |number: f64| number.is_finite() && number > 0.0;
        ensure!(positive(self.rate) && self.course > 0, "rate {} over {} steps", self.rate, self.course);
        ensure!((0.0..1.0).contains(&self.warm_up), "a warm-up of {}", self.warm_up);
        ensure!(self.loss.lambda.is_finite(), "a lambda of {}", self.loss.lambda);
        ensure!(self.decay.is_finite(), "a decay of {}", self.decay);
        Ok(())
    }

    /// Before the first step.
    pub fn learner(&self, explainer: ExplainerNetwork) -> Learner {
        let ExplainerNetwork { network, learns } = explainer;
        Learner::new(network, self.rule()).only(|id| learns[id])
    }
}

impl TameFacts {
    /// What a file of these facts says that it is of.
    pub const METHOD: &'static str = "tame";

    /// The network and the attention with first weights, on images of the size that these facts say.
    ///
    /// # Errors
    /// As [`tame::explainer`].
    pub fn explainer(&self, classifier: &Classifier, seed: u64) -> Result<ExplainerNetwork, String> {
        let [_, h, w] = self.input;
        tame::explainer(classifier, &self.layers, [h, w], seed)
    }
}

impl EeaFile {
    /// Reads the file of an explainer.
    ///
    /// # Errors
    /// Says what is wrong with it: it is damaged, of another method, of a training that is not done, or its weights are not those of
    /// the architecture that it names.
    pub fn open(path: &Path, device: &Device) -> Result<Self> {
        let bytes = fs::read(path)?;
        let facts: EeaFacts = read(&bytes, EeaFacts::METHOD)?;
        facts.check().context("what it says of itself")?;
        let like = [0, facts.input[0], 0, 0];
        let graph = (testbed::architecture(&facts.explainer)?.build)(1).with_channels_of(|_| Some(&like));
        let explainer = eea::explainer(&blank(graph, device), 0).map_err(anyhow::Error::msg)?;
        let mut learner = facts.learner(explainer);
        learner.restore(&bytes, |_| true)?;
        Ok(Self { facts, learner })
    }

    /// Writes an explainer.
    ///
    /// # Errors
    /// As [`Learner::store`].
    pub fn bytes(learner: &Learner, settings: &str) -> Result<Vec<u8>> {
        learner.store(settings, |_| true)
    }
}

impl TameFile {
    /// Reads the file of an attention for a classifier.
    ///
    /// # Errors
    /// As [`EeaFile::open`], or if it was trained for another network.
    pub fn open(path: &Path, classifier: &Classifier) -> Result<Self> {
        let bytes = fs::read(path)?;
        let facts: TameFacts = read(&bytes, TameFacts::METHOD)?;
        check_size(facts.input).context("what it says of itself")?;
        trained_for(&facts.explained, classifier)?;
        let explainer = facts.explainer(classifier, 0).map_err(anyhow::Error::msg)?;
        let network = checkpoint::with_stored_weights(&explainer.network, &bytes, tame::is_own)?;
        Ok(Self { facts, network })
    }

    /// Writes the attention on a network, without the network.
    ///
    /// # Errors
    /// If a weight is not finite.
    pub fn bytes(network: &Network, settings: &str) -> Result<Vec<u8>> {
        checkpoint::store_weights(network, settings, tame::is_own)
    }
}

/// Whether an explainer belongs to a classifier.
///
/// # Errors
/// Names both networks, if not.
pub fn trained_for(explained: &str, classifier: &Classifier) -> Result<()> {
    let key = classifier.key();
    ensure!(explained == key, "it was trained to explain {explained}, and this is {key}");
    Ok(())
}

/// Whether images can have a size.
fn check_size(input: [usize; 3]) -> Result<()> {
    const LARGEST: usize = 1 << 14;
    let fits = input.iter().all(|side| (1..=LARGEST).contains(side));
    ensure!(fits, "images of {} channels and {} x {} pixels", input[0], input[1], input[2]);
    Ok(())
}

/// The facts of a file of a method.
fn read<T: DeserializeOwned>(bytes: &[u8], method: &str) -> Result<T> {
    let settings = checkpoint::settings(bytes).context("it is no file of an explainer")?;
    let Of { method: own, facts: _ } = serde_json::from_str::<Of<serde::de::IgnoredAny>>(&settings)
        .context("it is no file of an explainer")?;
    ensure!(own == method, "it is an explainer of {own}, and not of {method}");
    let (_, header) = SafeTensors::read_metadata(bytes).context("it is damaged")?;
    ensure!(header.info("training.done").is_none(), "it is a checkpoint of a training that is not done");
    let Of { facts, .. } = serde_json::from_str::<Of<T>>(&settings).context("what it says of itself")?;
    Ok(facts)
}

/// A network of zeros.
fn blank(graph: Graph, device: &Device) -> Network {
    let zeros = |shape: &[usize]| TensorData::new(vec![0.0_f32; shape.iter().product()], shape.to_vec());
    let weights = graph.parameters.iter().map(|parameter| Weight::new(zeros(&parameter.shape), device));
    let weights = weights.collect();
    Network::new(graph, weights)
}
