//! The options that say how to compare what does not quite belong together.

/// The options of every tool that compares scores; add them with `#[command(flatten)]`.
#[derive(clap::Args, Clone, Copy, Debug, Default)]
pub struct CompareArgs {
    /// What to do where rows have vanished: nothing but an error, unless this is given
    #[arg(long, value_enum, value_name = "WHAT")]
    pub incomplete: Option<Incomplete>,
    /// Join the images of several models or lists, which must have none in common
    #[arg(long)]
    pub pool: bool,
    /// Treat each model by itself
    #[arg(long)]
    pub by_model: bool,
    /// Whether methods are compared two by two, so that what one of them has lost is no loss to the others; not an option, but
    /// what the tool does
    #[arg(skip)]
    pub by_pair: bool,
}

/// What to do with a table that has lost rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Incomplete {
    /// Compare on the images that all methods have, the same ones for all; or that both have, where two are compared
    Drop,
}
