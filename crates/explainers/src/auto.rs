//! A parameter that stands for something else unless it is given.

use std::fmt::{self, Display};
use std::str::FromStr;

/// `auto`, or a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Auto<T> {
    /// What a file says.
    Auto,
    /// This.
    Given(T),
}

impl<T: Copy> Auto<T> {
    /// The value, if it is given.
    pub(crate) fn given(&self) -> Option<T> {
        if let Self::Given(value) = self { Some(*value) } else { None }
    }
}

impl<T: FromStr> FromStr for Auto<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        if text == "auto" { Ok(Self::Auto) } else { text.parse().map(Self::Given) }
    }
}

impl<T: Display> Display for Auto<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => out.write_str("auto"),
            Self::Given(value) => value.fmt(out),
        }
    }
}
