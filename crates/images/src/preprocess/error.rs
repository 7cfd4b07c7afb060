//! What can be wrong with a way to prepare images.

use std::path::PathBuf;

use super::Preprocess;

/// Why there is no such way to prepare images.
#[derive(Debug, thiserror::Error)]
pub enum PreprocessError {
    /// Neither a preset nor a `.json` file.
    #[error("unknown `{0}`: known are {known} and the path of a .json file", known = Preprocess::PRESETS.join(", "))]
    Unknown(String),
    /// The file cannot be read or is no JSON object.
    #[error("{}: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A network takes another number of channels.
    #[error(
        "the network takes images of {network} channels, and the preprocessing {name} gives {own}: 1 is grey, 3 are red, green, blue, 4 are those and opacity"
    )]
    Channels {
        /// What the way is called.
        name: String,
        /// The channels that it gives.
        own: usize,
        /// Those that the network takes.
        network: usize,
    },
    /// A key that must be there is not.
    #[error("{}: `{key}` is missing", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// The key.
        key: &'static str,
    },
    /// A key has a value that cannot be used.
    #[error("{}: `{key}` is {value}, and not {wanted}", path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// The key.
        key: &'static str,
        /// Its value.
        value: String,
        /// What it should be.
        wanted: &'static str,
    },
}
