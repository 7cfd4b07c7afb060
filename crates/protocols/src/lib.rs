//! What a paper's or a toolkit's number is a bundle of: target, steps on the map, tests and metrics, as flags of the tools.
//!
//! A protocol is data: for each tool the flags that it stands for, and what differs from the original. `--protocol NAME` puts
//! them before the user's own flags, and clap reads the whole line as if all of it had been typed.
//!
//! ```
//! let rise = protocols::Protocol::find("rise")?;
//! assert_eq!(rise.line(protocols::Tool::Explain)?, "--target=predicted");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod arguments;
mod papers;
mod protocol;
mod toolkits;

pub use arguments::{ProtocolArgs, main};
pub use protocol::{Differs, Protocol, Tool, all};
