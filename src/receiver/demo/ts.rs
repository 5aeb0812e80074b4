//! A transport stream of one service: tables, clock, picture, sound, and null packets to a constant rate.

use super::sender::Feed;
use super::video::{Painter, GROUP, PICTURE_TICKS};

/// Bytes of a packet.
pub(super) const PACKET: usize = 188;
/// Packet id of the program map.
pub(super) const PMT: u16 = 0x100;
const VIDEO: u16 = 0x101;
const AUDIO: u16 = 0x102;

/// Packets for each picture at the least: 1.5 Mbit/s at 25 pictures a second.
const PACKETS: usize = 40;
/// The bits of a clock or a time stamp, which starts again after 26 hours.
const CLOCK: u64 = (1 << 33) - 1;
/// 90 kHz ticks from the clock to the picture it is sent with.
const LEAD: u64 = 27_000;
/// Pictures between two pieces of sound: five frames of 24 ms last as long as three pictures.
const SOUND_EVERY: u64 = 3;

/// A frame of MPEG-1 layer II sound: 48 kHz, 64 kbit/s, mono; all bit allocations 0, which is silence.
const SILENCE: [u8; 4] = [0xFF, 0xFD, 0x44, 0xC0];
const SILENCE_SIZE: usize = 192;

/// What a stream is filled up with.
const NULL: [u8; PACKET] = {
    let mut packet = [0xFF; PACKET];
    (packet[0], packet[1], packet[2], packet[3]) = (0x47, 0x1F, 0xFF, 0x10);
    packet
};

/// Packets for each picture at a rate in Mbit/s.
pub(super) fn packets(rate: u32) -> usize {
    (rate as usize * 1_000_000)
        .div_ceil(25 * 8 * PACKET)
        .max(PACKETS)
}

/// Makes the stream of one service, a picture's worth of packets at a time.
pub(super) struct Muxer {
    program: u16,
    /// None for radio.
    painter: Option<Painter>,
    number: u64,
    packets: usize,
    /// Continuity counters by packet id.
    counters: [(u16, u8); 4],
}

impl Muxer {
    /// The stream from picture `first` on, with so many packets for each.
    pub(super) fn new(feed: &Feed, first: u64, packets: usize) -> Muxer {
        let painter = (!feed.radio).then(|| Painter::new(&feed.name));
        // Whoever tunes again finds other counters than before.
        let first_counter = (first * 3 / GROUP % 16) as u8;
        let counters = [0, PMT, VIDEO, AUDIO].map(|pid| (pid, first_counter));
        Muxer {
            program: feed.program,
            painter,
            number: first,
            packets,
            counters,
        }
    }

    /// Puts the next 40 ms in the place of what is there.
    pub(super) fn next(&mut self, out: &mut Vec<u8>) {
        out.clear();
        let clock = (self.number * PICTURE_TICKS) & CLOCK;
        let stamp = (clock + LEAD) & CLOCK;
        self.section(out, 0, &self.association());
        self.section(out, PMT, &self.map());
        let pid = self.clock_pid();
        clock_packet(out, pid, self.counter(pid), clock);
        if let Some(painter) = &self.painter {
            let picture = painter.picture(self.number);
            let start = self.number % GROUP == 0;
            self.elementary(out, VIDEO, stamp, &picture, start);
        }
        if self.number % SOUND_EVERY == 0 {
            let mut frame = [0; SILENCE_SIZE];
            frame[..4].copy_from_slice(&SILENCE);
            let start = self.painter.is_none();
            self.elementary(out, AUDIO, stamp, &frame.repeat(5), start);
        }
        self.number += 1;
        while out.len() < self.packets * PACKET {
            out.extend_from_slice(&NULL);
        }
    }

    fn clock_pid(&self) -> u16 {
        if self.painter.is_some() {
            VIDEO
        } else {
            AUDIO
        }
    }

    /// The program association section: one program.
    fn association(&self) -> Vec<u8> {
        let mut section = vec![0x00, 0xB0, 13, 0, 1, 0xC1, 0, 0];
        section.extend_from_slice(&self.program.to_be_bytes());
        section.extend_from_slice(&(0xE000 | PMT).to_be_bytes());
        section
    }

