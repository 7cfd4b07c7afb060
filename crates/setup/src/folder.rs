//! The images in a folder, and in the folders in it.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Endings that say that a file is an image, even if its content is damaged.
const ENDINGS: [&str; 13] =
    ["jpg", "jpeg", "jpe", "jfif", "png", "bmp", "gif", "webp", "tif", "tiff", "pnm", "ppm", "pgm"];

/// What a folder holds.
#[derive(Debug, Default)]
pub struct Folder {
    /// The images, in the order of their paths.
    pub images: Vec<PathBuf>,
    /// The other files.
    pub others: Vec<PathBuf>,
}

impl Folder {
    /// Looks for images by their endings, and by their content where the ending says nothing. Names that begin with a dot are
    /// passed over, links are followed, and no folder is read twice.
    ///
    /// # Errors
    /// If a folder cannot be read.
    pub fn read(path: &Path) -> io::Result<Self> {
        let (mut found, mut seen) = (Self::default(), HashSet::new());
        found.add(path, &mut seen)?;
        found.images.sort();
        found.others.sort();
        Ok(found)
    }

    fn add(&mut self, folder: &Path, seen: &mut HashSet<PathBuf>) -> io::Result<()> {
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", folder.display()));
        if !seen.insert(fs::canonicalize(folder).map_err(named)?) {
            return Ok(());
        }
        for entry in fs::read_dir(folder).map_err(named)? {
            let path = entry.map_err(named)?.path();
            if path.file_name().is_some_and(is_hidden) {
                continue;
            }
            if path.is_dir() {
                self.add(&path, seen)?;
            } else if has_ending(&path) || images::looks_like_image(&path) {
                self.images.push(path);
            } else {
                self.others.push(path);
            }
        }
        Ok(())
    }
}

/// Whether a name begins with a dot.
fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

fn has_ending(path: &Path) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    ending.is_some_and(|ending| ENDINGS.contains(&&*ending))
}

#[cfg(test)]
mod tests {
    use testing::WorkDir;

    use super::*;

    #[test]
    fn images_are_found_by_ending_and_by_content_in_order() {
        let work = WorkDir::new();
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
        for name in ["b/2.JPEG", "b/1.png", "a.jpg", "b/c/deep.webp"] {
            work.write(name, "damaged");
        }
        for name in ["b/no_ending", ".hidden.png", ".git/x.png"] {
            work.write(name, png);
        }
        work.write("notes.txt", "a note");
        std::os::unix::fs::symlink(work.path(), work.join("b/loop")).unwrap();
        let Folder { images, others } = Folder::read(work.path()).unwrap();
        let names = |paths: Vec<PathBuf>| {
            let name = |path: PathBuf| path.strip_prefix(work.path()).unwrap().display().to_string();
            paths.into_iter().map(name).collect::<Vec<_>>()
        };
        assert_eq!(names(images), ["a.jpg", "b/1.png", "b/2.JPEG", "b/c/deep.webp", "b/no_ending"]);
        assert_eq!(names(others), ["notes.txt"]);
    }
}
