//! Why a test measures nothing on a map.

/// Why a test measures nothing on a map. It is no failure: nothing is wrong with the map but that it says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undefined {
    /// All pixels have one value. Any order, share or range of them would be one that the map does not give.
    #[error("the map is constant: it puts no pixel first")]
    Constant,
}
