//! Files that appear whole or not at all: a temporary name in the same folder, synced, then renamed.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A file being written under a temporary name. Dropped before [`AtomicFile::commit`], it vanishes.
#[derive(Debug)]
pub struct AtomicFile {
    file: File,
    temporary: PathBuf,
    path: PathBuf,
    committed: bool,
}

impl AtomicFile {
    /// Starts a file that will be called `path`. Missing folders are made.
    ///
    /// # Errors
    ///
    /// If the folder or the file cannot be made.
    pub fn create(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder(path))?;
        let (file, temporary) = create_temporary(path)?;
        Ok(Self { file, temporary, path: path.to_owned(), committed: false })
    }

    /// Gives it another name than the one it was started with, in the same folder: one that follows from what it holds.
    pub fn rename(&mut self, name: &str) {
        self.path.set_file_name(name);
    }

    /// Puts the file on the disk and gives it its name.
    ///
    /// # Errors
    ///
    /// If the disk is full or the name cannot be taken.
    pub fn commit(mut self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.temporary, &self.path)?;
        self.committed = true;
        // The name itself is safe only with its folder; where folders cannot be synced there is nothing to add.
        let _ = File::open(folder(&self.path)).and_then(|folder| folder.sync_all());
        Ok(())
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for AtomicFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if !self.committed {
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// Writes a whole file.
///
/// # Errors
///
/// If the file cannot be written; an older file of that name is then untouched.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = AtomicFile::create(path)?;
    file.write_all(bytes)?;
    file.commit()
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Removes temporary files that dead processes have left of a file: those of this machine whose process is gone, and those of
/// other machines that nobody has written to for a day.
///
/// # Errors
///
/// If the folder cannot be read or a file cannot be removed.
pub fn sweep(path: &Path) -> io::Result<()> {
    let Some(name) = path.file_name().map(OsStr::to_string_lossy) else { return Ok(()) };
    sweep_owned(folder(path), |temporary| temporary.strip_prefix(name.as_ref())?.strip_prefix(".tmp."))
}

/// The same for all files of a folder, which need not exist.
///
/// # Errors
///
/// If the folder cannot be read or a file cannot be removed.
pub fn sweep_folder(folder: &Path) -> io::Result<()> {
    sweep_owned(folder, |temporary| Some(temporary.rsplit_once(".tmp.")?.1))
}

/// Removes the hidden files for whose names, without the dot, `owner` finds a dead one.
fn sweep_owned(folder: &Path, owner: impl Fn(&str) -> Option<&str>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.strip_prefix('.').and_then(&owner).is_some_and(|owner| is_dead(owner, &entry)) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Whether the process behind `HOST.PID` or `HOST.PID.ATTEMPT` will not write any more.
fn is_dead(owner: &str, entry: &fs::DirEntry) -> bool {
    const DAY: Duration = Duration::from_hours(24);
    if let Some(process) = owner.strip_prefix(&host()).and_then(|rest| rest.strip_prefix('.')) {
        let id = process.split('.').next().unwrap_or_default();
        return !Path::new("/proc").join(id).exists();
    }
    let modified = entry.metadata().and_then(|data| data.modified());
    modified.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > DAY))
}

/// The machine's name, without characters that a file name must not have. Folders are shared by many machines, and process
/// numbers are not unique among them.
fn host() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name: String = name.trim().chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    if name.is_empty() { "host".into() } else { name }
}

/// Takes `.NAME.tmp.HOST.PID`, or the next free name: a killed process may have left one with this number.
fn create_temporary(path: &Path) -> io::Result<(File, PathBuf)> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
    for attempt in 0..1000 {
        let mut temporary = OsString::from(".");
        temporary.push(name);
        temporary.push(format!(".tmp.{}.{}", host(), std::process::id()));
        if attempt > 0 {
            temporary.push(format!(".{attempt}"));
        }
        let temporary = path.with_file_name(temporary);
        match OpenOptions::new().write(true).create_new(true).open(&temporary) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            result => return result.map(|file| (file, temporary)),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_appears_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b.txt");
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(names(path.parent().unwrap()), ["b.txt"]);
    }

    #[test]
    fn what_the_dead_have_left_is_swept_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.npy");
        let alive = AtomicFile::create(&path).unwrap();
        let dead = format!(".b.npy.tmp.{}.4194305", host());
        let kept =
            [".b.npy.tmp.elsewhere.7".to_string(), format!(".c.npy.tmp.{}.4194305", host()), "b.npy".into()];
        for name in kept.iter().chain([&dead, &format!("{dead}.1")]) {
            fs::write(folder.path().join(name), b"half").unwrap();
        }
        sweep(&path).unwrap();
        let left = names(folder.path());
        assert_eq!(left.len(), 4, "{left:?}");
        assert!(kept.iter().all(|name| left.contains(name)), "{left:?}");
        sweep_folder(folder.path()).unwrap();
        let left = names(folder.path());
        assert_eq!(left.len(), 3, "{left:?}");
        assert!(!left.contains(&kept[1]), "{left:?}");
        alive.commit().unwrap();
        sweep(&folder.path().join("no/folder/d")).unwrap();
        sweep_folder(&folder.path().join("no/folder")).unwrap();
    }

    #[test]
    fn a_dropped_file_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.txt");
        let mut first = AtomicFile::create(&path).unwrap();
        let mut second = AtomicFile::create(&path).unwrap();
        first.write_all(b"first").unwrap();
        second.write_all(b"second").unwrap();
        assert_eq!(names(folder.path()).len(), 2);
        second.commit().unwrap();
        drop(first);
        assert_eq!(names(folder.path()), ["b.txt"]);
        assert_eq!(fs::read(&path).unwrap(), b"second");
    }
}
