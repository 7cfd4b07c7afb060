//! Git LFS pointers: small texts that lie in place of large files in a checkout without Git LFS.

/// How a pointer starts.
pub const START: &[u8] = b"version https://git-lfs.github.com/spec/";

/// What to tell whoever opens one.
pub const MEANING: &str = "a Git LFS pointer, not the file itself; `git lfs pull` fetches it";
