//! Baseline exploration-exploitation (Barkan et al., "BEE: Metric-Adapted Explanations via Baseline Exploration-Exploitation", 2025): of maps from
//! several baselines the best by a metric, the kinds of baselines chosen by a bandit.
//!
//! `nbee` chooses kinds by chance. `pbee` chooses by what a bandit has learned on other images (`train bee`), `fbee` begins there and goes on
//! learning on the image itself, baseline after baseline, for this image only. `ncbee` learns on the image without looking at its features.

mod arms;
mod bandit;
mod draw;
mod explain;
#[cfg(test)]
mod goldens;
mod settings;
mod space;
mod train;

use attribution::{Context, Entry, Error, Explainer, Method, Needs, Passes};
use spec::Reader;

use explain::Adapting;
use settings::{Place, Settings};
use space::pixels::Way;
pub use train::{BanditMethod, BanditTraining};

pub(crate) const PBEE: Entry = Entry {
    name: "pbee",
    summary: "of maps from several baselines the best by a metric, their kinds chosen by a trained bandit",
    paper: "BEE 2025",
    cost: "samples (steps (F + B) from the layer on + the metric's test)",
    build,
};

pub(crate) const FBEE: Entry = Entry {
    name: "fbee",
    summary: "pbee with a bandit that goes on to learn on the image itself, for this image only",
    paper: "BEE 2025",
    cost: "samples (steps (F + B) from the layer on + the metric's test)",
    build,
};

pub(crate) const NBEE: Entry = Entry {
    name: "nbee",
    summary: "of maps from several baselines the best by a metric, their kinds chosen by chance",
    paper: "BEE 2025",
    cost: "samples (steps (F + B) from the layer on + the metric's test)",
    build,
};

pub(crate) const NCBEE: Entry = Entry {
    name: "ncbee",
    summary: "nbee with a bandit that learns on the image and does not look at it",
    paper: "BEE 2025",
    cost: "samples (steps (F + B) from the layer on + the metric's test)",
    build,
};

pub(crate) const IG_FBEE: Entry = Entry {
    name: "ig-fbee",
    summary: "fbee with integrated gradients from baseline images",
    paper: "BEE 2025",
    cost: "samples (steps (F + B) + the metric's test)",
    build,
};

pub(crate) const BIG_FBEE: Entry = Entry {
    name: "big-fbee",
    summary: "fbee with blur integrated gradients that end at baseline images",
    paper: "BEE 2025",
    cost: "samples (steps (F + B) + the metric's test)",
    build,
};

pub(crate) const GIG_FBEE: Entry = Entry {
    name: "gig-fbee",
    summary: "fbee with guided integrated gradients from baseline images",
    paper: "BEE 2025",
    cost: "samples (steps (F + B) + the metric's test)",
    build,
};

/// Who chooses the kinds of baselines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    /// A bandit with context, as it was trained.
    Trained,
    /// The same, which learns on the image.
    Tuned,
    /// A bandit without context, which learns on the image.
    WithoutContext,
    /// Chance.
    Uniform,
}

impl Choice {
    fn has_context(self) -> bool {
        matches!(self, Self::Trained | Self::Tuned)
    }

    /// Whether one draw must be known before the next.
    fn learns(self) -> bool {
        matches!(self, Self::Tuned | Self::WithoutContext)
    }
}

/// The methods: where their paths run, in layers or some way through images, and who chooses their baselines.
const FAMILY: [(&str, Option<Way>, Choice); 7] = [
    ("pbee", None, Choice::Trained),
    ("fbee", None, Choice::Tuned),
    ("nbee", None, Choice::Uniform),
    ("ncbee", None, Choice::WithoutContext),
    ("ig-fbee", Some(Way::Straight), Choice::Tuned),
    ("big-fbee", Some(Way::Blurred), Choice::Tuned),
    ("gig-fbee", Some(Way::Guided), Choice::Tuned),
];

fn build(reader: &mut Reader) -> Result<Box<dyn Method>, spec::Error> {
    Ok(Box::new(Bee::take(reader, |_| true)?))
}

/// A method of the family.
struct Bee {
    settings: Settings,
    choice: Choice,
    /// What the file of the bandit is called; nothing for one that has learned nothing.
    bandit: Option<String>,
}

impl Bee {
    /// Reads the spec of a method whose chooser is wanted. Without a name a bandit with context must be there, under the name `bandit`: one
    /// that has learned nothing is asked for by `bandit=none`.
    fn take(reader: &mut Reader, wanted: impl Fn(Choice) -> bool) -> Result<Self, spec::Error> {
        let family = || FAMILY.into_iter().filter(|(.., choice)| wanted(*choice));
        let (name, way, choice) = family().find(|(name, ..)| *name == reader.name()).ok_or_else(|| {
            let known = family().map(|(name, ..)| name).collect::<Vec<_>>().join(", ");
            let what = "method with a bandit";
            spec::Error::UnknownName { what, name: reader.name().to_owned(), known }
        })?;
        let settings = Settings::take(name, way, reader)?;
        let file = match choice {
            Choice::Uniform => "none".to_owned(),
            Choice::WithoutContext => reader.take("bandit", "none".to_owned())?,
            Choice::Trained | Choice::Tuned => reader.take("bandit", "bandit".to_owned())?,
        };
        Ok(Self { settings, choice, bandit: (file != "none").then_some(file) })
    }
}

impl Method for Bee {
    fn needs(&self) -> Needs {
        Needs {
            unfolded: self.settings.named(),
            baselines: self.settings.trains(),
            files: self.bandit.clone().into_iter().collect(),
            tells: true,
            ..Needs::network()
        }
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        Ok(Box::new(Adapting::new(self, context)?))
    }

    fn passes(&self, context: &Context<'_>, size: [usize; 2]) -> Result<Passes, Error> {
        let Settings { reward, samples, steps, images, place, .. } = &self.settings;
        let (spaces, before) = match place {
            Place::Layers { names, .. } => (names.len(), names.len()),
            Place::Pixels(_) => (1, 0),
        };
        explain::check(self, context)?;
        let trains = self.settings.trains();
        let baselines = if trains { *images } else { 1 };
        let paths = samples.saturating_mul(*steps).saturating_mul(spaces * baselines) as u64;
        let tests = reward.forwards(*samples, size.iter().product());
        let before = (before + usize::from(self.choice.has_context())) as u64;
        let forwards =
            paths.saturating_add(before).saturating_add(tests.count).saturating_add(tests.of_image);
        Ok(Passes { forwards, backwards: paths, exact: tests.exact && !trains })
    }
}
