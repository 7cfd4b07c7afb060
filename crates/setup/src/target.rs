//! `--target`.

use std::fmt::{self, Display};
use std::str::FromStr;

/// Which class a map explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The true class.
    Label,
    /// The class with the K-th highest score, from 1; of equal scores the lower class comes first.
    Rank(usize),
    /// This class.
    Class(usize),
}

impl FromStr for Target {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "label" => Ok(Self::Label),
            "predicted" => Ok(Self::Rank(1)),
            "second" => Ok(Self::Rank(2)),
            text => {
                let (number, of): (_, fn(usize) -> Self) = match text.strip_prefix("rank:") {
                    Some(rank) => (rank.parse().ok().filter(|rank| *rank > 0), Self::Rank),
                    None => (text.parse().ok(), Self::Class),
                };
                number.map(of).ok_or("label, predicted, second, rank:K or a class index is needed")
            }
        }
    }
}

impl Display for Target {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Label => out.write_str("label"),
            Self::Rank(1) => out.write_str("predicted"),
            Self::Rank(2) => out.write_str("second"),
            Self::Rank(rank) => write!(out, "rank:{rank}"),
            Self::Class(class) => write!(out, "{class}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_word_or_a_class() {
        for text in ["label", "predicted", "second", "rank:10", "0", "281"] {
            assert_eq!(text.parse::<Target>().unwrap().to_string(), text);
        }
        assert_eq!(
            ["rank:1", "rank:2"].map(|text| text.parse::<Target>().unwrap()),
            [1, 2].map(Target::Rank)
        );
        for text in ["", "-1", "cat", "1.5", "Label", "rank:0", "rank:", "rank:-1", "third"] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }
}
