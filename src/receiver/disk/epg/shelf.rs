//! The descriptors that a few services need, fetched from the file in one go.
//!
//! Events name their descriptors by checksum, and the table is in no order: a descriptor of the first service may be the
//! last of the file. An index of all would be megabytes, and a look into the file for each a hundred thousand calls of
//! the system. So the table is read from begin to end once for some twenty services.

use std::hash::{BuildHasher, RandomState};

use super::layout::{Table, DESCRIPTOR_HEAD};
use super::window::Window;
use super::Error;

/// Bytes of descriptors at once.
const ROOM: usize = 1024 * 1024;
/// Bytes for one service that has more than fit in [`ROOM`].
const LARGEST: usize = 4 * ROOM;
/// Descriptors at once; a quarter of the slots stays empty.
const MOST: usize = SLOTS / 4 * 3;
const SLOTS: usize = 32 * 1024;
/// Slots for one service that has more than [`MOST`].
const MOST_SLOTS: usize = 4 * SLOTS;

/// What a slot says instead of a place on the shelf: nothing is in it.
const EMPTY: u32 = u32::MAX;
/// Its descriptor is asked for and not found yet.
const WANTED: u32 = u32::MAX - 1;

/// The descriptors asked for: a table of slots by key, and their bytes in a row.
#[derive(Debug)]
pub(super) struct Shelf {
    /// Key and place.
    slots: Vec<(u32, u32)>,
    taken: usize,
    bytes: Vec<u8>,
    /// Nobody who writes the file can know where a key belongs.
    seed: u32,
    /// Bytes that a wanted descriptor takes, by what is known so far.
    typical: usize,
}

impl Shelf {
    /// An empty shelf for descriptors of `table`.
    pub(super) fn new(table: Table) -> Shelf {
        let bytes = (table.end - table.at) as usize;
        Shelf {
            slots: vec![(0, EMPTY); SLOTS],
            taken: 0,
            bytes: Vec::with_capacity(bytes.min(ROOM)),
            seed: RandomState::new().hash_one(0) as u32 | 1,
            typical: (bytes / table.count.max(1) as usize).max(16),
        }
    }

    /// Takes everything off.
    pub(super) fn clear(&mut self) {
        self.slots.truncate(SLOTS);
        self.slots.fill((0, EMPTY));
        self.bytes.clear();
        self.taken = 0;
    }

    /// Asks for a descriptor.
    pub(super) fn want(&mut self, key: u32) -> Result<(), Error> {
        if self.taken >= self.slots.len() / 4 * 3 {
            self.grow()?;
        }
        let slot = self.slot(key);
        if self.slots[slot].1 == EMPTY {
            self.slots[slot] = (key, WANTED);
            self.taken += 1;
        }
        Ok(())
    }

    /// Whether it would be better to fetch what was asked for before more is.
    pub(super) fn is_full(&self) -> bool {
        self.taken >= MOST - MOST / 8 || self.taken * self.typical >= ROOM - ROOM / 8
    }

    /// Fetches what was asked for. False if there is not room for all of it; for what is asked on behalf of one service
    /// (`alone`) room is made.
    pub(super) fn fetch(
        &mut self,
        window: &mut Window,
        table: Table,
        alone: bool,
    ) -> Result<bool, Error> {
        let room = if alone { LARGEST } else { ROOM };
        let mut missing = self.taken;
        let mut at = table.at;
        for _ in 0..table.count {
            if missing == 0 {
                break;
            }
            let head = window.bytes(at, DESCRIPTOR_HEAD)?;
            let &[a, b, c, d, .., tag, length] = head else {
                return Err(Error::Cut);
            };
            let whole = DESCRIPTOR_HEAD + usize::from(length);
            let slot = self.slot(u32::from_ne_bytes([a, b, c, d]));
            if self.slots[slot].1 == WANTED {
                if self.bytes.len() + 2 + usize::from(length) > room {
                    return match alone {
                        true => Err(Error::Implausible("a service has too many descriptors")),
                        false => Ok(false),
                    };
                }
                self.slots[slot].1 = self.bytes.len() as u32;
                missing -= 1;
                self.bytes.extend_from_slice(&[tag, length]);
                let body = window.bytes(at, whole)?;
                self.bytes.extend_from_slice(&body[DESCRIPTOR_HEAD..]);
            }
            at += whole as u32;
        }
        self.typical = (self.bytes.len() / (self.taken - missing).max(1)).max(16);
        Ok(true)
    }

    /// The tag and the content of a descriptor that was asked for and found.
    pub(super) fn get(&self, key: u32) -> Option<(u8, &[u8])> {
        // Nothing is as far as where the marks point.
        let (_, at) = self.slots[self.slot(key)];
        let (tag, rest) = self.bytes.get(at as usize..)?.split_first()?;
        let (length, rest) = rest.split_first()?;
        Some((*tag, rest.get(..usize::from(*length))?))
    }

    /// The slot of a key, or the empty one where it belongs: there always is one.
    fn slot(&self, key: u32) -> usize {
        let mixed = (key ^ self.seed).wrapping_mul(0x9e37_79b1);
        let mut slot = (mixed ^ mixed >> 16) as usize;
        loop {
            slot &= self.slots.len() - 1;
            match self.slots[slot] {
                (_, EMPTY) => return slot,
                (there, _) if there == key => return slot,
                _ => slot += 1,
            }
        }
    }

    fn grow(&mut self) -> Result<(), Error> {
        let more = self.slots.len() * 2;
        if more > MOST_SLOTS {
            return Err(Error::Implausible("a service has too many descriptors"));
        }
        let former = std::mem::replace(&mut self.slots, vec![(0, EMPTY); more]);
        for taken in former {
            if taken.1 != EMPTY {
                let slot = self.slot(taken.0);
                self.slots[slot] = taken;
            }
        }
        Ok(())
    }
}
