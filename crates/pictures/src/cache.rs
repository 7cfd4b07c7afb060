//! What was used last, within a number of bytes.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

/// Keeps values by key and forgets the least recently used ones beyond a limit: the rows of a table come method by method
/// over the same images.
#[derive(Debug)]
pub struct Cache<K, V> {
    limit: usize,
    bytes: usize,
    held: HashMap<K, Held<V>>,
    /// Keys by the time of their last use.
    uses: BTreeMap<u64, K>,
    time: u64,
}

#[derive(Debug)]
struct Held<V> {
    value: V,
    bytes: usize,
    used: u64,
}

impl<K: Hash + Eq + Clone, V: Clone> Cache<K, V> {
    /// Holds up to `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, bytes: 0, held: HashMap::new(), uses: BTreeMap::new(), time: 0 }
    }

    /// The value of a key, made if it is not held; `make` says how many bytes it takes. One larger than the limit is not
    /// kept.
    ///
    /// # Errors
    /// That of `make`.
    pub fn get<E>(&mut self, key: &K, make: impl FnOnce() -> Result<(V, usize), E>) -> Result<V, E> {
        self.time += 1;
        if let Some(held) = self.held.get_mut(key) {
            self.uses.remove(&held.used);
            self.uses.insert(self.time, key.clone());
            held.used = self.time;
            return Ok(held.value.clone());
        }
        let (value, bytes) = make()?;
        if bytes <= self.limit {
            self.make_room(bytes);
            self.bytes += bytes;
            self.uses.insert(self.time, key.clone());
            self.held.insert(key.clone(), Held { value: value.clone(), bytes, used: self.time });
        }
        Ok(value)
    }

    fn make_room(&mut self, bytes: usize) {
        while self.bytes + bytes > self.limit {
            let Some((_, oldest)) = self.uses.pop_first() else { break };
            self.bytes -= self.held.remove(&oldest).map_or(0, |held| held.bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks for a value of so many bytes; whether it had to be made.
    fn made(cache: &mut Cache<char, char>, key: char, bytes: usize) -> bool {
        let mut made = false;
        let value = cache.get::<()>(&key, || {
            made = true;
            Ok((key, bytes))
        });
        assert_eq!(value, Ok(key));
        made
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let mut cache = Cache::new(10);
        let first: Vec<bool> = ['a', 'b', 'a', 'c'].map(|key| made(&mut cache, key, 4)).to_vec();
        assert_eq!(first, [true, true, false, true]);
        // `b` went when `c` came, since `a` was used after it.
        assert!(!made(&mut cache, 'a', 4) && made(&mut cache, 'b', 4) && made(&mut cache, 'c', 4));
        assert_eq!((cache.bytes, cache.held.len(), cache.uses.len()), (8, 2, 2));
    }

    #[test]
    fn what_is_too_large_and_what_fails_is_not_kept() {
        let mut cache = Cache::new(10);
        assert!(made(&mut cache, 'a', 10) && made(&mut cache, 'z', 11) && made(&mut cache, 'z', 11));
        assert!(!made(&mut cache, 'a', 10));
        assert_eq!(cache.get(&'e', || Err("no")), Err("no"));
        assert_eq!((cache.bytes, cache.held.len()), (10, 1));
    }
}
