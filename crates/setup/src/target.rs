//! `--target`.

use std::cmp::Ordering;
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

/// The class whose score is the `rank`-th highest, from 1; of equal scores the lower class comes first. None has a rank where a score is
/// not finite.
pub fn ranked(scores: &[f32], rank: usize) -> Option<usize> {
    if !scores.iter().all(|score| score.is_finite()) {
        return None;
    }
    let mut classes: Vec<usize> = (0..scores.len()).collect();
    classes.sort_by(|&a, &b| scores[b].partial_cmp(&scores[a]).unwrap_or(Ordering::Equal));
    classes.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_have_ranks_and_equal_ones_go_by_their_class() {
        let scores = [0.5, 2.0, -1.0, 2.0];
        assert_eq!(
            [1, 2, 3, 4, 5].map(|rank| ranked(&scores, rank)),
            [Some(1), Some(3), Some(0), Some(2), None]
        );
        assert_eq!(ranked(&[-0.0, 0.0], 1), Some(0));
        assert_eq!(ranked(&[0.0, f32::NAN], 1), None);
    }

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
