//! SHA-256 as text: what files are addressed by, and what images and lists are told apart by.

use std::fmt::Write;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

/// SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// SHA-256 of a file in hexadecimal, and its bytes; a large one is never in memory.
///
/// # Errors
///
/// If it cannot be read.
pub fn sha256_of(path: &Path) -> io::Result<(String, u64)> {
    let (mut file, mut hash, mut length) = (File::open(path)?, Sha256::new(), 0);
    let mut piece = vec![0; 1 << 20];
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok((hexadecimal(&hash.finalize()), length)),
            Ok(count) => {
                hash.update(&piece[..count]);
                length += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Two digits for each byte.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // Writing to a String cannot fail.
        text
    })
}

/// The value of the column `list`: `lHASH/LENGTH` of a list of (image, class asked for), all shards together.
///
/// It does not depend on the order. An item that is in the list twice counts once.
///
/// ```
/// let list = pipe::list_key([("b.png", "predicted"), ("a.png", "3")]);
/// assert_eq!(list, pipe::list_key([("a.png", "3"), ("b.png", "predicted")]));
/// assert!(list.starts_with('l') && list.ends_with("/2"));
/// ```
pub fn list_key<'a>(items: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut items: Vec<_> = items.into_iter().collect();
    items.sort_unstable();
    items.dedup();
    let mut hash = Sha256::new();
    for part in items.iter().flat_map(|(image, asked)| [image, asked]) {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let digest = hash.finalize();
    let [a, b, c, d] = [0, 1, 2, 3].map(|i| digest[i]);
    format!("l{a:02x}{b:02x}{c:02x}{d:02x}/{}", items.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_sha256sum() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(b"abc"), expected);

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        // More than one piece.
        let bytes = vec![b'a'; (1 << 20) + 7];
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(sha256_of(&path).unwrap(), (sha256(&bytes), bytes.len() as u64));
        assert!(sha256_of(folder.path()).is_err());
    }

    #[test]
    fn lists_that_differ_have_other_keys() {
        let keys = [
            list_key([("a", "predicted")]),
            list_key([("a", "1")]),
            list_key([("ab", "1")]),
            list_key([("a", "b1")]),
            list_key([("a", "1"), ("a", "predicted")]),
            list_key([]),
        ];
        for (i, key) in keys.iter().enumerate() {
            assert!(!keys[..i].contains(key), "{key}");
        }
        assert_eq!(list_key([("a", "1"), ("a", "1")]), keys[1]);
    }
}
