//! Packing of events: a plain binary form, deflated.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};

use crate::model::Event;

/// What a full flush ends with; not kept.
const FLUSHED: [u8; 4] = [0, 0, 0xff, 0xff];
/// A block larger than this unpacked is damage: a channel's year is smaller.
const LARGEST: usize = 16 * 1024 * 1024;

/// Packs and unpacks; keeps its machinery and buffers for the next time, until it is told to release them.
#[derive(Debug, Default)]
pub(super) struct Codec {
    /// Some 320 kB.
    deflate: Option<Compress>,
    /// Some 45 kB.
    inflate: Option<Decompress>,
    plain: Vec<u8>,
    packed: Vec<u8>,
}

impl Codec {
    /// The packed form of events sorted by start, valid until the next call: the length unpacked (four bytes, little
    /// endian), and deflate blocks without the mark of the last one.
    pub(super) fn pack(&mut self, events: &[Event]) -> &[u8] {
        self.plain.clear();
        let mut before = 0;
        for event in events {
            for number in [event.start.wrapping_sub(before), event.duration, event.id] {
                put_number(&mut self.plain, number);
            }
            before = event.start;
            self.plain.push(event.genre);
            for text in [&event.title, &event.summary, &event.description] {
                put_number(&mut self.plain, text.len() as u32);
                self.plain.extend_from_slice(text.as_bytes());
            }
        }
        self.packed.clear();
        self.packed
            .extend_from_slice(&(self.plain.len() as u32).to_le_bytes());
        // Deflate stores what it cannot shrink: five bytes for each 32 kB at most.
        self.packed
            .reserve(self.plain.len() + self.plain.len() / 1024 + 64);
        // Level 1: the fastest; higher levels gain little on texts this short.
        let deflate = self
            .deflate
            .get_or_insert_with(|| Compress::new(Compression::new(1), false));
        // A full flush makes the next block independent of this one at half the cost of a reset. Cannot fail: the room
        // suffices and the input is all there.
        let _ = deflate.compress_vec(&self.plain, &mut self.packed, FlushCompress::Full);
        self.packed.strip_suffix(&FLUSHED).unwrap_or(&self.packed)
    }

    /// Hands out the events of a packed form. False when it is damaged; the events before the damage were handed out.
    pub(super) fn unpack(&mut self, packed: &[u8], mut each: impl FnMut(Event)) -> bool {
        let Some((length, packed)) = packed.split_first_chunk() else {
            return false;
        };
        let length = u32::from_le_bytes(*length) as usize;
        if length > LARGEST {
            return false;
        }
        self.plain.clear();
        self.plain.reserve_exact(length);
        let inflate = self.inflate.get_or_insert_with(|| Decompress::new(false));
        inflate.reset(false);
        // All at once needs no window beside the output. There is no last block, which is said to be an error; what
        // counts is the length.
        let _ = inflate.decompress_vec(packed, &mut self.plain, FlushDecompress::Finish);
        if self.plain.len() < length {
            return false;
        }
        self.plain.truncate(length);
        let mut rest = self.plain.as_slice();
        let mut before = 0u32;
        while !rest.is_empty() {
            let Some(event) = take_event(&mut rest, before) else {
                return false;
            };
            before = event.start;
            each(event);
        }
        true
    }

    /// Gives its memory back.
    pub(super) fn release(&mut self) {
        *self = Codec::default();
    }
}

fn take_event(rest: &mut &[u8], before: u32) -> Option<Event> {
    let start = before.wrapping_add(take_number(rest)?);
    let duration = take_number(rest)?;
    let id = take_number(rest)?;
    let (genre, after) = rest.split_first()?;
    *rest = after;
    let (title, summary, description) = (take_text(rest)?, take_text(rest)?, take_text(rest)?);
    Some(Event {
        id,
        start,
        duration,
        title,
        summary,
        description,
        genre: *genre,
        details: None,
    })
}

fn take_text(rest: &mut &[u8]) -> Option<String> {
    let length = take_number(rest)? as usize;
    let (text, after) = (rest.get(..length)?, rest.get(length..)?);
    *rest = after;
    Some(std::str::from_utf8(text).ok()?.to_owned())
}

/// Seven bits a byte, low bits first, the high bit says that more follow.
fn put_number(out: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn take_number(rest: &mut &[u8]) -> Option<u32> {
    let mut number = 0;
    for shift in (0..35).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        number |= u32::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(n: u32) -> Vec<Event> {
        (0..n)
            .map(|n| Event {
                id: n * 7,
                start: 1_795_000_000 + n * 1_800,
                duration: 1_800,
                title: format!("Title {n} Ü"),
                summary: String::new(),
                description: "word ".repeat(n as usize % 100),
                genre: n as u8,
                details: None,
            })
            .collect()
    }

    #[test]
    fn events_come_back_as_they_went_in() {
        let mut codec = Codec::default();
        for count in [0, 1, 3, 500] {
            let events = some(count);
            let packed = codec.pack(&events).to_vec();
            let mut back = Vec::new();
            assert!(codec.unpack(&packed, |event| back.push(event)), "{count}");
            assert_eq!(back, events);
        }
    }

    #[test]
    fn damage_is_an_error_and_never_a_panic() {
        let mut codec = Codec::default();
        let packed = codec.pack(&some(20)).to_vec();
        for at in 0..packed.len() {
            let mut back = Vec::new();
            let whole = codec.unpack(&packed[..at], |event| back.push(event));
            // The last bits end a block that is complete without them.
            assert!(
                !whole || at + 2 >= packed.len() && back == some(20),
                "cut at {at}"
            );
            let mut bytes = packed.clone();
            bytes[at] ^= 0xff;
            // Damage may also give other events (the file's checksum guards against that); it must end.
            codec.unpack(&bytes, |_| ());
        }
    }
}
