//! The list of items that a run was given, as every row of it says in the column `list`.

use std::fmt;
use std::str::FromStr;

/// Hash and length of a list of (image, target asked for): `l7f3a9c21/50000`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct List {
    /// Tells lists apart.
    pub hash: String,
    /// Number of items, all shards together.
    pub length: usize,
}

impl FromStr for List {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WANTED: &str = "the hash and length of a list, such as l7f3a9c21/50000";
        let (hash, length) = text.split_once('/').ok_or(WANTED)?;
        let length = length.parse().map_err(|_| WANTED)?;
        if hash.is_empty() || length == 0 { Err(WANTED) } else { Ok(Self { hash: hash.to_owned(), length }) }
    }
}

impl fmt::Display for List {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.hash, self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::List;

    #[test]
    fn text_round_trips_and_nonsense_is_refused() {
        assert_eq!("l7f3a9c21/50000".parse::<List>().unwrap().to_string(), "l7f3a9c21/50000");
        for text in ["", "l7f3a9c21", "/3", "l1/", "l1/-3", "l1/0", "l1/x"] {
            assert!(text.parse::<List>().is_err(), "{text}");
        }
    }
}
