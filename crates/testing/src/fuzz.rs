//! Files that were sound, damaged at random: whatever reads them must say what is wrong, not panic, and not take a gigabyte.
//!
//! A test of the suite does it for a second, always with the same damage; `make fuzz` for as long as `FUZZ_SECONDS` says, with the
//! seed `FUZZ_SEED`. What is found is shrunk to the least damage that still does it.

use std::env;
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

/// Resident kilobytes that a process may have.
const MOST: u64 = 1 << 20;

/// Time that one file may take.
const LONGEST: Duration = Duration::from_secs(5);

/// Numbers at which sizes and offsets go wrong.
const EDGES: [u64; 9] =
    [0, 1, 0x7f, 0xff, 0xffff, 0x7fff_ffff, 0xffff_ffff, 0x7fff_ffff_ffff_ffff, 0xffff_ffff_ffff_ffff];

/// One damage.
#[derive(Clone, Debug)]
enum Damage {
    Set(Index, u8),
    Flip(Index, u8),
    /// An edge as so many bytes, the least first or last.
    Number(Index, usize, u8, bool),
    Insert(Index, Vec<u8>),
    Remove(Index, Index),
    /// A piece of the file once more, elsewhere.
    Repeat(Index, Index, Index),
    End(Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    let index = any::<Index>;
    prop_oneof![
        (index(), any::<u8>()).prop_map(|(at, byte)| Damage::Set(at, byte)),
        (index(), 0_u8..8).prop_map(|(at, bit)| Damage::Flip(at, bit)),
        (index(), 0..EDGES.len(), 1_u8..=8, any::<bool>())
            .prop_map(|(at, edge, bytes, first)| Damage::Number(at, edge, bytes, first)),
        (index(), prop::collection::vec(any::<u8>(), 1..9)).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        (index(), index()).prop_map(|(from, to)| Damage::Remove(from, to)),
        (index(), index(), index()).prop_map(|(from, to, at)| Damage::Repeat(from, to, at)),
        index().prop_map(Damage::End),
    ]
}

impl Damage {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let length = bytes.len() + 1;
        match self {
            Self::Set(at, byte) => replace(bytes, at.index(length), &[*byte]),
            Self::Flip(at, bit) => {
                if let Some(byte) = bytes.get_mut(at.index(length)) {
                    *byte ^= 1 << bit;
                }
            }
            Self::Number(at, edge, count, first) => {
                let count = usize::from(*count);
                let least = EDGES[*edge].to_le_bytes();
                let greatest: Vec<u8> = least[..count].iter().rev().copied().collect();
                replace(bytes, at.index(length), if *first { &least[..count] } else { &greatest });
            }
            Self::Insert(at, more) => {
                drop(bytes.splice(at.index(length)..at.index(length), more.iter().copied()));
            }
            Self::Remove(from, to) => drop(bytes.drain(piece(*from, *to, length))),
            Self::Repeat(from, to, at) => {
                let piece = bytes[piece(*from, *to, length)].to_vec();
                let at = at.index(length);
                bytes.splice(at..at, piece);
            }
            Self::End(at) => bytes.truncate(at.index(length)),
        }
    }
}

/// At most a thousand bytes, so that a few damages do not make a large file.
fn piece(from: Index, to: Index, length: usize) -> Range<usize> {
    let (from, to) = (from.index(length), to.index(length));
    let first = from.min(to);
    first..from.max(to).min(first + 1000)
}

fn replace(bytes: &mut [u8], at: usize, by: &[u8]) {
    bytes[at..].iter_mut().zip(by).for_each(|(byte, by)| *byte = *by);
}

/// Gives damaged files to a reader, which may refuse them.
///
/// # Panics
///
/// If the reader panics or takes five seconds, or the process has had a gigabyte; the message has the least damage, and `target/fuzz` the file.
pub fn survives(name: &str, files: &[Vec<u8>], read: impl Fn(&[u8])) {
    assert!(!files.is_empty(), "{name}: no file to damage");
    let number = |name| env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let (seconds, seed) = (number("FUZZ_SECONDS"), number("FUZZ_SEED").unwrap_or_default());
    let end = Instant::now() + Duration::from_secs(seconds.unwrap_or(1));
    let damaged = |(file, damages): &(Index, Vec<Damage>)| {
        let mut bytes = file.get(files).clone();
        for damage in damages {
            damage.apply(&mut bytes);
        }
        bytes
    };
    let strategy = (any::<Index>(), prop::collection::vec(damage(), 1..6));
    let mut tried = 0_u64;
    while Instant::now() < end {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&tried.to_le_bytes());
        let config =
            Config { cases: 64, failure_persistence: None, max_shrink_time: 60_000, ..Config::default() };
        let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &key));
        let outcome = runner.run(&strategy, |case| {
            let begun = Instant::now();
            read(&damaged(&case));
            let (most, took) = (resident(), begun.elapsed());
            let lost = most > MOST || took > LONGEST;
            if lost { Err(TestCaseError::fail(format!("{most} KiB, {took:?}"))) } else { Ok(()) }
        });
        if let Err(TestError::Fail(reason, case)) = outcome {
            let path = keep(name, &damaged(&case));
            panic!("{name}: {reason}: {:?}; the file is {path}", case.1);
        }
        tried += 64;
    }
    eprintln!("{name}: {tried} damaged files");
}

fn keep(name: &str, bytes: &[u8]) -> String {
    let folder = crate::root().join("target/fuzz");
    let path = folder.join(name);
    let kept = fs::create_dir_all(&folder).and_then(|()| fs::write(&path, bytes));
    kept.map_or_else(|error| error.to_string(), |()| path.display().to_string())
}

/// The most that the process has had in memory so far, in KiB; 0 where the system does not say.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// The files of a folder with one of these endings, in the order of their names.
///
/// # Panics
///
/// If it cannot be read.
pub fn files(folder: impl AsRef<Path>, endings: &[&str]) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(folder).expect("a folder of files to damage");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry of a folder").path()).collect();
    paths.retain(|path| endings.iter().any(|ending| path.to_string_lossy().ends_with(ending)));
    paths.sort();
    paths.into_iter().map(|path| fs::read(path).expect("a file to damage")).collect()
}
