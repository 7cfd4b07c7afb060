//! The small networks of attribution's tests.

#[path = "../../attribution/tests/tiny/mod.rs"]
pub(crate) mod tiny;

pub(crate) use attribution::{Context, Error, METHODS, Request, parse};
