//! What is wrong with many items is said once, with a count at the end: a line for each of 8,000 would hide all others.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::{Mutex, PoisonError};

use indicatif::HumanCount;

use crate::note;

/// Of this process.
static SAID: Mutex<Option<Repeats>> = Mutex::new(None);

/// Says on standard error what is wrong with an item: `ITEM, PART, PART: WHAT`; empty parts are left out.
///
/// Of lines that are equal only the first comes at once, and the number of the others when the tool ends. Lines are equal if
/// they differ in nothing but the item's name, and in numbers, paths and quoted values.
pub fn note_item(item: &str, parts: &[&str], what: impl Display) {
    let what = what.to_string();
    let names: Vec<&str> =
        std::iter::once(&item).chain(parts).copied().filter(|part| !part.is_empty()).collect();
    let line = format!("{}: {what}", names.join(", "));
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(line) = said.get_or_insert_default().add(kind(item, parts, &what), line) {
        note(line);
    }
}

/// Says how many more of each kind there were.
pub(crate) fn tell_repeats() {
    let said = SAID.lock().unwrap_or_else(PoisonError::into_inner).take();
    said.into_iter().flat_map(Repeats::rest).for_each(note);
}

/// What equal lines have in common.
fn kind(item: &str, parts: &[&str], what: &str) -> String {
    let nameless = if item.is_empty() { what.to_owned() } else { what.replace(item, "") };
    let unquoted = nameless.split('"').step_by(2);
    let is_word = |word: &&str| !word.contains(|c: char| c.is_ascii_digit() || c == '/');
    let words: Vec<&str> = unquoted.flat_map(str::split_whitespace).filter(is_word).collect();
    format!("{}: {}", parts.join(", "), words.join(" "))
}

/// Lines by their kind.
#[derive(Default)]
struct Repeats {
    kinds: HashMap<String, Kind>,
}

struct Kind {
    /// Its place among the kinds.
    place: usize,
    first: String,
    /// The last of the others, and how many they are.
    last: String,
    more: u64,
}

impl Repeats {
    /// More kinds than these are not equal errors but a log, which must not fill the memory.
    const MOST: usize = 1000;

    /// The line, if it is to be said now.
    fn add(&mut self, kind: String, line: String) -> Option<String> {
        if let Some(known) = self.kinds.get_mut(&kind) {
            known.more += 1;
            known.last = line;
            return None;
        }
        let place = self.kinds.len();
        if place < Self::MOST {
            self.kinds.insert(kind, Kind { place, first: line.clone(), last: String::new(), more: 0 });
        }
        Some(line)
    }

    /// What is left to say: the second line of a kind itself, and the number of more.
    fn rest(self) -> impl Iterator<Item = String> {
        let mut kinds: Vec<Kind> = self.kinds.into_values().filter(|kind| kind.more > 0).collect();
        kinds.sort_by_key(|kind| kind.place);
        kinds.into_iter().map(|Kind { first, last, more, .. }| match more {
            1 => last,
            _ => format!("{first} ... and {} more like it", HumanCount(more)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(lines: &[(&str, &str, &str)]) -> (Vec<String>, Vec<String>) {
        let mut repeats = Repeats::default();
        let at_once = lines.iter().filter_map(|(item, part, what)| {
            repeats.add(kind(item, &[*part], what), format!("{item}, {part}: {what}"))
        });
        let at_once = at_once.collect();
        (at_once, repeats.rest().collect())
    }

    #[test]
    fn equal_lines_are_one_and_a_count() {
        let names: Vec<String> = (0..8000).map(|i| format!("my photo {i}.jpg")).collect();
        let reasons: Vec<String> = names.iter().map(|name| format!("{name}: No such file")).collect();
        let lines: Vec<_> = names.iter().zip(&reasons).map(|(name, why)| (&**name, "open", &**why)).collect();
        let (at_once, rest) = said(&lines);
        let first = "my photo 0.jpg, open: my photo 0.jpg: No such file";
        assert_eq!(at_once, [first]);
        assert_eq!(rest, [format!("{first} ... and 7,999 more like it")]);
    }

    #[test]
    fn a_pair_is_two_lines() {
        let (at_once, rest) = said(&[("a.png", "open", "no image"), ("b.png", "open", "no image")]);
        assert_eq!(
            (at_once, rest),
            (vec!["a.png, open: no image".into()], vec!["b.png, open: no image".into()])
        );
    }

    #[test]
    fn numbers_paths_and_quoted_values_do_not_make_a_difference_but_words_and_parts_do() {
        let same = [
            ("class 1001, but the model has 1000 classes", "class 7, but the model has 5 classes"),
            ("maps/rise/0a.npy: it is torn", "maps/rise/bc.npy: it is torn"),
            ("label \"tabby cat\" is no class", "label \"great auk\" is no class"),
        ];
        for (one, other) in same {
            assert_eq!(kind("a.png", &["open"], one), kind("b.png", &["open"], other));
        }
        let one = kind("a.png", &["open"], "a.png: Permission denied");
        assert_ne!(one, kind("a.png", &["open"], "a.png: No such file"));
        assert_ne!(one, kind("a.png", &["draw"], "a.png: Permission denied"));
    }

    #[test]
    fn a_log_of_different_lines_does_not_fill_the_memory() {
        let mut repeats = Repeats::default();
        for i in 0..3000 {
            let word: String =
                format!("{i:04}").chars().map(|digit| (digit as u8 - b'0' + b'a') as char).collect();
            assert!(repeats.add(kind("", &[], &word), word).is_some());
        }
        assert_eq!(repeats.kinds.len(), Repeats::MOST);
    }
}
