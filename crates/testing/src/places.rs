//! Where things lie.

use std::env;
use std::path::{Path, PathBuf};

/// Root of the workspace.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("this crate lies in crates/").to_owned()
}

/// A file in `testdata/`.
pub fn testdata(name: impl AsRef<Path>) -> PathBuf {
    root().join("testdata").join(name)
}

/// The folder of real weights and images: `PLUMBLINE_DATA`, or `../shared/data` beside the workspace.
///
/// Where there is none a line says so, and the test should return.
pub fn data_dir() -> Option<PathBuf> {
    let named = env::var_os("PLUMBLINE_DATA").filter(|name| !name.is_empty()).map(PathBuf::from);
    let folder = named.unwrap_or_else(|| root().join("../shared/data"));
    if folder.is_dir() {
        return folder.canonicalize().ok();
    }
    eprintln!("skipped: no PLUMBLINE_DATA ({} is not a folder)", folder.display());
    None
}

/// The folder that `PLUMBLINE_PARITY` names: what `pipelines/parity` wrote for the tests. Where it is not set, says
/// that the caller is skipped.
pub fn parity_dir() -> Option<PathBuf> {
    let folder = env::var_os("PLUMBLINE_PARITY").filter(|name| !name.is_empty()).map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: no PLUMBLINE_PARITY (pipelines/parity writes its files)");
    }
    folder
}
