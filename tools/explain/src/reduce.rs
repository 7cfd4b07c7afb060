//! From colour channels to one map, as a step with a name.

use std::fmt::{self, Display};

use clap::ValueEnum;
use models::{Tensor, relu};

/// How the channels of a map are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Reduce {
    /// Signed sum
    Sum,
    /// Sum of magnitudes
    Abs,
    /// Largest magnitude
    Max,
    /// Mean of the positive parts
    PositiveMean,
    /// Keep the channels, in the order of the network's input: maps are (C, H, W)
    None,
}

impl Display for Reduce {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_possible_value().map_or(Ok(()), |value| out.write_str(value.get_name()))
    }
}

impl Reduce {
    /// Joins the channels of `(n, c, h, w)`; a single channel stays as it is.
    pub fn apply(self, maps: Tensor<4>) -> Tensor<4> {
        if maps.dims()[1] == 1 {
            return maps;
        }
        match self {
            Self::Sum => maps.sum_dim(1),
            Self::Abs => maps.abs().sum_dim(1),
            Self::Max => maps.abs().max_dim(1),
            Self::PositiveMean => relu(maps).mean_dim(1),
            Self::None => maps,
        }
    }
}
