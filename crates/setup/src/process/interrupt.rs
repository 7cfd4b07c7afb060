//! Ctrl-C and the like: the child has a process group of its own, so nobody but this tool ends it then.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::thread;

use rustix::process::Pid;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use super::child;

/// The groups of the children and their folders, while there are any.
static LEFT: Mutex<Vec<(Option<Pid>, PathBuf)>> = Mutex::new(Vec::new());

/// From now on a signal that ends this process kills the group and removes the folder first.
pub(super) fn watch(group: Option<Pid>, folder: &Path) {
    static THREAD: Once = Once::new();
    left().push((group, folder.to_owned()));
    THREAD.call_once(|| {
        // Without handlers a signal ends this process as it always does, only untidily.
        if let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGHUP]) {
            thread::spawn(move || signals.forever().for_each(end));
        }
    });
}

/// The child of a folder has ended.
pub(super) fn forget(folder: &Path) {
    left().retain(|(_, other)| other != folder);
}

fn left() -> MutexGuard<'static, Vec<(Option<Pid>, PathBuf)>> {
    LEFT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The lock is held to the end: this process must not tell a failure of the child that it kills.
fn end(signal: i32) {
    let left = left();
    for (group, folder) in &*left {
        child::kill(*group);
        let _ = fs::remove_dir_all(folder);
    }
    let _ = emulate_default_handler(signal);
}
