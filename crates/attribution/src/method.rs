//! What every explanation method gets and gives.

use models::{Classifier, Tensor};

use crate::baseline::Baseline;
use crate::context::Context;
use crate::layer::Layer;
use crate::request::Request;

/// Why a method cannot explain a classifier.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// The spec string is wrong.
    #[error(transparent)]
    Spec(#[from] spec::Error),
    /// The method looks into the network, and the classifier lets nobody look.
    #[error("{method} needs the network's layers or gradients; {model} only gives scores")]
    BlackBox {
        /// The method.
        method: String,
        /// The classifier.
        model: String,
    },
    /// The network lacks what the method needs.
    #[error("{method} does not fit {model}: {reason}")]
    Unfit {
        /// The method.
        method: String,
        /// The classifier.
        model: String,
        /// What is missing.
        reason: String,
    },
    /// A file that the spec names was not given.
    #[error("{method} needs the file that it calls `{name}`")]
    File {
        /// The method.
        method: String,
        /// What the spec calls the file.
        name: String,
    },
    /// A file is there, but of no use.
    #[error("{method}: {path}: {reason}")]
    Unusable {
        /// The method.
        method: String,
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The spec asks for more memory than is allowed.
    #[error(
        "{method} needs {needed} MiB of memory for one image beside the network, and {most} MiB are allowed: {instead}"
    )]
    TooLarge {
        /// The method.
        method: String,
        /// What it needs, in MiB.
        needed: u64,
        /// What is allowed, in MiB.
        most: u64,
        /// What would need less.
        instead: &'static str,
    },
    /// A classifier in another process answers no more.
    #[error("{model}: {reason}")]
    Scores {
        /// The classifier.
        model: String,
        /// What happened.
        reason: String,
    },
}

impl Error {
    /// A method that does not fit a classifier, and why.
    pub fn unfit(method: &str, classifier: &Classifier, reason: impl Into<String>) -> Self {
        Self::Unfit { method: method.into(), model: classifier.name.clone(), reason: reason.into() }
    }
}

/// A method in a list of methods.
pub struct Entry {
    /// The name in spec strings.
    pub name: &'static str,
    /// One line: what it computes.
    pub summary: &'static str,
    /// Where it comes from.
    pub paper: &'static str,
    /// Forward (F) and backward (B) passes for one image.
    pub cost: &'static str,
    /// Takes the parameters out of a spec string.
    pub build: fn(&mut spec::Reader) -> Result<Box<dyn Method>, spec::Error>,
}

/// What a method looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing but class scores, so that any classifier will do.
    Scores,
    /// Layers or gradients.
    Network,
}

/// What a method needs, known before anything is loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needs {
    /// What it looks at.
    pub access: Access,
    /// Convolutions that must stay apart from their BatchNorm because their own values are read, or
    /// [`models::network::fold::ALL`].
    pub unfolded: Vec<String>,
    /// Whether it draws from [`Request::baselines`].
    pub baselines: bool,
    /// The names of files that [`Context::file`] must know.
    pub files: Vec<String>,
    /// Whether its maps have the input's channels, and not one.
    pub per_channel: bool,
    /// Whether it has something to tell ([`Explainer::told`]).
    pub tells: bool,
}

impl Needs {
    /// Class scores only; maps of one channel.
    pub fn scores() -> Self {
        let (unfolded, files) = (Vec::new(), Vec::new());
        Self { access: Access::Scores, unfolded, baselines: false, files, per_channel: false, tells: false }
    }

    /// The network; maps of one channel.
    pub fn network() -> Self {
        Self { access: Access::Network, ..Self::scores() }
    }

    /// Maps of the input's channels.
    #[must_use]
    pub fn per_channel(self) -> Self {
        Self { per_channel: true, ..self }
    }

    /// Reads a layer.
    #[must_use]
    pub fn layer(self, layer: &Layer) -> Self {
        Self { unfolded: layer.named().map(str::to_string).into_iter().collect(), ..self }
    }

