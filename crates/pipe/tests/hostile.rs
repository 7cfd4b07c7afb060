//! No file makes the reader panic or take more memory than the file is long.
//!
//! One test alone in its process, because it watches the memory of the whole process.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::{Path, PathBuf};

use pipe::npy::{self, Header, Stream};

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/pipe/npy");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Reads in every way; all that matters is that it comes back.
fn read_file(path: &Path) {
    let _ = npy::read_file(path);
    let _ = npy::read_map(path, None);
    let _ = npy::read_map(path, Some(1));
}

fn read_bytes(bytes: &[u8]) {
    let _ = Header::read(&mut &bytes[..]);
    let _ = Stream::new(bytes).count();
}

/// Largest address space so far, in KiB: it counts memory that was asked for and never touched.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmPeak:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// A small generator of numbers: the damage is the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % limit
    }
}

fn damage(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=dice.below(4) {
        let place = dice.below(bytes.len());
        match dice.below(4) {
            0 => bytes[place] = dice.below(256) as u8,
            1 => bytes[place] = b"0123456789(),[]'{}: "[dice.below(20)],
            2 => bytes.insert(place, b"09(,'"[dice.below(5)]),
            _ => bytes.truncate(place.max(1)),
        }
    }
    bytes
}

#[test]
fn hostile_files_neither_panic_nor_take_memory() {
    let folder = tempfile::tempdir().unwrap();
    let damaged = folder.path().join("damaged.npy");
    let mut dice = Dice(7);
    let before = peak();
    for path in files() {
        let bytes = fs::read(&path).unwrap();
        read_file(&path);
        read_bytes(&bytes);
        for round in 0..if (1..1000).contains(&bytes.len()) { 100 } else { 0 } {
            let bytes = damage(&bytes, &mut dice);
            read_bytes(&bytes);
            if round < 10 {
                fs::write(&damaged, &bytes).unwrap();
                read_file(&damaged);
            }
        }
    }
    let grown = peak() - before;
    assert!(grown < 64 << 10, "address space grew by {grown} KiB");
}