    /// The program map section: MPEG-2 video (2) and MPEG-1 sound (3).
    fn map(&self) -> Vec<u8> {
        let video = self.painter.is_some();
        let length = if video { 23 } else { 18 };
        let mut section = vec![0x02, 0xB0, length];
        section.extend_from_slice(&self.program.to_be_bytes());
        section.extend_from_slice(&[0xC1, 0, 0]);
        section.extend_from_slice(&(0xE000 | self.clock_pid()).to_be_bytes());
        section.extend_from_slice(&[0xF0, 0]);
        let streams = [(2, VIDEO), (3, AUDIO)];
        for (kind, pid) in streams.into_iter().skip(usize::from(!video)) {
            section.push(kind);
            section.extend_from_slice(&(0xE000 | pid).to_be_bytes());
            section.extend_from_slice(&[0xF0, 0]);
        }
        section
    }

    /// A section with its checksum in a packet of its own.
    fn section(&mut self, out: &mut Vec<u8>, pid: u16, section: &[u8]) {
        let start = out.len();
        let counter = self.count(pid);
        out.extend_from_slice(&[0x47, 0x40 | (pid >> 8) as u8, pid as u8, 0x10 | counter, 0]);
        out.extend_from_slice(section);
        out.extend_from_slice(&checksum(section).to_be_bytes());
        out.resize(start + PACKET, 0xFF);
    }

    /// A piece of picture or sound with its time stamp, in as many packets as it takes.
    /// A player can begin with one that is a `start`.
    fn elementary(&mut self, out: &mut Vec<u8>, pid: u16, stamp: u64, data: &[u8], start: bool) {
        // Only of a picture the length may be left open.
        let (stream, length) = match pid {
            VIDEO => (0xE0, 0),
            _ => (0xC0, data.len() as u16 + 8),
        };
        let mut piece = vec![0, 0, 1, stream];
        piece.extend_from_slice(&length.to_be_bytes());
        piece.extend_from_slice(&[0x84, 0x80, 5]);
        piece.extend_from_slice(&[
            0x21 | (stamp >> 29 & 0x0E) as u8,
            (stamp >> 22) as u8,
            0x01 | (stamp >> 14 & 0xFE) as u8,
            (stamp >> 7) as u8,
            0x01 | (stamp << 1 & 0xFE) as u8,
        ]);
        piece.extend_from_slice(data);
        let mut rest = piece.as_slice();
        let mut first = true;
        while !rest.is_empty() {
            // The random access indicator.
            let field: &[u8] = if first && start { &[1, 0x40] } else { &[] };
            let size = rest.len().min(PACKET - 4 - field.len());
            let unit = if first { 0x40 } else { 0 };
            let padding = PACKET - 4 - field.len() - size;
            let control = if field.is_empty() && padding == 0 {
                0x10
            } else {
                0x30
            };
            let counter = self.count(pid);
            out.extend_from_slice(&[0x47, unit | (pid >> 8) as u8, pid as u8, control | counter]);
            adapt(out, field, padding);
            out.extend_from_slice(&rest[..size]);
            rest = &rest[size..];
            first = false;
        }
    }

    fn counter(&self, pid: u16) -> u8 {
        let found = self.counters.iter().find(|(known, _)| *known == pid);
        found.map_or(0, |(_, counter)| *counter)
    }

    /// The counter for a packet with payload.
    fn count(&mut self, pid: u16) -> u8 {
        let found = self.counters.iter_mut().find(|(known, _)| *known == pid);
        found.map_or(0, |(_, counter)| {
            std::mem::replace(counter, (*counter + 1) & 0x0F)
        })
    }
}

/// An adaptation field of `field` and `padding` more bytes.
fn adapt(out: &mut Vec<u8>, field: &[u8], padding: usize) {
    match (field, padding) {
        ([length, flags], _) => {
            out.extend_from_slice(&[length + padding as u8, *flags]);
            out.resize(out.len() + padding, 0xFF);
        }
        (_, 0) => {}
        (_, 1) => out.push(0),
        (_, padding) => {
            out.extend_from_slice(&[padding as u8 - 1, 0]);
            out.resize(out.len() + padding - 2, 0xFF);
        }
    }
}

