//! The descriptors of a few services, fetched from the file together: many are shared, and what is fetched in the order
//! of the file is fetched fast.

use std::hash::{BuildHasher, RandomState};

use super::index::Index;
use super::layout::DESCRIPTOR_HEAD;
use super::window::Window;
use super::Error;

/// Descriptors that are worth a fetch; some three or four services have as many.
const ENOUGH: usize = 2_048;
/// Slots to begin with; three quarters of them are used.
const SLOTS: usize = 4_096;
/// Slots for the descriptors of one service: it has a tenth of them, at most.
const MOST_SLOTS: usize = 65_536;
/// Bytes between two descriptors that are cheaper to read than to jump over.
const GAP: u32 = 1_024;
/// A descriptor with its head, at most.
const LARGEST: u32 = DESCRIPTOR_HEAD as u32 + 255;
/// What a slot says instead of a place: nothing is in it.
const EMPTY: u32 = u32::MAX;
/// Its descriptor is not here, or not yet.
const ABSENT: u32 = u32::MAX - 1;

/// Descriptors by key.
#[derive(Debug)]
pub(super) struct Shelf {
    /// Key, and where its descriptor is in `bytes`.
    slots: Vec<(u32, u32)>,
    taken: usize,
    bytes: Vec<u8>,
    /// Who writes the file cannot know which keys come to lie together.
    seed: u32,
}

impl Shelf {
    /// An empty shelf.
    pub(super) fn new() -> Shelf {
        Shelf {
            slots: vec![(0, EMPTY); SLOTS],
            taken: 0,
            bytes: Vec::new(),
            seed: RandomState::new().hash_one(0) as u32,
        }
    }

    /// Takes everything off.
    pub(super) fn clear(&mut self) {
        self.slots.truncate(SLOTS);
        self.slots.fill((0, EMPTY));
        self.taken = 0;
        self.bytes.clear();
    }

    /// Asks for the descriptor with this key.
    pub(super) fn want(&mut self, key: u32) -> Result<(), Error> {
        let mut slot = self.slot(key);
        if self.slots[slot].1 == EMPTY {
            if self.taken == self.slots.len() / 4 * 3 {
                self.grow()?;
                slot = self.slot(key);
            }
            self.slots[slot] = (key, ABSENT);
            self.taken += 1;
        }
        Ok(())
    }

    /// Whether what was asked for should be fetched before more is asked for.
    pub(super) fn is_full(&self) -> bool {
        self.taken >= ENOUGH
    }

    /// Fetches what was asked for, as far as the file has it.
    pub(super) fn fetch(&mut self, window: &mut Window, index: &Index) -> Result<(), Error> {
        // Where each is in the file (high half), and its slot.
        let mut order: Vec<u64> = Vec::with_capacity(self.taken);
        for (slot, (key, place)) in self.slots.iter().enumerate() {
            if *place != EMPTY {
                let at = index.find(*key).map(u64::from);
                order.extend(at.map(|at| at << 32 | slot as u64));
            }
        }
        order.sort_unstable();
        let place = |entry: u64| (entry >> 32) as u32;
        let mut seen = 0;
        for (next, &entry) in order.iter().enumerate() {
            let at = place(entry);
            if at + LARGEST > seen {
                // As far as one is close to the next.
                let is_close = |pair: &&[u64]| place(pair[1]) - place(pair[0]) < GAP;
                let run = order[next..].windows(2).take_while(is_close).count();
                let end = place(order[next + run]) + LARGEST;
                seen = window.look(at, end - at)?;
            }
            let head = window.bytes(at, DESCRIPTOR_HEAD)?;
            let whole = DESCRIPTOR_HEAD + usize::from(head[DESCRIPTOR_HEAD - 1]);
            let descriptor = window.bytes(at, whole)?;
            self.slots[entry as u32 as usize].1 = self.bytes.len() as u32;
            self.bytes
                .extend_from_slice(&descriptor[DESCRIPTOR_HEAD - 2..]);
        }
        Ok(())
    }

    /// The tag and the content of a descriptor that was fetched.
    pub(super) fn get(&self, key: u32) -> Option<(u8, &[u8])> {
        // What is not there is beyond the end.
        let (_, place) = self.slots[self.slot(key)];
        let (tag, rest) = self.bytes.get(place as usize..)?.split_first()?;
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
            return Err(Error::Implausible("the descriptors of a service"));
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
