//! Texts by number, each stored once.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

/// Behind each part of a key; no byte of UTF-8 text, so that parts cannot run into one another.
const END: u8 = 0xff;

/// Numbers keys, which are some texts each, in the order in which they come.
#[derive(Debug, Default)]
pub(crate) struct Interner {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
    key: Vec<u8>,
    last: u32,
    /// The key that came after each one when it came last: the rows of a table go round in some order.
    following: Vec<u32>,
}

impl Interner {
    /// The number of a key, and whether it is new.
    pub(crate) fn number<'a>(&mut self, parts: impl IntoIterator<Item = &'a [u8]>) -> (u32, bool) {
        self.key.clear();
        for part in parts {
            self.key.extend_from_slice(part);
            self.key.push(END);
        }
        let next = self.following.get(self.last as usize).copied().unwrap_or_default();
        let guess = [self.last, next].into_iter().find(|guess| self.key(*guess) == self.key);
        let known = self.ends.len();
        let number = guess.unwrap_or_else(|| self.look_up());
        self.following[self.last as usize] = number;
        self.last = number;
        (number, number as usize == known)
    }

    /// The number of the key at hand, which is added if it is new.
    fn look_up(&mut self) -> u32 {
        let hash = self.hasher.hash_one(&self.key);
        if let Some(known) = self.table.find(hash, |&other| self.key(other) == self.key) {
            return *known;
        }
        let number = self.ends.len() as u32;
        self.bytes.extend_from_slice(&self.key);
        self.ends.push(self.bytes.len());
        self.following.push(number);
        let Self { bytes, ends, table, hasher, .. } = self;
        table.insert_unique(hash, number, |&other| hasher.hash_one(slice(bytes, ends, other)));
        number
    }

    /// The parts of a key.
    pub(crate) fn parts(&self, number: u32) -> impl Iterator<Item = &[u8]> {
        self.key(number).split_inclusive(|byte| *byte == END).map(|part| &part[..part.len() - 1])
    }

    fn key(&self, number: u32) -> &[u8] {
        slice(&self.bytes, &self.ends, number)
    }
}

/// A key; nothing if there is none of that number.
fn slice<'a>(bytes: &'a [u8], ends: &[usize], number: u32) -> &'a [u8] {
    let at = number as usize;
    let Some(end) = ends.get(at) else { return &[] };
    &bytes[if at == 0 { 0 } else { ends[at - 1] }..*end]
}

#[cfg(test)]
mod tests {
    use super::Interner;

    #[test]
    fn equal_keys_have_one_number_in_whatever_order_they_come() {
        let mut interner = Interner::default();
        let mut number = |parts: [&str; 2]| interner.number(parts.map(str::as_bytes));
        assert_eq!(number(["", ""]), (0, true));
        assert_eq!(number(["", ""]), (0, false));
        assert_eq!([number(["ab", "c"]), number(["a", "bc"])], [(1, true), (2, true)]);
        let keys: Vec<String> = (0..1000).map(|at| (at * 7919 % 1000).to_string()).collect();
        let first: Vec<u32> = keys.iter().map(|key| number([key, "x"]).0).collect();
        assert!(first.iter().copied().eq(3..1003));
        for round in [1, 3, 7, 999] {
            for at in (0..1000).map(|at| at * round % 1000) {
                assert_eq!(number([&keys[at], "x"]), (first[at], false));
            }
        }
        let parts: Vec<&[u8]> = interner.parts(2).collect();
        assert_eq!(parts, [&b"a"[..], b"bc"]);
    }
}