    /// All that another method needs too, but for the channels of its maps and what it tells.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        let add = |all: &mut Vec<String>, more: Vec<String>| {
            all.extend(more);
            all.sort_unstable();
            all.dedup();
        };
        add(&mut self.unfolded, other.unfolded);
        add(&mut self.files, other.files);
        let access = if other.access == Access::Network { Access::Network } else { self.access };
        Self { access, baselines: self.baselines || other.baselines, ..self }
    }

    /// Draws from images if that is its baseline.
    #[must_use]
    pub(crate) fn baseline(self, baseline: Baseline) -> Self {
        Self { baselines: baseline == Baseline::Images, ..self }
    }
}

/// What one image costs, as [`models::Network::forwards`] and [`models::Network::backwards`] count it: a run of a part of the
/// network counts as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passes {
    /// Inputs run forward.
    pub forwards: u64,
    /// Inputs walked back.
    pub backwards: u64,
    /// Whether these are the numbers; they are the most that there can be if not.
    pub exact: bool,
}

impl Passes {
    /// Numbers that spec and network fix.
    pub fn exact(forwards: usize, backwards: usize) -> Self {
        Self { forwards: forwards as u64, backwards: backwards as u64, exact: true }
    }

    /// Numbers that depend on the image, and are not larger than these.
    pub fn at_most(forwards: usize, backwards: usize) -> Self {
        Self { exact: false, ..Self::exact(forwards, backwards) }
    }
}

/// What a spec string means: a method with its parameters.
pub trait Method: Send + Sync {
    /// What it needs.
    fn needs(&self) -> Needs;

    /// Does what is done once for a classifier: finds layers, checks the fit, modifies weights, loads what was trained.
    ///
    /// # Errors
    /// If the network lacks what the method needs, or a file is of no use.
    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error>;

    /// What one image of height and width `size` costs.
    ///
    /// # Errors
    /// If the network lacks what the method needs.
    fn passes(&self, context: &Context<'_>, size: [usize; 2]) -> Result<Passes, Error>;
}

/// A method that is ready for one classifier.
pub trait Explainer {
    /// Raw signed maps of the input's height and width: `(n, 3, h, w)` if the method attributes to colour
    /// channels, `(n, 1, h, w)` if not.
    ///
    /// # Errors
    /// If the classifier has stopped to answer, or the request lacks what the method needs.
    fn explain(&mut self, request: &Request<'_>) -> Result<Tensor<4>, Error>;

    /// What became known of each image of the last request beside its map; nothing of methods with nothing to tell.
    fn told(&mut self) -> Vec<Told> {
        Vec::new()
    }
}

/// What a method that tries several maps of an image has to tell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// What was tried, in order.
    pub trials: Vec<Trial>,
    /// Why none of it could be chosen; then the map is NaN.
    pub failure: Option<String>,
}

/// A map that was tried, by one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Which map, from 0.
    pub draw: usize,
    /// What it was made from.
    pub arm: String,
    /// The metric, as `score` calls it.
    pub metric: String,
    /// Its value, or why there is none.
    pub score: Result<f64, String>,
    /// The best of the maps so far, by all metrics; nothing as long as none has a value.
    pub best: Option<usize>,
    /// What chance of success each arm promised when this one was chosen; none where nobody promises anything.
    pub chances: Vec<(String, f64)>,
}

/// An explainer by a function that cannot fail.
pub fn explainer<'a>(maps: impl FnMut(&Request<'_>) -> Tensor<4> + 'a) -> Box<dyn Explainer + 'a> {
    Box::new(Maps(maps))
}

struct Maps<F>(F);

impl<F: FnMut(&Request<'_>) -> Tensor<4>> Explainer for Maps<F> {
    fn explain(&mut self, request: &Request<'_>) -> Result<Tensor<4>, Error> {
        Ok((self.0)(request))
    }
}
