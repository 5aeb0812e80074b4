//! A small cache of fixed size: least recently used goes first, everything ends after its time.
//!
//! Bounded in entries and in bytes. Linear, because it holds at most some dozens of entries. It has no clock and no
//! task of its own: the time is an argument.

use std::time::{Duration, Instant};

/// A cache from names to values. Values are handed out as clones, so they should be cheap to clone (`Rc`, `Arc`).
#[derive(Debug)]
pub struct Cache<V> {
    slots: Vec<Slot<V>>,
    most_entries: usize,
    most_bytes: usize,
    bytes: usize,
    turn: u64,
    counts: Counts,
}

#[derive(Debug)]
struct Slot<V> {
    key: Box<str>,
    value: V,
    bytes: usize,
    until: Instant,
    turn: u64,
}

/// What the cache did since it was made, and what it holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Answers found.
    pub hits: u32,
    /// Answers not found, or found too old.
    pub misses: u32,
    /// Entries that made room for others.
    pub evictions: u32,
    /// Entries held now.
    pub entries: u32,
    /// Bytes held now, as the callers counted them.
    pub bytes: u32,
}

impl<V: Clone> Cache<V> {
    /// An empty cache with its two bounds.
    pub fn new(most_entries: usize, most_bytes: usize) -> Cache<V> {
        Cache {
            slots: Vec::new(),
            most_entries,
            most_bytes,
            bytes: 0,
            turn: 0,
            counts: Counts::default(),
        }
    }

    /// The value under `key`, if it is there and its time has not passed.
    pub fn get(&mut self, key: &str, now: Instant) -> Option<V> {
        self.turn += 1;
        let found = self.slots.iter().position(|slot| *slot.key == *key);
        match found {
            Some(at) if self.slots[at].until > now => {
                self.counts.hits = self.counts.hits.wrapping_add(1);
                self.slots[at].turn = self.turn;
                Some(self.slots[at].value.clone())
            }
            Some(at) => {
                self.drop_slot(at);
                self.counts.misses = self.counts.misses.wrapping_add(1);
                None
            }
            None => {
                self.counts.misses = self.counts.misses.wrapping_add(1);
                None
            }
        }
    }

    /// Keeps `value` (of `bytes` bytes) for `ttl`. A value larger than the whole cache is not kept.
    pub fn put(&mut self, key: &str, value: V, bytes: usize, ttl: Duration, now: Instant) {
        self.forget(key);
        if bytes > self.most_bytes || self.most_entries == 0 {
            return;
        }
        while self.slots.len() >= self.most_entries || self.bytes + bytes > self.most_bytes {
            let past = self.slots.iter().position(|slot| slot.until <= now);
            let oldest = || (0..self.slots.len()).min_by_key(|at| self.slots[*at].turn);
            let Some(at) = past.or_else(oldest) else {
                return;
            };
            self.drop_slot(at);
            self.counts.evictions = self.counts.evictions.wrapping_add(1);
        }
        self.turn += 1;
        self.bytes += bytes;
        let until = now + ttl;
        let turn = self.turn;
        self.slots.push(Slot {
            key: key.into(),
            value,
            bytes,
            until,
            turn,
        });
    }

    /// Drops what is kept under `key`.
    pub fn forget(&mut self, key: &str) {
        if let Some(at) = self.slots.iter().position(|slot| *slot.key == *key) {
            self.drop_slot(at);
        }
    }

    /// Drops everything; the counts stay.
    pub fn clear(&mut self) {
        self.slots.clear();
        self.bytes = 0;
    }

    /// The statistics.
    pub fn counts(&self) -> Counts {
        Counts {
            entries: self.slots.len() as u32,
            bytes: self.bytes as u32,
            ..self.counts
        }
    }

    fn drop_slot(&mut self, at: usize) {
        self.bytes -= self.slots.swap_remove(at).bytes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn the_least_recently_used_entry_makes_room() {
        let now = Instant::now();
        let mut cache = Cache::new(2, 100);
        cache.put("a", 1, 10, MINUTE, now);
        cache.put("b", 2, 10, MINUTE, now);
        assert_eq!(cache.get("a", now), Some(1));
        cache.put("c", 3, 10, MINUTE, now);
        assert_eq!(cache.get("b", now), None);
        assert_eq!(cache.get("a", now), Some(1));
        let counts = cache.counts();
        assert_eq!(
            (
                counts.hits,
                counts.misses,
                counts.evictions,
                counts.entries,
                counts.bytes
            ),
            (2, 1, 1, 2, 20)
        );
    }

    #[test]
    fn entries_end_after_their_time() {
        let now = Instant::now();
        let mut cache = Cache::new(2, 100);
        cache.put("a", 1, 10, MINUTE, now);
        assert_eq!(
            cache.get("a", now + MINUTE - Duration::from_millis(1)),
            Some(1)
        );
        assert_eq!(cache.get("a", now + MINUTE), None);
        assert_eq!(cache.counts().bytes, 0);
    }

    #[test]
    fn bytes_are_bounded_and_the_too_large_is_not_kept() {
        let now = Instant::now();
        let mut cache = Cache::new(9, 100);
        cache.put("a", 1, 60, MINUTE, now);
        cache.put("b", 2, 60, MINUTE, now);
        assert_eq!((cache.get("a", now), cache.get("b", now)), (None, Some(2)));
        cache.put("b", 3, 101, MINUTE, now);
        assert_eq!(cache.get("b", now), None);
        cache.put("c", 4, 100, MINUTE, now);
        cache.put("c", 5, 100, MINUTE, now);
        assert_eq!(cache.get("c", now), Some(5));
        cache.clear();
        assert_eq!(cache.counts().entries, 0);
    }
}
