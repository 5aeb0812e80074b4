//! Packing of events: a plain binary form, deflated.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use crate::model::Event;

/// A block larger than this unpacked is damage: a channel's year is smaller.
const LARGEST: usize = 16 * 1024 * 1024;

/// Packs and unpacks; keeps its machinery and buffers for the next time (deflate needs some 300 kB).
#[derive(Debug)]
pub(super) struct Codec {
    deflate: Compress,
    inflate: Decompress,
    plain: Vec<u8>,
    packed: Vec<u8>,
}

impl Default for Codec {
    fn default() -> Codec {
        Codec {
            // Level 1: the fastest; higher levels gain little on texts this short.
            deflate: Compress::new(Compression::new(1), false),
            inflate: Decompress::new(false),
            plain: Vec::new(),
            packed: Vec::new(),
        }
    }
}

impl Codec {
    /// The packed form of events sorted by start, valid until the next call.
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
        // Deflate stores what it cannot shrink: five bytes for each 32 kB at most.
        self.packed
            .reserve(self.plain.len() + self.plain.len() / 1024 + 64);
        self.deflate.reset();
        // Cannot fail: the room suffices and the input is all there.
        let _ = self
            .deflate
            .compress_vec(&self.plain, &mut self.packed, FlushCompress::Finish);
        &self.packed
    }

    /// Hands out the events of a packed form. False when it is damaged; the events before the damage were handed out.
    pub(super) fn unpack(&mut self, packed: &[u8], mut each: impl FnMut(Event)) -> bool {
        self.inflate.reset(false);
        self.plain.clear();
        loop {
            if self.plain.len() == self.plain.capacity() {
                if self.plain.len() >= LARGEST {
                    return false;
                }
                self.plain.reserve((self.plain.len() / 2).max(16 * 1024));
            }
            let rest = packed
                .get(self.inflate.total_in() as usize..)
                .unwrap_or(&[]);
            let before = (self.inflate.total_in(), self.inflate.total_out());
            match self
                .inflate
                .decompress_vec(rest, &mut self.plain, FlushDecompress::None)
            {
                Ok(Status::StreamEnd) => break,
                // No progress with room to spare: the input is cut.
                Ok(_) if before != (self.inflate.total_in(), self.inflate.total_out()) => {}
                _ => return false,
            }
        }
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
            assert!(!codec.unpack(&packed[..at], |_| ()), "cut at {at}");
            let mut bytes = packed.clone();
            bytes[at] ^= 0xff;
            // Damage may also give other events (the file's checksum guards against that); it must end.
            codec.unpack(&bytes, |_| ());
        }
    }
}
