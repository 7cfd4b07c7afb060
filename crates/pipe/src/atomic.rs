//! Files that appear whole or not at all: a temporary name in the same folder, synced, then renamed.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

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

/// Takes `.NAME.tmp.PID`, or the next free name: a killed process or another node may have left one with this number.
fn create_temporary(path: &Path) -> io::Result<(File, PathBuf)> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
    for attempt in 0..1000 {
        let mut temporary = OsString::from(".");
        temporary.push(name);
        temporary.push(format!(".tmp.{}", std::process::id()));
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
