//! What the specs of the family have in common.

use attribution::attention::{self, Attention};
use attribution::{Context, Error};
use models::NodeId;
use spec::Reader;

use super::arms::{Arm, Reading};
use super::space::Psi;
use super::space::Space;
use super::space::attention::Matrices;
use super::space::features::Features;
use super::space::pixels::{Pixels, Way};
use crate::reward::Reward;

/// How baselines are drawn, what maps they give, and what these are measured by.
pub(super) struct Settings {
    pub(super) method: &'static str,
    pub(super) reward: Reward,
    /// Baselines that are drawn for an image.
    pub(super) samples: usize,
    /// Points of a path.
    pub(super) steps: usize,
    pub(super) arms: Vec<Arm>,
    /// Training images behind one map.
    pub(super) images: usize,
    pub(super) normal: Reading,
    pub(super) place: Place,
}

/// Where paths run.
pub(super) enum Place {
    /// In layers; `auto` is the last feature map, or the last attention of a transformer.
    Layers { names: Vec<String>, psi: Psi, displacement: bool },
    /// In the image.
    Pixels(Way),
}

impl Settings {
    /// Takes the parameters of a method whose paths run in layers, or go some way through images.
    pub(super) fn take(
        method: &'static str,
        way: Option<Way>,
        reader: &mut Reader,
    ) -> Result<Self, spec::Error> {
        let positive = "a positive whole number";
        let reward = Reward::take(reader)?;
        let samples = reader.take_if("samples", 8, positive, |&samples| samples > 0)?;
        let steps = reader.take_if("steps", 10, positive, |&steps| steps > 0)?;
        let all = "constant+blur+uniform+normal+training";
        let arms = reader.take_as("arms", all, |text| Arm::read(text, method))?;
        let images = reader.take_if("images", 100, positive, |&images| images > 0)?;
        let normal = reader.choose("normal", &[("range", Reading::Range), ("literal", Reading::Literal)])?;
        let place = match way {
            Some(way) => Place::Pixels(way),
            None => Self::layers(reader)?,
        };
        Ok(Self { method, reward, samples, steps, arms, images, normal, place })
    }

    fn layers(reader: &mut Reader) -> Result<Place, spec::Error> {
        let layers: String = reader.take("layers", "auto".to_owned())?;
        let psi = [("product", Psi::Product), ("relu", Psi::Relu), ("gradient", Psi::Gradient)];
        let psi = reader.choose("psi", &psi)?;
        let displacement = reader.take("displacement", true)?;
        let names: Vec<String> = layers.split('+').map(str::to_owned).collect();
        Ok(Place::Layers { names, psi, displacement })
    }

    /// The layers that are read by their own names.
    pub(super) fn named(&self) -> Vec<String> {
        let Place::Layers { names, .. } = &self.place else { return Vec::new() };
        names.iter().filter(|name| *name != "auto").cloned().collect()
    }

    /// Whether some baselines are training images.
    pub(super) fn trains(&self) -> bool {
        self.arms.contains(&Arm::Training)
    }

    /// Where paths run in a network.
    ///
    /// # Errors
    /// If it lacks a layer, or one is of no use.
    pub(super) fn spaces<'a>(&'a self, context: &'a Context<'a>) -> Result<Vec<Box<dyn Space + 'a>>, Error> {
        match &self.place {
            Place::Pixels(way) => Ok(vec![Box::new(Pixels::new(context.classifier, *way, self.steps))]),
            Place::Layers { names, .. } => names.iter().map(|name| self.space(context, name)).collect(),
        }
    }

    fn space<'a>(&'a self, context: &'a Context<'a>, name: &str) -> Result<Box<dyn Space + 'a>, Error> {
        let Place::Layers { psi, displacement, .. } = self.place else { unreachable!("a layer has a name") };
        let how = (self.steps, psi, displacement);
        let nodes = attention::nodes(context);
        let layer = self.find(context, name, &nodes)?;
        if !nodes.contains(&layer) {
            return Ok(Box::new(Features::new(self.method, context, layer, how)?));
        }
        let attention = Attention::new(self.method, context)?;
        Ok(Box::new(Matrices::new(self.method, context.classifier, attention, layer, how)?))
    }

    fn find(&self, context: &Context<'_>, name: &str, attention: &[NodeId]) -> Result<NodeId, Error> {
        let classifier = context.classifier;
        if name == "auto" {
            return Ok(attention.last().copied().unwrap_or(classifier.layer));
        }
        let missing = || Error::unfit(self.method, classifier, format!("it has no layer `{name}`"));
        classifier.network.graph().find(name).ok_or_else(missing)
    }

    /// Everything that a bandit's learning depends on but the network, in words: the layers by their own names.
    pub(super) fn words(&self, spaces: &[Box<dyn Space + '_>]) -> String {
        let arms: Vec<&str> = self.arms.iter().map(|arm| arm.name()).collect();
        let layers: Vec<&str> = spaces.iter().map(|space| space.name()).collect();
        let (reward, layers, arms) = (self.reward.spec(), layers.join("+"), arms.join("+"));
        let Self { steps, images, normal, .. } = self;
        let place = match &self.place {
            Place::Pixels(way) => format!("ways={way:?}"),
            Place::Layers { psi, displacement, .. } => {
                format!("layers={layers},psi={psi:?},displacement={displacement}")
            }
        };
        format!("metric={reward},steps={steps},arms={arms},images={images},normal={normal:?},{place}")
    }
}
