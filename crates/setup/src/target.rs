//! `--target`.

use std::fmt::{self, Display};
use std::str::FromStr;

/// Which class a map explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The true class.
    Label,
    /// The class with the highest score.
    Predicted,
    /// This class.
    Class(usize),
}

impl FromStr for Target {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "label" => Ok(Self::Label),
            "predicted" => Ok(Self::Predicted),
            index => {
                index.parse().map(Self::Class).map_err(|_| "label, predicted or a class index is needed")
            }
        }
    }
}

impl Display for Target {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Label => out.write_str("label"),
            Self::Predicted => out.write_str("predicted"),
            Self::Class(class) => write!(out, "{class}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_word_or_a_class() {
        for text in ["label", "predicted", "0", "281"] {
            assert_eq!(text.parse::<Target>().unwrap().to_string(), text);
        }
        for text in ["", "-1", "cat", "1.5", "Label"] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }
}
