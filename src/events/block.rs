//! Packing of events: a plain binary form, deflated.

use super::bytes::{put_number, put_text, take_byte, take_number, take_text};
use super::details;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};

use crate::model::Event;

/// What a full flush ends with; not kept.
const FLUSHED: [u8; 4] = [0, 0, 0xff, 0xff];
/// A block larger than this unpacked is damage: a channel's year is smaller.
const LARGEST: usize = 16 * 1024 * 1024;

/// A packed block. Whether its events have details is not told by its bytes, but beside them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packed<'a> {
    pub(super) bytes: &'a [u8],
    /// Whether each event is followed by its details, or by the word that it has none. Blocks without details are as
    /// they were before there were any.
    pub(super) has_details: bool,
}

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
    pub(super) fn pack(&mut self, events: &[Event]) -> Packed<'_> {
        let has_details = events.iter().any(|event| event.details.is_some());
        self.plain.clear();
        let mut before = 0;
        for event in events {
            for number in [event.start.wrapping_sub(before), event.duration, event.id] {
                put_number(&mut self.plain, number);
            }
            before = event.start;
            self.plain.push(event.genre);
            for text in [&event.title, &event.summary, &event.description] {
                put_text(&mut self.plain, text);
            }
            if has_details {
                details::put(&mut self.plain, event.details.as_deref());
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
        Packed {
            bytes: self.packed.strip_suffix(&FLUSHED).unwrap_or(&self.packed),
            has_details,
        }
    }

    /// Hands out the events of a packed form. False when it is damaged; the events before the damage were handed out.
    pub(super) fn unpack(&mut self, packed: Packed<'_>, mut each: impl FnMut(Event)) -> bool {
        let Some((length, deflated)) = packed.bytes.split_first_chunk() else {
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
        let _ = inflate.decompress_vec(deflated, &mut self.plain, FlushDecompress::Finish);
        if self.plain.len() < length {
            return false;
        }
        self.plain.truncate(length);
        let mut rest = self.plain.as_slice();
        let mut before = 0u32;
        while !rest.is_empty() {
            let Some(event) = take_event(&mut rest, before, packed.has_details) else {
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

fn take_event(rest: &mut &[u8], before: u32, has_details: bool) -> Option<Event> {
    let start = before.wrapping_add(take_number(rest)?);
    let duration = take_number(rest)?;
    let id = take_number(rest)?;
    let genre = take_byte(rest)?;
    let (title, summary, description) = (take_text(rest)?, take_text(rest)?, take_text(rest)?);
    Some(Event {
        id,
        start,
        duration,
        title,
        summary,
        description,
        genre,
        details: if has_details {
            details::take(rest)?
        } else {
            None
        },
    })
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

    /// A packed form that outlives the codec's next work.
    fn kept(packed: Packed<'_>) -> (Vec<u8>, bool) {
        (packed.bytes.to_vec(), packed.has_details)
    }

    fn unpacked(codec: &mut Codec, bytes: &[u8], has_details: bool) -> (bool, Vec<Event>) {
        let mut back = Vec::new();
        let whole = codec.unpack(Packed { bytes, has_details }, |event| back.push(event));
        (whole, back)
    }

    fn some_with_details(n: u32) -> Vec<Event> {
        let mut events = some(n);
        for event in events.iter_mut().step_by(2) {
            event.details = Some(Box::new(details::tests::full()));
        }
        events
    }

    #[test]
    fn events_come_back_as_they_went_in() {
        let mut codec = Codec::default();
        for count in [0, 1, 3, 500] {
            for events in [some(count), some_with_details(count)] {
                let (bytes, has_details) = kept(codec.pack(&events));
                let back = unpacked(&mut codec, &bytes, has_details);
                assert_eq!(back, (true, events), "{count}");
            }
        }
    }

    #[test]
    fn no_details_cost_nothing_and_a_byte_beside_some() {
        let mut codec = Codec::default();
        let length = |packed: Packed<'_>| u32::from_le_bytes(*packed.bytes.first_chunk().unwrap());
        let without = length(codec.pack(&some(20)));
        let mut one = some(20);
        one[3].details = Some(Box::default());
        let with = length(codec.pack(&one));
        one.truncate(4);
        let alone = length(codec.pack(&one[3..]));
        one[3].details = None;
        let bare = length(codec.pack(&one[3..]));
        assert_eq!(with - without, 19 + alone - bare);
    }

    #[test]
    fn damage_is_an_error_and_never_a_panic() {
        let mut codec = Codec::default();
        for events in [some(20), some_with_details(20)] {
            let (packed, has_details) = kept(codec.pack(&events));
            for at in 0..packed.len() {
                let (whole, back) = unpacked(&mut codec, &packed[..at], has_details);
                // The last bits end a block that is complete without them.
                assert!(
                    !whole || at + 2 >= packed.len() && back == events,
                    "cut at {at}"
                );
                let mut bytes = packed.clone();
                bytes[at] ^= 0xff;
                // Damage may also give other events (the file's checksum guards against that); it must end.
                unpacked(&mut codec, &bytes, has_details);
                unpacked(&mut codec, &packed, !has_details);
            }
        }
    }
}
