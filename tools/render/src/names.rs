//! File names out of text that anybody may have written.

use std::path::{Path, PathBuf};

/// Longest name in bytes: file systems take 255, and a file has a longer temporary name before its own.
const LONGEST: usize = 200;

/// `<method>/<image stem>-<row>.png`, where neither part can lead out of its folder.
pub fn png(method: &str, image: &str, row: u64) -> PathBuf {
    Path::new(&part(method)).join(format!("{}-{row}.png", part(stem(image))))
}

/// The last part of an image's path without its extension, or the whole text if there is no such part.
pub fn stem(image: &str) -> &str {
    Path::new(image).file_stem().and_then(|stem| stem.to_str()).unwrap_or(image)
}

/// Text as one visible part of a path.
fn part(text: &str) -> String {
    let mut name: String = text.chars().map(|c| if is_safe(c) { c } else { '_' }).collect();
    name.truncate(name.floor_char_boundary(LONGEST));
    if name.is_empty() || name.starts_with('.') {
        name.replace_range(..name.len().min(1), "_");
    }
    name
}

fn is_safe(c: char) -> bool {
    !matches!(c, '/' | '\\') && !c.is_control()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_names_stay() {
        let name = png("rise:masks=400,p=0.5", "photos/my cat.v2.jpg", 12);
        assert_eq!(name, Path::new("rise:masks=400,p=0.5/my cat.v2-12.png"));
        assert_eq!(png("gradcam", "testbed/000", 1), Path::new("gradcam/000-1.png"));
    }

    #[test]
    fn no_name_leaves_its_folder() {
        let cases = [
            ("../../etc", "/etc/passwd", "_._.._etc/passwd-1.png"),
            ("..", "..", "_./_.-1.png"),
            ("", "", "_/_-1.png"),
            ("a/b\\c", "x/.hidden", "a_b_c/_hidden-1.png"),
            ("a\nb\0", "..\\up", "a_b_/_-1.png"),
        ];
        for (method, image, expected) in cases {
            assert_eq!(png(method, image, 1), Path::new(expected), "{method:?} {image:?}");
        }
    }

    #[test]
    fn long_names_are_cut_between_characters() {
        let name = png("m", &"é".repeat(300), 1);
        assert_eq!(name, Path::new(&format!("m/{}-1.png", "é".repeat(100))));
    }
}
