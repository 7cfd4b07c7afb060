//! How a randomisation is written: `cascading:3`, `bottom-up:layer2`, `independent:fc,seed=1`.

use std::fmt::{self, Display};
use std::str::FromStr;

/// Which layers get first weights, and the seed of those: `cascading:3`, `bottom-up:layer2`, `independent:fc,seed=1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Randomisation {
    pub(super) which: Which,
    pub(super) seed: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// From the output down.
    Cascading(Reach),
    /// From the input up.
    BottomUp(Reach),
    /// Those of one name alone.
    Independent(String),
}

/// How far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    All,
    Layers(usize),
    /// To the last layer of that name, or within the module of that name.
    Name(String),
}

/// Why a randomisation cannot be.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum RandomisationError {
    /// It is not of the form that is needed.
    #[error(
        "`{0}`: cascading:K, bottom-up:K (K layers, all, or the name of a layer, block or stage) or independent:NAME is needed, perhaps with ,seed=N"
    )]
    Form(String),
    /// Nothing but scores.
    #[error("{0} only gives scores: it has no layers whose weights could be drawn")]
    BlackBox(String),
    /// Nothing to draw.
    #[error("{0} has no layer with weights")]
    NoWeights(String),
    /// More layers than there are.
    #[error("{wanted} layers of {model}, which has {count} with weights")]
    TooMany {
        /// What was asked for.
        wanted: usize,
        /// The classifier.
        model: String,
        /// How many there are.
        count: usize,
    },
    /// No layer or module of that name.
    #[error("{model} has no layer with weights called `{name}`, and no block or stage{hint}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// The classifier.
        model: String,
        /// Names that are like it.
        hint: String,
    },
}

impl FromStr for Randomisation {
    type Err = RandomisationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = || RandomisationError::Form(text.into());
        let (what, seed) = match text.rsplit_once(",seed=") {
            Some((what, seed)) => (what, seed.parse().map_err(|_| form())?),
            None => (text, 0),
        };
        let (kind, reach) = what.split_once(':').filter(|(_, reach)| !reach.is_empty()).ok_or_else(form)?;
        let which = match kind {
            "cascading" => Which::Cascading(reach.parse().map_err(|()| form())?),
            "bottom-up" => Which::BottomUp(reach.parse().map_err(|()| form())?),
            "independent" => Which::Independent(reach.into()),
            _ => return Err(form()),
        };
        Ok(Self { which, seed })
    }
}

impl FromStr for Reach {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.parse() {
            Ok(0) => Err(()), // That is the network as it is.
            Ok(layers) => Ok(Self::Layers(layers)),
            Err(_) if text == "all" => Ok(Self::All),
            Err(_) => Ok(Self::Name(text.into())),
        }
    }
}

impl Display for Randomisation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.which {
            Which::Cascading(reach) => write!(out, "cascading:{reach}")?,
            Which::BottomUp(reach) => write!(out, "bottom-up:{reach}")?,
            Which::Independent(name) => write!(out, "independent:{name}")?,
        }
        if self.seed == 0 { Ok(()) } else { write!(out, ",seed={}", self.seed) }
    }
}

impl Display for Reach {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => out.write_str("all"),
            Self::Layers(count) => count.fmt(out),
            Self::Name(name) => name.fmt(out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(text: &str) -> Randomisation {
        text.parse().unwrap()
    }

    #[test]
    fn specs_have_one_form() {
        for text in ["cascading:3", "cascading:all", "bottom-up:layer2.0", "independent:fc,seed=7"] {
            assert_eq!(spec(text).to_string(), text);
        }
        assert_eq!(spec("cascading:003,seed=0").to_string(), "cascading:3");
        for text in [
            "",
            "cascading",
            "cascading:",
            "cascading:0",
            "topdown:3",
            "independent:",
            "cascading:3,seed=x",
            "all",
        ] {
            let error = text.parse::<Randomisation>().unwrap_err();
            assert_eq!(error, RandomisationError::Form(text.into()));
        }
    }
}