/// A packet that carries the clock and nothing else; without payload the counter stays that of the last one.
fn clock_packet(out: &mut Vec<u8>, pid: u16, counter: u8, clock: u64) {
    let start = out.len();
    let last = counter.wrapping_sub(1) & 0x0F;
    out.extend_from_slice(&[0x47, (pid >> 8) as u8, pid as u8, 0x20 | last, 183, 0x10]);
    let clock = clock << 15 | 0x7E00;
    out.extend_from_slice(&clock.to_be_bytes()[2..]);
    out.resize(start + PACKET, 0xFF);
}

/// The CRC-32 of MPEG-2 sections.
fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte) << 24, |crc, _| {
            crc << 1 ^ if crc >> 31 == 1 { 0x04C1_1DB7 } else { 0 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    const FIRST: u64 = GROUP * 5;

    fn feed(radio: bool) -> Feed {
        Feed {
            program: 0x2B01,
            name: "Erste Welle HD".to_owned(),
            radio,
        }
    }

    fn pid(packet: &[u8]) -> u16 {
        u16::from_be_bytes([packet[1] & 0x1F, packet[2]])
    }

    #[test]
    fn sections_end_with_the_checksum_of_the_standard() {
        assert_eq!(checksum(b"123456789"), 0x0376_E6E7);
    }

    #[test]
    fn packets_are_whole_and_counted_without_gaps() {
        for radio in [false, true] {
            let mut muxer = Muxer::new(&feed(radio), FIRST, PACKETS);
            let (mut counters, mut slot) = (BTreeMap::new(), Vec::new());
            for _ in 0..60 {
                muxer.next(&mut slot);
                assert_eq!(slot.len(), PACKETS * PACKET);
                for packet in slot.chunks(PACKET) {
                    assert_eq!(packet[0], 0x47);
                    if packet[3] & 0x10 == 0 || pid(packet) == 0x1FFF {
                        continue;
                    }
                    let counter = packet[3] & 0x0F;
                    let last = counters.insert(pid(packet), counter);
                    assert!(last.is_none_or(|last| (last + 1) & 0x0F == counter));
                }
            }
            assert_eq!(counters.contains_key(&VIDEO), !radio);
            assert!(counters.contains_key(&AUDIO));
        }
    }

    #[test]
    fn a_player_can_begin_twice_a_second_with_a_sequence_header() {
        let mut muxer = Muxer::new(&feed(false), FIRST, PACKETS);
        let mut slot = Vec::new();
        let starts = (0..25).filter(|_| {
            muxer.next(&mut slot);
            let starting = |packet: &&[u8]| packet[3] & 0x20 != 0 && packet[5] & 0x40 != 0;
            let start = slot.chunks(PACKET).find(starting);
            if let Some(packet) = start {
                assert_eq!((pid(packet), packet[1] & 0x40), (VIDEO, 0x40));
                // Behind the adaptation field and the head of the piece.
                assert_eq!(packet[6 + 14..6 + 18], [0, 0, 1, 0xB3]);
            }
            start.is_some()
        });
        assert_eq!(starts.count(), 3);
    }

    #[test]
    fn a_stream_starts_with_its_tables() {
        let mut slot = Vec::new();
        Muxer::new(&feed(false), FIRST, PACKETS).next(&mut slot);
        assert_eq!(slot[1..3], [0x40, 0x00]);
        assert_eq!(slot[PACKET + 1..PACKET + 3], [0x41, 0x00]);
    }

    #[test]
    fn the_clock_starts_again_after_26_hours() {
        let mut slot = Vec::new();
        let last = (CLOCK / PICTURE_TICKS / GROUP) * GROUP;
        let mut muxer = Muxer::new(&feed(false), last, PACKETS);
        let clock = |slot: &[u8]| {
            let bytes = &slot[2 * PACKET + 6..2 * PACKET + 10];
            bytes
                .iter()
                .fold(0_u32, |clock, byte| clock << 8 | u32::from(*byte))
        };
        muxer.next(&mut slot);
        assert!(clock(&slot) > u32::MAX - 50_000);
        (0..GROUP).for_each(|_| muxer.next(&mut slot));
        assert!(clock(&slot) < 50_000);
    }

    #[test]
    fn rates_are_whole_packets() {
        assert_eq!((packets(0), packets(1), packets(8)), (40, 40, 213));
    }
}
