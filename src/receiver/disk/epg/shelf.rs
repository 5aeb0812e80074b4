//! The descriptors of a few services, fetched from the file together: many are shared, and what is fetched in the order
//! of the file is fetched fast.

use super::index::Index;
use super::layout::DESCRIPTOR_HEAD;
use super::window::Window;
use super::Error;

/// Descriptors that are worth a fetch; some three or four services have as many.
const ENOUGH: usize = 2_048;
/// One service has a tenth of these, at most.
const MOST: usize = 65_536;
/// Bytes between two descriptors that are cheaper to read than to jump over.
const GAP: u32 = 1_024;
/// A descriptor with its head, at most.
const LARGEST: u32 = DESCRIPTOR_HEAD as u32 + 255;

/// A descriptor that is wanted.
#[derive(Clone, Copy, Debug)]
struct Entry {
    key: u32,
    /// Where it is in the file.
    at: u32,
    /// Where it is on the shelf.
    place: u32,
}

/// Descriptors by key.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    /// Sorted by key when fetched.
    entries: Vec<Entry>,
    /// How many of them are known to be different.
    distinct: usize,
    bytes: Vec<u8>,
}

impl Shelf {
    /// Takes everything off.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.bytes.clear();
        self.distinct = 0;
    }

    /// Asks for the descriptors with these keys.
    pub(super) fn want(&mut self, keys: impl Iterator<Item = u32>) -> Result<(), Error> {
        self.entries.extend(keys.map(|key| Entry {
            key,
            at: 0,
            place: 0,
        }));
        // Most events share some with others.
        if self.entries.len() > self.distinct + ENOUGH {
            self.sort();
        }
        match self.entries.len() > MOST {
            true => Err(Error::Implausible("the descriptors of a service")),
            false => Ok(()),
        }
    }

    /// Whether what was asked for should be fetched before more is asked for.
    pub(super) fn is_full(&mut self) -> bool {
        self.entries.len() > ENOUGH && {
            self.sort();
            self.distinct > ENOUGH
        }
    }

    fn sort(&mut self) {
        self.entries.sort_unstable_by_key(|entry| entry.key);
        self.entries.dedup_by_key(|entry| entry.key);
        self.distinct = self.entries.len();
    }

    /// Fetches what was asked for, as far as the file has it.
    pub(super) fn fetch(&mut self, window: &mut Window, index: &Index) -> Result<(), Error> {
        self.sort();
        self.entries.retain_mut(|entry| {
            let at = index.find(entry.key);
            entry.at = at.unwrap_or(0);
            at.is_some()
        });
        self.entries.sort_unstable_by_key(|entry| entry.at);
        let mut seen = 0;
        for at in 0..self.entries.len() {
            let entry = self.entries[at];
            if entry.at + LARGEST > seen {
                // As far as one is close to the next.
                let close = |pair: &&[Entry]| pair[1].at - pair[0].at < GAP;
                let run = self.entries[at..].windows(2).take_while(close).count();
                seen = self.entries[at + run].at + LARGEST;
                seen = window.look(entry.at, seen - entry.at)?;
            }
            let head = window.bytes(entry.at, DESCRIPTOR_HEAD)?;
            let length = usize::from(head[DESCRIPTOR_HEAD - 1]);
            let whole = window.bytes(entry.at, DESCRIPTOR_HEAD + length)?;
            self.entries[at].place = self.bytes.len() as u32;
            self.bytes.extend_from_slice(&whole[DESCRIPTOR_HEAD - 2..]);
        }
        self.entries.sort_unstable_by_key(|entry| entry.key);
        Ok(())
    }

    /// The tag and the content of a descriptor that was fetched.
    pub(super) fn get(&self, key: u32) -> Option<(u8, &[u8])> {
        let found = self.entries.binary_search_by_key(&key, |entry| entry.key);
        let place = self.entries.get(found.ok()?)?.place;
        let (tag, rest) = self.bytes.get(place as usize..)?.split_first()?;
        let (length, rest) = rest.split_first()?;
        Some((*tag, rest.get(..usize::from(*length))?))
    }
}
