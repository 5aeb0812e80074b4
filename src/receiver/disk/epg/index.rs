//! Where each descriptor is. Events name theirs by checksum, and the table is in no order at all: a descriptor of the
//! first service may be the last of the file.

use super::{layout, EpgFile, Error, Service};

/// A file with more descriptors is damaged: the receiver has no room for them itself.
const MOST: usize = 1024 * 1024;
/// The first bits of a key lead to where its likes begin.
const BITS: u32 = 12;

/// Which keys are worth a place in the index: one bit for many keys that are alike.
#[derive(Debug)]
struct Sieve(Vec<u8>);

impl Sieve {
    const BITS: u32 = 20;

    fn new() -> Sieve {
        Sieve(vec![0; 1 << (Sieve::BITS - 3)])
    }

    fn place(key: u32) -> (usize, u8) {
        let bit = key >> (32 - Sieve::BITS);
        ((bit >> 3) as usize, 1 << (bit & 7))
    }

    fn add(&mut self, key: u32) {
        let (byte, bit) = Sieve::place(key);
        self.0[byte] |= bit;
    }

    fn has(&self, key: u32) -> bool {
        let (byte, bit) = Sieve::place(key);
        self.0[byte] & bit != 0
    }
}

/// Keys and places of the descriptors that the wanted services use, eight bytes each.
#[derive(Debug)]
pub(super) struct Index {
    /// Key in the high half, place in the low, sorted.
    entries: Vec<u64>,
    /// Where the keys with the same first bits begin.
    heads: Vec<u32>,
}

impl Index {
    /// Walks over the table of descriptors and notes where those are that `services` use.
    pub(super) fn build<'a>(
        file: &mut EpgFile,
        services: impl Iterator<Item = &'a Service>,
    ) -> Result<Index, Error> {
        let mut sieve = Sieve::new();
        for service in services {
            let mut at = service.at;
            for _ in 0..service.events {
                let (record, next) = file.version.record(&mut file.window, at)?;
                record.keys().for_each(|key| sieve.add(key));
                at = next;
            }
        }
        let mut entries = Vec::new();
        layout::descriptors(&mut file.window, file.table, |key, at| {
            if sieve.has(key) {
                if entries.len() == MOST {
                    return Err(Error::Implausible("the number of descriptors"));
                }
                entries.push(u64::from(key) << 32 | u64::from(at));
            }
            Ok(())
        })?;
        entries.shrink_to_fit();
        entries.sort_unstable();
        let mut heads = vec![0u32; (1 << BITS) + 1];
        for entry in &entries {
            heads[(entry >> (64 - BITS)) as usize + 1] += 1;
        }
        for at in 1..heads.len() {
            heads[at] += heads[at - 1];
        }
        Ok(Index { entries, heads })
    }

    /// Where the descriptor with this key is.
    pub(super) fn find(&self, key: u32) -> Option<u32> {
        let head = (key >> (32 - BITS)) as usize;
        let alike = self.heads[head] as usize..self.heads[head + 1] as usize;
        let alike = &self.entries[alike];
        let at = alike.partition_point(|entry| (entry >> 32) as u32 <= key);
        // Of two with one key enigma2 keeps the later.
        let entry = alike.get(at.checked_sub(1)?)?;
        ((entry >> 32) as u32 == key).then_some(*entry as u32)
    }
}
